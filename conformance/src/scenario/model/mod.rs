//! The types of the language: what a scenario may say, and nothing about how it is loaded or carried out. The editor's
//! schema is derived from them, so a field's comment is what people read while they write.

mod card;
mod expect;
mod header;
mod parsed;
mod shorthand;
mod step;
mod tamper;
mod value;
mod verb;

pub use card::{AppliesTo, CardSetup, Chips, Requires, Setting, Target};
pub use expect::{Expect, StatusMatch, Tries};
pub use header::{
    Block, FORMAT_VERSION, Hazard, Mode, Parameter, ParameterKind, Polarity, Scenario,
};
pub use parsed::{
    Algorithm, CertificateExpect, ChannelState, DistinguishedName, KeyUsage, PublicKeySource,
    Scheme, SecurityObjectExpect, SecurityStatus, SignatureExpect, StateExpect, TlvExpect, TlvPath,
    TlvTree,
};
pub use step::{Action, Capture, CaptureFrom, ChannelForm, Common, Only, Step, StepSource};
pub use step::{COMMON_KEYS, VERBS};
pub use tamper::{InsertObject, PlainTrouble, Replay, Tamper};
pub use value::{
    Application, Bytes, CodeName, CodeValue, Data, DataObject, Digest, Fill, KeyReference, Le,
    PersonaField, Reference, SecureMessagingObject,
};
pub use verb::{
    Apdu, ApduFields, CertificateFault, ChangeReferenceData, ExternalAuthenticate,
    GeneralAuthenticate, GeneralAuthenticateStep, GetChallenge, GetData, InternalAuthenticate,
    Invariant, ManageSecurityEnvironment, Open, OpenParameters, Password, ProofFault, ReadBinary,
    ReadFile, Reset, ResetRetryCounter, Restore, SecurityTemplate, Select, Sign, Verify,
    VerifyCertificate,
};
