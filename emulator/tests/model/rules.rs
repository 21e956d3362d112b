//! The rules of the card: what an event does in a state, and what the terminal is told. `None` wherever the documents leave
//! it open. Written only from the published tables and the requirements, never from the card's code.

use super::ask::{Ask, At, Length, Name, ODD_LENGTH, Object};
use super::files::{CARD_ACCESS, DG1, File};
use super::state::{Df, Ef, Known, State};
use super::told::{Data, Sw, Told};
use super::transition::{Depth, Fault, Power, Transition};
use crate::event::Event;
use cie_emulator::store::Tear;

/// Status word and data.
pub(crate) type Answer = (Sw, Data);

pub(crate) const OK: Answer = (Sw::Is(0x9000), Data::None);

pub(crate) const fn status(sw: u16) -> Option<Answer> {
    Some((Sw::Is(sw), Data::None))
}

impl State {
    /// One transition, where the documents know what happens.
    pub(crate) fn next(&self, transition: &Transition) -> Option<(Self, Told)> {
        let mut next = self.clone();
        let told = match transition {
            Transition::Power(Power::Cold | Power::Warm | Power::Moved) => {
                next.reset();
                Told::Nothing
            }
            Transition::Plain(ask) => next.ask_plain(ask)?,
            Transition::Protected(ask) => next.ask_protected(ask)?,
            Transition::Spoiled(fault) => next.spoiled(*fault)?,
            Transition::Link { protected } => next.link(*protected)?,
            Transition::Torn(code, tear) => next.torn(code, *tear)?,
            Transition::Login(depth) => next.login(*depth)?,
        };
        Some((next, told))
    }

    fn ask_plain(&mut self, ask: &Ask) -> Option<Told> {
        if self.chain == Some(ask.instruction(self)) {
            return None;
        }
        if *ask == Ask::GetResponse {
            // The only plain command that may come in the middle of a session; there is nothing to get.
            self.chain = None;
            return Some(Told::plain(Sw::Refused));
        }
        if self.codes.channel && matches!(ask, Ask::UnknownClass(_)) {
            return None;
        }
        self.chain = None;
        self.end_session();
        let (sw, data) = self.answer(ask, false)?;
        Some(Told::Answer {
            protected: false,
            sw,
            data,
        })
    }

    fn ask_protected(&mut self, ask: &Ask) -> Option<Told> {
        let unprotectable = matches!(ask, Ask::UnknownClass(_));
        if unprotectable || self.chain == Some(ask.instruction(self)) {
            return None;
        }
        if !self.codes.channel {
            return Some(self.no_session());
        }
        self.chain = None;
        let (sw, data) = self.answer(ask, true)?;
        self.answered = true;
        Some(Told::Answer {
            protected: true,
            sw,
            data,
        })
    }

    /// A protected command without a session.
    fn no_session(&self) -> Told {
        Told::plain(Sw::Is(if self.df == Some(Df::Document) {
            0x6985
        } else {
            0x6882
        }))
    }

    /// A protected command that something happened to on the way.
    fn spoiled(&mut self, fault: Fault) -> Option<Told> {
        if !self.codes.channel {
            return (fault != Fault::Replay).then(|| self.no_session());
        }
        if fault == Fault::Replay && !self.answered {
            return None;
        }
        self.end_session();
        Some(Told::plain(Sw::Is(0x6988)))
    }

    /// The first link of a chain whose last never comes.
    fn link(&mut self, protected: bool) -> Option<Told> {
        if self.df != Some(Df::Cie) || self.chain.is_some() || (protected && !self.codes.channel) {
            return None;
        }
        if protected {
            self.answered = true;
        } else {
            self.end_session();
        }
        self.chain = Some(if protected { 0x88 } else { 0x22 });
        Some(Told::Answer {
            protected,
            sw: Sw::Is(0x9000),
            data: Data::None,
        })
    }

    /// Power is lost at the first write of a command on a code: on its near side nothing has happened; on its far side a
    /// comparison has been paid for, and what needs none is done.
    fn torn(&mut self, code: &crate::event::Command, tear: Tear) -> Option<Told> {
        if !self.codes.device || self.chain.is_some() || !code.is_simple() {
            return None;
        }
        let mut whole = self.codes.clone();
        let sw = whole.credential(code);
        if sw != 0x9000 && sw & 0xFFF0 != 0x63C0 {
            return self.ask_protected(&Ask::Code(*code));
        }
        if tear == Tear::AfterCommit {
            let codes = &mut self.codes;
            match code.compares() {
                Some(0x81) => codes.pin_left -= 1,
                Some(_) => codes.puk_left -= 1,
                None => codes.keep_memory_of(&whole),
            }
        }
        self.reset();
        Some(Told::Mute)
    }

    /// Everything from the selection on, as clients do it.
    fn login(&mut self, depth: Depth) -> Option<Told> {
        if self.chain.is_some() {
            return None;
        }
        for ask in depth.asks() {
            let told = match ask {
                (false, ask) => self.ask_plain(ask)?,
                (true, ask) => self.ask_protected(ask)?,
            };
            assert!(
                matches!(
                    told,
                    Told::Answer {
                        sw: Sw::Is(0x9000),
                        ..
                    }
                ),
                "{ask:?}: {told:?}"
            );
        }
        Some(Told::Nothing)
    }

    /// What the command itself does, whichever way it came.
    fn answer(&mut self, ask: &Ask, protected: bool) -> Option<Answer> {
        match *ask {
            Ask::SelectRoot(_) => Some(self.enter(Df::Root)),
            Ask::SelectName(Name::Unknown, _) => status(0x6A82),
            Ask::SelectName(Name::Document, _) if protected => None,
            Ask::SelectName(Name::Document, _) => Some(self.enter(Df::Document)),
            Ask::SelectName(Name::Cie, _) => Some(self.enter(Df::Cie)),
            Ask::SelectName(Name::Ias, _) => Some(self.enter(Df::Ias)),
            Ask::SelectFile(id, p2, le) => self.select_file(id, p2, le),
            Ask::Read(at, length) => self.read(at, length),
            Ask::ReadShort(short, at, length) => self.read_short(short, at, length),
            Ask::ReadOdd(short, at) => self.read_odd(short, at),
            Ask::GetData(object) => self.get_data(object, protected),
            Ask::UnknownInstruction(_) => status(0x6D00),
            Ask::UnknownClass(_) if !protected => status(0x6E00),
            Ask::UnknownParameters => status(0x6A86),
            Ask::Code(ref code) => self.code(code, protected),
            Ask::Agree if !protected => self.agree(),
            Ask::CardPublic if !protected => self.card_public(),
            Ask::SetKey(key) => self.set_key(key),
            Ask::Sign(input) => self.sign(input, protected),
            Ask::UnknownClass(_) | Ask::Agree | Ask::CardPublic | Ask::GetResponse => None,
            _ => self.introduce(ask, protected),
        }
    }

    /// Another directory: what was proven in the one before is gone, what was chosen there is in doubt. Selecting the
    /// current one again deselects nothing.
    fn enter(&mut self, df: Df) -> Answer {
        if self.df != Some(df) {
            self.codes.lose_status();
        }
        self.df = Some(df);
        self.ef = Ef::None;
        self.introduction.doubt();
        self.agreement.doubt();
        self.key.doubt();
        OK
    }

    fn select_file(&mut self, id: u16, p2: u8, le: bool) -> Option<Answer> {
        if le && matches!(id, CARD_ACCESS | DG1) {
            return None;
        }
        let data = match self.df {
            None if id == CARD_ACCESS => {
                // A file brings its directory along (ISO/IEC 7816-4:2020 §7.2.2).
                self.df = Some(Df::Root);
                Data::None
            }
            None => return status(0x6A82),
            Some(Df::Document) if id == DG1 => Data::None,
            Some(df) if id == CARD_ACCESS => df.is_root().then_some(Data::None)?,
            Some(df) => match File::by_id(df, id) {
                None => return status(0x6A82),
                Some(file) if le && p2 == 0x04 => Data::Template(0x62, file.bytes.len()),
                Some(file) if le && p2 == 0x00 => Data::Template(0x6F, file.bytes.len()),
                Some(_) => Data::None,
            },
        };
        self.ef = Ef::File(id);
        Some((Sw::Is(0x9000), data))
    }

    fn read(&mut self, at: At, length: Length) -> Option<Answer> {
        match self.ef {
            Ef::Unsure => None,
            Ef::None => match self.df {
                None => status(0x6982),
                Some(Df::Document) => Some((Sw::OneOf(&[0x6982, 0x6986]), Data::None)),
                Some(_) => status(0x6986),
            },
            Ef::File(DG1) => status(0x6982),
            Ef::File(CARD_ACCESS) => {
                (at == At::Start && length == Length::All).then_some((Sw::Is(0x9000), Data::Some))
            }
            Ef::File(id) => {
                let file = File::named(id)?;
                Some(self.read_bytes(file, usize::from(Ask::offset(at, self)), length))
            }
        }
    }

    fn read_bytes(&self, file: &File, offset: usize, length: Length) -> Answer {
        if file.private && !self.codes.pin_ok {
            return (Sw::Is(0x6982), Data::None);
        }
        let rest = file.bytes.len().saturating_sub(offset);
        let (count, sw) = match length {
            _ if rest == 0 => return (Sw::Is(0x6B00), Data::None),
            Length::All | Length::Missing => (rest.min(231), 0x9000),
            Length::Exactly(n) if rest < usize::from(n) => (rest, 0x6282),
            Length::Exactly(n) => (usize::from(n), 0x9000),
        };
        (Sw::Is(sw), Data::Part(file.id, offset, offset + count))
    }

    fn read_short(&mut self, short: u8, offset: u8, length: Length) -> Option<Answer> {
        let df = match self.df {
            None => return status(0x6982),
            Some(Df::Document) if short == 1 => {
                self.ef = Ef::Unsure;
                return status(0x6982);
            }
            Some(Df::Document) => return None,
            Some(df) => df,
        };
        let Some(file) = File::by_short_id(df, short) else {
            return status(0x6A82);
        };
        let answer = self.read_bytes(file, usize::from(offset), length);
        self.made_current(file, &answer);
        Some(answer)
    }

    /// A read by short identifier makes its file current; whether a refused one does is left open.
    fn made_current(&mut self, file: &File, answer: &Answer) {
        if answer.1 != Data::None {
            self.ef = Ef::File(file.id);
        } else if self.ef != Ef::File(file.id) {
            self.ef = Ef::Unsure;
        }
    }

    fn read_odd(&mut self, short: u8, at: At) -> Option<Answer> {
        let offset = usize::from(Ask::offset(at, self));
        let file = match (self.df, short, self.ef) {
            (None, ..) if self.ef == Ef::None => return status(0x6982),
            (None | Some(Df::Document), ..) => return None,
            (Some(_), 0, Ef::None) => return status(0x6986),
            (Some(_), 0, Ef::File(id)) => File::named(id)?,
            (Some(_), 0, Ef::Unsure) => return None,
            (Some(df), ..) => match File::by_short_id(df, short) {
                None => return status(0x6A82),
                Some(file) => file,
            },
        };
        let (sw, data) = self.read_bytes(file, offset, Length::Exactly(ODD_LENGTH - 2));
        let data = match data {
            Data::Part(id, from, to) => Data::Object(id, from, to),
            other => other,
        };
        if short != 0 {
            self.made_current(file, &(sw, data));
        }
        Some((sw, data))
    }

    fn get_data(&self, object: Object, protected: bool) -> Option<Answer> {
        let here = match self.df {
            None if object == Object::Unknown => {
                return Some((Sw::OneOf(&[0x6982, 0x6A88]), Data::None));
            }
            None => return status(0x6982),
            Some(Df::Document) => return None,
            Some(Df::Cie) => true,
            Some(_) => !matches!(object, Object::Authority | Object::Unknown),
        };
        if !here || (protected && object.size() > 300) {
            return None;
        }
        match object {
            Object::Unknown => status(0x6A88),
            _ => Some((Sw::Is(0x9000), Data::Length(object.size()))),
        }
    }

    fn code(&mut self, code: &crate::event::Command, protected: bool) -> Option<Answer> {
        if self.df != Some(Df::Cie) {
            return Some((Sw::Refused, Data::None));
        }
        let seen = if protected {
            self.codes.step(&Event::Protected(*code))
        } else {
            self.codes.step(&Event::Clear(*code))
        };
        status(seen?.sw)
    }

    fn agree(&mut self) -> Option<Answer> {
        match self.df {
            Some(Df::Cie) => {
                self.agreement = Known::Yes;
                // Whether what was chosen before survives the beginning of something new is left open.
                self.introduction.doubt();
                self.key.doubt();
                Some(OK)
            }
            Some(Df::Root | Df::Ias) => Some((Sw::Refused, Data::None)),
            None | Some(Df::Document) => None,
        }
    }

    /// The card's public value; the session begins with the next command.
    fn card_public(&mut self) -> Option<Answer> {
        match (self.df, self.agreement) {
            (Some(Df::Cie), Known::Yes) => {
                self.codes.step(&Event::Agree);
                self.agreement = Known::Unsure;
                self.introduction.doubt();
                self.introduction.certificate = Known::No;
                self.key.doubt();
                Some((Sw::Is(0x9000), Data::Length(264)))
            }
            (Some(Df::Cie), Known::No) => status(0x6985),
            _ => None,
        }
    }
}
