//! The difference between two looks into a card, in sentences.

use super::names;
use crate::card::{CardState, Channel, LifeCycle};

/// What differs, the most lasting first.
#[must_use]
pub fn changes(before: &CardState, after: &CardState) -> Vec<String> {
    let mut out = Vec::new();
    if before.powered != after.powered {
        out.push(format!(
            "power {}",
            if after.powered { "on" } else { "lost" }
        ));
    }
    counters(before, after, &mut out);
    proofs(before, after, &mut out);
    out.extend(channel(before.channel, after.channel));
    if (before.current_df, before.current_ef) != (after.current_df, after.current_ef) {
        out.push(selection(after));
    }
    match (before.unfinished_chain, after.unfinished_chain) {
        (false, true) => out.push("command chain open: the last link is awaited".to_owned()),
        (true, false) => out.push("command chain closed".to_owned()),
        (true, true) | (false, false) => {}
    }
    out
}

fn counters(before: &CardState, after: &CardState, out: &mut Vec<String>) {
    for (name, was, is) in [
        ("PIN", before.pin_left, after.pin_left),
        ("PUK", before.puk_left, after.puk_left),
    ] {
        if was != is {
            let tries = if is == 1 { "try" } else { "tries" };
            out.push(format!("{name}: {is} {tries} left, {was} before"));
        }
    }
    if before.life_cycle != after.life_cycle {
        out.push(format!(
            "life cycle: {}",
            life_cycle_words(after.life_cycle)
        ));
    }
}

/// What the card is still good for, in words.
#[must_use]
pub const fn life_cycle_words(life_cycle: LifeCycle) -> &'static str {
    match life_cycle {
        LifeCycle::Operational => "operational",
        LifeCycle::PinBlocked => "PIN blocked, the PUK unblocks it",
        LifeCycle::DocumentOnly => "PIN and PUK blocked for ever, an identity document only",
        LifeCycle::NoSafetyNet => "PUK blocked for ever, the PIN still works",
    }
}

fn proofs(before: &CardState, after: &CardState, out: &mut Vec<String>) {
    for (name, was, is) in [
        ("PIN", before.verified.pin, after.verified.pin),
        ("PUK", before.verified.puk, after.verified.puk),
    ] {
        match (was, is) {
            (false, true) => out.push(format!("{name} verified")),
            (true, false) => out.push(format!("{name} no longer verified")),
            (true, true) | (false, false) => {}
        }
    }
    match (before.device_authenticated, after.device_authenticated) {
        (false, true) => out.push("terminal authenticated".to_owned()),
        (true, false) => out.push("terminal no longer authenticated".to_owned()),
        (true, true) | (false, false) => {}
    }
}

/// A command and its response take two steps of the counter; only another step is worth a sentence.
fn channel(before: Channel, after: Channel) -> Option<String> {
    match (before, after) {
        (Channel::Plain, Channel::Plain) => None,
        (
            Channel::Plain,
            Channel::Protected {
                send_sequence_counter,
            },
        ) => Some(format!(
            "secure messaging on, send sequence counter {send_sequence_counter:016X}"
        )),
        (Channel::Protected { .. }, Channel::Plain) => Some("secure messaging ended".to_owned()),
        (
            Channel::Protected {
                send_sequence_counter: was,
            },
            Channel::Protected {
                send_sequence_counter: is,
            },
        ) => (is != was.wrapping_add(2) && is != was)
            .then(|| format!("secure messaging goes on with send sequence counter {is:016X}")),
    }
}

fn selection(state: &CardState) -> String {
    match (state.current_df, state.current_ef) {
        (None, _) => "nothing selected".to_owned(),
        (Some(df), None) => format!("selected: {df}"),
        (Some(df), Some(ef)) => format!("selected: {} in {df}", names::file(ef)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Verified;
    use crate::files::FileId;
    use rstest::rstest;

    fn state() -> CardState {
        CardState {
            powered: true,
            life_cycle: LifeCycle::Operational,
            pin_left: 3,
            puk_left: 10,
            verified: Verified::default(),
            device_authenticated: false,
            channel: Channel::Plain,
            document: Default::default(),
            current_df: None,
            current_ef: None,
            unfinished_chain: false,
        }
    }

    const fn protected(send_sequence_counter: u64) -> Channel {
        Channel::Protected {
            send_sequence_counter,
        }
    }

    #[test]
    fn nothing_happened() {
        assert!(changes(&state(), &state()).is_empty());
    }

    #[rstest]
    #[case::a_try(|s: &mut CardState| s.pin_left = 2, "PIN: 2 tries left, 3 before")]
    #[case::the_last(|s: &mut CardState| s.puk_left = 1, "PUK: 1 try left, 10 before")]
    #[case::blocked(|s: &mut CardState| s.life_cycle = LifeCycle::PinBlocked, "life cycle: PIN blocked, the PUK unblocks it")]
    #[case::verified(|s: &mut CardState| s.verified.pin = true, "PIN verified")]
    #[case::terminal(|s: &mut CardState| s.device_authenticated = true, "terminal authenticated")]
    #[case::session(|s: &mut CardState| s.channel = protected(1), "secure messaging on, send sequence counter 0000000000000001")]
    #[case::application(|s: &mut CardState| s.current_df = Some("CIE"), "selected: CIE")]
    #[case::file(|s: &mut CardState| { s.current_df = Some("MF"); s.current_ef = Some(FileId::EF_DH); }, "selected: EF.DH (D004) in MF")]
    #[case::chain(|s: &mut CardState| s.unfinished_chain = true, "command chain open: the last link is awaited")]
    #[case::power(|s: &mut CardState| s.powered = false, "power lost")]
    fn one_change(#[case] change: fn(&mut CardState), #[case] sentence: &str) {
        let mut after = state();
        change(&mut after);
        assert_eq!(changes(&state(), &after), [sentence]);
        assert_eq!(changes(&after, &state()).len(), 1, "and back");
    }

    #[rstest]
    #[case::two_steps(protected(9), None)]
    #[case::set(
        protected(0x0102),
        Some("secure messaging goes on with send sequence counter 0000000000000102")
    )]
    #[case::ended(Channel::Plain, Some("secure messaging ended"))]
    fn a_session_goes_on(#[case] after: Channel, #[case] sentence: Option<&str>) {
        assert_eq!(channel(protected(7), after).as_deref(), sentence);
    }
}
