//! The card's runtime: power and reset, class bytes, command chaining, secure messaging around the applications, GET
//! RESPONSE. It holds no cryptography and no file contents; it knows the order of the steps, and takes each once.
//!
//! A card is a pure function with a memory: [`Card::transmit`] takes command bytes and gives response bytes.

mod chain;
mod defect;
mod image;
mod memory;
mod response;
mod state;

pub use defect::{Defect, Flaw};
pub use image::{Image, ImageError};
pub use state::{CardState, Channel, LifeCycle};

use crate::apps::{self, After, Answer, Context, emrtd, ias};
use crate::chip::{ErrorStyle, TearKnob};
use crate::credentials::{Commit, Credentials, PowerLost};
use crate::files::Selection;
use crate::secure_messaging::{SecureSession, SmError};
use crate::store::{InMemory, Store, Tear, Tearing};
use crate::wire::{Atr, Class, Command, LengthForm, StatusClass, StatusWord, ins};
use chain::Chain;
use cie_crypto::random::RandomSource;
use response::Pending;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What survives power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// PIN and PUK with their counters.
    pub credentials: Credentials,
}

/// What dies at reset.
#[derive(Clone, Default)]
struct Session {
    selection: Selection,
    secure_messaging: Option<SecureSession>,
    ias: ias::State,
    emrtd: emrtd::State,
    chain: Option<Chain>,
    pending: Option<Pending>,
}

/// How a card is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Power off and on again.
    Cold,
    /// The reset line, power staying on. A CIE forgets the same things.
    Warm,
}

/// Working space, reused from command to command so that reading a file allocates nothing.
#[derive(Default)]
struct Buffers {
    /// Decrypted command data: codes, among others.
    data: Zeroizing<Vec<u8>>,
    /// Response data before protection.
    reply: Zeroizing<Vec<u8>>,
    /// The response as it leaves the card.
    out: Vec<u8>,
}

/// A CIE.
pub struct Card {
    image: Arc<Image>,
    memory: Memory,
    session: Session,
    powered: bool,
    random: Box<dyn RandomSource>,
    store: Box<dyn Store>,
    buffers: Buffers,
}

impl Card {
    /// A card fresh from personalisation, without power. All its random bytes come from `random`.
    #[must_use]
    pub fn new(image: Arc<Image>, random: Box<dyn RandomSource>) -> Self {
        let memory = Memory {
            credentials: image.factory.clone(),
        };
        let tear = match image.profile.tear {
            TearKnob::None => None,
            TearKnob::BeforeCommit => Some(Tear::BeforeCommit),
            TearKnob::AfterCommit => Some(Tear::AfterCommit),
        };
        let store: Box<dyn Store> = match tear {
            None => Box::new(InMemory),
            Some(tear) => Box::new(Tearing::new(memory.credentials.clone(), tear, 0)),
        };
        Self::with_memory(image, memory, random, store)
    }

    /// A card whose persistent memory is `memory` and is kept by `store`.
    #[must_use]
    pub fn with_memory(
        image: Arc<Image>,
        memory: Memory,
        random: Box<dyn RandomSource>,
        store: Box<dyn Store>,
    ) -> Self {
        Self {
            image,
            memory,
            session: Session::default(),
            powered: false,
            random,
            store,
            buffers: Buffers::default(),
        }
    }

    /// A second card in exactly this state, sharing what was burnt in; its memory lives in RAM only. Both will draw the
    /// same random bytes.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            image: Arc::clone(&self.image),
            memory: self.memory.clone(),
            session: self.session.clone(),
            powered: self.powered,
            random: self.random.fork(),
            store: Box::new(InMemory),
            buffers: Buffers::default(),
        }
    }

    /// Gives power and resets; returns the answer to reset. Also right on a card that has power already.
    pub fn power_on(&mut self) -> &Atr {
        let before = std::mem::take(&mut self.session);
        self.powered = true;
        self.keep_what_a_flawed_card_keeps(before);
        &self.image.chip.atr
    }

    /// Takes the power away: the session is gone, the card is mute.
    pub fn power_off(&mut self) {
        let before = std::mem::take(&mut self.session);
        self.powered = false;
        self.keep_what_a_flawed_card_keeps(before);
    }

    /// Nothing, on a card without flaw.
    fn keep_what_a_flawed_card_keeps(&mut self, before: Session) {
        let flaw = self.image.flaw;
        if flaw.is(Defect::SelectionSurvivesReset) {
            self.session.selection = before.selection;
        }
        if flaw.is(Defect::PinFlagSurvivesReset) {
            self.session.ias.verified = before.ias.verified;
        }
        if flaw.is(Defect::PukBackAtPowerOn) && self.memory.credentials.is_locked() {
            self.memory.credentials.puk_left = self.image.profile.puk_tries;
        }
    }

    /// Resets the card and returns the answer to reset. Either reset loses the whole session: secure messaging, what
    /// was verified, the selection, a pending challenge, the security environment, an unfinished chain.
    pub fn reset(&mut self, kind: Reset) -> &Atr {
        match kind {
            Reset::Cold => {
                self.power_off();
                self.power_on()
            }
            Reset::Warm => self.power_on(),
        }
    }

    /// Whether the card has power.
    #[must_use]
    pub const fn is_powered(&self) -> bool {
        self.powered
    }

    /// What was burnt in.
    #[must_use]
    pub const fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// What survives power.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Answers a command: any bytes in, a response APDU out. Empty when the card is mute: no power, or power lost in the
    /// middle of a write.
    pub fn transmit(&mut self, command: &[u8]) -> &[u8] {
        self.buffers.out.clear();
        if self.powered && self.process(command).is_err() {
            self.lose_power();
        }
        &self.buffers.out
    }

    fn process(&mut self, bytes: &[u8]) -> Result<(), PowerLost> {
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(_) => return self.refuse_plain(StatusWord::WRONG_LENGTH),
        };
        let flaw = self.image.flaw;
        let class = Class::from_byte(command.header.cla);
        let Some(class) = class.or(flaw.is(Defect::ClassIgnored).then_some(Class::PLAIN)) else {
            return self.refuse_plain(StatusWord::CLA_NOT_SUPPORTED);
        };
        if bytes.get(4) == Some(&0) && bytes.len() > 5 && !self.image.chip.limits.extended_length {
            return self.refuse_plain(StatusWord::WRONG_LENGTH);
        }
        if class.protected {
            return self.process_protected(&command, class.chained);
        }
        if command.header.ins == ins::GET_RESPONSE && !class.chained {
            // It is no link of any chain, so it aborts one like every other command.
            self.session.chain = None;
            self.session.emrtd.command_begins(ins::GET_RESPONSE);
            self.get_response(&command);
            return Ok(());
        }
        if !flaw.is(Defect::PlainKeepsSession) {
            self.end_secure_messaging();
        }
        self.process_plain(&command, class.chained)
    }

    fn process_plain(&mut self, command: &Command<'_>, chained: bool) -> Result<(), PowerLost> {
        let Answer { sw, after } = self.run(command, chained, false)?;
        self.send_plain(sw, command);
        self.follow(after);
        Ok(())
    }

    fn process_protected(&mut self, command: &Command<'_>, chained: bool) -> Result<(), PowerLost> {
        let Some(session) = self.session.secure_messaging.take() else {
            return self.refuse_plain(self.no_session());
        };
        let mut data = std::mem::take(&mut self.buffers.data);
        let flaw = self.image.flaw;
        let kept = flaw.is(Defect::ErrorKeepsSession).then(|| session.clone());
        let result = match session.unprotect(command, &mut data, flaw) {
            Ok((session, inner)) => {
                self.session.secure_messaging = Some(session);
                let whole = Command {
                    header: inner.header,
                    data: &data,
                    le: inner.le,
                    form: command.form,
                };
                self.answer_protected(&whole, chained)
            }
            Err(error) if kept.is_some() => {
                self.buffers.out.extend(self.status_of(error).to_bytes());
                self.session.secure_messaging = kept;
                Ok(())
            }
            Err(error) => {
                let sw = self.status_of(error);
                self.session.ias.secure_messaging_ended();
                self.session.emrtd.session_ended();
                self.refuse_plain(sw)
            }
        };
        self.buffers.data = data;
        result
    }

    /// Every answer inside a session is protected, errors included, unless the profile has it otherwise for the document.
    fn answer_protected(&mut self, command: &Command<'_>, chained: bool) -> Result<(), PowerLost> {
        let Answer { sw, after } = self.run(command, chained, true)?;
        if matches!(after, After::Close) {
            return self.refuse_plain(sw);
        }
        let flaw = self.image.flaw;
        let plain_errors = flaw.is(Defect::PlainErrors)
            || (self.session.emrtd.has_session()
                && self.image.profile.document_errors == ErrorStyle::PlainKeepSession);
        if plain_errors && sw.class() == StatusClass::Error {
            self.buffers.out.extend(sw.to_bytes());
            return Ok(());
        }
        if flaw.is(Defect::DataNeedsLe) && command.le.is_none() {
            self.buffers.reply.clear();
        }
        if let Some(session) = &mut self.session.secure_messaging {
            let odd_ins = command.header.ins & 1 == 1;
            session.protect(&self.buffers.reply, sw, odd_ins, &mut self.buffers.out);
        }
        self.follow(after);
        Ok(())
    }

    /// Collects chains, then gives whole commands to the applications.
    fn run(
        &mut self,
        command: &Command<'_>,
        chained: bool,
        protected: bool,
    ) -> Result<Answer, PowerLost> {
        self.buffers.reply.clear();
        self.session.pending = None;
        let goes_on = self.image.flaw.is(Defect::InterruptedPaceGoesOn)
            && command.header.ins != ins::GENERAL_AUTHENTICATE;
        if !goes_on {
            self.session.emrtd.command_begins(command.header.ins);
        }
        let chain = self.session.chain.take().filter(|chain| {
            chain.continues_with(command, protected) || self.image.flaw.is(Defect::ChainNotAborted)
        });
        if !apps::knows(&self.image, command.header.ins) {
            if self.image.flaw.is(Defect::UnknownInstructionOk) {
                return Ok(StatusWord::NO_ERROR.into());
            }
            return Ok(StatusWord::INS_NOT_SUPPORTED.into());
        }
        if chained && !apps::answers_links(command.header.ins) {
            return Ok(self.collect(chain, command, protected).into());
        }
        let Some(chain) = chain else {
            return self.execute(command, chained, protected);
        };
        let Some(data) = chain.finish(command.data, self.image.chip.limits.chain) else {
            return Ok(StatusWord::WRONG_LENGTH.into());
        };
        let whole = Command {
            data: &data,
            ..*command
        };
        self.execute(&whole, chained, protected)
    }

    fn collect(&mut self, chain: Option<Chain>, link: &Command<'_>, protected: bool) -> StatusWord {
        if !apps::supports_chaining(link.header.ins) {
            return StatusWord::CHAINING_NOT_SUPPORTED;
        }
        let chain = chain.unwrap_or_else(|| Chain::new(link, protected));
        match chain.append(link.data, self.image.chip.limits.chain) {
            Some(chain) => {
                self.session.chain = Some(chain);
                StatusWord::NO_ERROR
            }
            None => StatusWord::WRONG_LENGTH,
        }
    }

    fn execute(
        &mut self,
        command: &Command<'_>,
        chained: bool,
        protected: bool,
    ) -> Result<Answer, PowerLost> {
        let room = match (&self.session.secure_messaging, command.form) {
            (Some(session), form) if protected => session.room(form),
            (_, LengthForm::Short) => 256,
            (_, LengthForm::Extended) => 65536,
        };
        let memory: &mut dyn Commit = &mut *self.store;
        let mut context = Context {
            image: &self.image,
            credentials: &mut self.memory.credentials,
            memory,
            random: &mut *self.random,
            selection: &mut self.session.selection,
            ias: &mut self.session.ias,
            emrtd: &mut self.session.emrtd,
            chained,
            room,
            protected,
            reply: &mut self.buffers.reply,
        };
        apps::execute(&mut context, command)
    }

    fn follow(&mut self, after: After) {
        match after {
            After::Nothing => {}
            After::Close => self.end_secure_messaging(),
            After::Open(session) => self.session.secure_messaging = Some(*session),
            After::SetCounter(_) if self.image.flaw.is(Defect::NoCounterJump) => {}
            After::SetCounter(value) => {
                if let Some(session) = &mut self.session.secure_messaging {
                    session.set_send_sequence_counter(value);
                }
            }
        }
    }

    /// Any plain command but GET RESPONSE ends a session, and is then executed.
    fn end_secure_messaging(&mut self) {
        if self.session.secure_messaging.take().is_some() {
            self.session.ias.secure_messaging_ended();
            self.session.emrtd.session_ended();
            self.session.chain = None;
        }
    }

    fn refuse_plain(&mut self, sw: StatusWord) -> Result<(), PowerLost> {
        self.end_secure_messaging();
        self.session.emrtd.command_begins(0);
        self.session.chain = None;
        self.session.pending = None;
        self.buffers.out.extend_from_slice(&sw.to_bytes());
        Ok(())
    }

    /// The status word for a protected command without a session, in the words of the application selected.
    fn no_session(&self) -> StatusWord {
        let profile = &self.image.profile;
        match emrtd::is_selected(&self.image, self.session.selection) {
            true => profile.document_sm_without_session.0,
            false => profile.sm_without_session.0,
        }
    }

    fn status_of(&self, error: SmError) -> StatusWord {
        let profile = &self.image.profile;
        if self.session.emrtd.has_session() {
            return match error {
                SmError::Missing => profile.document_sm_object_missing.0,
                SmError::Incorrect | SmError::WrongChecksum | SmError::WrongPadding => {
                    profile.document_sm_object_incorrect.0
                }
            };
        }
        match error {
            SmError::Missing => profile.sm_object_missing.0,
            SmError::Incorrect | SmError::WrongChecksum | SmError::WrongPadding => {
                profile.sm_object_incorrect.0
            }
        }
    }
}
