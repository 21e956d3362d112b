//! Access conditions **as data**, and the security status they are asked against.

/// What a session has proven, as far as files ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecurityStatus {
    /// The command came through secure messaging.
    pub secure_messaging: bool,
    /// The terminal proved its key (EXTERNAL AUTHENTICATE).
    pub device_authenticated: bool,
    /// The holder's PIN was verified.
    pub user_verified: bool,
    /// A password of the document was proven, by BAC or PACE, in this session.
    pub document_access: bool,
    /// It was proven by PACE.
    pub pace: bool,
    /// What Terminal Authentication entitles to: bit 1 EF.DG3, bit 2 EF.DG4.
    pub biometric_rights: u8,
}

/// When a file may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessCondition {
    /// Always, with or without secure messaging.
    Always,
    /// After device authentication and PIN, under secure messaging.
    UserVerified,
    /// After BAC or PACE, under secure messaging: the files of the document application.
    Document,
    /// After PACE, under secure messaging: EF.CardSecurity.
    Pace,
    /// After Terminal Authentication by a terminal entitled to these data.
    Biometric(Biometric),
    /// Never.
    Never,
}

/// Data that only certified terminals may read (TR-03110-3 §C.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Biometric {
    /// EF.DG3.
    Fingerprints,
    /// EF.DG4.
    Iris,
}

impl Biometric {
    /// Its bit in a certificate's authorisation.
    #[must_use]
    pub const fn right(self) -> u8 {
        match self {
            Self::Fingerprints => 0x01,
            Self::Iris => 0x02,
        }
    }
}

impl AccessCondition {
    /// Whether this status satisfies the condition.
    #[must_use]
    pub const fn is_satisfied(self, status: SecurityStatus) -> bool {
        match self {
            Self::Always => true,
            Self::UserVerified => {
                status.secure_messaging && status.device_authenticated && status.user_verified
            }
            Self::Document => status.secure_messaging && status.document_access,
            Self::Pace => status.secure_messaging && status.document_access && status.pace,
            Self::Biometric(data) => {
                status.secure_messaging
                    && status.document_access
                    && status.biometric_rights & data.right() != 0
            }
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(AccessCondition::Always, false, false, false, true)]
    #[case(AccessCondition::UserVerified, true, true, true, true)]
    #[case(AccessCondition::UserVerified, false, true, true, false)]
    #[case(AccessCondition::UserVerified, true, false, true, false)]
    #[case(AccessCondition::UserVerified, true, true, false, false)]
    #[case(AccessCondition::Never, true, true, true, false)]
    fn access(
        #[case] condition: AccessCondition,
        #[case] secure_messaging: bool,
        #[case] device_authenticated: bool,
        #[case] user_verified: bool,
        #[case] allowed: bool,
    ) {
        let status = SecurityStatus {
            secure_messaging,
            device_authenticated,
            user_verified,
            ..SecurityStatus::default()
        };
        assert_eq!(condition.is_satisfied(status), allowed);
    }

    /// Access to the document, its way, and the rights of the terminal: nothing of it counts outside secure messaging.
    #[rstest]
    #[case::nothing(AccessCondition::Document, false, false, 0, false)]
    #[case::bac(AccessCondition::Document, true, false, 0, true)]
    #[case::pace(AccessCondition::Document, true, true, 0, true)]
    #[case::card_security_after_bac(AccessCondition::Pace, true, false, 0, false)]
    #[case::card_security_after_pace(AccessCondition::Pace, true, true, 0, true)]
    #[case::fingerprints(
        AccessCondition::Biometric(Biometric::Fingerprints),
        true,
        true,
        0,
        false
    )]
    #[case::entitled(
        AccessCondition::Biometric(Biometric::Fingerprints),
        true,
        true,
        1,
        true
    )]
    #[case::entitled_to_others(
        AccessCondition::Biometric(Biometric::Fingerprints),
        true,
        true,
        2,
        false
    )]
    #[case::iris(AccessCondition::Biometric(Biometric::Iris), true, false, 3, true)]
    #[case::rights_alone(AccessCondition::Biometric(Biometric::Iris), false, false, 3, false)]
    fn document(
        #[case] condition: AccessCondition,
        #[case] document_access: bool,
        #[case] pace: bool,
        #[case] biometric_rights: u8,
        #[case] allowed: bool,
    ) {
        let mut status = SecurityStatus {
            secure_messaging: true,
            document_access,
            pace,
            biometric_rights,
            ..SecurityStatus::default()
        };
        assert_eq!(condition.is_satisfied(status), allowed);
        status.secure_messaging = false;
        assert!(!condition.is_satisfied(status));
    }
}
