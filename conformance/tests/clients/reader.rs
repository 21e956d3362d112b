//! A client's end of the line: sends exactly the bytes it is given, handles status words the way its family does, and writes down
//! what was said.

use cie_conformance::target::{Reset, Target};
use cie_conformance::terminal::{LeObject, SecureMessaging, SessionKeys};
use cie_crypto::random::{RandomSource, Seeded};
use cie_emulator::wire::{CommandBuf, Le};

use crate::Stop;

/// What a family does with `61xx` to a plain command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoreData {
    /// Fetches all of it.
    Fetched,
    /// `6100`: what was answered is lost; other `61xx`: one GET RESPONSE.
    LostWhenUnknown,
    /// Only what the last GET RESPONSE brings is kept.
    LastKept,
    /// Takes it for an error.
    Refused,
}

/// When a family opens the body of a protected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Only when the outer status word is 9000, 6282 or 6B00; otherwise that is taken, and the counter stays.
    WhenOuterStatusAllows,
    /// Always; a bare status word is a crash.
    Always,
}

/// How a family talks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    pub(crate) more_data: MoreData,
    pub(crate) body: Body,
    /// Whether `6Cxx` to a plain command is answered with the same command and that Le.
    pub(crate) repeats: bool,
    /// A command without data and Le is five bytes inside the program, so it gets `97 01 00`.
    pub(crate) empty_has_le: bool,
    /// Whether a status word other than 9000 stops it; some look at the data only.
    pub(crate) demands: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) data: Vec<u8>,
    pub(crate) sw: u16,
}

/// One exchange, or a reset.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Reset,
    Plain {
        command: Vec<u8>,
        answer: Answer,
    },
    Protected {
        inner: Vec<u8>,
        wire: Vec<u8>,
        counter: u64,
        answer: Answer,
    },
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (way, command, answer) = match self {
            Self::Reset => return f.write_str("(reset)"),
            Self::Plain { command, answer } => ("p", command, answer),
            Self::Protected { inner, answer, .. } => ("sm", inner, answer),
        };
        let command = hex::encode_upper(command);
        write!(
            f,
            "{way} {command} -> {} {:04X}",
            answer.data.len(),
            answer.sw
        )
    }
}

/// The reader with one card.
pub(crate) struct Reader {
    target: Box<dyn Target>,
    random: Seeded,
    manners: Manners,
    channel: Option<SecureMessaging>,
    pub(crate) said: Vec<Said>,
}

impl Reader {
    pub(crate) fn new(target: Box<dyn Target>, manners: Manners) -> Self {
        Self {
            target,
            random: Seeded::new(42),
            manners,
            channel: None,
            said: Vec::new(),
        }
    }

    /// Powers the card on: its ATR.
    pub(crate) fn connect(&mut self) -> Result<Vec<u8>, Stop> {
        self.channel = None;
        Ok(self.target.power_on()?)
    }

    pub(crate) fn reset(&mut self) -> Result<(), Stop> {
        self.channel = None;
        self.target.reset(Reset::Warm)?;
        self.said.push(Said::Reset);
        Ok(())
    }

    pub(crate) fn manners(&self) -> Manners {
        self.manners
    }

    pub(crate) fn target(&mut self) -> &mut dyn Target {
        self.target.as_mut()
    }

    pub(crate) fn draw(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes);
        bytes
    }

    pub(crate) fn open_channel(&mut self, keys: &SessionKeys) {
        self.channel = Some(SecureMessaging::new(keys, 1));
    }

    pub(crate) fn channel(&mut self) -> Result<&mut SecureMessaging, Stop> {
        self.channel.as_mut().ok_or(Stop::Crash("no session"))
    }

    /// What was said so far, one line each.
    pub(crate) fn script(&self) -> Vec<String> {
        self.said.iter().map(ToString::to_string).collect()
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Answer, Stop> {
        let mut response = Vec::new();
        self.target.transmit(command, &mut response)?;
        let (data, sw) = response
            .split_last_chunk::<2>()
            .ok_or(Stop::Crash("no status word"))?;
        Ok(Answer {
            data: data.to_vec(),
            sw: u16::from_be_bytes(*sw),
        })
    }

    /// One plain APDU as it is, and its answer as it is.
    pub(crate) fn raw(&mut self, command: &[u8]) -> Result<Answer, Stop> {
        let answer = self.exchange(command)?;
        let command = command.to_vec();
        self.said.push(Said::Plain {
            command,
            answer: answer.clone(),
        });
        Ok(answer)
    }

    /// A plain command, with the family's way of handling `6Cxx` and `61xx`.
    pub(crate) fn plain(&mut self, command: &[u8]) -> Result<Answer, Stop> {
        let mut answer = self.raw(command)?;
        if let (0x6C, [header @ .., _]) = (answer.sw >> 8, command)
            && self.manners.repeats
        {
            answer = self.raw(&[header, &[answer.sw as u8]].concat())?;
        }
        match answer.sw >> 8 {
            0x61 => self.fetch(answer),
            _ => Ok(answer),
        }
    }

    fn fetch(&mut self, mut answer: Answer) -> Result<Answer, Stop> {
        let get_response = |sw: u16| [0x00, 0xC0, 0x00, 0x00, sw as u8];
        match self.manners.more_data {
            MoreData::Refused => {}
            MoreData::LostWhenUnknown if answer.sw == 0x6100 => answer.data.clear(),
            MoreData::LostWhenUnknown => {
                let more = self.raw(&get_response(answer.sw))?;
                answer.data.extend(more.data);
                answer.sw = more.sw;
            }
            MoreData::Fetched => {
                while answer.sw >> 8 == 0x61 {
                    let more = self.raw(&get_response(answer.sw))?;
                    answer.data.extend(more.data);
                    answer.sw = more.sw;
                }
            }
            MoreData::LastKept => {
                while answer.sw >> 8 == 0x61 {
                    answer = self.raw(&get_response(answer.sw))?;
                }
            }
        }
        Ok(answer)
    }

    /// A plain command from hexadecimal digits, for which anything but 9000 is a reason to stop.
    pub(crate) fn plain_hex(&mut self, digits: &str) -> Result<Answer, Stop> {
        let command = hex::decode(digits).map_err(|_| Stop::Crash("digits"))?;
        let answer = self.plain(&command)?;
        self.accept(answer)
    }

    fn accept(&self, answer: Answer) -> Result<Answer, Stop> {
        match answer.sw {
            0x9000 => Ok(answer),
            _ if !self.manners.demands => Ok(answer),
            sw => Err(Stop::Status(sw)),
        }
    }

    /// A command through the channel; data above 231 bytes go as a chain in pieces of 231, Le only with the last.
    pub(crate) fn protected(
        &mut self,
        header: &str,
        data: &[u8],
        le: Option<u8>,
    ) -> Result<Answer, Stop> {
        let header = hex::decode(header).map_err(|_| Stop::Crash("digits"))?;
        let [cla, ins, p1, p2] = header[..] else {
            return Err(Stop::Crash("digits"));
        };
        let mut pieces: Vec<&[u8]> = data.chunks(231).collect();
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            let answer = self.link(&CommandBuf::new(cla | 0x10, ins, p1, p2).data(piece))?;
            // Some look at the last status only; a card that refuses a link refuses the rest too.
            self.accept(answer)?;
        }
        let mut command = CommandBuf::new(cla, ins, p1, p2).data(last);
        if let Some(le) = le {
            command = command.le(Le::from_short(le));
        }
        self.link(&command)
    }

    /// The same, for which anything but 9000 is a reason to stop, or is not, as the family has it.
    pub(crate) fn protected_ok(
        &mut self,
        header: &str,
        data: &[u8],
        le: Option<u8>,
    ) -> Result<Answer, Stop> {
        let answer = self.protected(header, data, le)?;
        self.accept(answer)
    }

    /// One protected command, or one link of a chain.
    pub(crate) fn link(&mut self, command: &CommandBuf) -> Result<Answer, Stop> {
        let le_object = match self.manners.empty_has_le {
            true => LeObject::ForEmptyCommands,
            false => LeObject::AsPlain,
        };
        let inner = command.to_bytes().map_err(|_| Stop::Crash("too long"))?;
        let channel = self.channel()?;
        let wire = channel.protect(command.view(), le_object, None)?;
        let counter = channel.counter();
        let outer = self.exchange(&wire)?;
        let answer = self.open(command.header.ins, outer)?;
        self.said.push(Said::Protected {
            inner,
            wire,
            counter,
            answer: answer.clone(),
        });
        Ok(answer)
    }

    fn open(&mut self, ins: u8, outer: Answer) -> Result<Answer, Stop> {
        let looks_inside = match self.manners.body {
            Body::WhenOuterStatusAllows => matches!(outer.sw, 0x9000 | 0x6282 | 0x6B00),
            Body::Always => true,
        };
        if !looks_inside {
            return Ok(Answer {
                data: Vec::new(),
                sw: outer.sw,
            });
        }
        if outer.data.is_empty() {
            return Err(Stop::Crash("a protected answer without a body"));
        }
        let bytes = [&outer.data[..], &outer.sw.to_be_bytes()].concat();
        let opened = self.channel()?.unprotect(ins, &bytes)?;
        Ok(Answer {
            data: opened.data,
            sw: opened.sw.0,
        })
    }
}
