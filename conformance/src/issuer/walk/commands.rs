//! The commands that can be given at every prompt instead of an answer.

use crate::issuer::clock::{Period, Timestamp};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    /// On by this much, or to what happens next.
    Advance(Option<Period>),
    Until(Timestamp),
    /// A time that is none, and why.
    BadTime(String),
    Outbox,
    Audit,
    State,
    Resend,
    Again,
    /// User name, secret, and for level 2 a code, or the wish for one.
    Login {
        alias: String,
        secret: String,
        otp: Option<String>,
    },
    Quit,
}

/// Each with what it does, for `help`.
pub(super) const HELP: [(&str, &str); 11] = [
    (
        "advance 48h",
        "lets time pass: 90s, 10m, 48h, 2d or PT48H; without a length, up to what happens next",
    ),
    ("until 2026-03-04T09:00:00Z", "lets time pass up to then"),
    (
        "outbox",
        "every message that was sent, with what stands in it",
    ),
    ("audit", "what the issuer has written down"),
    (
        "state",
        "where the recovery, the account and the card stand",
    ),
    ("resend", "asks for the code once more"),
    (
        "login NAME SECRET",
        "tries a secret at the account; with a third word `send` or a code, level 2",
    ),
    ("again", "begins another recovery"),
    ("help", "this list"),
    ("quit", "leaves"),
    (
        "=TEXT",
        "TEXT as an answer, also where it looks like a command",
    ),
];

impl Command {
    /// The command that a line is, if it is one.
    pub(super) fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(match words.as_slice() {
            ["help" | "?"] => Self::Help,
            ["outbox"] => Self::Outbox,
            ["audit"] => Self::Audit,
            ["state"] => Self::State,
            ["resend"] => Self::Resend,
            ["again"] => Self::Again,
            ["quit" | "exit"] => Self::Quit,
            ["advance"] => Self::Advance(None),
            ["advance", length @ ..] => match length.join(" ").parse() {
                Ok(length) => Self::Advance(Some(length)),
                Err(why) => Self::BadTime(why),
            },
            ["until", instant] => match instant.parse() {
                Ok(instant) => Self::Until(instant),
                Err(_) => Self::BadTime(format!(
                    "`{instant}` is no instant; write it as 2026-03-04T09:00:00Z"
                )),
            },
            ["login", alias, secret] => Self::login(alias, secret, None),
            ["login", alias, secret, otp] => Self::login(alias, secret, Some(otp)),
            _ => return None,
        })
    }

    fn login(alias: &str, secret: &str, otp: Option<&str>) -> Self {
        Self::Login {
            alias: alias.to_owned(),
            secret: secret.to_owned(),
            otp: otp.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Command;

    #[rstest]
    #[case::next("advance", Some(Command::Advance(None)))]
    #[case::hours("advance 48h", Some(Command::Advance("PT48H".parse().ok())))]
    #[case::days("  advance  2 days ", Some(Command::Advance("PT48H".parse().ok())))]
    #[case::iso("advance PT10M", Some(Command::Advance("PT10M".parse().ok())))]
    #[case::no_command("Fresh-Start-26", None)]
    #[case::more_words("state of mind", None)]
    #[case::empty("", None)]
    fn a_line(#[case] line: &str, #[case] command: Option<Command>) {
        assert_eq!(Command::read(line), command);
    }

    #[rstest]
    #[case::word("advance soon", "`soon` is no length of time")]
    #[case::back("advance -1h", "not longer than nothing")]
    #[case::month("advance 1mo", "months")]
    #[case::instant("until tomorrow", "`tomorrow` is no instant")]
    fn a_time_that_is_none_is_told_off(#[case] line: &str, #[case] said: &str) {
        match Command::read(line) {
            Some(Command::BadTime(why)) => assert!(why.contains(said), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
