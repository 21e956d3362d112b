//! The rules a card is held to, each with a name that stays, its text and where it comes from. Where it says "observed client
//! behaviour", public clients depend on it although no standard asks for it.

use super::super::TerminalError;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident => $id:literal, $clause:literal;)+) => {
        /// One rule of the IAS protocols.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in reports; does not change between versions.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }

            /// The clause it comes from.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$name => $clause,)+
                }
            }
        }
    };
}

rules! {
    /// An answer has the expected nesting of data objects, in the expected order.
    AnswerStructure => "answer-structure", "IAS-ECC 1.0.1, GET DATA";
    /// Lengths are minimal.
    MinimalLengths => "minimal-lengths", "ISO/IEC 8825-1 §10.1; observed client behaviour";
    /// An answer does not end in 00: clients strip trailing zeros before they parse.
    NoTrailingZero => "no-trailing-zero", "observed client behaviour";
    /// p is odd.
    PrimeOdd => "group-prime-odd", "ANSI X9.42, domain parameters";
    /// p has 256 bytes, its highest bit set.
    PrimeLength => "group-prime-length", "IAS-ECC 1.0.1, Diffie-Hellman domain parameters; observed client behaviour";
    /// g has 256 bytes.
    GeneratorLength => "group-generator-length", "IAS-ECC 1.0.1, Diffie-Hellman domain parameters; observed client behaviour";
    /// q has 32 bytes.
    OrderLength => "group-order-length", "RFC 5114 §2.3; observed client behaviour";
    /// g and q lie between 1 and p.
    GroupRange => "group-range", "ANSI X9.42, domain parameters";
    /// g to the power of q is 1.
    GeneratorOrder => "group-generator-order", "RFC 5114 §2, prime order subgroup";
    /// The card's public value has 256 bytes, whatever its value.
    PublicValueLength => "public-value-length", "observed client behaviour";
    /// The card's public value lies between 1 and p−1.
    PublicValueRange => "public-value-range", "NIST SP 800-56A §5.6.2.3.1";
    /// The card's public value lies in the subgroup of order q.
    PublicValueOrder => "public-value-order", "NIST SP 800-56A §5.6.2.3.1";
    /// The shared secret does not begin with two zero bytes: clients disagree on the keys then.
    SecretLeadingZeros => "secret-leading-zeros", "observed client behaviour";
    /// The authority's modulus has 256 bytes, is odd and begins above 6A.
    CaModulus => "ca-modulus", "IAS-ECC 1.0.1, card verifiable certificates; ISO/IEC 9796-2 scheme 1";
    /// The authority's public exponent has 256 bytes and is odd.
    CaExponent => "ca-exponent", "observed client behaviour";
    /// The authority's holder reference has 12 bytes.
    CaHolderReference => "ca-holder-reference", "IAS-ECC 1.0.1, card verifiable certificates";
    /// The authority's holder authorization has 7 bytes.
    CaHolderAuthorization => "ca-holder-authorization", "IAS-ECC 1.0.1, card verifiable certificates";
    /// The served exponent undoes the published one: a certificate opens with the served key.
    CaKeyPair => "ca-key-pair", "observed client behaviour (clients check their own certificate)";
    /// A public key file is a bare RSAPublicKey in DER.
    PublicKeyFile => "public-key-file", "RFC 8017 appendix A.1.1";
    /// A public key has a modulus of 256 bytes that begins above 6A.
    PublicKeyModulus => "public-key-modulus", "ISO/IEC 9796-2 scheme 1";
    /// A challenge has the length asked for.
    ChallengeLength => "challenge-length", "ISO/IEC 7816-4:2020 §11.5.3";
    /// The card's proof is 8 bytes of serial number and a signature as long as the modulus.
    ProofLength => "proof-length", "IAS-ECC 1.0.1, internal authentication";
    /// The signature of the proof opens to 6A … BC.
    ProofBlock => "proof-block", "ISO/IEC 9796-2 scheme 1";
    /// The hash of the proof covers this very key agreement and challenge.
    ProofHash => "proof-hash", "IAS-ECC 1.0.1, internal authentication";
    /// The serial number in the proof is the one of EF.SN.ICC.
    ProofSerialNumber => "proof-serial-number", "IAS-ECC 1.0.1, EF.SN.ICC";
    /// A protected command is answered through the channel.
    Protected => "answer-protected", "ISO/IEC 7816-4:2020 §10.2";
    /// READ BINARY with 9000 brings at least a byte: clients loop for ever otherwise.
    ReadProgress => "read-progress", "observed client behaviour";
    /// READ BINARY brings no more than was asked for.
    ReadLength => "read-length", "ISO/IEC 7816-4:2020 §11.3.3";
    /// READ BINARY with Le 00 ends with 9000, not with a warning: clients drop the data then.
    ReadMaximum => "read-maximum", "observed client behaviour";
    /// A file ends before the highest offset that READ BINARY can name.
    FileEnds => "file-ends", "ISO/IEC 7816-4:2020 §11.3.3";
    /// A signature is as long as the modulus.
    SignatureLength => "signature-length", "RFC 8017 §8.2.1";
    /// A signature opens to the block type 1 around exactly the given bytes.
    SignatureBlock => "signature-block", "RFC 8017 §9.2, without DigestInfo";
}

/// Why a step of the IAS protocols could not be done, or what the card broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IasError {
    /// No usable answer, or a status word that ends the protocol.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The card broke a rule.
    #[error("{} ({}): {detail}", rule.id(), rule.clause())]
    Broken {
        /// Which.
        rule: Rule,
        /// What was found and what should have been.
        detail: String,
    },
    /// A step needs the result of an earlier one that was not done.
    #[error("{0} is missing: do that step first")]
    Missing(&'static str),
    /// The terminal's own numbers do not fit, so that nothing can be said about the card.
    #[error("the terminal could not compute its part: {0}")]
    Terminals(String),
}

impl IasError {
    pub(crate) fn broken(rule: Rule, detail: impl Into<String>) -> Self {
        Self::Broken {
            rule,
            detail: detail.into(),
        }
    }

    /// The rule broken, when that is what happened.
    #[must_use]
    pub const fn rule(&self) -> Option<Rule> {
        match self {
            Self::Broken { rule, .. } => Some(*rule),
            Self::Terminal(_) | Self::Missing(_) | Self::Terminals(_) => None,
        }
    }
}

/// `Err` with this rule unless `holds`.
pub(super) fn require(
    rule: Rule,
    holds: bool,
    detail: impl FnOnce() -> String,
) -> Result<(), IasError> {
    match holds {
        true => Ok(()),
        false => Err(IasError::broken(rule, detail())),
    }
}
