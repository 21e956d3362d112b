//! SecurityInfos: what EF.CardAccess and EF.DG14 offer (ICAO 9303-11 §9.2). Read as they stand, nothing is checked against
//! anything else here.

use cie_crypto::dh::Group;
use cie_crypto::ec::{Curve, Point};
use cie_emulator::wire::tlv::{Tag, Tlv};

use super::DocumentError;
use super::domain::Domain;
use super::error::card_objects;
use super::protocol::{Mapping, Protocol};

const CLAUSE: &str = "ICAO 9303-11 §9.2";

/// What a card offers for PACE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceInfo {
    /// The object identifier's bytes.
    pub protocol: Vec<u8>,
    /// How the generator is mapped, and the algorithms.
    pub mapping: Mapping,
    /// Version; 2 is the one in use.
    pub version: u8,
    /// Standardised domain parameters.
    pub parameters: Option<u8>,
}

/// What a card offers for chip authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// The object identifier's bytes.
    pub protocol: Vec<u8>,
    /// Version.
    pub version: u8,
    /// Which key, when there are several.
    pub key_id: Option<Vec<u8>>,
}

/// A static public key of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipKey {
    /// The parameters it lives in.
    pub domain: Domain,
    /// The number, or the uncompressed point.
    pub public: Vec<u8>,
    /// Its name, when there are several.
    pub key_id: Option<Vec<u8>>,
}

/// All that a set of SecurityInfos says that this judge understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityInfos {
    /// Every info, whole, in the order of the file.
    pub all: Vec<Vec<u8>>,
    /// PACE.
    pub pace: Vec<PaceInfo>,
    /// Chip authentication.
    pub chip_authentication: Vec<ChipAuthenticationInfo>,
    /// Keys of chip authentication.
    pub chip_keys: Vec<ChipKey>,
    /// Version of terminal authentication.
    pub terminal_authentication: Option<u8>,
    /// Signature algorithm of active authentication over a curve, the identifier's bytes.
    pub active_authentication: Option<Vec<u8>>,
}

impl SecurityInfos {
    /// Reads EF.CardAccess, or EF.DG14 with its outer tag.
    ///
    /// # Errors
    /// [`DocumentError::Broken`] for what is no SET OF SecurityInfo, or a key that cannot be used.
    pub fn parse(file: &[u8]) -> Result<Self, DocumentError> {
        let (outer, _) = Tlv::read(file).map_err(card_objects)?;
        let set = match outer.tag {
            Tag(0x31) => outer,
            Tag(0x6E) => Tlv::read_only(outer.value, Tag(0x31)).map_err(card_objects)?,
            other => {
                let detail = format!("the file begins with tag {other}, not with 31 or 6E");
                return Err(DocumentError::broken(CLAUSE, detail));
            }
        };
        let mut infos = Self::default();
        for info in set.children() {
            let info = info.map_err(card_objects)?;
            infos.all.push(info.raw.to_vec());
            infos.take(info)?;
        }
        Ok(infos)
    }

    fn take(&mut self, info: Tlv<'_>) -> Result<(), DocumentError> {
        let mut children = info.children();
        let mut next = || children.next().transpose().map_err(card_objects);
        let identifier = next()?
            .filter(|object| object.tag == Tag(0x06))
            .ok_or_else(|| {
                DocumentError::broken(CLAUSE, "a SecurityInfo begins with no object identifier")
            })?;
        let (required, optional) = (next()?, next()?);
        let Some(required) = required else {
            return Err(DocumentError::broken(
                CLAUSE,
                "a SecurityInfo holds an identifier only",
            ));
        };
        let version = required.value.last().copied().unwrap_or_default();
        let key_id = optional.map(|object| object.value.to_vec());
        match Protocol::from_identifier(identifier.value) {
            Some(Protocol::Pace(mapping, _)) => self.pace.push(PaceInfo {
                protocol: identifier.value.to_vec(),
                mapping,
                version,
                parameters: optional.and_then(|id| id.value.last().copied()),
            }),
            Some(Protocol::ChipAuthentication { .. }) => {
                self.chip_authentication.push(ChipAuthenticationInfo {
                    protocol: identifier.value.to_vec(),
                    version,
                    key_id,
                });
            }
            Some(Protocol::ChipAuthenticationKey { curve }) => {
                let (domain, public) = chip_key(curve, required)?;
                self.chip_keys.push(ChipKey {
                    domain,
                    public,
                    key_id,
                });
            }
            Some(Protocol::TerminalAuthentication) => self.terminal_authentication = Some(version),
            Some(Protocol::ActiveAuthentication) => self.active_authentication = key_id,
            None => {}
        }
        Ok(())
    }
}

/// The key of a SubjectPublicKeyInfo with its domain parameters (ICAO 9303-11 §9.2.5 and §9.3).
fn chip_key(curve: bool, info: Tlv<'_>) -> Result<(Domain, Vec<u8>), DocumentError> {
    let wrong = |detail: &str| DocumentError::broken("ICAO 9303-11 §9.2.5", detail);
    let objects = |parent: Tlv<'_>| -> Result<Vec<(Tag, Vec<u8>)>, DocumentError> {
        let children = parent.children();
        let read = children.map(|child| child.map(|child| (child.tag, child.value.to_vec())));
        read.collect::<Result<_, _>>().map_err(card_objects)
    };
    let (algorithm, bits) = match objects(info)?.as_slice() {
        [(Tag(0x30), algorithm), (Tag(0x03), bits)] => (algorithm.clone(), bits.clone()),
        _ => return Err(wrong("the chip's key is no SubjectPublicKeyInfo")),
    };
    let key = match bits.split_first() {
        Some((0, key)) => key,
        _ => return Err(wrong("the chip's key has unused bits")),
    };
    let (_, parameters) = Tlv::read(&algorithm).map_err(card_objects)?;
    let (parameters, _) = Tlv::read(parameters).map_err(card_objects)?;
    if curve {
        let domain = curve_of(parameters).ok_or_else(|| {
            wrong("the curve of the chip's key is none that this judge can compute with")
        })?;
        let point = Point::decode(domain, key).map_err(|error| wrong(&error.to_string()))?;
        let generator = Point::generator(domain);
        return Ok((Domain::Curve(generator), point.encoded().to_vec()));
    }
    let numbers = objects(parameters)?;
    let (Some((_, p)), Some((_, g))) = (numbers.first(), numbers.get(1)) else {
        return Err(wrong("the domain parameters lack prime or generator"));
    };
    let public = Tlv::read_only(key, Tag(0x02)).map_err(card_objects)?.value;
    let public = public.strip_prefix(&[0]).unwrap_or(public).to_vec();
    Ok((Domain::Prime(group_of(p, g)?), public))
}

/// The group of a prime and a generator: one of the standard's where they are its, because only that one tells the order.
fn group_of(p: &[u8], g: &[u8]) -> Result<Group, DocumentError> {
    let bare = |number: &[u8]| number.strip_prefix(&[0]).unwrap_or(number).to_vec();
    let (p, g) = (bare(p), bare(g));
    let known = (0..=2).filter_map(Group::from_domain_parameter_id);
    let found = known
        .into_iter()
        .find(|group| group.p() == p && group.g().ends_with(&g));
    found.cloned().ok_or_else(|| {
        let detail = "the group of the chip's key is none of the standardised ones (RFC 5114)";
        DocumentError::broken("ICAO 9303-11 §9.5.1", detail)
    })
}

/// The curve of explicit ECParameters or of a named one: the prime and the generator decide.
pub(super) fn curve_of(parameters: Tlv<'_>) -> Option<Curve> {
    let named: [(&[u8], Curve); 5] = [
        (
            &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07],
            Curve::P256,
        ),
        (&[0x2B, 0x81, 0x04, 0x00, 0x22], Curve::P384),
        (&[0x2B, 0x81, 0x04, 0x00, 0x23], Curve::P521),
        (
            &[0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07],
            Curve::BrainpoolP256r1,
        ),
        (
            &[0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B],
            Curve::BrainpoolP384r1,
        ),
    ];
    if parameters.tag == Tag(0x06) {
        let found = named.iter().find(|(oid, _)| *oid == parameters.value);
        return found.map(|(_, curve)| *curve);
    }
    let generator = parameters
        .children()
        .filter_map(Result::ok)
        .find(|object| object.tag == Tag(0x04))?;
    Curve::ALL
        .into_iter()
        .find(|curve| Point::generator(*curve).encoded() == generator.value)
}
