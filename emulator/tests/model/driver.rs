//! A terminal that carries out transitions on a real card, in bytes, and compares what it is told with what the documents
//! say. It never looks into the card.

use super::ask::Ask;
use super::files::File;
use super::state::State;
use super::told::{Data, Told};
use super::transition::{Depth, Fault, Power, Transition};
use crate::event::restored;
use crate::support::commands::*;
use crate::support::{Agreement, Channel, RND_IFD, Reply, Terminal, seeded_card_data};
use cie_emulator::card::{Card, Image, Reset};
use cie_emulator::crypto::pkcs1;
use cie_emulator::crypto::random::Seeded;
use cie_emulator::crypto::rsa::PublicKey;
use cie_emulator::store::{InMemory, Tear, TearAt};
use cie_emulator::wire::CommandBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A difference between card and documents.
pub(crate) type Difference = String;

/// Card, terminal, and what the terminal remembers.
pub(crate) struct Driver {
    terminal: Terminal,
    challenge: Vec<u8>,
    /// The last protected command, as it was sent.
    last: Vec<u8>,
    moves: u64,
    /// How often each status word was seen.
    pub(crate) seen: BTreeMap<u16, u64>,
}

/// Data of one link under secure messaging in bytes.
const LINK: usize = 231;

impl Driver {
    pub(crate) fn new(image: Arc<Image>) -> Self {
        let card = Card::new(image, Box::new(Seeded::new(7)));
        let mut terminal = Terminal::new(card);
        // Keys for those who knock before any were agreed.
        terminal.channel = Some(Channel::new(&[0x77; 32]));
        Self {
            terminal,
            challenge: Vec::new(),
            last: Vec::new(),
            moves: 1000,
            seen: BTreeMap::new(),
        }
    }

    pub(crate) fn fork(&self) -> Self {
        Self {
            terminal: self.terminal.fork(),
            challenge: self.challenge.clone(),
            last: self.last.clone(),
            moves: self.moves,
            seen: BTreeMap::new(),
        }
    }

    /// One transition from this state, which must come out as told.
    pub(crate) fn step(
        &mut self,
        before: &State,
        transition: &Transition,
        told: &Told,
    ) -> Result<(), Difference> {
        match transition {
            Transition::Power(power) => self.power(*power),
            Transition::Plain(ask) => self.ask(before, ask, false, told),
            Transition::Protected(ask) => self.ask(before, ask, true, told),
            Transition::Spoiled(fault) => self.spoiled(before, *fault, told),
            Transition::Link { protected } => self.unfinished(*protected, told),
            Transition::Torn(code, tear) => self.torn(before, &Ask::Code(*code), *tear, told),
            Transition::Login(depth) => self.login(before, *depth),
        }
    }

    fn power(&mut self, power: Power) -> Result<(), Difference> {
        match power {
            Power::Warm => drop(self.terminal.card.reset(Reset::Warm)),
            Power::Cold => {
                self.terminal.card.power_off();
                self.terminal.card.power_on();
            }
            Power::Moved => {
                // Another process draws other random bytes.
                self.moves += 1;
                self.terminal.card = restored(&self.terminal.card, self.moves);
            }
        }
        Ok(())
    }

    fn login(&mut self, before: &State, depth: Depth) -> Result<(), Difference> {
        let mut state = before.clone();
        for (protected, ask) in depth.asks() {
            let transition = if *protected {
                Transition::Protected(*ask)
            } else {
                Transition::Plain(*ask)
            };
            let (next, told) = state.next(&transition).expect("a login is laid down");
            self.ask(&state, ask, *protected, &told)
                .map_err(|difference| format!("{ask:?}: {difference}"))?;
            state = next;
        }
        Ok(())
    }

    fn ask(
        &mut self,
        before: &State,
        ask: &Ask,
        protected: bool,
        told: &Told,
    ) -> Result<(), Difference> {
        let command = self.command(before, ask);
        let size = if protected { LINK } else { 255 };
        let mut parts: Vec<&[u8]> = command.data.chunks(size).collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let mut link = command.clone();
            (link.header.cla, link.data, link.le) = (0x10, part.to_vec(), None);
            let answer = self.send(&link, protected);
            if !protected || before.codes.channel {
                let reply = self.open(&answer, protected, &link)?;
                if (reply.sw, reply.data.len()) != (0x9000, 0) {
                    return Err(format!("a link is answered {:04X}", reply.sw));
                }
            }
        }
        let mut end = command.clone();
        end.data = last.to_vec();
        let answer = self.send(&end, protected);
        let reply = self.compare(&answer, &end, told)?;
        self.remember(ask, &reply)
    }

    /// The command in bytes' reach: the terminal's own values where it needs any.
    fn command(&mut self, before: &State, ask: &Ask) -> CommandBuf {
        match ask {
            Ask::Agree => set_template(0x41A6, &self.terminal.agreement.template()),
            Ask::CardPublic => get_data(CARD_PUBLIC),
            Ask::Prove(right) => {
                let agreement = &self.terminal.agreement;
                let mut challenge = self.challenge.clone();
                challenge.resize(8, 0);
                if !right {
                    challenge[0] ^= 0x80;
                }
                external_authenticate(&agreement.proof(&challenge))
            }
            other => other.command(before).expect("built from the state"),
        }
    }

    fn send(&mut self, command: &CommandBuf, protected: bool) -> Vec<u8> {
        let bytes = if protected {
            let channel = self.terminal.channel.as_mut().expect("made at the start");
            self.last = channel.protect(command);
            self.last.clone()
        } else {
            command.to_bytes().expect("a command")
        };
        self.terminal.raw(&bytes)
    }

    fn open(
        &mut self,
        answer: &[u8],
        protected: bool,
        command: &CommandBuf,
    ) -> Result<Reply, Difference> {
        if protected {
            let channel = self.terminal.channel.as_mut().expect("made at the start");
            return channel
                .open(answer, command.header.ins & 1 == 1)
                .map_err(|reason| format!("{reason}: {answer:02X?}"));
        }
        let (data, sw) = answer.split_last_chunk::<2>().ok_or("the card is mute")?;
        Ok(Reply {
            data: data.to_vec(),
            sw: u16::from_be_bytes(*sw),
        })
    }

    fn compare(
        &mut self,
        answer: &[u8],
        command: &CommandBuf,
        told: &Told,
    ) -> Result<Reply, Difference> {
        let (protected, sw, data) = match told {
            Told::Answer {
                protected,
                sw,
                data,
            } => (*protected, sw, data),
            Told::Mute | Told::Nothing if answer.is_empty() => {
                return Ok(Reply {
                    data: Vec::new(),
                    sw: 0,
                });
            }
            Told::Mute | Told::Nothing => return Err(format!("not mute: {answer:02X?}")),
        };
        let reply = self.open(answer, protected, command)?;
        *self.seen.entry(reply.sw).or_default() += 1;
        if !sw.allows(reply.sw) {
            return Err(format!("{:04X}, not {sw:04X?}", reply.sw));
        }
        self.same(data, &reply.data)?;
        Ok(reply)
    }

    fn same(&self, expected: &Data, found: &[u8]) -> Result<(), Difference> {
        let content = |id: u16, from, to| &File::named(id).expect("a file").bytes[from..to];
        let right = match *expected {
            Data::None => found.is_empty(),
            Data::Any => true,
            Data::Some => !found.is_empty(),
            Data::Length(length) => found.len() == length,
            Data::Challenge => found.len() == 8 && found != self.challenge,
            Data::Part(id, from, to) => found == content(id, from, to),
            Data::Object(id, from, to) => {
                let content = content(id, from, to);
                found.split_first_chunk::<2>()
                    == Some((&[0x53, u8::try_from(content.len()).unwrap()], content))
            }
            Data::Template(tag, size) => {
                let size = u16::try_from(size).unwrap().to_be_bytes();
                found.len() == 25 && found[..6] == [tag, 0x17, 0x80, 0x02, size[0], size[1]]
            }
            Data::Signature(signature, input) => {
                let data = seeded_card_data();
                let file = if signature {
                    &data.ef_cie_kpub
                } else {
                    &data.ef_servizi_int_kpub
                };
                let key = PublicKey::from_pkcs1_der(file).expect("a public key");
                pkcs1::recover_type1(&key, found).is_ok_and(|block| block == input.bytes())
            }
        };
        if right {
            Ok(())
        } else {
            Err(format!("not {expected:?} but {found:02X?}"))
        }
    }

    /// What the terminal needs later.
    fn remember(&mut self, ask: &Ask, reply: &Reply) -> Result<(), Difference> {
        if reply.sw != 0x9000 {
            return Ok(());
        }
        match ask {
            Ask::Challenge => self.challenge.clone_from(&reply.data),
            Ask::CardPublic => {
                let public = reply.data[8..].to_vec();
                if public == self.terminal.agreement.card_public {
                    return Err("the card's public value came before".to_owned());
                }
                self.terminal.agreement.card_public = public;
                self.terminal.channel = Some(self.terminal.agreement.channel());
            }
            Ask::ProveChip => {
                let counter: Vec<u8> = [&self.challenge[4..], &RND_IFD[4..]].concat();
                let channel = self.terminal.channel.as_mut().expect("made at the start");
                channel.ssc = u64::from_be_bytes(counter.try_into().expect("eight bytes"));
            }
            _ => {}
        }
        Ok(())
    }

    fn unfinished(&mut self, protected: bool, told: &Told) -> Result<(), Difference> {
        let mut link = if protected {
            internal_authenticate(&[0x5B; LINK])
        } else {
            set_template(0x41A6, &Agreement::recorded().template()[..255])
        };
        link.header.cla = 0x10;
        let answer = self.send(&link, protected);
        self.compare(&answer, &link, told).map(drop)
    }

    /// A wrong PIN that must not be looked at.
    fn spoiled(&mut self, before: &State, fault: Fault, told: &Told) -> Result<(), Difference> {
        let mut wrong = before.codes.pin;
        wrong[0] ^= 1;
        let command = verify(0x81, &wrong);
        let channel = self.terminal.channel.as_mut().expect("made at the start");
        let bytes = match fault {
            Fault::Replay => self.last.clone(),
            Fault::OldCounter => {
                channel.ssc = channel.ssc.wrapping_sub(2);
                channel.protect(&command)
            }
            Fault::Padding => {
                let objects = channel.encrypted_object(&[&wrong[..], &[0x01; 8]].concat(), false);
                channel.seal([0x0C, 0x20, 0x00, 0x81], &objects)
            }
            Fault::NoChecksum => {
                channel.ssc = channel.ssc.wrapping_add(1);
                Channel::frame([0x0C, 0x20, 0x00, 0x81], &channel.objects(&command))
            }
            Fault::ShortChecksum => {
                channel.ssc = channel.ssc.wrapping_add(1);
                let objects = channel.objects(&command);
                let checksum = channel.checksum_of([0x0C, 0x20, 0x00, 0x81], &objects);
                let object = [&[0x8E, 4], &checksum[..4]].concat();
                Channel::frame([0x0C, 0x20, 0x00, 0x81], &[objects, object].concat())
            }
            Fault::Checksum | Fault::Header => {
                let mut bytes = channel.protect(&command);
                let at = if fault == Fault::Header {
                    3
                } else {
                    bytes.len() - 2
                };
                bytes[at] ^= 3;
                bytes
            }
        };
        let answer = self.terminal.raw(&bytes);
        self.compare(&answer, &command, told).map(drop)
    }

    fn torn(
        &mut self,
        before: &State,
        ask: &Ask,
        tear: Tear,
        told: &Told,
    ) -> Result<(), Difference> {
        self.terminal.card.tear(tear, TearAt::Write(0));
        let command = self.command(before, ask);
        let answer = self.send(&command, true);
        self.compare(&answer, &command, told)?;
        if answer.is_empty() {
            self.terminal.card.power_on();
        }
        self.terminal.card.replace_store(Box::new(InMemory));
        Ok(())
    }
}
