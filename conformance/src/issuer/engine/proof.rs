//! Proof of the card: a signature of the challenge of this very moment by the card's services key, checked with the public
//! key on record.

use cie_crypto::{ct, pkcs1};

use crate::issuer::policy::Comparison;
use crate::issuer::registry::Person;

/// Whether `signature` (as long as the modulus) is one of `challenge`.
pub(super) fn proves(
    person: &Person,
    compare: Comparison,
    challenge: &[u8],
    signature: &[u8],
) -> bool {
    let key = &person.services_key;
    if challenge.is_empty() || signature.len() != key.size() {
        return false;
    }
    match compare {
        Comparison::Type1 => pkcs1::recover_type1(key, signature)
            .is_ok_and(|recovered| ct::eq(&recovered, challenge)),
        Comparison::Rightmost => key.apply(signature).is_ok_and(|block| {
            let start = block.len().saturating_sub(challenge.len());
            block.get(start..).is_some_and(|end| ct::eq(end, challenge))
        }),
    }
}
