//! What is known of one code of the card present: the value believed right and how well that is founded, and what is known of its
//! counter. It keeps the books; whether something may be sent is decided elsewhere.

use cie_emulator::credentials::Code;
use cie_emulator::wire::StatusWord;

use super::refusal::Latch;
use crate::scenario::model::CodeName;

/// How sure it is that the value believed right is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Somebody said so.
    Unproven,
    /// The card accepted it in this run.
    Proven,
    /// The card refused it.
    Disproved,
}

/// What a value presented is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The one believed right.
    Right,
    /// The other one that may be right: an answer that would have told was lost.
    Other,
    /// Known to be wrong, and derived from one that is or was right.
    Wrong,
    /// Neither.
    Guess,
    /// The right value is not known.
    Unknown,
}

/// One of the two codes.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: CodeName,
    /// What the lab gave, and wants to find again.
    pub(super) lab: Option<Code>,
    /// What is believed to be in force.
    pub(super) right: Option<Code>,
    /// What may be in force instead.
    pub(super) other: Option<Code>,
    /// What was in force before, in this run.
    past: Vec<Code>,
    pub(super) standing: Standing,
    /// Tries may have been used and not given back.
    pub(super) burnt: bool,
    /// The card accepted the lab's value in this run.
    pub(super) lab_was_right: bool,
    /// A new value was set, or may have been.
    pub(super) changed: bool,
    pub(super) counter: Counter,
}

/// A retry counter seen from outside.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    /// Tries after a right value, where that is certain.
    full: Option<u8>,
    /// Tries that are left at least.
    pub(super) expected: Option<u8>,
    /// Tries that were left when a right value was last accepted, while it is open whether that gave them back.
    pub(super) before_right: Option<u8>,
    /// The card has shown that a right value gives tries back.
    gives_back: bool,
    /// Whether that was told by the card after the last command that could change it.
    pub(super) fresh: bool,
    /// Whether the card answers VERIFY without data with a number.
    pub(super) reports: Option<bool>,
    /// In which kind of channel it would not tell, just now.
    pub(super) silent: Option<bool>,
    /// In which kind of channel the right value was not even compared, and the answer.
    pub(super) deaf: Option<(bool, StatusWord)>,
}

/// Tries of a CIE's PIN: the issuer states three.
pub(super) const PIN_TRIES: u8 = 3;
/// Tries of a CIE's PUK: the issuer states ten.
pub(super) const PUK_TRIES: u8 = 10;

impl Known {
    pub(super) fn new(name: CodeName, lab: Option<&Code>) -> Self {
        Self {
            name,
            lab: lab.cloned(),
            right: lab.cloned(),
            other: None,
            past: Vec::new(),
            standing: Standing::Unproven,
            burnt: false,
            lab_was_right: false,
            changed: false,
            counter: Counter {
                // Whether a right PUK gives its tries back is not known of real cards.
                full: matches!(name, CodeName::Pin).then_some(PIN_TRIES),
                expected: None,
                before_right: None,
                gives_back: false,
                fresh: false,
                reports: None,
                silent: None,
                deaf: None,
            },
        }
    }

    /// What `value` is.
    pub(super) fn judge(&self, value: &Code) -> Judgement {
        let Some(right) = &self.right else {
            return Judgement::Unknown;
        };
        let mut origins = [Some(right), self.other.as_ref()]
            .into_iter()
            .flatten()
            .chain(&self.past);
        if right == value {
            Judgement::Right
        } else if self.other.as_ref() == Some(value) {
            Judgement::Other
        } else if self.past.contains(value) || origins.any(|origin| differences(origin, value) == 1)
        {
            Judgement::Wrong
        } else {
            Judgement::Guess
        }
    }

    /// Whether the value believed right was accepted in this run and nothing has been in doubt since.
    pub(super) fn is_proven(&self) -> bool {
        self.right.is_some() && self.standing == Standing::Proven && self.other.is_none()
    }

    /// Whether the card is known to refuse every value unseen.
    pub(super) fn is_blocked(&self) -> bool {
        self.counter.expected == Some(0)
    }

    /// The card accepted `value`.
    pub(super) fn accepted(&mut self, value: &Code, before: Option<u8>) {
        self.lab_was_right |= self.lab.as_ref() == Some(value);
        self.settle(value.clone());
        self.burnt = false;
        self.counter.accepted(before);
    }

    /// This value was set.
    pub(super) fn set(&mut self, value: Code) {
        self.changed = true;
        self.settle(value);
    }

    fn settle(&mut self, value: Code) {
        let before = self.right.replace(value);
        let doubts = self.other.take();
        for old in before.into_iter().chain(doubts) {
            if self.right.as_ref() != Some(&old) && !self.past.contains(&old) {
                self.past.push(old);
            }
        }
        self.standing = Standing::Proven;
    }

    /// Either the value believed right or this one is in force now.
    pub(super) fn doubt(&mut self, other: Code) {
        self.changed = true;
        if self.right.is_none() {
            self.right = Some(other);
        } else if self.right.as_ref() != Some(&other) {
            self.other = Some(other);
        }
        self.standing = Standing::Unproven;
    }

    /// One of two candidates was refused: the remaining one is believed right. False when there were not two.
    pub(super) fn eliminated(&mut self, refused: Judgement) -> bool {
        match (refused, self.other.take()) {
            (Judgement::Right, Some(other)) => {
                self.past.extend(self.right.replace(other));
                true
            }
            (Judgement::Other, Some(other)) => {
                self.past.push(other);
                true
            }
            (_, other) => {
                self.other = other;
                false
            }
        }
    }

    /// A card was taken out: the one put in may be another, or have been elsewhere.
    pub(super) fn away(&mut self) {
        if self.standing == Standing::Proven {
            self.standing = Standing::Unproven;
        }
        self.counter.expected = None;
        self.counter.forget_answers();
    }

    /// Takes an answer that carries the counter, after `used` tries. The first value that is lower than it should be is an alarm.
    pub(super) fn told(&mut self, before: Option<u8>, used: u8, left: u8) -> Result<(), Latch> {
        let expected = before.map(|before| before.saturating_sub(used));
        self.counter.shown(left.saturating_add(used));
        self.counter.expected = Some(left);
        match expected {
            Some(expected) if left < expected => Err(Latch::Dropped {
                code: self.name,
                expected,
                found: left,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes `6983`.
    pub(super) fn told_blocked(&mut self, expected: Option<u8>) -> Result<(), Latch> {
        self.counter.expected = Some(0);
        self.counter.fresh = true;
        match expected {
            Some(expected) if expected > 0 => Err(Latch::Blocked {
                code: self.name,
                expected,
            }),
            Some(_) | None => Ok(()),
        }
    }
}

impl Counter {
    /// The tries left as the card told them after the last command that could change them.
    pub(super) const fn reading(&self) -> Option<u8> {
        match (self.fresh, self.expected) {
            (true, Some(left)) => Some(left),
            (true | false, _) => None,
        }
    }

    /// Whether asking may help.
    pub(super) fn can_be_asked(&self, protected: bool) -> bool {
        self.reports != Some(false) && self.silent != Some(protected)
    }

    /// The answer to the right value, where it was not compared in this kind of channel.
    pub(super) fn deaf_to(&self, protected: bool) -> Option<StatusWord> {
        self.deaf
            .filter(|(channel, _)| *channel == protected)
            .map(|(_, answer)| answer)
    }

    /// A right value was accepted when at least `before` tries were left. That establishes full tries, except on a card that has
    /// not shown yet that it gives them back and had one left: there a mistake would be the last.
    fn accepted(&mut self, before: Option<u8>) {
        self.forget_answers();
        match (self.full, before) {
            (Some(_), Some(before @ 0..=1)) if !self.gives_back => {
                self.expected = Some(before);
                self.before_right = Some(before);
            }
            (Some(full), _) => {
                self.expected = Some(full);
                self.before_right = before;
                self.fresh = true;
            }
            (None, _) => self.expected = before,
        }
    }

    /// The tries were reset. The card can be asked, and is.
    pub(super) fn reset(&mut self) {
        self.forget_answers();
        self.expected = self.full;
        self.before_right = None;
    }

    /// The card told its tries: `left`, or one more before the value it just refused.
    fn shown(&mut self, left: u8) {
        if let Some(before) = self.before_right.take() {
            self.gives_back |= left > before;
        }
    }

    /// What the card would not answer is asked again.
    pub(super) fn forget_answers(&mut self) {
        self.fresh = false;
        self.silent = None;
        self.deaf = None;
    }
}

/// In how many digits two codes differ. Looks at all of them whatever it finds.
fn differences(one: &Code, two: &Code) -> usize {
    let pairs = one.reveal().iter().zip(two.reveal());
    pairs.map(|(a, b)| usize::from(a != b)).sum()
}

/// A wrong value: `right` with the digit at `position` (modulo eight) moved on by `step` (modulo nine, plus one), so that it
/// differs in exactly one digit whatever the numbers are.
#[must_use]
pub fn derive_wrong(right: &Code, position: usize, step: u8) -> Code {
    let mut digits = zeroize::Zeroizing::new(*right.reveal());
    if let Some(digit) = digits.get_mut(position % 8) {
        *digit = b'0' + (*digit - b'0' + 1 + step % 9) % 10;
    }
    Code::from_digits(&*digits).unwrap_or_else(|_| right.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use rstest::rstest;

    use super::{Code, Judgement, Known, derive_wrong, differences};
    use crate::scenario::model::CodeName;

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    #[rstest]
    #[case::the_right_one("13572468", Judgement::Right)]
    #[case::one_digit_off("13572469", Judgement::Wrong)]
    #[case::first_digit_off("03572468", Judgement::Wrong)]
    #[case::two_digits_off("13572496", Judgement::Guess)]
    #[case::a_favourite("12345678", Judgement::Guess)]
    #[case::the_halves_swapped("24681357", Judgement::Guess)]
    fn judged(#[case] value: &str, #[case] judgement: Judgement) {
        let known = Known::new(CodeName::Pin, Some(&code("13572468")));
        assert_eq!(known.judge(&code(value)), judgement);
        assert_eq!(
            Known::new(CodeName::Pin, None).judge(&code(value)),
            Judgement::Unknown
        );
    }

    #[test]
    fn a_value_that_was_right_before_is_wrong_and_no_guess() {
        let mut known = Known::new(CodeName::Pin, Some(&code("13572468")));
        known.set(code("99990000"));
        assert_eq!(known.judge(&code("13572468")), Judgement::Wrong);
        assert_eq!(known.judge(&code("99990000")), Judgement::Right);
    }

    proptest! {
        #[test]
        fn a_derived_value_differs_in_one_digit(
            digits in "[0-9]{8}", position in any::<usize>(), step in any::<u8>(),
        ) {
            let right = code(&digits);
            prop_assert_eq!(differences(&right, &derive_wrong(&right, position, step)), 1);
        }
    }
}
