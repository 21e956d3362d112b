//! Plays an input on a stage. The right commands come from the flows; what the input adds is their order, their spoiling, and
//! everything that is not right at all.

use cie_conformance::terminal::{ChannelError, LeObject, SecureMessaging};
use cie_emulator::Card;
use cie_emulator::card::Reset;
use cie_emulator::store::{Tear, TearAt};
use cie_emulator::wire::{Command, CommandBuf, LengthForm, Response, StatusWord, ins};

use super::flow::{Flow, Moment, counter};
use super::rules::{self, Look, Said};
use super::told::Told;
use super::{Stage, made};
use crate::input::Input;

/// Steps of one session: some of them are signatures.
const MOST_STEPS: usize = 32;

/// Plays one session.
pub(super) fn play(stage: &Stage, bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let Some(flow) = input.choose(&stage.flows) else {
        return;
    };
    let at = usize::from(input.byte()) % flow.moments.len().max(1);
    let Some(moment) = flow.moments.get(at) else {
        return;
    };
    let mut session = Session {
        stage,
        flow,
        at,
        card: moment.card.fork(),
        channel: moment.channel.clone(),
        certain: true,
        pristine: true,
        torn: false,
        links: Vec::new(),
    };
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        session.step(&mut input);
    }
    session.restart(Reset::Cold);
}

struct Session<'a> {
    stage: &'a Stage,
    flow: &'a Flow,
    /// The next moment of the flow.
    at: usize,
    card: Card,
    /// The terminal's half, where its keys are known.
    channel: Option<SecureMessaging>,
    /// Whether the keys are the card's for sure.
    certain: bool,
    /// Nothing but the flow's own commands so far: then every answer is known.
    pristine: bool,
    /// Power goes away at a write to come.
    torn: bool,
    /// Data of the links of an open chain.
    links: Vec<u8>,
}

/// How a command goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Through the channel where there is one.
    Auto,
    /// In clear.
    Plain,
}

impl<'a> Session<'a> {
    fn step(&mut self, input: &mut Input<'_>) {
        let op = input.byte();
        let way = if op & 0x10 == 0 {
            Way::Auto
        } else {
            Way::Plain
        };
        let right = op % 16 < 5 && way == Way::Auto;
        self.pristine &= right;
        match op % 16 {
            0..=4 => self.next(way),
            5 | 6 => {
                if let Some(moment) = self.other(input) {
                    self.right(moment, way);
                }
            }
            7..=9 => {
                let command = self.spoiled(op & 0x20 != 0, input);
                self.send(&command, way, None);
            }
            10 => {
                self.send(&made::free(input), way, None);
            }
            11 => {
                let bytes = input.short().to_vec();
                self.exchange(&bytes, &Told::default());
            }
            12 => self.tampered(input),
            13 => self.restart(if op & 0x20 == 0 {
                Reset::Warm
            } else {
                Reset::Cold
            }),
            14 => self.tear(input),
            _ => self.chain(way, input),
        }
    }

    /// The flow's next command.
    fn next(&mut self, way: Way) {
        let Some(moment) = self.flow.moments.get(self.at) else {
            self.pristine = false;
            return;
        };
        self.at += 1;
        let response = self.right(moment, way);
        if self.pristine {
            assert_eq!(
                response, moment.response,
                "the same commands, another answer"
            );
        }
    }

    /// Any right command.
    fn other(&self, input: &mut Input<'_>) -> Option<&'a Moment> {
        let count = self.stage.moments().count();
        let index = usize::from(input.word()).checked_rem(count)?;
        self.stage.moments().nth(index)
    }

    fn right(&mut self, moment: &Moment, way: Way) -> Vec<u8> {
        match Command::parse(&moment.command).map(CommandBuf::from) {
            Ok(command) => self.send(&command, way, Some(moment)),
            Err(_) => self.exchange(&moment.command, &Told::default()),
        }
    }

    /// A right command, the flow's next or any, with one thing changed.
    fn spoiled(&mut self, next: bool, input: &mut Input<'_>) -> CommandBuf {
        let moment = match next {
            true => self.flow.moments.get(self.at),
            false => self.other(input),
        };
        let parsed = moment.and_then(|moment| Command::parse(&moment.command).ok());
        let Some(mut command) = parsed.map(CommandBuf::from) else {
            return made::free(input);
        };
        match input.byte() % 9 {
            0 => command.data = input.short().to_vec(),
            1 => {
                command.header.p1 = input.byte();
                command.header.p2 = input.byte();
            }
            2 => command.data.truncate(usize::from(input.byte())),
            3 => {
                let at = usize::from(input.word()).checked_rem(command.data.len());
                if let Some(byte) = at.and_then(|at| command.data.get_mut(at)) {
                    *byte ^= input.byte();
                }
            }
            4 => command.header.cla ^= 0x10,
            5 => command.le = made::le(input.byte()),
            6 => command.form = LengthForm::Extended,
            7 => command.data.extend_from_slice(input.short()),
            _ => command.header.ins = input.byte(),
        }
        command
    }

    /// The data of a right command, or many bytes, in links of any size.
    fn chain(&mut self, way: Way, input: &mut Input<'_>) {
        let Some(moment) = self.other(input) else {
            return;
        };
        let Ok(whole) = Command::parse(&moment.command).map(CommandBuf::from) else {
            return;
        };
        let kind = input.byte();
        let size = usize::from(input.byte()).max(1);
        let mut data = whole.data.clone();
        if kind & 1 == 1 {
            data.resize(data.len() + 64 * usize::from(kind), 0x5A);
        }
        let links: Vec<&[u8]> = data.chunks(size).take(12).collect();
        for (number, part) in (1..).zip(&links) {
            let last = number == links.len();
            let mut link = whole.clone();
            link.data = part.to_vec();
            link.header.cla = if last { 0x00 } else { 0x10 };
            link.le = link.le.filter(|_| last);
            self.send(&link, way, None);
        }
    }

    /// Through the channel, spoiled on the way.
    fn tampered(&mut self, input: &mut Input<'_>) {
        let moment = self.other(input);
        let command = moment.and_then(|moment| Command::parse(&moment.command).ok());
        let (Some(command), Some(mut channel)) = (command, self.channel.clone()) else {
            return;
        };
        let tamper = made::tamper(input);
        let Ok(mut bytes) = channel.protect(command, LeObject::AsPlain, tamper.as_ref()) else {
            return;
        };
        if tamper.is_none() {
            let body = 5..bytes.len().saturating_sub(2).max(6);
            let at = body.start + usize::from(input.word()) % body.len();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (input.byte() % 8);
            }
        }
        let harmless = tamper.as_ref().is_some_and(made::may_pass);
        let before = counter(&self.card.state());
        let memory = self.card.memory().clone();
        self.channel = None;
        let response = self.exchange(&bytes, &Told::anything(command.data));
        if harmless || before.is_none() || !self.certain {
            return;
        }
        // What is not right ends the session, and does nothing.
        assert_eq!(response.len(), 2, "{tamper:?} was answered");
        assert_ne!(response, [0x90, 0x00], "{tamper:?} was accepted");
        assert_eq!(
            counter(&self.card.state()),
            None,
            "{tamper:?} left the session"
        );
        assert_eq!(memory, *self.card.memory());
    }

    fn restart(&mut self, kind: Reset) {
        let before = Look::at(&self.card);
        match kind {
            Reset::Warm => {
                self.card.reset(Reset::Warm);
            }
            Reset::Cold => {
                self.card.power_off();
                assert!(
                    self.card.transmit(&[0, 0x84, 0, 0, 8]).is_empty(),
                    "no power, an answer"
                );
                self.card.power_on();
            }
        }
        self.forgotten(&before);
    }

    /// Nothing of a session is left, everything of the memory is.
    fn forgotten(&mut self, before: &Look) {
        self.channel = None;
        self.links.clear();
        let after = Look::at(&self.card);
        let state = &after.state;
        assert!(state.powered && !state.device_authenticated && !state.unfinished_chain);
        assert!(
            !state.verified.pin && !state.verified.puk,
            "a flag survived"
        );
        assert_eq!(state.document, Default::default(), "a proof survived");
        assert_eq!(counter(state), None, "a session survived");
        assert_eq!((state.current_df, state.current_ef), (None, None));
        let said = Said {
            ins: 0,
            data: &[],
            answer: None,
        };
        rules::check(before, &after, &said, &[]);
    }

    fn tear(&mut self, input: &mut Input<'_>) {
        let choice = input.byte();
        let tears = Tear::ALL;
        if self.torn {
            return;
        }
        if let Some(tear) = tears.get(usize::from(choice) % tears.len()) {
            self.card
                .tear(*tear, TearAt::Write(u32::from(choice >> 4) % 3));
            self.torn = true;
        }
    }

    /// Sends a command; `moment` when it is a right one.
    fn send(&mut self, command: &CommandBuf, way: Way, moment: Option<&Moment>) -> Vec<u8> {
        let Ok(plain) = command.to_bytes() else {
            return Vec::new();
        };
        let protected = self.channel.as_mut().filter(|_| way == Way::Auto);
        let protected = protected.and_then(|channel| {
            channel
                .protect(command.view(), LeObject::AsPlain, None)
                .ok()
        });
        let told = Told {
            command: Some(command.clone()),
            protected: protected.is_some(),
            after: moment.and_then(|moment| moment.after.clone()),
        };
        let bytes = protected.unwrap_or(plain);
        self.exchange(&bytes, &told)
    }

    /// One exchange on the wire, and everything that must hold after it.
    fn exchange(&mut self, bytes: &[u8], told: &Told) -> Vec<u8> {
        let before = Look::at(&self.card);
        let response = self.card.transmit(bytes).to_vec();
        if response.is_empty() {
            self.mute(bytes, told, &before);
            return response;
        }
        let after = Look::at(&self.card);
        rules::answer(Command::parse(bytes).ok().as_ref(), &response);
        let (data, sw) = self.opened(&response, told, &before, &after);
        let image = self.card.image();
        rules::secrets(image, &before, &after, &data);
        if data != response {
            rules::secrets(image, &before, &after, &response);
        }
        let (ins, field, chained) = told.meaning(bytes);
        self.links.extend_from_slice(&field);
        let said = Said {
            ins,
            data: &self.links,
            answer: Some((&data, sw)),
        };
        rules::check(&before, &after, &said, &self.stage.proofs);
        if !chained {
            self.links.clear();
        }
        self.follow(ins, told, &before, &after);
        response
    }

    /// The answer without its protection.
    fn opened(
        &mut self,
        response: &[u8],
        told: &Told,
        before: &Look,
        after: &Look,
    ) -> (Vec<u8>, StatusWord) {
        let parsed = Response::parse(response);
        let plain = parsed.map_or((Vec::new(), StatusWord(0)), |r| (r.data.to_vec(), r.sw));
        let ins = told
            .command
            .as_ref()
            .map_or(0, |command| command.header.ins);
        let Some(channel) = self.channel.as_mut().filter(|_| told.protected) else {
            return plain;
        };
        match channel.unprotect(ins, response) {
            Ok(opened) => {
                self.certain = true;
                (opened.data, opened.sw)
            }
            Err(ChannelError::PlainResponse { sw }) => {
                let closed = counter(&after.state).is_none();
                let unprotected = matches!(sw.0, 0x6987 | 0x6988) && closed;
                let open = counter(&before.state).is_some();
                // The document takes a SELECT that names nothing for one that lacks an object.
                let unnamed = told
                    .command
                    .as_ref()
                    .is_some_and(|c| c.header.ins == ins::SELECT && c.data.is_empty());
                assert!(
                    !(self.certain && open && unprotected) || unnamed,
                    "a right command was refused: {sw}"
                );
                plain
            }
            Err(error) => {
                assert!(!self.certain, "{error}");
                self.channel = None;
                plain
            }
        }
    }

    /// The terminal's half after an exchange.
    fn follow(&mut self, ins: u8, told: &Told, before: &Look, after: &Look) {
        let (was, is) = (counter(&before.state), counter(&after.state));
        let Some(now) = is else {
            self.channel = None;
            return;
        };
        if self
            .channel
            .as_ref()
            .is_some_and(|channel| channel.counter() == now)
        {
            return;
        }
        let moved = was != is;
        match (&told.after, &mut self.channel) {
            // Behind 61xx the session has begun one exchange before the terminal knows its keys.
            (Some(next), channel) if moved || channel.is_none() => {
                let mut next = next.clone();
                self.certain = self.pristine && next.counter() == now;
                next.set_counter(now);
                *channel = Some(next);
            }
            // The chip's proof moves the counter.
            (_, Some(channel)) if ins == ins::INTERNAL_AUTHENTICATE => channel.set_counter(now),
            (_, channel) => *channel = None,
        }
    }

    /// No answer: power was lost in the middle of a write, and only then.
    fn mute(&mut self, bytes: &[u8], told: &Told, before: &Look) {
        assert!(self.torn, "a card with power says nothing to {bytes:02X?}");
        self.torn = false;
        self.pristine = false;
        let (ins, field, _) = told.meaning(bytes);
        self.links.extend_from_slice(&field);
        let links = std::mem::take(&mut self.links);
        assert!(!self.card.is_powered());
        let after = Look::at(&self.card);
        let said = Said {
            ins,
            data: &links,
            answer: None,
        };
        rules::check(before, &after, &said, &self.stage.proofs);
        self.card.power_on();
        self.forgotten(&after);
    }
}
