//! A description of where an issuer stands: everything its answers depend on from here on, instants as lengths of time from
//! now, and nothing that is drawn or secret. Two issuers in one situation go on alike, so a model can be searched to its end.

use std::fmt::Write;

use super::Engine;
use super::procedure::{Procedure, State};
use crate::issuer::clock::Timestamp;

impl Engine {
    /// The situation as text.
    #[must_use]
    pub fn situation(&self) -> String {
        let now = self.clock.now();
        let mut text = String::new();
        let mut procedures: Vec<&Procedure> = self.procedures.values().collect();
        procedures.sort_by_key(|procedure| procedure.number);
        for procedure in procedures
            .into_iter()
            .filter(|procedure| procedure.is_live())
        {
            describe(procedure, now, &mut text);
        }
        for ((policy, key), starts) in &self.starts {
            let per = self
                .policies
                .get(policy)
                .map(|policy| policy.limits.starts.per);
            let live = starts
                .iter()
                .filter(|at| per.is_some_and(|per| per.after(**at) > now));
            for at in live {
                let _ = write!(text, "|{policy} {key} {}", away(*at, now));
            }
        }
        for person in self.registry.iter() {
            let states = person
                .accounts
                .iter()
                .map(|(name, it)| (name, it.state().name()));
            for (name, state) in states {
                let _ = write!(text, "|{} {name} {state}", person.nun);
            }
            let _ = write!(text, "|{}", person.document.name());
        }
        text
    }
}

fn describe(procedure: &Procedure, now: Timestamp, text: &mut String) {
    let (place, cooling) = match procedure.state {
        State::Open(place) => (place, None),
        State::Cooling(place, until) => (place, Some(away(until, now))),
        State::Completed | State::Closed(_) => return,
    };
    let live = &procedure.live;
    let challenge = live.challenge.as_ref().map(|it| away(it.expires, now));
    let code = live
        .code
        .as_ref()
        .map(|it| (it.code.is_some(), away(it.expires, now)));
    let _ = write!(
        text,
        "|{} {} {place} {cooling:?} {challenge:?} {code:?} {} {} {} {} {}",
        procedure.policy.id.value,
        procedure.who.key,
        live.tries,
        live.sends,
        procedure.issued,
        away(procedure.expires, now),
        away(procedure.revision_ends, now),
    );
}

/// Seconds from now, before it negative.
fn away(at: Timestamp, now: Timestamp) -> i64 {
    at.as_second() - now.as_second()
}
