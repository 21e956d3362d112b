//! Gates, limits and lengths of time in words.

use crate::issuer::clock::{Period, Timestamp};
use crate::issuer::policy::{
    ChooseSecret, CodeGate, CodeKind, ContactsWanted, Field, FirstUseChange, Gate, Generator,
    Identify, Limits, Medium, OnMismatch, Policy, SendTo, WhenOpen,
};
use crate::issuer::rules::{Charset, Class};

/// A length of time as people say it: `48 hours`, `30 days`, `10 minutes`.
pub(super) fn length(period: Period) -> String {
    seconds(period.after(Timestamp::UNIX_EPOCH).as_second())
}

/// How long it is from one instant to another.
pub(super) fn between(from: Timestamp, until: Timestamp) -> String {
    seconds(until.as_second() - from.as_second())
}

fn seconds(seconds: i64) -> String {
    let units = [(86_400, "day", 3), (3_600, "hour", 1), (60, "minute", 1)];
    let whole = units
        .into_iter()
        .find(|(unit, _, least)| seconds % unit == 0 && seconds / unit >= *least);
    match whole {
        Some((unit, name, _)) => counted(seconds / unit, name),
        None if seconds >= 3_600 => {
            let (hours, rest) = (seconds / 3_600, seconds % 3_600);
            format!("{} {}", counted(hours, "hour"), self::seconds(rest))
        }
        None if seconds >= 60 => {
            let (minutes, rest) = (seconds / 60, seconds % 60);
            format!("{} {}", counted(minutes, "minute"), counted(rest, "second"))
        }
        None => counted(seconds, "second"),
    }
}

fn counted(count: i64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

pub(super) fn field(field: Field) -> &'static str {
    match field {
        Field::Cf => "fiscal code",
        Field::Nun => "number of the card",
        Field::Nis => "service number of the card",
        Field::Email => "e-mail address",
        Field::Sod => "security object of the card",
        Field::PukFirst => "first digits of the PUK",
        Field::CurrentSecret => "secret in force",
        Field::HealthCard => "number of the health card",
    }
}

pub(super) fn medium(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "telephone",
        Medium::Email => "e-mail address",
        Medium::Pec => "certified e-mail address",
    }
}

fn alphabet(charset: Charset) -> &'static str {
    match charset {
        Charset::Digits => "digits",
        Charset::Alnum => "letters and digits",
        Charset::Printable => "printable characters",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Upper => "a capital letter",
        Class::Lower => "a small letter",
        Class::Digit => "a digit",
        Class::Symbol => "a symbol",
    }
}

/// How often the policy can be begun, and how long it may take.
pub(super) fn limits(limits: &Limits) -> String {
    let when = match limits.when_open {
        WhenOpen::Supersede => "a new one closes the oldest",
        WhenOpen::Refuse => "a new one is refused",
    };
    format!(
        "{} in {}; {} open at a time, {when}; each for {} at most",
        counted(i64::from(limits.starts.max.value), "start"),
        length(limits.starts.per),
        limits.open.value,
        length(limits.lifetime)
    )
}

/// What an account must be like, and where and when a policy is open.
pub(super) fn conditions(policy: &Policy) -> String {
    let ways: Vec<&str> = policy.channels.iter().map(|it| it.name()).collect();
    let mut all = vec![format!("offered by {}", ways.join(", "))];
    if let Some(account) = &policy.account {
        let states: Vec<&str> = account.require.iter().map(|it| it.name()).collect();
        let name = &account.name.value;
        all.push(format!(
            "the account {name} must be {}",
            states.join(" or ")
        ));
    }
    if let Some(document) = &policy.document {
        let states: Vec<&str> = document.iter().map(|it| it.name()).collect();
        all.push(format!("the document must be {}", states.join(" or ")));
    }
    all.join("; ")
}

/// What a gate asks for, and under which limits.
pub(super) fn gate(gate: &Gate) -> String {
    match gate {
        Gate::Identify(gate) => identify(gate),
        Gate::Captcha(_) => "show that you are no machine: the word is human".to_owned(),
        Gate::CardProof(gate) => format!(
            "the card signs {} random bytes with its services key, without PIN or PUK; good for {}, and a wrong signature closes",
            gate.bytes.value,
            length(gate.ttl)
        ),
        Gate::Cooling(gate) => format!(
            "nothing can be done for {}: a thief would have to keep the card as long",
            length(gate.duration)
        ),
        Gate::Code(gate) => code(gate),
        Gate::ChooseSecret(gate) => choose(gate),
        Gate::IssueSecret(gate) => {
            let parts = gate.parts.iter().map(|part| {
                let ways: Vec<&str> = part.channel.iter().map(|it| it.name()).collect();
                format!("{} by {}", part.len.value, ways.join(" or "))
            });
            let parts: Vec<String> = parts.collect();
            let of = alphabet(gate.charset);
            format!(
                "a first secret of {of} is sent in parts: {}",
                parts.join(", ")
            )
        }
        Gate::Disclose(_) => {
            "the PUK comes back in two halves, each encrypted to the device by itself".to_owned()
        }
        Gate::FirstUseChange(gate) => change(gate),
    }
}

fn identify(gate: &Identify) -> String {
    let asked: Vec<&str> = gate.fields.iter().map(|it| field(it.value)).collect();
    let contacts = gate.contacts.as_ref().map(contacts).unwrap_or_default();
    let stranger = match gate.on_mismatch {
        OnMismatch::Reject => "whoever does not match is told so",
        OnMismatch::Silent => {
            "whoever does not match hears what everybody hears, and is sent nothing"
        }
    };
    format!(
        "say who you are: {}{contacts}; {stranger}",
        asked.join(", ")
    )
}

fn contacts(wanted: &ContactsWanted) -> String {
    let ways: Vec<&str> = wanted.of.iter().map(|it| medium(*it)).collect();
    let least = wanted.at_least.value;
    format!(", and at least {least} of {} on record", ways.join(", "))
}

fn code(gate: &CodeGate) -> String {
    let letters = match (&gate.len, gate.charset) {
        (Some(length), charset) => format!("{} {}", length.value, alphabet(charset)),
        (None, _) => String::new(),
    };
    let what = match gate.kind {
        CodeKind::Otp => format!("a code of {letters} goes"),
        CodeKind::Link => "a link goes".to_owned(),
        CodeKind::LinkAndCode => format!("a link and a code of {letters} go"),
    };
    let to = match gate.channel {
        SendTo::Sms => "to the telephone on record",
        SendTo::Email => "to the e-mail address on record",
        SendTo::Pec => "to the certified e-mail address on record",
        SendTo::SameContact => "to the contact that was told, as it is on record",
    };
    let repeat: Vec<&str> = gate.repeat.iter().map(|it| field(it.value)).collect();
    let repeat = match repeat.is_empty() {
        true => String::new(),
        false => format!("; to be told again with it: {}", repeat.join(", ")),
    };
    format!(
        "{what} {to}; good for {}, {}, sent {} at most{repeat}",
        length(gate.ttl),
        tries(gate.max_tries.value),
        counted(i64::from(gate.max_sends.value), "time")
    )
}

fn tries(most: u32) -> String {
    match most {
        1 => "1 try".to_owned(),
        most => format!("{most} tries"),
    }
}

fn choose(gate: &ChooseSecret) -> String {
    let mut rules = vec![format!(
        "{} to {} {}",
        gate.min.value,
        gate.max.value,
        alphabet(gate.charset)
    )];
    if !gate.require.is_empty() {
        let classes: Vec<&str> = gate.require.iter().map(|it| class(*it)).collect();
        rules.push(format!("at least {}", classes.join(", ")));
    }
    if let Some(most) = gate.max_run {
        rules.push(format!("at most {most} equal ones in a row"));
    }
    match gate.history {
        0 => {}
        1 => rules.push("not the one in force".to_owned()),
        history => rules.push(format!("none of the last {history}")),
    }
    format!("choose a new secret: {}", rules.join("; "))
}

fn change(gate: &FirstUseChange) -> String {
    let (count, of) = (gate.len.value, alphabet(gate.charset));
    let new = match gate.generator {
        Generator::User => format!("a new one of {count} {of}"),
        Generator::System => format!("the new one of {count} {of} that was shown"),
    };
    format!(
        "give the secret in force and {new}, twice; {} for the secret in force",
        tries(gate.max_tries.value)
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::length;

    #[rstest]
    #[case("PT48H", "48 hours")]
    #[case("P30D", "30 days")]
    #[case("PT2M", "2 minutes")]
    #[case("PT1S", "1 second")]
    #[case("PT90S", "1 minute 30 seconds")]
    #[case("PT47H59M59S", "47 hours 59 minutes 59 seconds")]
    #[case("PT1H", "1 hour")]
    fn a_length_of_time(#[case] period: &str, #[case] words: &str) {
        assert_eq!(length(period.parse().expect("a length")), words);
    }
}
