//! The types of the language: what a scenario may say, and nothing about how it is loaded or carried out. The editor's
//! schema is derived from them, so a field's comment is what people read while they write.

mod action;
mod card;
mod channel;
mod codes;
mod expect;
mod files;
mod header;
pub mod issuer;
mod parsed;
mod reference;
mod security;
mod shorthand;
mod step;
mod tamper;
mod tear;
mod tlv;
mod value;

pub use action::{Action, VERBS};
pub use card::{AppliesTo, CardSetup, Chips, Requires, Setting, Target};
pub use channel::{ChipAuthenticationForm, Invariant, Open, OpenParameters, Password, Reset};
pub use codes::{ChangeReferenceData, ResetRetryCounter, Restore, Verify};
pub use expect::{Expect, StatusMatch, Tries};
pub use files::{Apdu, ApduFields, GetData, ReadBinary, ReadFile, Select};
pub use header::{
    Block, FORMAT_VERSION, Hazard, Mode, Parameter, ParameterKind, Polarity, Scenario,
};
pub use parsed::{
    Algorithm, CertificateExpect, ChannelState, DistinguishedName, KeyUsage, PublicKeySource,
    Scheme, SecurityObjectExpect, SecurityStatus, SignatureExpect, StateExpect,
};
pub use reference::{
    Application, CodeName, DataObject, Digest, DocumentFile, KeyReference, Le, PersonaField,
    Reference, SecureMessagingObject,
};
pub use security::{
    ActiveAuthenticate, BasicAccessProof, CertificateFault, ExternalAuthenticate,
    GeneralAuthenticate, GeneralAuthenticateStep, GetChallenge, InternalAuthenticate,
    ManageSecurityEnvironment, ProofFault, SecurityTemplate, Sign, VerifyCertificate,
};
pub use step::{COMMON_KEYS, Capture, CaptureFrom, ChannelForm, Common, Only, Step, StepSource};
pub use tamper::{InsertObject, PlainTrouble, Replay, Tamper};
pub use tear::{Tear, TearPoint, TearSide};
pub use tlv::{TlvExpect, TlvPath, TlvTree};
pub use value::{Bytes, CodeValue, Data, Fill};
