//! The rules of PIN and PUK alone, as a space to be searched to its end: one action for each row of the published table, and
//! the laws as properties of every state with every action tried in it. No card takes part; what needs a card's bytes
//! is in the other space.

use crate::event::{Command, Event, GOOD, NewPin, Presented};
use crate::laws::{self, Law, Step, View};
use crate::model::{Knobs, Model, Seen};
use stateright::Property;

/// A row of the table: what happens, as one event or two.
pub(crate) type Row = &'static [Event];

const NEW: NewPin = NewPin::Good(0);

/// The table. The new PIN is always the same, so that the states are finite.
pub(crate) const TABLE: [Row; 18] = [
    &[Event::Reset],
    // Device authentication complete, with the key agreement it needs.
    &[Event::Agree, Event::Authenticate],
    &[Event::BadChecksum],
    &[Event::Clear(Command::VerifyPin(Presented::Right))],
    &[Event::Protected(Command::VerifyPin(Presented::Length(0)))],
    &[Event::Protected(Command::VerifyPin(Presented::Length(4)))],
    &[Event::Protected(Command::VerifyPin(Presented::Right))],
    &[Event::Protected(Command::VerifyPin(Presented::Wrong(7)))],
    &[Event::Protected(Command::VerifyPuk(Presented::Right))],
    &[Event::Protected(Command::VerifyPuk(Presented::Wrong(0)))],
    &[Event::Protected(Command::Change(Presented::Right, NEW))],
    &[Event::Protected(Command::Change(Presented::Wrong(3), NEW))],
    &[Event::Protected(Command::ChangeLength(12))],
    &[Event::Protected(Command::ResetWithPin(NEW))],
    &[Event::Protected(Command::ResetTries)],
    &[Event::Protected(Command::ResetWithPuk(
        Presented::Right,
        NEW,
    ))],
    &[Event::Protected(Command::ChangePuk)],
    &[Event::Sign],
];

/// The rules under one profile.
pub(crate) struct Rules {
    pub(crate) knobs: Knobs,
    pub(crate) pin: [u8; 8],
    pub(crate) puk: [u8; 8],
}

/// A state of the rules, and how many wrong values were compared since the tries were last given back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) model: Model,
    wrong_pins: u8,
    wrong_puks: u8,
}

impl Node {
    /// One event, and what is said to it.
    fn step(&mut self, event: &Event) -> Option<Seen> {
        let seen = self.model.step(event);
        let (Event::Protected(command), Some(sw)) = (event, seen.map(|seen| seen.sw)) else {
            return seen;
        };
        let wrong = sw & 0xFFF0 == 0x63C0 && !command.data(&self.model).is_empty();
        match (command.compares(), wrong, sw) {
            (Some(0x81), true, _) => self.wrong_pins += 1,
            (Some(_), true, _) => self.wrong_puks += 1,
            (Some(0x82), false, 0x9000) if self.model.knobs.puk_success_resets => {
                self.wrong_puks = 0;
            }
            _ => {}
        }
        let restores = matches!(
            command,
            Command::VerifyPin(Presented::Right)
                | Command::Change(..)
                | Command::ResetWithPin(_)
                | Command::ResetTries
                | Command::ResetWithPuk(..)
        );
        if restores && sw == 0x9000 {
            self.wrong_pins = 0;
        }
        seen
    }
}

impl Rules {
    /// Whether a law holds for every row of the table in this state.
    fn keeps(&self, node: &Node, law: Law) -> bool {
        TABLE.iter().all(|row| {
            let mut node = node.clone();
            row.iter().all(|event| {
                let before = View::from(&node.model);
                let seen = node.step(event);
                let after = View::from(&node.model);
                law(&Step {
                    knobs: self.knobs,
                    event,
                    seen,
                    before,
                    after,
                })
            })
        })
    }
}

/// What a command with these data leads to.
fn outcome(node: &Node, command: Command) -> (Node, Option<Seen>) {
    let mut node = node.clone();
    let seen = node.step(&Event::Protected(command));
    (node, seen)
}

/// C4, second half: a report agrees with the status word before it.
fn reports_agree(rules: &Rules, node: &Node) -> bool {
    use Presented::{Length, Wrong};
    [
        (Command::VerifyPin as fn(Presented) -> Command, true),
        (Command::VerifyPuk, false),
    ]
    .into_iter()
    .all(|(verify, of_pin)| {
        let (after, Some(seen)) = outcome(node, verify(Wrong(1))) else {
            return false;
        };
        let blocked = if of_pin {
            after.model.pin_blocked()
        } else {
            after.model.locked()
        };
        let expected = if blocked { 0x6983 } else { seen.sw };
        let said = outcome(&after, verify(Length(0))).1;
        !rules.knobs.verify_empty_reports
            || seen.sw & 0xFFF0 != 0x63C0
            || said.is_some_and(|said| said.sw == expected)
    })
}

/// C6: no more comparisons than tries; then even the right value is refused.
fn no_more_comparisons_than_tries(rules: &Rules, node: &Node) -> bool {
    let Knobs {
        pin_tries,
        puk_tries,
        ..
    } = rules.knobs;
    let refused = |command| {
        outcome(node, command)
            .1
            .is_some_and(|seen| seen.sw == 0x6983)
    };
    let open = node.model.device;
    node.wrong_pins <= pin_tries
        && node.wrong_puks <= puk_tries
        && (!open || node.wrong_pins < pin_tries || refused(Command::VerifyPin(Presented::Right)))
        && (!open || node.wrong_puks < puk_tries || refused(Command::VerifyPuk(Presented::Right)))
}

/// C7: what is blocked says and does the same whatever it is given.
fn a_blocked_code_is_no_oracle(_: &Rules, node: &Node) -> bool {
    let same = |commands: [Command; 3]| {
        let [right, wrong, rubbish] = commands.map(|command| outcome(node, command));
        right == wrong && wrong == rubbish
    };
    let values = [Presented::Right, Presented::Wrong(2), Presented::NotDigits];
    (!node.model.pin_blocked()
        || same(values.map(Command::VerifyPin))
            && same(values.map(|value| Command::Change(value, NEW))))
        && (!node.model.locked() || same(values.map(Command::VerifyPuk)))
}

/// C9: the ways of three client families to a new PIN end in the same memory.
fn all_clients_unblock_alike(_: &Rules, node: &Node) -> bool {
    const LOGIN: [Event; 4] = [
        Event::Reset,
        Event::Agree,
        Event::Authenticate,
        Event::Protected(Command::VerifyPuk(Presented::Right)),
    ];
    const TRIES: Event = Event::Protected(Command::ResetTries);
    const PIN: Event = Event::Protected(Command::ResetWithPin(NEW));
    let end = |rows: &[&[Event]]| {
        let mut node = node.clone();
        for event in rows.iter().copied().flatten() {
            node.step(event);
        }
        (node.model.pin, node.model.pin_left, node.model.puk_left)
    };
    let one_step = end(&[&LOGIN, &[PIN]]);
    let alike = one_step == end(&[&LOGIN, &[TRIES, PIN]])
        && one_step == end(&[&LOGIN, &LOGIN, &[TRIES, PIN]]);
    alike && (node.model.locked() || one_step.0 == *GOOD[0])
}

/// C15: memory moved into another card is the same memory, and no session comes along.
fn a_move_keeps_the_memory_alone(_: &Rules, node: &Node) -> bool {
    let mut moved = node.clone();
    moved.step(&Event::Restore);
    let memory = |model: &Model| (model.pin, model.puk, model.pin_left, model.puk_left);
    let session = moved.model.channel || moved.model.device;
    memory(&moved.model) == memory(&node.model)
        && !session
        && !(moved.model.pin_ok || moved.model.puk_ok)
}

/// A law as a property: of each state, with every row tried in it.
macro_rules! every_edge {
    ($name:literal, $law:path) => {
        Property::always($name, |rules: &Rules, node: &Node| rules.keeps(node, $law))
    };
}

impl stateright::Model for Rules {
    type State = Node;
    type Action = Row;

    fn init_states(&self) -> Vec<Node> {
        let mut model = Model::fresh(self.knobs, self.pin, self.puk);
        model.lose_session();
        vec![Node {
            model,
            wrong_pins: 0,
            wrong_puks: 0,
        }]
    }

    fn actions(&self, _: &Node, actions: &mut Vec<Row>) {
        actions.extend(TABLE);
    }

    fn next_state(&self, node: &Node, row: Row) -> Option<Node> {
        let mut next = node.clone();
        for event in row {
            next.step(event);
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            every_edge!("C1 counters stay in range", laws::counters_stay_in_range),
            every_edge!(
                "C2 an exhausted PUK is terminal",
                laws::an_exhausted_puk_is_terminal
            ),
            every_edge!(
                "C3 only the PUK unblocks",
                laws::only_an_unblocking_command_lifts_a_blocked_pin
            ),
            every_edge!(
                "C4 the status word tells the counter",
                laws::the_status_word_tells_the_counter
            ),
            Property::always("C4 a report agrees with the status word", reports_agree),
            every_edge!(
                "C5 counters rise only on success of their own command",
                laws::counters_rise_only_on_success_of_their_own_command
            ),
            Property::always(
                "C6 no more comparisons than tries",
                no_more_comparisons_than_tries,
            ),
            Property::always(
                "C7 a blocked code is no oracle",
                a_blocked_code_is_no_oracle,
            ),
            every_edge!(
                "C8 nothing is verified without a channel",
                laws::nothing_is_verified_without_a_channel
            ),
            every_edge!(
                "C8 a reset takes the session and no counter",
                laws::a_reset_takes_the_session_and_no_counter
            ),
            Property::always("C9 all clients unblock alike", all_clients_unblock_alike),
            every_edge!(
                "C12 a verified PIN has all its tries",
                laws::a_verified_pin_has_all_its_tries
            ),
            every_edge!(
                "C14 a document-only card refuses every use",
                laws::a_document_only_card_refuses_every_use
            ),
            Property::always(
                "C15 a move keeps the memory alone",
                a_move_keeps_the_memory_alone,
            ),
            // The search went where the laws bite.
            Property::sometimes("the PIN is blocked", |_, node: &Node| {
                node.model.pin_left == 0 && !node.model.locked()
            }),
            Property::sometimes("the PUK is exhausted", |_, node: &Node| node.model.locked()),
            Property::sometimes("both codes are verified", |_, node: &Node| {
                node.model.pin_ok && node.model.puk_ok
            }),
        ];
        if self.knobs.auth_locked {
            properties.push(Property::sometimes(
                "nothing but a document",
                |_, node: &Node| View::from(&node.model).document_only && node.model.pin_left > 0,
            ));
        } else {
            properties.push(Property::sometimes("no safety net", |_, node: &Node| {
                node.model.locked() && node.model.pin_ok
            }));
        }
        properties
    }
}
