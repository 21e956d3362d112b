//! The reader's half of the protocols: it drives a [`Target`] the way a correct client would, or a wrong one on purpose, checks
//! everything the card says, and keeps a record of every exchange.
//!
//! Written against the standards and independently of the card in `cie_emulator`: only `wire` and the primitives are shared, so
//! that a mistake on one side cannot hide on the other. Verdicts are not made here.

pub mod checks;
pub mod emrtd;
mod error;
mod exchange;
pub mod ias;
mod links;
mod options;
pub mod secure_messaging;

use std::fmt;

use cie_crypto::random::RandomSource;
use cie_emulator::wire::{CommandBuf, Le, Response};

use crate::target::{CardState, Reset, Target, TargetError};

pub use error::TerminalError;
pub use exchange::{Exchange, Protection, Reply};
pub use options::{AfterRefusal, Chaining, PlainAnswer, Route, SendOptions};
pub use secure_messaging::{
    ChannelError, LeObject, SecureMessaging, SessionKeys, Tamper, Unprotected,
};

/// Most bytes of data in one link of a plain chain.
pub const PLAIN_LINK: usize = 255;
/// Most bytes of data in one protected command; more is chained (observed client behaviour).
pub const PROTECTED_LINK: usize = 231;

/// The terminal's side of an open channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Keys and counter.
    pub messaging: SecureMessaging,
    /// How data travel that are too long for a short command, when a command does not say.
    long_data: Chaining,
    closed: Option<String>,
}

impl Channel {
    /// An open channel.
    #[must_use]
    pub const fn new(messaging: SecureMessaging) -> Self {
        Self {
            messaging,
            long_data: Chaining::Every(PROTECTED_LINK),
            closed: None,
        }
    }

    /// The same, but long data travel in one command with extended length (ICAO 9303-11 §9.8: chaining is for GENERAL
    /// AUTHENTICATE only).
    #[must_use]
    pub const fn extended(mut self) -> Self {
        self.long_data = Chaining::Never;
        self
    }

    /// Why nothing is sent through it any more; `None` while it is open.
    #[must_use]
    pub fn closed(&self) -> Option<&str> {
        self.closed.as_deref()
    }
}

/// A terminal with one card.
pub struct Terminal {
    target: Box<dyn Target>,
    random: Box<dyn RandomSource>,
    channel: Option<Channel>,
    exchanges: Vec<Exchange>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("target", &self.target.describe())
            .field("channel", &self.channel)
            .field("exchanges", &self.exchanges.len())
            .finish()
    }
}

impl Terminal {
    /// A terminal in front of this target; challenges, padding randoms and private exponents come from `random`.
    #[must_use]
    pub fn new(target: Box<dyn Target>, random: Box<dyn RandomSource>) -> Self {
        Self {
            target,
            random,
            channel: None,
            exchanges: Vec::new(),
        }
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &dyn Target {
        self.target.as_ref()
    }

    /// The target, past all book-keeping of the terminal.
    pub fn target_mut(&mut self) -> &mut dyn Target {
        self.target.as_mut()
    }

    /// The source of random bytes.
    pub fn random(&mut self) -> &mut dyn RandomSource {
        self.random.as_mut()
    }

    /// What the card looks like from inside, where that can be seen.
    pub fn state(&mut self) -> Option<CardState> {
        self.target.state()
    }

    /// Powers the card on: its answer to reset. Any channel is forgotten.
    ///
    /// # Errors
    /// Those of the target.
    pub fn power_on(&mut self) -> Result<Vec<u8>, TargetError> {
        self.channel = None;
        self.target.power_on()
    }

    /// Resets the card: its answer to reset. Any channel is forgotten ([`take_channel`](Self::take_channel) it before to try it
    /// afterwards).
    ///
    /// # Errors
    /// Those of the target.
    pub fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        self.channel = None;
        self.target.reset(reset)
    }

    /// The exchanges since the last [`take_exchanges`](Self::take_exchanges).
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The exchanges so far; the record starts again.
    pub fn take_exchanges(&mut self) -> Vec<Exchange> {
        std::mem::take(&mut self.exchanges)
    }

    /// Opens a channel with these keys; the first command goes with `counter + 1`.
    pub fn open_channel(&mut self, keys: &SessionKeys, counter: u64) {
        self.channel = Some(Channel::new(SecureMessaging::new(keys, counter)));
    }

    /// Opens a channel of the travel document: as [`open_channel`](Self::open_channel), but long data are not chained.
    pub fn open_document_channel(&mut self, keys: &SessionKeys, counter: u64) {
        let messaging = SecureMessaging::new(keys, counter);
        self.channel = Some(Channel::new(messaging).extended());
    }

    /// The channel, open or closed by a refusal.
    #[must_use]
    pub const fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// The channel, to move its counter.
    pub const fn channel_mut(&mut self) -> Option<&mut Channel> {
        self.channel.as_mut()
    }

    /// Whether commands go through a channel now.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.channel
            .as_ref()
            .is_some_and(|channel| channel.closed.is_none())
    }

    /// Forgets the channel, and hands it out.
    pub const fn take_channel(&mut self) -> Option<Channel> {
        self.channel.take()
    }

    /// Puts a channel back, say the one from before a reset, to see that the card has forgotten it.
    pub fn restore_channel(&mut self, channel: Channel) {
        self.channel = Some(channel);
    }

    /// Sends a command as a correct client does: through the channel when one is open, chained when long.
    ///
    /// # Errors
    /// [`TerminalError`]; any status word is an answer, not an error.
    pub fn transmit(&mut self, command: &CommandBuf) -> Result<Reply, TerminalError> {
        self.transmit_with(command, &SendOptions::default())
    }

    /// Sends a command that must be answered with `9000`; `step` says what is being done.
    ///
    /// # Errors
    /// [`TerminalError::Status`] for any other status word, and those of [`transmit`](Self::transmit).
    pub fn demand(
        &mut self,
        step: &'static str,
        command: &CommandBuf,
    ) -> Result<Reply, TerminalError> {
        let reply = self.transmit_whole(command, &SendOptions::default())?;
        match reply.sw.is_ok() {
            true => Ok(reply),
            false => Err(TerminalError::Status { step, sw: reply.sw }),
        }
    }

    /// Sends a command and goes on as clients do where the card says the right Le by `6Cxx` or keeps the answer behind `61xx`
    /// (ISO/IEC 7816-4:2020 §5.6): only in clear, in at most 64 rounds. An answer that is judged by itself is got with
    /// [`transmit_with`](Self::transmit_with).
    ///
    /// # Errors
    /// [`TerminalError`]; any status word is an answer, not an error.
    pub fn transmit_whole(
        &mut self,
        command: &CommandBuf,
        options: &SendOptions,
    ) -> Result<Reply, TerminalError> {
        let mut reply = self.transmit_with(command, options)?;
        if reply.channel == Protection::Protected {
            return Ok(reply);
        }
        if reply.sw.sw1() == 0x6C {
            let command = command.clone().le(Le::from_short(reply.sw.sw2()));
            reply = self.transmit_with(&command, options)?;
        }
        for _ in 0..64 {
            if reply.sw.bytes_available().is_none() {
                break;
            }
            let rest = ias::commands::get_response(Le::from_short(reply.sw.sw2()));
            let more = self.transmit_with(&rest, &SendOptions::plain())?;
            reply.data.extend_from_slice(&more.data);
            reply.sw = more.sw;
        }
        Ok(reply)
    }

    /// Sends a command in the given manner. A chain ends at the first link that is not answered with `9000`; its answer is
    /// returned.
    ///
    /// # Errors
    /// [`TerminalError`]; any status word is an answer, not an error.
    pub fn transmit_with(
        &mut self,
        command: &CommandBuf,
        options: &SendOptions,
    ) -> Result<Reply, TerminalError> {
        let protected = self.goes_protected(options.route)?;
        let chaining = match (options.chaining, &self.channel) {
            (Chaining::Auto, Some(channel)) if protected => channel.long_data,
            (Chaining::Auto, _) => Chaining::Every(PLAIN_LINK),
            (chosen, _) => chosen,
        };
        let links = links::links(command, chaining);
        let count = links.len();
        let spoiled = options.tamper_link.unwrap_or(count.saturating_sub(1));
        let mut number = 0;
        loop {
            let Some(link) = links.get(number) else {
                return Err(TerminalError::NoStatus(0));
            };
            let tamper = options.tamper.as_ref().filter(|_| number == spoiled);
            let mut exchange = Exchange {
                link: (number + 1, count),
                tamper: tamper.cloned(),
                ..Exchange::default()
            };
            let result = match protected {
                true => self.send_protected(link, options, tamper, &mut exchange),
                false => self.send_plain(link, &mut exchange),
            };
            exchange.error = result.as_ref().err().map(ToString::to_string);
            self.exchanges.push(exchange);
            number += 1;
            let mut reply = result?;
            if number == count || !reply.sw.is_ok() {
                reply.unsent_links = count - number;
                return Ok(reply);
            }
        }
    }

    /// Sends bytes as they are, past any channel; they need not be a command.
    ///
    /// # Errors
    /// [`TerminalError::Target`], [`TerminalError::NoStatus`].
    pub fn transmit_bytes(&mut self, bytes: &[u8]) -> Result<Reply, TerminalError> {
        let mut exchange = Exchange {
            link: (1, 1),
            ..Exchange::default()
        };
        let result = self.send_bytes(bytes, &mut exchange);
        exchange.error = result.as_ref().err().map(ToString::to_string);
        self.exchanges.push(exchange);
        result
    }

    fn goes_protected(&self, route: Route) -> Result<bool, TerminalError> {
        match (route, &self.channel) {
            (Route::Plain, _) | (Route::Auto, None) => Ok(false),
            (Route::Protected, None) => Err(ChannelError::NotOpen.into()),
            (Route::Auto | Route::Protected, Some(channel)) => match &channel.closed {
                None => Ok(true),
                Some(why) => Err(ChannelError::Closed(why.clone()).into()),
            },
        }
    }

    fn send_plain(
        &mut self,
        command: &CommandBuf,
        exchange: &mut Exchange,
    ) -> Result<Reply, TerminalError> {
        let bytes = command.to_bytes()?;
        exchange.plain_command = Some(bytes.clone());
        self.send_bytes(&bytes, exchange)
    }

    fn send_bytes(
        &mut self,
        bytes: &[u8],
        exchange: &mut Exchange,
    ) -> Result<Reply, TerminalError> {
        let response = self.roundtrip(bytes, exchange)?;
        exchange.plain_response = Some(response.clone());
        plain_reply(&response, exchange)
    }

    fn roundtrip(
        &mut self,
        bytes: &[u8],
        exchange: &mut Exchange,
    ) -> Result<Vec<u8>, TerminalError> {
        let mut response = Vec::new();
        exchange.wire_command = bytes.to_vec();
        let result = self.target.transmit(bytes, &mut response);
        if let Err(error) = result {
            // A card that cannot be reached has no session any more either.
            self.channel = None;
            return Err(error.into());
        }
        exchange.wire_response = Some(response.clone());
        Ok(response)
    }

    fn send_protected(
        &mut self,
        command: &CommandBuf,
        options: &SendOptions,
        tamper: Option<&Tamper>,
        exchange: &mut Exchange,
    ) -> Result<Reply, TerminalError> {
        let channel = self.channel.as_mut().ok_or(ChannelError::NotOpen)?;
        exchange.plain_command = Some(command.to_bytes()?);
        let bytes = channel
            .messaging
            .protect(command.view(), options.le_object, tamper)?;
        exchange.counter = Some(channel.messaging.counter());
        if tamper != Some(&Tamper::SendPlain) {
            exchange.sent = Protection::Protected;
        }
        let response = self.roundtrip(&bytes, exchange)?;
        let channel = self.channel.as_mut().ok_or(ChannelError::NotOpen)?;
        let outcome = channel.messaging.unprotect(command.header.ins, &response);
        self.judge(outcome, &response, options, tamper, exchange)
    }

    fn judge(
        &mut self,
        outcome: Result<Unprotected, ChannelError>,
        response: &[u8],
        options: &SendOptions,
        tamper: Option<&Tamper>,
        exchange: &mut Exchange,
    ) -> Result<Reply, TerminalError> {
        let error = match outcome {
            Ok(Unprotected { data, sw }) => {
                exchange.channel = Protection::Protected;
                exchange.sw = Some(sw);
                exchange.plain_response = Some([&data[..], &sw.to_bytes()].concat());
                return Ok(Reply {
                    data,
                    sw,
                    channel: Protection::Protected,
                    unsent_links: 0,
                });
            }
            Err(error) => error,
        };
        if options.after_refusal == AfterRefusal::Close
            && let Some(channel) = self.channel.as_mut()
        {
            channel.closed = Some(error.to_string());
        }
        let accepted = tamper.is_some() || options.plain_answer == PlainAnswer::Accept;
        // A command that went plain on purpose is answered plain, with data.
        let plain = matches!(error, ChannelError::PlainResponse { .. })
            || tamper == Some(&Tamper::SendPlain);
        exchange.sw = Response::parse(response).ok().map(|response| response.sw);
        if plain && accepted {
            exchange.plain_response = Some(response.to_vec());
            return plain_reply(response, exchange);
        }
        Err(error.into())
    }
}

fn plain_reply(response: &[u8], exchange: &mut Exchange) -> Result<Reply, TerminalError> {
    let parsed = Response::parse(response).map_err(|_| TerminalError::NoStatus(response.len()))?;
    exchange.sw = Some(parsed.sw);
    Ok(Reply {
        data: parsed.data.to_vec(),
        sw: parsed.sw,
        channel: Protection::Plain,
        unsent_links: 0,
    })
}
