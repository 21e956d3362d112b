//! A decorator that spoils: what a bad line, a slow card or a hand at the reader does to commands and answers on their way, so
//! that a client can be seen to survive it. Rules say what goes wrong and when, the same each time; no card logic, no clock and
//! no chance lives here: waiting is asked of an [`Outside`], and what is drawn comes from the rule's seed.
//!
//! A rule is one line, `EFFECT` or `EFFECT@CONDITION,CONDITION…`:
//!
//! | effect | what happens |
//! |---|---|
//! | `delay=TIME` | the answer comes this much later: `300ms`, `2s`, at most `600s` |
//! | `truncate=N` | only the first N bytes of the answer arrive, status word included; a shorter answer is left alone |
//! | `flip=N` | bit N of the answer is wrong; 0 is the first one sent, -1 the last; an answer without that bit is left alone |
//! | `flip` | a bit is wrong that is drawn among those of the answer |
//! | `sw=XXXX` | this status word arrives instead of the answer, whatever that was |
//! | `lost` | the card has carried the command out, and its answer never arrives |
//! | `unheard` | the command never reaches the card, and there is no answer |
//! | `gone` | the card has carried the command out, then it is gone, answer and power with it, until it is powered again |
//! | `gone=TIME` | the same; whoever moves cards is asked to put it back after that time |
//!
//! | condition | which commands |
//! |---|---|
//! | `READ BINARY` | those of that name (ISO/IEC 7816-4:2020 table 4), in capitals or not, protected or not |
//! | `0C??????` | those with that header, CLA INS P1 P2 in hexadecimal; `?` is any digit |
//! | `#3`, `#3-5`, `#3-` | of those, only the third, the third to the fifth, all from the third on |
//! | `10%` | of those, that share, drawn: whole percents, 1 to 100 |
//! | `seed=7` | what is drawn comes from this number (0 without it) |
//!
//! Commands are counted for each rule from the making of the layer; power and resets do not begin anew. Where several rules act
//! on the same command, they do so in the order in which they were given, on what the one before left: `unheard` with
//! `sw=6F00` is a reader that answers for a card which never saw the command.
//!
//! ```
//! use cie_emulator::phy::Transceiver;
//! use cie_emulator::phy::faults::{Faults, Rule};
//! use cie_emulator::spec::CardSpec;
//!
//! let rule: Rule = "sw=6F00@SELECT,#2".parse()?;
//! let mut card = Faults::new(CardSpec::default().issue()?.card, vec![rule], ());
//! card.power_on();
//! assert_eq!(card.transmit(&[0x00, 0xA4, 0x00, 0x00]), [0x90, 0x00]);
//! assert_eq!(card.transmit(&[0x00, 0xA4, 0x00, 0x00]), [0x6F, 0x00]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod parse;
mod rule;
#[cfg(test)]
mod tests;

pub use parse::RuleError;
pub use rule::{Bit, Commands, Draw, Effect, LONGEST, Rule, Which};

use super::Transceiver;
use crate::card::{CardState, Reset};
use cie_crypto::random::{RandomSource as _, Seeded};
use std::time::Duration;

/// What the layer asks of those around it. `()` waits for nothing and hears nothing.
pub trait Outside {
    /// Lets this much time pass. False when the wait was broken off because the card was taken away: its answer is lost then.
    fn wait(&mut self, time: Duration) -> bool;

    /// This rule is about to act on a command.
    fn acts(&mut self, rule: &Rule);

    /// The card is gone; it is to be put back after `back`, or when somebody wants it back.
    fn gone(&mut self, back: Option<Duration>);
}

impl Outside for () {
    fn wait(&mut self, _: Duration) -> bool {
        true
    }

    fn acts(&mut self, _: &Rule) {}

    fn gone(&mut self, _: Option<Duration>) {}
}

/// The decorator. Without rules it hands everything on and takes nothing from the heap.
pub struct Faults<T, O> {
    inner: T,
    outside: O,
    rules: Vec<Armed>,
    /// Nothing answers until there is power again.
    gone: bool,
    /// A spoiled answer.
    answer: Vec<u8>,
}

/// A rule, and how far it is.
struct Armed {
    rule: Rule,
    /// Commands seen that it is about.
    seen: u64,
    /// What it draws from.
    random: Seeded,
    /// Whether it acts on the present command.
    acts: bool,
}

impl<T: Transceiver, O: Outside> Faults<T, O> {
    /// Spoils what `inner` answers by these rules, in this order.
    pub fn new(inner: T, rules: Vec<Rule>, outside: O) -> Self {
        let armed = |(index, rule): (usize, Rule)| Armed {
            seen: 0,
            // Two rules that say the same draw each for itself.
            random: Seeded::derived(rule.draw.seed, &format!("fault {index}: {rule}")),
            acts: false,
            rule,
        };
        Self {
            inner,
            outside,
            rules: rules.into_iter().enumerate().map(armed).collect(),
            gone: false,
            answer: Vec::new(),
        }
    }

    /// A command on its way through the rules.
    fn spoiled(&mut self, command: &[u8]) -> &[u8] {
        self.answer.clear();
        if self.gone {
            return &self.answer;
        }
        let (mut acts, mut heard) = (false, true);
        for armed in &mut self.rules {
            armed.look(command);
            acts |= armed.acts;
            heard &= !(armed.acts && armed.rule.effect == Effect::Unheard);
        }
        if !acts {
            return self.inner.transmit(command);
        }
        if heard {
            self.answer.extend_from_slice(self.inner.transmit(command));
        }
        for index in 0..self.rules.len() {
            if !self.act(index) {
                self.answer.clear();
                break;
            }
        }
        &self.answer
    }

    /// Lets one rule act on the answer; false when there is none any more, whatever the others would do.
    fn act(&mut self, index: usize) -> bool {
        let Some(Armed {
            rule, random, acts, ..
        }) = self.rules.get_mut(index)
        else {
            return true;
        };
        if !*acts {
            return true;
        }
        self.outside.acts(rule);
        let answer = &mut self.answer;
        match rule.effect {
            Effect::Delay(time) => return self.outside.wait(time),
            Effect::Truncate(length) => answer.truncate(length.get()),
            Effect::Flip(bit) => flip(answer, bit, random),
            Effect::Status(sw) => {
                answer.clear();
                answer.extend(sw.to_bytes());
            }
            Effect::Lost | Effect::Unheard => answer.clear(),
            Effect::Gone(back) => {
                self.gone = true;
                self.inner.power_off();
                self.outside.gone(back);
                return false;
            }
        }
        true
    }
}

impl Armed {
    /// Decides whether the rule acts on this command. It draws only for commands that it is about.
    fn look(&mut self, command: &[u8]) {
        self.acts = self.rule.commands.hold(command)
            && {
                self.seen = self.seen.saturating_add(1);
                self.rule.which.holds(self.seen)
            }
            && match self.rule.draw.percent {
                None => true,
                Some(percent) => below(&mut self.random, 100) < u64::from(percent.get()),
            };
    }
}

/// A number below `bound`, which is less than 2^32.
fn below(random: &mut Seeded, bound: u64) -> u64 {
    let mut drawn = [0; 4];
    random.fill(&mut drawn);
    u64::from(u32::from_be_bytes(drawn)).saturating_mul(bound) >> 32
}

fn flip(answer: &mut [u8], bit: Bit, random: &mut Seeded) {
    let bits = answer.len().saturating_mul(8);
    let place = match bit {
        Bit::FromStart(place) => Some(place),
        Bit::FromEnd(place) => bits.checked_sub(place.get()),
        Bit::Drawn => usize::try_from(below(random, bits as u64)).ok(),
    };
    if let Some(place) = place
        && let Some(byte) = answer.get_mut(place / 8)
    {
        *byte ^= 0x80 >> (place % 8);
    }
}

impl<T: Transceiver, O: Outside> Transceiver for Faults<T, O> {
    fn power_on(&mut self) -> &[u8] {
        self.gone = false;
        self.inner.power_on()
    }

    fn power_off(&mut self) {
        self.inner.power_off();
    }

    fn reset(&mut self, kind: Reset) -> &[u8] {
        match kind {
            Reset::Cold => self.gone = false,
            Reset::Warm if self.gone => return &[],
            Reset::Warm => {}
        }
        self.inner.reset(kind)
    }

    fn transmit(&mut self, command: &[u8]) -> &[u8] {
        if self.rules.is_empty() {
            return self.inner.transmit(command);
        }
        self.spoiled(command)
    }

    fn state(&self) -> Option<CardState> {
        self.inner.state()
    }
}
