//! What may stand in a trace. It is an allow-list: headers, lengths, status words, selections, the files and objects that are
//! the same on every card of a family. Everything else becomes a placeholder that tells kind and length. Which file an answer
//! came from is followed from command to command; where that is not certain, the answer is left out.

use super::answer::{self, Answer};
use super::place::Place;
use super::{Kind, Octets, Redaction, data};
use crate::phy::trace::{describe, describe_command, words};
use crate::wire::{Command, Header, LengthForm, StatusClass, StatusWord, ins};

/// A command and its response as bytes, before anything is left out.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// The command APDU as it passed, any bytes.
    pub command: &'a [u8],
    /// The response APDU as it passed; empty when nothing answered.
    pub response: &'a [u8],
    /// The command APDU before it was protected, codes taken out, and the response APDU after its protection was verified, where
    /// they are known.
    pub inner: Option<(&'a [u8], Option<&'a [u8]>)>,
    /// Whether codes were taken out of the commands already, so that zeros stand there.
    pub codes_taken_out: bool,
}

/// A command and its response as a trace may show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The command in words.
    pub words: String,
    /// The command APDU.
    pub command: Octets,
    /// The response APDU.
    pub response: Octets,
    /// The same inside secure messaging.
    pub inner: Option<(Octets, Octets)>,
}

/// Follows a session and leaves out what may not be shown.
#[derive(Debug)]
pub struct Redactor {
    redaction: Redaction,
    place: Place,
    /// INS P1 P2 of the chain that is open in plain.
    chain: Option<[u8; 3]>,
    /// What GET RESPONSE would bring more of.
    last: Answer,
}

impl Redactor {
    /// Begins with a card that was just reset.
    #[must_use]
    pub const fn new(redaction: Redaction) -> Self {
        Self {
            redaction,
            place: Place::AfterReset,
            chain: None,
            last: Answer::Unknown,
        }
    }

    /// The card was reset, powered off or exchanged.
    pub fn reset(&mut self) {
        *self = Self::new(self.redaction);
    }

    /// A command and its response, as they may be shown.
    #[must_use]
    pub fn exchange(&mut self, passed: Passed<'_>) -> Shown {
        let continues = self.continues(passed.command);
        let reveal = self.redaction == Redaction::Nothing && !passed.codes_taken_out;
        let command = self.command(passed.command, continues, reveal);
        let answer = self.answer(&passed, continues);
        // Whoever knows the inside takes codes out of it.
        let inner = passed.inner.map(|(plain, reply)| {
            let shown = self.command(&unprotected(plain), false, false);
            (shown, self.response(reply.unwrap_or_default(), &answer))
        });
        let wire = match is_protected_class(passed.command) {
            true => Answer::Protected,
            false => answer.clone(),
        };
        let response = self.response(passed.response, &wire);
        self.last = answer;
        let shown = inner.as_ref().map_or(&command, |(command, _)| command);
        Shown {
            words: in_words(shown, continues),
            command,
            response,
            inner,
        }
    }

    /// The name of the file the card stands in, as far as that could be followed.
    #[must_use]
    pub fn file(&self) -> Option<String> {
        self.place.name()
    }

    /// Whether a command goes on with the chain that is open, and what is open after it.
    fn continues(&mut self, command: &[u8]) -> bool {
        let Ok(Command { header, .. }) = Command::parse(command) else {
            self.chain = None;
            return false;
        };
        let Header { cla, ins, p1, p2 } = header;
        let continues = self.chain == Some([ins, p1, p2]);
        self.chain = (cla == 0x10).then_some([ins, p1, p2]);
        continues
    }

    /// What the answer is, by the meaning of the command; the place is followed.
    fn answer(&mut self, passed: &Passed<'_>, continues: bool) -> Answer {
        let (plain, reply) = match passed.inner {
            Some((plain, reply)) => (unprotected(plain), reply.unwrap_or_default()),
            None if is_protected_class(passed.command) => {
                self.place = self.place.clone().after_unseen(passed.command);
                return Answer::Unknown;
            }
            None => (passed.command.to_vec(), passed.response),
        };
        let Ok(command) = Command::parse(&plain) else {
            return Answer::Unknown;
        };
        if command.header.cla != 0 || continues {
            return Answer::Unknown;
        }
        let done = reply.last_chunk::<2>().is_some_and(|status| {
            let class = StatusWord::from_bytes(*status).class();
            matches!(class, StatusClass::Success | StatusClass::Warning)
        });
        self.place = self.place.clone().after(&command, done);
        match command.header.ins {
            ins::GET_RESPONSE => self.last.clone(),
            _ => Answer::to(&command, &self.place),
        }
    }

    fn command(&self, command: &[u8], continues: bool, reveal: bool) -> Octets {
        match self.redaction {
            _ if reveal => Octets::known(command),
            Redaction::AllowList => allowed(command, continues),
            Redaction::CodesOnly | Redaction::Nothing => without_codes(command),
        }
    }

    fn response(&self, response: &[u8], answer: &Answer) -> Octets {
        match self.redaction {
            Redaction::AllowList => answer::allowed(response, answer),
            Redaction::CodesOnly | Redaction::Nothing => Octets::known(response),
        }
    }
}

/// Classes whose headers tell something. Another first byte may be the first digit of anything.
const fn is_known_class(cla: u8) -> bool {
    matches!(cla, 0x00 | 0x0C | 0x10 | 0x1C | 0x80 | 0x84 | 0x8C)
}

const fn is_credential(instruction: u8) -> bool {
    matches!(
        instruction,
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
    )
}

fn is_protected_class(command: &[u8]) -> bool {
    command.first().is_some_and(|cla| cla & 0x0C == 0x0C)
}

/// The command with the class it would have in plain.
fn unprotected(command: &[u8]) -> Vec<u8> {
    let mut bytes = command.to_vec();
    if let Some(cla) = bytes.first_mut().filter(|cla| matches!(cla, 0x0C | 0x1C)) {
        *cla &= 0xF0;
    }
    bytes
}

/// Where the data field of a command begins.
fn data_start(command: &Command<'_>) -> usize {
    match (command.data.is_empty(), command.form) {
        (true, _) => 4,
        (false, LengthForm::Short) => 5,
        (false, LengthForm::Extended) => 7,
    }
}

/// A command by the allow-list.
fn allowed(bytes: &[u8], continues: bool) -> Octets {
    let mut out = Octets::default();
    let known = bytes.first().is_some_and(|cla| is_known_class(*cla));
    let credential = bytes.get(1).is_some_and(|ins| is_credential(*ins));
    let rest = if credential { Kind::Secret } else { Kind::Data };
    let Some(command) = Command::parse(bytes).ok().filter(|_| known) else {
        let shown = if known { bytes.len().min(4) } else { 0 };
        out.push(bytes.get(..shown).unwrap_or_default());
        out.hide(rest, None, bytes.len().saturating_sub(shown));
        return out;
    };
    let start = data_start(&command);
    let end = start.saturating_add(command.data.len());
    out.push(bytes.get(..start).unwrap_or_default());
    let Header { cla, .. } = command.header;
    let protected = cla & 0x0C == 0x0C && cla & 0x80 == 0;
    if protected && (!credential || data::is_protected(command.data)) {
        data::protected(command.data, &mut out);
    } else if cla == 0x00 && !continues || credential {
        data::plain(&command, &mut out);
    } else {
        out.hide(link(command.header), None, command.data.len());
    }
    out.push(bytes.get(end..).unwrap_or_default());
    out
}

/// What a link of a chain carries a part of.
const fn link(header: Header) -> Kind {
    match (header.ins, header.p1, header.p2) {
        (ins::MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA6) => Kind::PublicValue,
        (ins::PERFORM_SECURITY_OPERATION, 0x00, 0xAE) => Kind::Terminal,
        (ins::EXTERNAL_AUTHENTICATE, _, _) => Kind::Signature,
        _ => Kind::Data,
    }
}

/// A command with everything but codes.
fn without_codes(bytes: &[u8]) -> Octets {
    let mut out = Octets::default();
    if !bytes.get(1).is_some_and(|ins| is_credential(*ins)) {
        out.push(bytes);
        return out;
    }
    match Command::parse(bytes) {
        Ok(command)
            if command.data.is_empty()
                || (command.header.cla & 0x0C == 0x0C && data::is_protected(command.data)) =>
        {
            out.push(bytes);
        }
        Ok(command) => {
            let start = data_start(&command);
            out.push(bytes.get(..start).unwrap_or_default());
            data::plain(&command, &mut out);
            let end = start.saturating_add(command.data.len());
            out.push(bytes.get(end..).unwrap_or_default());
        }
        // Length fields that do not fit may themselves be digits of a PIN.
        Err(_) => {
            out.push(bytes.get(..4.min(bytes.len())).unwrap_or_default());
            out.hide(Kind::Secret, None, bytes.len().saturating_sub(4));
        }
    }
    out
}

/// The words of what is shown, not of what passed: words must not tell what the bytes do not.
fn in_words(shown: &Octets, continues: bool) -> String {
    let filled = shown.filled(0);
    let mut text = match Command::parse(&filled) {
        Ok(command) if continues && command.header.cla == 0 => words::describe_last_link(&command),
        Ok(command) => describe_command(&command),
        Err(_) if shown.beginning().is_empty() => {
            format!("{} bytes that are left out", filled.len())
        }
        Err(_) => describe(&filled),
    };
    for hidden in shown.hidden() {
        let zeros = "00".repeat(hidden.length);
        for what in ["certificate holder", "the application"] {
            text = text.replace(
                &format!("{what} {zeros}"),
                &format!("{what} of {} bytes", hidden.length),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests;
