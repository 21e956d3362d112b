//! Whether a card is in the reader, as pcscd may know it. Pure: no socket, no clock, no lock.
//!
//! pcscd's event thread goes round: wait in the driver, look whether a card is in, act. Every power action of any thread
//! looks as well. For a removal to be seen, the reader must be empty for one whole round of the event thread, however
//! quickly the next card comes; until then the absence is held.

/// The longest answer to reset, in bytes (ISO/IEC 7816-3:2006 §8.2.1).
pub(crate) const LONGEST_ATR: usize = 33;

/// What is in the reader, and what pcscd's event thread has seen of it.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// The insertion, as the card side counts; 0 when the reader is empty.
    insertion: u32,
    /// A card has gone, and the event thread has not been round since.
    held: bool,
    /// The event thread has left its wait with the absence held: it sees it now.
    armed: bool,
    /// What the event thread saw in its last round.
    reported: Option<bool>,
    /// Somebody asked the event thread to come out of its wait.
    stop: bool,
    /// The last answer to reset of this insertion; empty while the card has no power.
    atr: Vec<u8>,
}

impl Presence {
    /// News of the card side: this insertion is in the reader, or none (0).
    pub(crate) fn show(&mut self, insertion: u32) {
        if insertion == self.insertion {
            return;
        }
        if self.insertion != 0 {
            self.held = true;
        }
        self.insertion = insertion;
        self.atr.clear();
    }

    /// The insertion that can be spoken to; none while the reader is, or must seem, empty.
    pub(crate) fn insertion(&self) -> Option<u32> {
        (self.insertion != 0 && !self.held).then_some(self.insertion)
    }

    /// Keeps the answer to reset of this insertion; an empty one says that the power is off.
    pub(crate) fn keep_atr(&mut self, insertion: u32, atr: &[u8]) {
        if self.insertion == insertion {
            self.atr.clear();
            self.atr.extend(atr.iter().take(LONGEST_ATR));
        }
    }

    /// The answer to reset of the card that has power.
    pub(crate) fn atr(&self) -> Option<&[u8]> {
        (self.insertion().is_some() && !self.atr.is_empty()).then_some(self.atr.as_slice())
    }

    /// Asks the event thread to come out of its wait, or not to stay in the next one.
    pub(crate) fn stop_waiting(&mut self) {
        self.stop = true;
    }

    /// Whether the event thread comes back from having seen the reader empty.
    pub(crate) const fn has_shown_absence(&self) -> bool {
        self.armed
    }

    /// The event thread begins to wait: it has seen what it left the last wait with.
    pub(crate) fn enter_wait(&mut self) {
        if self.armed {
            self.held = false;
            self.armed = false;
        }
    }

    /// Whether there is something for the event thread to see.
    pub(crate) fn is_due(&self) -> bool {
        self.stop || self.held || self.reported != Some(self.insertion().is_some())
    }

    /// The event thread leaves its wait, and will look.
    pub(crate) fn leave_wait(&mut self) {
        self.stop = false;
        self.armed = self.held;
        self.reported = Some(self.insertion().is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One round of pcscd's event thread, if there is something to see; what it sees.
    fn round(presence: &mut Presence) -> Option<bool> {
        presence.enter_wait();
        if !presence.is_due() {
            return None;
        }
        presence.leave_wait();
        Some(presence.insertion().is_some())
    }

    #[test]
    fn insertion_and_removal_are_seen_once() {
        let mut presence = Presence::default();
        assert_eq!(round(&mut presence), Some(false));
        assert_eq!(round(&mut presence), None);
        presence.show(1);
        assert_eq!(round(&mut presence), Some(true));
        assert_eq!(round(&mut presence), None);
        presence.show(0);
        assert_eq!(round(&mut presence), Some(false));
        assert_eq!(round(&mut presence), None);
    }

    #[test]
    fn a_swap_is_a_removal_and_an_insertion() {
        let mut presence = Presence::default();
        presence.show(1);
        assert_eq!(round(&mut presence), Some(true));
        presence.show(2);
        assert_eq!(presence.insertion(), None);
        assert_eq!(round(&mut presence), Some(false));
        assert_eq!(round(&mut presence), Some(true));
        assert_eq!(round(&mut presence), None);
    }

    #[test]
    fn a_swap_in_the_middle_of_a_round_is_shown_in_a_whole_round() {
        let mut presence = Presence::default();
        presence.show(1);
        presence.enter_wait();
        presence.leave_wait();
        assert_eq!(presence.insertion(), Some(1), "the event thread looks");
        presence.show(0);
        presence.show(2);
        assert_eq!(
            presence.insertion(),
            None,
            "and powers down what is not there"
        );
        assert_eq!(round(&mut presence), Some(false));
        assert_eq!(round(&mut presence), Some(true));
    }

    #[test]
    fn an_order_to_stop_is_not_lost_before_the_wait() {
        let mut presence = Presence::default();
        round(&mut presence);
        presence.stop_waiting();
        assert_eq!(round(&mut presence), Some(false));
        assert_eq!(round(&mut presence), None);
    }

    #[test]
    fn an_answer_to_reset_belongs_to_one_insertion() {
        let mut presence = Presence::default();
        presence.show(1);
        presence.keep_atr(2, &[0x3B, 0]);
        assert_eq!(presence.atr(), None);
        presence.keep_atr(1, &[0x3B, 0]);
        assert_eq!(presence.atr(), Some(&[0x3B, 0][..]));
        presence.show(0);
        presence.show(1);
        assert_eq!(presence.atr(), None);
    }

    proptest! {
        /// However cards come and go, and whenever the event thread goes round: between two different insertions that
        /// it has seen, it has seen the reader empty; and it comes to rest knowing the truth.
        #[test]
        fn no_exchange_of_cards_is_missed(events in prop::collection::vec(0_u32..6, 1..60)) {
            let mut presence = Presence::default();
            let mut last = 0;
            let mut see = |presence: &Presence| {
                let now = presence.insertion().unwrap_or(0);
                let missed = last != 0 && now != 0 && last != now;
                last = now;
                !missed
            };
            for event in &events {
                if *event < 3 {
                    presence.show(*event);
                } else if round(&mut presence).is_some() {
                    prop_assert!(see(&presence));
                }
            }
            for _ in 0..3 {
                if round(&mut presence).is_some() {
                    prop_assert!(see(&presence));
                }
            }
            let truth = events.iter().rev().find(|event| **event < 3).copied().unwrap_or(0);
            prop_assert_eq!(presence.insertion().unwrap_or(0), truth);
            prop_assert_eq!(round(&mut presence), None);
        }
    }
}
