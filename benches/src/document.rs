//! The travel document's protocols, recorded from the card's side, with the arithmetic they cannot do without.

use std::sync::Arc;

use cie_conformance::terminal::emrtd::{BasicAccess, Pace, Password, SecurityInfos, commands};
use cie_conformance::terminal::ias::{self, ReadLoop};
use cie_crypto::dh::Group;
use cie_crypto::ec::{Curve, Point, Scalar};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::wire::{CommandBuf, Le};

use crate::login::repeated;
use crate::tape::{Recording, Tape};
use crate::{SetupError, image_of};

/// Most bytes of data that a protected answer to a short command carries with 3DES.
const CHUNK: u8 = 0xDF;
/// The data group that only an authenticated terminal reads.
const FINGERPRINTS: u8 = 3;

/// A document, read after basic access control.
pub struct Reading {
    /// SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATE.
    pub access: Tape,
    /// All files that need no more: EF.COM, EF.SOD and the data groups, SELECT and READ BINARY.
    pub files: Tape,
    /// Bytes of file contents read.
    pub bytes: usize,
}

/// A document opened with PACE.
pub struct Paced {
    /// MSE SET and four GENERAL AUTHENTICATE.
    pub access: Tape,
    /// READ BINARY of 128 bytes, many times.
    pub reads: Tape,
}

impl Reading {
    /// Records a whole reading of the default citizen's document.
    ///
    /// # Errors
    /// When the card refuses anything.
    pub fn record() -> Result<Self, SetupError> {
        let (image, document) = image_of("adult-default")?;
        let mut recording = recording(&image)?;
        let password = Password::from_machine_readable_zone(document.mrz.as_str())?;
        let terminal = &mut recording.terminal;
        terminal.demand("SELECT", &commands::select_document())?;
        BasicAccess::new(&password).run(terminal, None)?;
        let access = recording.cut()?;
        let groups = document.data_groups.iter().map(|(number, _)| *number);
        let groups = groups.filter(|number| *number != FINGERPRINTS);
        let files = [commands::COM, commands::SOD]
            .into_iter()
            .chain(groups.map(|number| 0x0100 | u16::from(number)));
        let mut bytes = 0;
        for file in files.collect::<Vec<_>>() {
            let terminal = &mut recording.terminal;
            terminal.demand("SELECT", &commands::select_file(file))?;
            let read = ias::read_current(terminal, ReadLoop::Exact(CHUNK))?;
            bytes += read.content.len();
        }
        let files = recording.cut()?;
        Ok(Self {
            access,
            files,
            bytes,
        })
    }
}

impl Paced {
    /// Records PACE with the card access number of this citizen.
    ///
    /// # Errors
    /// When the card refuses anything.
    pub fn record(persona: &str) -> Result<Self, SetupError> {
        let (image, document) = image_of(persona)?;
        let mut recording = recording(&image)?;
        let offer = SecurityInfos::parse(&document.ef_card_access)?;
        let info = offer.pace.first().ok_or("the document offers no PACE")?;
        let password = Password::from_card_access_number(document.can.as_str().as_bytes());
        recording
            .terminal
            .demand("SELECT", &commands::select_master_file())?;
        recording.cut()?;
        Pace::new(info, None, false, password)?.run(&mut recording.terminal)?;
        let access = recording.cut()?;
        recording
            .terminal
            .demand("SELECT", &commands::select_document())?;
        recording
            .terminal
            .demand("SELECT", &commands::select_file(0x0102))?;
        recording.cut()?;
        let read = CommandBuf::new(0, 0xB0, 0, 0).le(Le::Exactly(128));
        let reads = repeated(&mut recording, &read)?;
        Ok(Self { access, reads })
    }
}

fn recording(image: &Arc<Image>) -> Result<Recording, SetupError> {
    let card = Card::new(Arc::clone(image), Box::new(Seeded::new(1)));
    Recording::of(card, Box::new(Seeded::new(2)))
}

/// The card's exponentiations in PACE with the group of identity cards: two key pairs, two agreements, and the mapping.
pub struct PacePowers {
    group: Group,
    exponents: [Vec<u8>; 2],
    peer: Vec<u8>,
}

impl PacePowers {
    /// With exponents of the length that a card draws.
    #[must_use]
    pub fn new() -> Self {
        let group = Group::rfc5114_2048_256().clone();
        let mut random = Seeded::new(3);
        let mut draw = || group.random_exponent(&mut random).to_vec();
        let exponents = [draw(), draw()];
        let peer = group.public_value(&draw());
        Self {
            group,
            exponents,
            peer,
        }
    }

    /// Does them; gives how many bytes came out.
    #[must_use]
    pub fn run(&self) -> usize {
        let [first, second] = &self.exponents;
        let own = self.group.public_value(first);
        let agreed = |group: &Group, exponent: &[u8]| {
            let secret = group.shared_secret(exponent, &self.peer);
            secret.map(|secret| secret.to_vec()).unwrap_or_default()
        };
        let shared = agreed(&self.group, first);
        let Ok(mapped) = self.group.map_nonce(&[0x5A; 16], &shared) else {
            return 0;
        };
        let ephemeral = mapped.public_value(second);
        own.len() + ephemeral.len() + agreed(&mapped, second).len()
    }
}

impl Default for PacePowers {
    fn default() -> Self {
        Self::new()
    }
}

/// The card's multiplications in PACE over brainpoolP256r1.
pub struct PacePoints {
    scalars: [Scalar; 2],
    peer: Point,
}

impl PacePoints {
    /// With scalars of the length that a card draws.
    #[must_use]
    pub fn new() -> Self {
        let mut random = Seeded::new(3);
        let mut draw = || Scalar::random(Curve::BrainpoolP256r1, &mut random);
        Self {
            peer: draw().public(),
            scalars: [draw(), draw()],
        }
    }

    /// Does them; gives how many bytes came out.
    ///
    /// # Errors
    /// When a point at infinity comes out.
    pub fn run(&self) -> Result<usize, SetupError> {
        let [first, second] = &self.scalars;
        let own = Point::generator(Curve::BrainpoolP256r1).mul(first)?;
        let shared = self.peer.mul(first)?;
        let mapped = Point::map_nonce(&[0x5A; 16], &shared)?;
        let ephemeral = mapped.mul(second)?;
        let secret = self.peer.mul(second)?;
        let points = [own, ephemeral, secret];
        Ok(points.iter().map(|point| point.encoded().len()).sum())
    }
}

impl Default for PacePoints {
    fn default() -> Self {
        Self::new()
    }
}
