//! The transcripts driven against the card of the same chip and security object: the same commands, the random values being live,
//! must bring the same status words, the same lengths or structures, and the same steps of the counter.

use cie_crypto::dh::Group;
use cie_emulator::persona::SodVariant;
use cie_emulator::wire::{CommandBuf, Le};
use rstest::rstest;

use crate::agreement::{self, Agreed, Parameters};
use crate::ber;
use crate::cards::{card_of, sample, with};
use crate::desktop::STYLE;
use crate::loops::ReadLoop;
use crate::reader::{Answer, Body, Manners, MoreData, Reader, Said};
use crate::transcript::{Outside, Recorded, Step, read};

/// A transcript on its way through a live card.
struct Replay {
    reader: Reader,
    agreed: Option<Agreed>,
    challenge: Vec<u8>,
    random: Vec<u8>,
    proof: Vec<u8>,
    /// Recorded and live counter after the jump; before it they are equal.
    jumped: (u64, u64),
    /// Files of another length than the recorded ones make the counters drift apart.
    drifted: bool,
}

pub(crate) const CERTIFICATE: &[u8] = &[0x10, 0x03];
pub(crate) const SECURITY_OBJECT: &[u8] = &[0x10, 0x06];

impl Replay {
    fn new(chip: &str, sod: SodVariant) -> Self {
        let manners = Manners {
            more_data: MoreData::Refused,
            body: Body::Always,
            repeats: false,
            empty_has_le: true,
            demands: true,
        };
        let mut reader = Reader::new(Box::new(card_of(with(sod), chip, "default")), manners);
        reader.connect().unwrap();
        Self {
            reader,
            agreed: None,
            challenge: Vec::new(),
            random: Vec::new(),
            proof: Vec::new(),
            jumped: (0, 0),
            drifted: false,
        }
    }

    fn run(&mut self, steps: &[Step]) {
        let mut at = 0;
        while let Some(step) = steps.get(at) {
            at += match step {
                Step::PowerOn => {
                    self.reader.connect().unwrap();
                    1
                }
                Step::Reset => {
                    self.reader.reset().unwrap();
                    (self.jumped, self.drifted) = ((0, 0), false);
                    1
                }
                Step::Jump(recorded) => {
                    self.jump(*recorded);
                    1
                }
                Step::Plain(command) if command.header == [0x10, 0x22, 0x41, 0xA6] => {
                    self.agree(command, &steps[at + 1..at + 3]);
                    3
                }
                Step::Plain(command) | Step::Protected(command, _)
                    if command.selects().is_some() =>
                {
                    self.file(steps, at)
                }
                Step::Plain(command) => {
                    let answer = self.reader.raw(&command.command()).unwrap();
                    same(command, &answer);
                    1
                }
                Step::Protected(command, outside) => {
                    self.protected(command, outside);
                    1
                }
            };
        }
    }

    /// Three commands at once, the public values being live.
    fn agree(&mut self, first: &Recorded, rest: &[Step]) {
        let group = Group::rfc5114_2048_256();
        let parameters = Parameters {
            g: group.g().to_vec(),
            p: group.p().to_vec(),
            q: group.q().to_vec(),
        };
        let before = self.reader.said.len();
        self.agreed = Some(agreement::agree(&mut self.reader, &parameters, STYLE).unwrap());
        let recorded = [Some(first), plain(&rest[0]), plain(&rest[1])];
        for (said, recorded) in self.reader.said[before..].iter().zip(recorded) {
            let (Said::Plain { command, answer }, Some(recorded)) = (said, recorded) else {
                panic!("{said}")
            };
            assert_eq!(command.len(), recorded.command().len());
            assert_eq!(command[..5], recorded.command()[..5]);
            assert_eq!(
                (answer.data.len(), answer.sw),
                (recorded.answer.len(), recorded.sw)
            );
            assert_eq!(skeleton(&answer.data, 2), skeleton(&recorded.answer, 2));
        }
        assert_eq!(self.reader.said.len() - before, 3);
    }

    /// SELECT of a file and all that is read of it: the number of steps.
    fn file(&mut self, steps: &[Step], at: usize) -> usize {
        let id = command(&steps[at]).selects().unwrap().to_vec();
        let count = steps[at + 1..]
            .iter()
            .take_while(|step| is_read(step))
            .count();
        let recorded: Vec<u8> = steps[at + 1..=at + count]
            .iter()
            .flat_map(|step| command(step).answer.clone())
            .collect();
        let answer = self.speak(&steps[at]);
        same(command(&steps[at]), &answer);
        let live = match &id[..] {
            CERTIFICATE | SECURITY_OBJECT => self.read_to_the_end(&steps[at + 1]),
            _ => {
                let mut live = Vec::new();
                for step in &steps[at + 1..=at + count] {
                    let answer = self.speak(step);
                    same(command(step), &answer);
                    live.extend(answer.data);
                }
                live
            }
        };
        same_file(&id, &recorded, &live);
        1 + count
    }

    /// The same loop over a file of another length.
    fn read_to_the_end(&mut self, first: &Step) -> Vec<u8> {
        let before = self.reader.said.len();
        let protected = matches!(first, Step::Protected(..));
        let reader = &mut self.reader;
        let content = ReadLoop::Exact(0x80).run(|offset, le| {
            let [high, low] = offset.to_be_bytes();
            match protected {
                true => reader.link(&CommandBuf::new(0x00, 0xB0, high, low).le(Le::from_short(le))),
                false => reader.raw(&[0x00, 0xB0, high, low, le]),
            }
        });
        let content = content.unwrap();
        for (n, said) in self.reader.said[before..].iter().enumerate() {
            let rest = content.len() - 128 * n;
            let expected = match rest {
                0 => (0, 0x6B00),
                1..128 => (rest, 0x6282),
                _ => (128, 0x9000),
            };
            let (Said::Plain { answer, .. } | Said::Protected { answer, .. }) = said else {
                panic!("{said}")
            };
            assert_eq!((answer.data.len(), answer.sw), expected);
        }
        self.drifted = true;
        content
    }

    fn speak(&mut self, step: &Step) -> Answer {
        match step {
            Step::Protected(command, outside) => self.link(command, &command.data, outside),
            _ => self.reader.raw(&command(step).command()).unwrap(),
        }
    }

    /// One protected command with these data; everything outside is as recorded.
    fn link(&mut self, recorded: &Recorded, data: &[u8], outside: &Outside) -> Answer {
        let [cla, ins, p1, p2] = recorded.header;
        let mut live = CommandBuf::new(cla, ins, p1, p2).data(data);
        if let Some(le) = recorded.le {
            live = live.le(Le::from_short(le));
        }
        let answer = self.reader.link(&live).unwrap();
        let Some(Said::Protected { wire, counter, .. }) = self.reader.said.last() else {
            panic!("no exchange")
        };
        let [_, _, _, _, lc, objects @ .., 0x00] = &wire[..] else {
            panic!("no Le behind the objects")
        };
        let tags: Vec<u32> = ber::objects(objects)
            .unwrap()
            .iter()
            .map(|object| object.tag)
            .collect();
        assert_eq!(
            (tags, usize::from(*lc)),
            (outside.objects.clone(), outside.lc)
        );
        if !self.drifted {
            let (recorded, live) = self.jumped;
            assert_eq!(
                counter.wrapping_sub(live),
                outside.counter.wrapping_sub(recorded)
            );
        }
        answer
    }

    fn protected(&mut self, recorded: &Recorded, outside: &Outside) {
        let data = match (recorded.header, recorded.data.len()) {
            ([0x10, 0x82, ..], length) => {
                let agreed = self.agreed.clone().unwrap();
                self.proof = agreement::proof(&mut self.reader, &agreed, &self.challenge).unwrap();
                // The serial number of the terminal stands in front of what is live.
                assert_eq!(self.proof[..8], recorded.data[..8]);
                self.proof[..length].to_vec()
            }
            ([0x00, 0x82, ..], length) => self.proof[self.proof.len() - length..].to_vec(),
            _ => recorded.data.clone(),
        };
        let answer = self.link(recorded, &data, outside);
        assert_eq!(
            (answer.data.len(), answer.sw),
            (recorded.answer.len(), recorded.sw)
        );
        match (recorded.header[1], recorded.data.len()) {
            (0x84, _) => self.challenge = answer.data,
            (0x88, 8) => {
                let device = sample().device_key.public();
                let agreed = self.agreed.as_ref().unwrap();
                let serial =
                    agreement::check_proof(agreed, device, &recorded.data, &answer.data).unwrap();
                assert_eq!(serial[..], recorded.answer[..8]);
                self.random = recorded.data.clone();
            }
            _ => {}
        }
    }

    fn jump(&mut self, recorded: u64) {
        let bytes = [&self.challenge[4..], &self.random[4..]].concat();
        let live = u64::from_be_bytes(bytes.try_into().unwrap());
        self.reader.channel().unwrap().set_counter(live);
        self.jumped = (recorded, live);
    }
}

fn plain(step: &Step) -> Option<&Recorded> {
    match step {
        Step::Plain(recorded) => Some(recorded),
        _ => None,
    }
}

pub(crate) fn command(step: &Step) -> &Recorded {
    match step {
        Step::Plain(recorded) | Step::Protected(recorded, _) => recorded,
        other => panic!("{other:?} is no command"),
    }
}

pub(crate) fn is_read(step: &Step) -> bool {
    matches!(step, Step::Plain(command) | Step::Protected(command, _) if command.reads())
}

/// Status and length; what comes with GET DATA is the same to the byte.
fn same(recorded: &Recorded, live: &Answer) {
    let command = hex::encode_upper(recorded.command());
    assert_eq!(live.sw, recorded.sw, "{command}");
    assert_eq!(live.data.len(), recorded.answer.len(), "{command}");
    if recorded.header[1] == 0xCB {
        assert_eq!(live.data, recorded.answer, "{command}");
    }
}

/// Numbers of the card are the same to the byte, keys and signed files the same in structure.
fn same_file(id: &[u8], recorded: &[u8], live: &[u8]) {
    let depth = match id {
        CERTIFICATE => 3,
        SECURITY_OBJECT => 6,
        [0x10, 0x04 | 0x05] => 2,
        _ => return assert_eq!(live, recorded, "file {id:02X?}"),
    };
    assert_eq!(
        skeleton(live, depth),
        skeleton(recorded, depth),
        "file {id:02X?}"
    );
}

/// The tags of the first object, nested to this depth.
fn skeleton(bytes: &[u8], depth: usize) -> String {
    let Ok(object) = ber::first(bytes) else {
        return String::new();
    };
    let constructed = object.raw[0] & 0x20 != 0;
    let mut text = format!("{:X}", object.tag);
    if constructed && depth > 1 {
        let children = ber::objects(object.value).unwrap();
        let children: Vec<String> = children
            .iter()
            .map(|child| skeleton(child.raw, depth - 1))
            .collect();
        text += &format!("({})", children.join(" "));
    }
    text
}

#[rstest]
#[case::master_file_pss_enrolment("desktop-bit4id2-pss-enrol", "bit4id2", SodVariant::Pss)]
#[case::master_file_pss_login_and_signature(
    "desktop-bit4id2-pss-login-sign",
    "bit4id2",
    SodVariant::Pss
)]
#[case::application_v0_enrolment("desktop-gemalto-sha256-enrol", "gemalto", SodVariant::V0)]
#[case::application_v0_login_and_signature(
    "desktop-gemalto-sha256-login-sign",
    "gemalto",
    SodVariant::V0
)]
fn the_card_answers_as_recorded(#[case] name: &str, #[case] chip: &str, #[case] sod: SodVariant) {
    let steps = read(name);
    let mut replay = Replay::new(chip, sod);
    replay.run(&steps);
    assert!(
        replay.agreed.is_some() && replay.jumped == (0, 0),
        "the transcript ends with a reset"
    );
}
