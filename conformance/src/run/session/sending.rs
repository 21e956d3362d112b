//! One command on its way: plain or protected, whole or chained, spoiled where the step says so.

use cie_emulator::wire::CommandBuf;

use super::{Outcome, Session, Trouble, answered, spoil};
use crate::scenario::model::{ChannelForm, Step, Tamper};
use crate::terminal::{
    AfterRefusal, Chaining, LeObject, PlainAnswer, Protection, Reply, Route, SendOptions,
};

impl Session {
    /// Sends one command as the step wants it sent.
    pub(super) fn send(
        &mut self,
        command: &CommandBuf,
        step: &Step,
        chain: Option<u32>,
    ) -> Result<Outcome, Trouble> {
        let every = |size| Chaining::Every(usize::try_from(size).unwrap_or(usize::MAX));
        self.send_chained(command, step, chain.map(every))
    }

    /// The same, long data travelling as `chaining` says.
    pub(super) fn send_chained(
        &mut self,
        command: &CommandBuf,
        step: &Step,
        chaining: Option<Chaining>,
    ) -> Result<Outcome, Trouble> {
        let route = match (step.channel, step.tamper.plain.is_some()) {
            (Some(ChannelForm::Plain), _) | (None, true) => Route::Plain,
            (Some(ChannelForm::Protected), _) => Route::Protected,
            (None, false) => Route::Auto,
        };
        let protected = match route {
            Route::Plain => false,
            Route::Protected => true,
            Route::Auto => self.terminal.is_protected(),
        };
        let bare = spoil::leaves_data_out(&step.tamper).then(|| command.clone().data(Vec::new()));
        let command = bare.as_ref().unwrap_or(command);
        let sent = command.to_bytes().ok();
        if spoil::changes_the_wire(&step.tamper) || spoil::is_replay_of_first(&step.tamper) {
            return self.send_altered(command, &step.tamper, protected, sent);
        }
        let mut options = SendOptions {
            route,
            plain_answer: PlainAnswer::Accept,
            after_refusal: AfterRefusal::Keep,
            ..SendOptions::default()
        };
        options.chaining = chaining.unwrap_or_default();
        self.spoiled(&mut options, &step.tamper)?;
        let in_session = protected && !self.session_broken && options.tamper.is_none();
        let spoiled = options.tamper.is_some() || (self.terminal.is_protected() && !protected);
        match (&options.tamper, &sent) {
            (Some(_), Some(wire)) => self.ask_spoiled(command, wire)?,
            _ => self.ask(command, protected)?,
        }
        let result = self.terminal.transmit_with(command, &options);
        self.tell(Some(command), &result);
        let reply = result?;
        self.note_session(spoiled, protected, &reply);
        Ok(Outcome {
            reply: Some(reply),
            sent,
            signed: None,
            in_session,
            issuer: None,
        })
    }

    fn spoiled(&mut self, options: &mut SendOptions, tamper: &Tamper) -> Result<(), Trouble> {
        if tamper
            .drop_do
            .as_ref()
            .is_some_and(|object| object.value.tag() == 0x97)
        {
            options.le_object = LeObject::Absent;
            return Ok(());
        }
        if let Some(skip) = tamper.skip_ssc.as_ref().filter(|skip| skip.value < -1)
            && let Some(channel) = self.terminal.channel_mut()
        {
            let counter = channel.messaging.counter();
            let moved = counter.wrapping_add_signed(i64::from(skip.value));
            channel.messaging.set_counter(moved);
            return Ok(());
        }
        options.tamper = spoil::of(tamper).map_err(Trouble::Harness)?;
        Ok(())
    }

    /// Sends bytes that no terminal would make of the command.
    fn send_altered(
        &mut self,
        command: &CommandBuf,
        tamper: &Tamper,
        protected: bool,
        sent: Option<Vec<u8>>,
    ) -> Result<Outcome, Trouble> {
        let mut bytes = match (&self.first_protected, spoil::is_replay_of_first(tamper)) {
            (Some(first), true) => first.clone(),
            (None, true) => {
                return Err(Trouble::Harness(
                    "no protected command was sent yet".to_owned(),
                ));
            }
            (_, false) if protected => {
                let channel = self.terminal.channel_mut();
                let channel =
                    channel.ok_or_else(|| Trouble::Harness("no channel is open".to_owned()))?;
                let messaging = &mut channel.messaging;
                let made = messaging.protect(command.view(), LeObject::default(), None);
                made.map_err(|error| Trouble::Harness(error.to_string()))?
            }
            (_, false) => sent.clone().unwrap_or_default(),
        };
        spoil::alter(&mut bytes, tamper);
        self.session_broken |= self.terminal.is_protected();
        self.ask_spoiled(command, &bytes)?;
        let result = self.terminal.transmit_bytes(&bytes);
        self.tell(Some(command), &result);
        Ok(answered(result?, sent))
    }

    /// After a spoiled command, a plain answer inside the session or a plain command, both sides may differ about it.
    pub(super) fn note_session(&mut self, spoiled: bool, protected: bool, reply: &Reply) {
        if spoiled || (protected && reply.channel == Protection::Plain) {
            self.session_broken = true;
        }
        if self.first_protected.is_none() {
            let first = self
                .terminal
                .exchanges()
                .iter()
                .find(|e| e.sent == Protection::Protected);
            self.first_protected = first.map(|exchange| exchange.wire_command.clone());
        }
    }
}
