//! Power cut at every operation of every command that writes, with every kind of loss: what a power-up then finds is compared
//! with what it may find. The card's rules and the real format take part; only the disk is a rehearsal.

use super::{Loss, TornDisk};
use crate::card::Flaw;
use crate::credentials::{
    Commit, CredentialObject, CredentialPolicy, Credentials, Outcome, PowerLost, Reference,
    Verified, WritePoint,
};
use crate::store::content::MemoryRecord;
use crate::store::journal::Journal;
use crate::store::{Trouble, layout};
use std::collections::BTreeSet;
use thiserror::Error;

/// The codes of a sweep.
#[derive(Clone, Copy)]
struct Codes {
    pin: [u8; 8],
    puk: [u8; 8],
    /// Another PIN.
    new: [u8; 8],
    /// Neither PIN nor PUK.
    wrong: [u8; 8],
}

impl Codes {
    fn of(fresh: &Credentials) -> Self {
        let (pin, puk) = (*fresh.pin.reveal(), *fresh.puk.reveal());
        let turned = |by: u8| {
            pin.map(|digit| b'0'.wrapping_add(digit.wrapping_sub(b'0').wrapping_add(by) % 10))
        };
        // Of three values that differ from the PIN in every digit two at least are not the PUK.
        let mut others = [1, 3, 7]
            .map(turned)
            .into_iter()
            .filter(|other| *other != puk);
        let (new, wrong) = (others.next().unwrap_or(puk), others.next().unwrap_or(puk));
        Self {
            pin,
            puk,
            new,
            wrong,
        }
    }
}

/// A PIN that some policies refuse, and eight bytes that are none.
const TRIVIAL: [u8; 8] = *b"11111111";
const NO_PIN: [u8; 8] = *b"1111111x";

/// How much was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Sequences of commands.
    pub sequences: usize,
    /// Write points that were hit.
    pub points: BTreeSet<WritePoint>,
    /// Places at which power was cut: writes and barriers, in all sequences.
    pub cuts: usize,
    /// Power-ups afterwards: each place with each kind of loss.
    pub power_ups: usize,
}

impl Numbers {
    /// Adds those of another sweep.
    pub fn add(&mut self, other: &Self) {
        self.sequences = self.sequences.saturating_add(other.sequences);
        self.points.extend(&other.points);
        self.cuts = self.cuts.saturating_add(other.cuts);
        self.power_ups = self.power_ups.saturating_add(other.power_ups);
    }
}

/// What must never be found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{sequence}, power cut at operation {cut}, writes {loss:?}: {what}")]
pub struct Violation {
    /// Which sequence of commands.
    pub sequence: &'static str,
    /// Which operation.
    pub cut: usize,
    /// What became of writes that were not durable.
    pub loss: Loss,
    /// What is wrong.
    pub what: String,
}

#[derive(Clone, Copy)]
enum Step {
    Verify(Reference, [u8; 8]),
    Change([u8; 8], [u8; 8]),
    ResetWithNewPin([u8; 8]),
    ResetTries,
    ResetWithPuk([u8; 8], [u8; 8]),
}

/// Every way through the write points.
fn sequences(codes: Codes) -> Vec<(&'static str, Vec<Step>)> {
    use Reference::{Pin, Puk};
    use Step::{Change, ResetTries, ResetWithNewPin, ResetWithPuk, Verify};
    let Codes {
        pin,
        puk,
        new,
        wrong,
    } = codes;
    let (right_pin, right_puk) = (Verify(Pin, pin), Verify(Puk, puk));
    let (wrong_pin, wrong_puk) = (Verify(Pin, wrong), Verify(Puk, wrong));
    vec![
        ("right PIN", vec![right_pin]),
        (
            "PIN blocked",
            vec![wrong_pin, wrong_pin, wrong_pin, wrong_pin, right_pin],
        ),
        (
            "PIN wrong, right, wrong",
            vec![wrong_pin, wrong_pin, right_pin, wrong_pin],
        ),
        ("PIN changed", vec![Change(pin, new), Verify(Pin, new)]),
        ("wrong old PIN", vec![Change(wrong, new), Change(pin, new)]),
        (
            "new PIN refused",
            vec![Change(pin, TRIVIAL), Change(pin, NO_PIN)],
        ),
        ("PUK wrong, right", vec![wrong_puk, wrong_puk, right_puk]),
        (
            "PIN replaced",
            vec![wrong_pin, right_puk, ResetWithNewPin(new), Verify(Pin, new)],
        ),
        (
            "PIN unblocked",
            vec![wrong_pin, wrong_pin, wrong_pin, right_puk, ResetTries],
        ),
        (
            "PUK and new PIN",
            vec![wrong_pin, ResetWithPuk(wrong, new), ResetWithPuk(puk, new)],
        ),
        (
            "PUK exhausted",
            [vec![wrong_puk; 11], vec![right_puk, right_pin]].concat(),
        ),
    ]
}

/// Cuts the power everywhere under these rules, on a card whose memory is `fresh`. `contents` stand for what was burnt in;
/// any bytes will do. A card with a `flaw` shows what the sweep is worth.
///
/// # Errors
/// [`Violation`]: tries that rise or fall by more than one, a lost answer, half a PIN, a file that cannot be read, or a right
/// code that can be told from a wrong one before a try was durably taken.
pub fn sweep(
    contents: &[u8],
    fresh: &Credentials,
    policy: &CredentialPolicy,
    flaw: Flaw,
) -> Result<Numbers, Box<Violation>> {
    let mut numbers = Numbers::default();
    let codes = Codes::of(fresh);
    for (name, steps) in sequences(codes) {
        let sequence = Sequence {
            name,
            steps,
            codes,
            contents,
            fresh,
            policy,
            flaw,
        };
        numbers.add(&sequence.sweep()?);
    }
    Ok(numbers)
}

struct Sequence<'a> {
    name: &'static str,
    steps: Vec<Step>,
    codes: Codes,
    contents: &'a [u8],
    fresh: &'a Credentials,
    policy: &'a CredentialPolicy,
    flaw: Flaw,
}

/// How a run ended.
struct Run {
    disk: TornDisk,
    /// Memory after the last command that was answered.
    answered: Credentials,
    /// What the command after it would have written, in order.
    torn: Vec<Credentials>,
    /// Whether there was such a command.
    silent: bool,
    /// Whether that command presented the right code, or stood on one.
    right: bool,
    points: BTreeSet<WritePoint>,
}

impl Sequence<'_> {
    fn sweep(&self) -> Result<Numbers, Box<Violation>> {
        let whole = self.run(None, &self.steps);
        let operations = whole.disk.operations();
        for cut in 0..=operations {
            for loss in Loss::ALL {
                let fail = |what: String| {
                    Box::new(Violation {
                        sequence: self.name,
                        cut,
                        loss,
                        what,
                    })
                };
                let run = self.run(Some((cut, loss)), &self.steps);
                let found = self.power_up(&run).map_err(fail)?;
                self.judge(&run, &found).map_err(fail)?;
                self.right_and_wrong_look_alike(cut, loss).map_err(fail)?;
            }
        }
        Ok(Numbers {
            sequences: 1,
            points: whole.points,
            cuts: operations,
            power_ups: operations.saturating_mul(Loss::ALL.len()),
        })
    }

    fn run(&self, cut: Option<(usize, Loss)>, steps: &[Step]) -> Run {
        let fresh = self.fresh.clone();
        let file = layout::encode(self.contents, &MemoryRecord::new(&fresh, 0, None));
        let file = file.map(|file| file.to_vec()).unwrap_or_default();
        let disk = TornDisk::new(file, cut);
        let mut journal = Journal::new(disk.clone(), 1, fresh.clone(), 0, Trouble::default());
        let (mut credentials, mut verified) = (fresh, Verified::default());
        let mut points = BTreeSet::new();
        for step in steps {
            let answered = credentials.clone();
            let mut memory = Recorder::new(&mut journal);
            let outcome = self.execute(*step, &mut credentials, &mut verified, &mut memory);
            points.extend(memory.points);
            if outcome.is_err() {
                let torn = self.writes_of(*step, &answered, verified_before(*step));
                return Run {
                    disk,
                    answered,
                    torn,
                    silent: true,
                    right: step.is_right(self.codes, verified.puk),
                    points,
                };
            }
        }
        Run {
            disk,
            answered: credentials,
            torn: Vec::new(),
            silent: false,
            right: false,
            points,
        }
    }

    fn execute(
        &self,
        step: Step,
        credentials: &mut Credentials,
        verified: &mut Verified,
        memory: &mut dyn Commit,
    ) -> Result<Outcome, PowerLost> {
        let mut object = CredentialObject {
            credentials,
            verified,
            policy: self.policy,
            memory,
            flaw: self.flaw,
        };
        match step {
            Step::Verify(reference, code) => object.verify(reference, &code),
            Step::Change(old, new) => object.change(&[old, new].concat()),
            Step::ResetWithNewPin(new) => object.reset_with_new_pin(&new),
            Step::ResetTries => object.reset_tries(&[]),
            Step::ResetWithPuk(puk, new) => object.reset_with_puk_and_new_pin(&[puk, new].concat()),
        }
    }

    /// What a command writes when nothing goes wrong.
    fn writes_of(
        &self,
        step: Step,
        before: &Credentials,
        mut verified: Verified,
    ) -> Vec<Credentials> {
        let mut credentials = before.clone();
        let mut memory = Recorder::default();
        let written = self.execute(step, &mut credentials, &mut verified, &mut memory);
        debug_assert!(written.is_ok(), "a recorder loses no power");
        memory.states
    }

    /// What the next power-up finds, which must be readable and writable.
    fn power_up(&self, run: &Run) -> Result<Credentials, String> {
        let bytes = run.disk.bytes();
        let parsed = layout::parse(&bytes).map_err(|fault| fault.to_string())?;
        if parsed.contents != self.contents {
            return Err("what was burnt in has changed".to_owned());
        }
        let (sequence, memory) = parsed.newest().map_err(|fault| fault.to_string())?;
        let found = memory.credentials().map_err(|error| error.to_string())?;
        let disk = TornDisk::new(bytes.clone(), None);
        let mut journal =
            Journal::new(disk.clone(), sequence, found.clone(), 0, Trouble::default());
        let written = journal.commit(WritePoint::PinTryTaken, &found);
        let bytes = disk.bytes();
        let again = layout::parse(&bytes).and_then(|parsed| Ok(parsed.newest()?.0));
        match (written, again) {
            (Ok(()), Ok(number)) if number == sequence.saturating_add(1) => Ok(found),
            _ => Err("the card cannot be used any more".to_owned()),
        }
    }

    /// What is found is what was answered last, or a state that the command without an answer passed through.
    fn judge(&self, run: &Run, found: &Credentials) -> Result<(), String> {
        let before = &run.answered;
        if found != before && !run.torn.contains(found) {
            return Err(format!("found {found:?}, answered last {before:?}"));
        }
        let restored = run.right;
        for (what, before, found) in [
            ("PIN", before.pin_left, found.pin_left),
            ("PUK", before.puk_left, found.puk_left),
        ] {
            if found > before && !restored {
                return Err(format!(
                    "the tries of the {what} rose from {before} to {found}"
                ));
            }
            if before.saturating_sub(found) > 1 {
                return Err(format!(
                    "the tries of the {what} fell from {before} to {found}"
                ));
            }
        }
        let pins = [self.codes.pin, self.codes.new, TRIVIAL];
        match found.puk == before.puk && pins.contains(found.pin.reveal()) {
            true => Ok(()),
            false => Err("PIN or PUK is half written".to_owned()),
        }
    }

    /// Until a try was durably taken, a right code and a wrong one leave the same bytes and the same silence.
    fn right_and_wrong_look_alike(&self, cut: usize, loss: Loss) -> Result<(), String> {
        let Some(Step::Verify(reference, _)) = self.steps.first() else {
            return Ok(());
        };
        // Write and barrier of the try.
        if cut > 1 {
            return Ok(());
        }
        let right = match reference {
            Reference::Pin => self.codes.pin,
            Reference::Puk => self.codes.puk,
        };
        let [right, wrong] = [right, self.codes.wrong]
            .map(|code| self.run(Some((cut, loss)), &[Step::Verify(*reference, code)]));
        match right.silent && wrong.silent && right.disk.bytes() == wrong.disk.bytes() {
            true => Ok(()),
            false => Err("a right code shows before a try was durably taken".to_owned()),
        }
    }
}

/// What a session has verified when this step comes.
const fn verified_before(step: Step) -> Verified {
    let puk = matches!(step, Step::ResetWithNewPin(_) | Step::ResetTries);
    Verified { pin: false, puk }
}

impl Step {
    /// Whether it may give tries back: what it presents is a PIN the card had or the PUK, or the PUK was verified.
    fn is_right(self, codes: Codes, puk_verified: bool) -> bool {
        match self {
            Self::Verify(Reference::Pin, code) | Self::Change(code, _) => {
                code == codes.pin || code == codes.new
            }
            Self::Verify(Reference::Puk, code) | Self::ResetWithPuk(code, _) => code == codes.puk,
            Self::ResetWithNewPin(_) | Self::ResetTries => puk_verified,
        }
    }
}

/// Notes what is written, and passes it on.
#[derive(Default)]
struct Recorder<'a> {
    next: Option<&'a mut Journal<TornDisk>>,
    states: Vec<Credentials>,
    points: Vec<WritePoint>,
}

impl<'a> Recorder<'a> {
    fn new(next: &'a mut Journal<TornDisk>) -> Self {
        Self {
            next: Some(next),
            ..Self::default()
        }
    }
}

impl Commit for Recorder<'_> {
    fn commit(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost> {
        self.states.push(credentials.clone());
        self.points.push(point);
        match &mut self.next {
            None => Ok(()),
            Some(journal) => journal.commit(point, credentials),
        }
    }
}

#[cfg(test)]
#[path = "sweep_tests.rs"]
mod tests;
