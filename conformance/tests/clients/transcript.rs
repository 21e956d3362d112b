//! Transcripts of a real desktop client with a card: what stands in `fixtures/vectors/transcripts`, as steps.

use std::path::Path;

/// A command with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) header: [u8; 4],
    pub(crate) data: Vec<u8>,
    pub(crate) le: Option<u8>,
    pub(crate) answer: Vec<u8>,
    pub(crate) sw: u16,
}

impl Recorded {
    /// As bytes, the last byte of a READ or GET CHALLENGE being Le.
    pub(crate) fn command(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        if !self.data.is_empty() {
            bytes.push(self.data.len() as u8);
            bytes.extend(&self.data);
        }
        bytes.extend(self.le);
        bytes
    }

    /// The file that a SELECT names.
    pub(crate) fn selects(&self) -> Option<&[u8]> {
        (self.header == [0x00, 0xA4, 0x02, 0x04]).then_some(&self.data)
    }

    pub(crate) fn reads(&self) -> bool {
        self.header[1] == 0xB0
    }
}

/// How a protected command looked on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    pub(crate) objects: Vec<u32>,
    pub(crate) lc: usize,
    pub(crate) counter: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    PowerOn,
    Reset,
    Plain(Recorded),
    Protected(Recorded, Outside),
    /// The counter is set anew.
    Jump(u64),
}

/// All steps of a file.
pub(crate) fn read(name: &str) -> Vec<Step> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors/transcripts");
    let text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    text.lines().filter_map(step).collect()
}

fn step(line: &str) -> Option<Step> {
    let line = line.trim();
    match line {
        "" => return None,
        "(power on)" => return Some(Step::PowerOn),
        "(warm reset)" => return Some(Step::Reset),
        _ if line.starts_with('#') => return None,
        _ => {}
    }
    if let Some(counter) = line.strip_prefix("(SSC := ") {
        let counter = u64::from_str_radix(counter.trim_end_matches(')'), 16).unwrap();
        return Some(Step::Jump(counter));
    }
    let (command, answer) = line.split_once(" -> ").unwrap();
    let (answer, outside) = answer.split_once('{').unwrap_or((answer, ""));
    let recorded = recorded(command, answer);
    Some(match &line[..2] {
        "p " => Step::Plain(recorded),
        "sm" => Step::Protected(recorded, self::outside(outside)),
        other => panic!("a line beginning with {other:?}"),
    })
}

fn recorded(command: &str, answer: &str) -> Recorded {
    let words: Vec<&str> = command.split_whitespace().collect();
    let byte = |text: &str| u8::from_str_radix(text, 16).unwrap();
    let header = [1, 2, 3, 4].map(|n| byte(words[n]));
    let (mut data, mut le) = (Vec::new(), None);
    for (n, word) in words.iter().enumerate() {
        if let Some(lc) = word.strip_prefix("Lc=") {
            data = hex::decode(words[n + 1]).unwrap();
            assert_eq!(data.len(), usize::from(byte(lc)));
        }
        le = le.or(word.strip_prefix("Le=").map(byte));
    }
    let words: Vec<&str> = answer.split_whitespace().collect();
    let (answer, sw) = match words[..] {
        [sw] => (Vec::new(), sw),
        [data, _, sw] => (hex::decode(data).unwrap(), sw),
        _ => panic!("an answer of {} words", words.len()),
    };
    let sw = u16::from_str_radix(sw, 16).unwrap();
    Recorded {
        header,
        data,
        le,
        answer,
        sw,
    }
}

/// `DOs 87 97 8E, outer Lc=18 Le=256, SSC=0000000000000002}`
fn outside(text: &str) -> Outside {
    let words: Vec<&str> = text
        .trim_end()
        .trim_end_matches('}')
        .split([' ', ','])
        .collect();
    let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
    let value = |key: &str| {
        words
            .iter()
            .find_map(|word| word.strip_prefix(key))
            .unwrap()
    };
    let objects = words.iter().skip(1).take_while(|word| word.len() == 2);
    assert_eq!(value("Le="), "256");
    Outside {
        objects: objects.map(|tag| hex(tag) as u32).collect(),
        lc: hex(value("Lc=")) as usize,
        counter: hex(value("SSC=")),
    }
}
