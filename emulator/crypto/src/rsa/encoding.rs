//! DER and PEM of RSA keys: PKCS#1 (RFC 8017 appendix A.1) and the PKCS#8 envelope around it (RFC 5208).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode, Reader, Sequence, SliceReader};
use zeroize::Zeroizing;

use super::RsaError;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

pub(super) fn public_to_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let encoded = || {
        RsaPublicKey {
            modulus: UintRef::new(modulus)?,
            public_exponent: UintRef::new(exponent)?,
        }
        .to_der()
    };
    // Numbers of at most 512 bytes always fit a DER length, so the empty answer is never given.
    encoded().unwrap_or_default()
}

pub(super) fn public_from_der(der: &[u8]) -> Result<(&[u8], &[u8]), RsaError> {
    let key = RsaPublicKey::from_der(der).map_err(|_| RsaError::Encoding)?;
    Ok((key.modulus.as_bytes(), key.public_exponent.as_bytes()))
}

/// PKCS#1 `RSAPrivateKey` without the list of further primes.
#[derive(Sequence)]
pub(super) struct RsaPrivateKey<'a> {
    version: u8,
    pub(super) modulus: UintRef<'a>,
    pub(super) public_exponent: UintRef<'a>,
    private_exponent: UintRef<'a>,
    pub(super) prime1: UintRef<'a>,
    pub(super) prime2: UintRef<'a>,
    exponent1: UintRef<'a>,
    exponent2: UintRef<'a>,
    coefficient: UintRef<'a>,
}

pub(super) fn private_from_der(der: &[u8]) -> Result<RsaPrivateKey<'_>, RsaError> {
    match RsaPrivateKey::from_der(der) {
        Ok(key) if key.version == 0 => Ok(key),
        _ => Err(RsaError::Encoding),
    }
}

pub(super) fn pkcs1_from_pem(pem: &str) -> Result<Zeroizing<Vec<u8>>, RsaError> {
    let (label, der) = der::pem::decode_vec(pem.as_bytes()).map_err(|_| RsaError::Encoding)?;
    let der = Zeroizing::new(der);
    match label {
        "RSA PRIVATE KEY" => Ok(der),
        "PRIVATE KEY" => unwrap_pkcs8(&der).map_err(|_| RsaError::Encoding),
        _ => Err(RsaError::Encoding),
    }
}

#[derive(Sequence)]
struct AlgorithmIdentifier<'a> {
    algorithm: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

fn unwrap_pkcs8(der: &[u8]) -> Result<Zeroizing<Vec<u8>>, der::Error> {
    let mut outer = SliceReader::new(der)?;
    outer.sequence(|reader| {
        let _version: UintRef<'_> = reader.decode()?;
        let algorithm: AlgorithmIdentifier<'_> = reader.decode()?;
        if algorithm.algorithm != RSA_ENCRYPTION {
            return Err(der::ErrorKind::OidUnknown {
                oid: algorithm.algorithm,
            }
            .into());
        }
        let key: &OctetStringRef = reader.decode()?;
        let key = Zeroizing::new(key.as_bytes().to_vec());
        // Attributes may follow; they say nothing about the key.
        while !reader.is_finished() {
            let _attributes: AnyRef<'_> = reader.decode()?;
        }
        Ok(key)
    })
}
