//! Deliberately wrong cards, for judging judges: with the feature `defects` an image can carry one of these flaws; without
//! it the question "is this card flawed?" is a constant no and every hook disappears.

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// PIN and PUK are compared first, and the try is taken afterwards.
    CompareFirst,
    /// The PIN is compared although no try is left.
    PinNeverBlocks,
    /// The PUK is compared although no try is left.
    PukNeverBlocks,
    /// A right PIN does not give its tries back.
    TriesNotRestored,
    /// A wrong old PIN in CHANGE REFERENCE DATA costs nothing.
    ChangeCostsNothing,
    /// A PIN of the wrong length costs a try.
    WrongLengthCosts,
    /// Power gives an exhausted PUK its tries back.
    PukBackAtPowerOn,
    /// RESET RETRY COUNTER works without a verified PUK.
    UnblockWithoutPuk,
    /// The first RESET RETRY COUNTER uses the verified PUK up.
    PukUsedUpByUnblock,
    /// RESET RETRY COUNTER leaves the PIN verified.
    UnblockVerifiesPin,
    /// What was verified survives a reset.
    PinFlagSurvivesReset,
    /// VERIFY is accepted in plain.
    VerifyInPlain,
    /// The counter in the answer is one higher than the truth.
    CounterLies,
    /// The checksum of protected commands is not checked.
    ChecksumUnchecked,
    /// The send sequence counter stands still for commands: a replay is accepted.
    CounterStandsStill,
    /// Errors inside a session come back unprotected.
    PlainErrors,
    /// A session goes on after a wrong checksum.
    ErrorKeepsSession,
    /// A plain command does not end the session.
    PlainKeepsSession,
    /// A missing Le object suppresses the data of the answer.
    DataNeedsLe,
    /// The padding inside the cryptogram is not checked.
    PaddingUnchecked,
    /// Device authentication ends without the jump of the send sequence counter.
    NoCounterJump,
    /// Any certificate is accepted whose form is right.
    CertificateUnchecked,
    /// Any proof of the terminal is accepted.
    ProofUnchecked,
    /// A challenge is good for more than one EXTERNAL AUTHENTICATE.
    ChallengeNotConsumed,
    /// Every challenge is the same.
    ChallengeConstant,
    /// The exponent of the key agreement is always the same.
    ExponentConstant,
    /// VERIFY does not ask whether the terminal is authenticated.
    VerifyWithoutDevice,
    /// The certificate can be read without PIN.
    CertificateReadable,
    /// Key 81 signs without PIN.
    SignsWithoutPin,
    /// Key 81 adds a DigestInfo to what it signs.
    DigestInfoAdded,
    /// The services key wants the PIN.
    ServicesNeedPin,
    /// The exhausted PUK takes the services key with it.
    LockTakesServices,
    /// The end of a file is a warning even for "all there is".
    WarningForAll,
    /// A read that is cut short by the end of the file does not say so.
    NoWarningAtEnd,
    /// Beyond the end of a file: success without data.
    SuccessBeyondEnd,
    /// An unknown DF name is selected all the same.
    UnknownNameSelected,
    /// A SELECT that fails loses the current selection.
    FailedSelectLosesFile,
    /// The selection survives a reset.
    SelectionSurvivesReset,
    /// Any class byte is taken for `00`.
    ClassIgnored,
    /// An unknown instruction is answered with success.
    UnknownInstructionOk,
    /// Another command does not abort a chain.
    ChainNotAborted,
    /// The files of the travel document are read without a password.
    DocumentOpen,
    /// Basic access control does not check the cryptogram of the terminal beyond its checksum.
    AccessUnchecked,
    /// The challenge of basic access control is good for another attempt after a wrong one.
    AccessChallengeKept,
    /// The nonce of PACE is always the same.
    NonceConstant,
    /// Any authentication token of the terminal is accepted in PACE.
    TokenUnchecked,
    /// Another command between two rounds does not end PACE.
    InterruptedPaceGoesOn,
    /// After chip authentication the session goes on with its old keys.
    ChipKeysKept,
    /// After chip authentication the send sequence counter does not begin at zero.
    ChipCounterKept,
    /// EF.DG3 is read without terminal authentication.
    FingerprintsOpen,
    /// Any signature of a certified terminal is accepted.
    TerminalProofUnchecked,
    /// A certified terminal reads EF.DG3 whatever its certificate entitles it to.
    RightsIgnored,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 52] = [
        Self::CompareFirst,
        Self::PinNeverBlocks,
        Self::PukNeverBlocks,
        Self::TriesNotRestored,
        Self::ChangeCostsNothing,
        Self::WrongLengthCosts,
        Self::PukBackAtPowerOn,
        Self::UnblockWithoutPuk,
        Self::PukUsedUpByUnblock,
        Self::UnblockVerifiesPin,
        Self::PinFlagSurvivesReset,
        Self::VerifyInPlain,
        Self::CounterLies,
        Self::ChecksumUnchecked,
        Self::CounterStandsStill,
        Self::PlainErrors,
        Self::ErrorKeepsSession,
        Self::PlainKeepsSession,
        Self::DataNeedsLe,
        Self::PaddingUnchecked,
        Self::NoCounterJump,
        Self::CertificateUnchecked,
        Self::ProofUnchecked,
        Self::ChallengeNotConsumed,
        Self::ChallengeConstant,
        Self::ExponentConstant,
        Self::VerifyWithoutDevice,
        Self::CertificateReadable,
        Self::SignsWithoutPin,
        Self::DigestInfoAdded,
        Self::ServicesNeedPin,
        Self::LockTakesServices,
        Self::WarningForAll,
        Self::NoWarningAtEnd,
        Self::SuccessBeyondEnd,
        Self::UnknownNameSelected,
        Self::FailedSelectLosesFile,
        Self::SelectionSurvivesReset,
        Self::ClassIgnored,
        Self::UnknownInstructionOk,
        Self::ChainNotAborted,
        Self::DocumentOpen,
        Self::AccessUnchecked,
        Self::AccessChallengeKept,
        Self::NonceConstant,
        Self::TokenUnchecked,
        Self::InterruptedPaceGoesOn,
        Self::ChipKeysKept,
        Self::ChipCounterKept,
        Self::FingerprintsOpen,
        Self::TerminalProofUnchecked,
        Self::RightsIgnored,
    ];
}

/// Which defect something has; none, and nothing stored, without the feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaw {
    #[cfg(feature = "defects")]
    defect: Option<Defect>,
}

impl Flaw {
    /// A flawed card.
    #[cfg(feature = "defects")]
    #[must_use]
    pub const fn of(defect: Defect) -> Self {
        Self {
            defect: Some(defect),
        }
    }

    /// Whether it is this one.
    #[cfg(feature = "defects")]
    #[must_use]
    pub fn is(self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Whether it is this one: never, without the feature.
    #[cfg(not(feature = "defects"))]
    #[must_use]
    pub const fn is(self, _: Defect) -> bool {
        false
    }
}
