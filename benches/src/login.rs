//! A login recorded in its parts, and the arithmetic each part cannot do without, on the very same numbers.

use cie_conformance::terminal::ias::credentials::{Code, Reference, verify};
use cie_conformance::terminal::ias::{
    self, DeviceAuthentication, OpenOptions, Step, commands, signatures,
};
use cie_crypto::dh::Group;
use cie_crypto::iso9796;
use cie_crypto::random::Seeded;
use cie_crypto::rsa::{PrivateKey, PublicKey};
use cie_emulator::Card;
use cie_emulator::wire::tlv::{Tag, Tlv};
use cie_emulator::wire::{CommandBuf, Le};

use crate::SetupError;
use crate::tape::{Recording, Tape, Turn};

/// The seed of the card's random bytes.
const CARD_SEED: u64 = 1;
/// How often a command is repeated under secure messaging, in one tape.
const REPETITIONS: usize = 64;

/// A login and what follows it, cut into parts.
pub struct Login {
    /// The files and public objects a terminal reads first.
    pub preparation: Tape,
    /// MSE SET with the terminal's public value, GET DATA of the card's: two exponentiations.
    pub key_agreement: Tape,
    /// The certificate of the terminal, with MSE SET before it.
    pub certificate: Tape,
    /// MSE SET, GET CHALLENGE, EXTERNAL AUTHENTICATE.
    pub external: Tape,
    /// MSE SET, INTERNAL AUTHENTICATE with the device key.
    pub internal: Tape,
    /// VERIFY of the PIN.
    pub verify: Tape,
    /// MSE SET, INTERNAL AUTHENTICATE with the signature key.
    pub signature: Tape,
    /// READ BINARY of 128 bytes, many times, under secure messaging.
    pub reads: Tape,
    /// VERIFY, many times, under secure messaging.
    pub verifies: Tape,
    /// The arithmetic.
    pub powers: Powers,
}

impl Login {
    /// Records it.
    ///
    /// # Errors
    /// When the card refuses anything, or the arithmetic does not give the numbers that passed.
    pub fn record() -> Result<Self, SetupError> {
        let image = crate::image()?;
        let card = Card::new(image.clone(), Box::new(Seeded::new(CARD_SEED)));
        let mut recording = Recording::of(card, Box::new(Seeded::new(2)))?;
        let prepared = ias::prepare(&mut recording.terminal, OpenOptions::default())?;
        let preparation = recording.cut()?;
        let agreement = ias::agree_keys(&mut recording.terminal, &prepared.parameters)?;
        let key_agreement = recording.cut()?;
        let mut powers = Powers::agreement(
            image.ias.dh.clone(),
            &agreement.terminal_public,
            &agreement.card_public,
        )?;

        let mut authentication =
            DeviceAuthentication::new(agreement, prepared.ca, prepared.device_key, None);
        let mut steps = |recording: &mut Recording, steps: &[Step]| {
            for step in steps {
                authentication.step(&mut recording.terminal, *step, None, &<_>::default())?;
            }
            recording.cut()
        };
        let certificate = steps(
            &mut recording,
            &[Step::SelectAuthority, Step::VerifyCertificate],
        )?;
        let external = steps(
            &mut recording,
            &[
                Step::SelectTerminalKey,
                Step::GetChallenge,
                Step::ExternalAuthenticate,
            ],
        )?;
        let internal = steps(
            &mut recording,
            &[
                Step::SelectDeviceKey,
                Step::InternalAuthenticate,
                Step::JumpCounter,
            ],
        )?;
        let pin = verify(Reference::Pin, &Code::from("12345678"));
        recording.terminal.demand("VERIFY", &pin)?;
        let verify = recording.cut()?;
        signatures::sign(&mut recording.terminal, &[0x33; 51])?;
        let signature = recording.cut()?;
        powers.device_authentication(&image.ias, &certificate, &external, &internal)?;
        powers.signature(&image.ias.signature, signature.last()?)?;

        recording
            .terminal
            .demand("SELECT", &commands::select_file(0x1006))?;
        recording.cut()?;
        let read = CommandBuf::new(0, 0xB0, 0, 0).le(Le::Exactly(128));
        Ok(Self {
            reads: repeated(&mut recording, &read)?,
            verifies: repeated(&mut recording, &pin)?,
            preparation,
            key_agreement,
            certificate,
            external,
            internal,
            verify,
            signature,
            powers,
        })
    }

    /// Plays everything from the first command to the signature.
    #[must_use]
    pub fn play(&self) -> usize {
        self.preparation.play() + self.play_protocol()
    }

    /// Plays key agreement, device authentication, VERIFY and signature: the goal's four.
    #[must_use]
    pub fn play_protocol(&self) -> usize {
        [
            &self.key_agreement,
            &self.certificate,
            &self.external,
            &self.internal,
            &self.verify,
            &self.signature,
        ]
        .iter()
        .map(|tape| tape.play())
        .sum()
    }
}

/// The same command many times, each answered with `9000`.
///
/// # Errors
/// When it is not.
pub fn repeated(recording: &mut Recording, command: &CommandBuf) -> Result<Tape, SetupError> {
    for _ in 0..REPETITIONS {
        recording
            .terminal
            .demand("the command to be timed", command)?;
    }
    recording.cut()
}

/// The exponentiations of a login, each on the operands that the recorded card had. They are those of the same arithmetic
/// library that the card uses: key and parameters ready, no command, no encoding of a block, no hash.
pub struct Powers {
    group: Group,
    exponent: Vec<u8>,
    terminal_public: Vec<u8>,
    raises: Vec<Raise>,
}

enum Raise {
    Private(PrivateKey, Vec<u8>),
    Public(PublicKey, Vec<u8>),
}

impl Raise {
    fn run(&self) -> usize {
        match self {
            Self::Private(key, block) => key.apply(block).map_or(0, |power| power.len()),
            Self::Public(key, block) => key.apply(block).map_or(0, |power| power.len()),
        }
    }
}

impl Powers {
    fn agreement(group: Group, terminal: &[u8], card: &[u8]) -> Result<Self, SetupError> {
        let exponent = group.random_exponent(&mut Seeded::new(CARD_SEED)).to_vec();
        if group.public_value(&exponent) != card {
            return Err("the card drew another exponent than the baseline".into());
        }
        Ok(Self {
            group,
            exponent,
            terminal_public: terminal.to_vec(),
            raises: Vec::new(),
        })
    }

    fn device_authentication(
        &mut self,
        keys: &cie_emulator::apps::ias::Keys,
        certificate: &Tape,
        external: &Tape,
        internal: &Tape,
    ) -> Result<(), SetupError> {
        let certificate: Vec<u8> = sent(certificate, 0x2A);
        let object = Tlv::read_only(&certificate, Tag(0x7F21)).map_err(|_| "no certificate")?;
        let signature = object
            .children()
            .flatten()
            .find(|child| child.tag == Tag(0x5F37))
            .ok_or("a certificate without signature")?;
        let ca = &keys.terminal_ca;
        let recovered = iso9796::recover_block_crt(&ca.verify, signature.value)?;
        self.raises
            .push(Raise::Private(ca.verify.clone(), signature.value.to_vec()));
        let remainder = object
            .children()
            .flatten()
            .find(|child| child.tag == Tag(0x5F38))
            .ok_or("a certificate without remainder")?;
        let content = [&recovered.m1, remainder.value].concat();
        let key = content.get(37..).ok_or("a certificate without key")?;
        let (modulus, exponent) = key
            .split_at_checked(key.len().saturating_sub(4))
            .ok_or("a certificate without key")?;
        let terminal = PublicKey::new(modulus, exponent)?;
        let proof = sent(external, 0x82);
        let proof = proof.get(8..).ok_or("a proof without signature")?;
        self.raises.push(Raise::Public(terminal, proof.to_vec()));
        let answer = internal
            .turns()
            .iter()
            .find(|turn| turn.plain_command.get(1) == Some(&0x88))
            .ok_or("the card did not prove itself")?;
        let proof = answer
            .plain_answer
            .get(8..264)
            .ok_or("a proof without signature")?;
        self.push_signature(&keys.device, proof)
    }

    fn signature(&mut self, key: &PrivateKey, turn: &Turn) -> Result<(), SetupError> {
        let signature = turn.plain_answer.get(..256).ok_or("no signature")?;
        self.push_signature(key, signature)
    }

    /// The block under this signature, to be signed again.
    fn push_signature(&mut self, key: &PrivateKey, signature: &[u8]) -> Result<(), SetupError> {
        let block = key.public().apply(signature)?;
        if key.apply(&block)? != signature {
            return Err("the baseline's signature is another than the card's".into());
        }
        self.raises.push(Raise::Private(key.clone(), block));
        Ok(())
    }

    /// Both exponentiations of the key agreement.
    #[must_use]
    pub fn key_agreement(&self) -> usize {
        let secret = self
            .group
            .shared_secret(&self.exponent, &self.terminal_public);
        secret.map_or(0, |secret| secret.len()) + self.group.public_value(&self.exponent).len()
    }

    fn raise(&self, number: usize) -> usize {
        self.raises.get(number).map_or(0, Raise::run)
    }

    /// The authority's exponentiation over the certificate, by way of its primes.
    #[must_use]
    pub fn certificate(&self) -> usize {
        self.raise(0)
    }

    /// The terminal's public exponentiation.
    #[must_use]
    pub fn external(&self) -> usize {
        self.raise(1)
    }

    /// The device key's private exponentiation.
    #[must_use]
    pub fn internal(&self) -> usize {
        self.raise(2)
    }

    /// The signature key's private exponentiation.
    #[must_use]
    pub fn sign(&self) -> usize {
        self.raise(3)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.key_agreement() + (0..self.raises.len()).map(|n| self.raise(n)).sum::<usize>()
    }
}

/// The data of all commands with this instruction, links of a chain put together.
fn sent(tape: &Tape, instruction: u8) -> Vec<u8> {
    let links = tape
        .turns()
        .iter()
        .map(|turn| turn.plain_command.as_slice());
    links
        .filter(|link| link.get(1) == Some(&instruction))
        .filter_map(|link| cie_emulator::wire::Command::parse(link).ok())
        .flat_map(|link| link.data.iter().copied())
        .collect()
}
