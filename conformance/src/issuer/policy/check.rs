//! What the types of a policy cannot promise: that the gates stand in an order that gives nothing away, that numbers make
//! sense together, that dates follow each other, that the account exists.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::gate::{
    CodeGate, ContactsWanted, Disclose, Field, Gate, Identify, IssueSecret, OnMismatch, SendTo,
};
use super::{Policy, Revision};
use crate::issuer::account::Accounts;
use crate::scenario::decode::suggestion;
use crate::scenario::{At, Code, Problem, Problems, Source, Span};

pub(super) fn check(policy: &Policy, source: &Arc<Source>, accounts: &Accounts) -> Problems {
    let mut check = Check {
        source,
        problems: Problems::default(),
    };
    check.header(policy, accounts);
    check.revisions(&policy.revisions);
    check.gates(policy, &policy.gates);
    for gates in policy.revisions.iter().filter_map(|it| it.gates.as_ref()) {
        check.gates(policy, gates);
    }
    check.problems
}

struct Check<'s> {
    source: &'s Arc<Source>,
    problems: Problems,
}

/// Numbers a policy may give: name, least, most.
type Range = (&'static str, u32, u32);

impl Check<'_> {
    fn say<T>(&mut self, at: &At<T>, code: Code, message: impl Into<String>) {
        self.tell(at.span.clone(), code, message, None);
    }

    fn tell(
        &mut self,
        span: Option<Span>,
        code: Code,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let span = span.unwrap_or_else(|| Span::whole(self.source));
        let problem = Problem::new(code, message, span);
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    fn number(&mut self, number: &At<u32>, (name, least, most): Range) {
        if !(least..=most).contains(&number.value) {
            let message = format!("`{name}` is {}; it is {least} to {most}", number.value);
            self.say(number, Code::BadValue, message);
        }
    }

    fn header(&mut self, policy: &Policy, accounts: &Accounts) {
        let file = self.source.name().rsplit('/').next();
        let stem = file.and_then(|file| file.strip_suffix(".yaml"));
        if stem.is_some_and(|stem| stem != policy.id.value) {
            let message = format!(
                "the policy `{}` is not in a file of its name",
                policy.id.value
            );
            self.say(&policy.id, Code::Id, message);
        }
        if policy.channels.is_empty() {
            self.tell(
                None,
                Code::BadValue,
                "a policy without channels lets nobody in",
                None,
            );
        }
        if let Some(account) = &policy.account {
            if !accounts.names().any(|name| name == account.name.value) {
                let names: Vec<&str> = accounts.names().collect();
                let message = format!("there is no account `{}`", account.name.value);
                let help = suggestion(&account.name.value, &names);
                self.tell(
                    account.name.span.clone(),
                    Code::BadValue,
                    message,
                    Some(help),
                );
            }
            if account.require.is_empty() {
                self.say(
                    &account.require,
                    Code::BadValue,
                    "no state of the account is allowed",
                );
            }
        }
        self.number(&policy.limits.open, ("open", 1, 10));
        self.number(&policy.limits.starts.max, ("max", 1, 100));
    }

    fn revisions(&mut self, revisions: &[At<Revision>]) {
        let mut names = BTreeSet::new();
        for revision in revisions {
            if !names.insert(revision.id.value.as_str()) {
                let message = format!("the revision `{}` is there already", revision.id.value);
                self.say(&revision.id, Code::Id, message);
            }
            if let (Some(from), Some(until)) = (&revision.from, &revision.until)
                && until.value < from.value
            {
                let message = format!("the revision ends on {}, before it begins", until.value);
                self.say(until, Code::BadValue, message);
            }
            if revision.eligible.is_none() && revision.otherwise.is_some() {
                let message = "`otherwise` is for those who are not eligible, and everybody is";
                self.say(&revision.id, Code::BadValue, message);
            }
        }
        for pair in revisions.windows(2) {
            if let [before, after] = pair
                && after.begins() < before.ends()
            {
                let message = format!(
                    "the revision `{}` begins before `{}` is over",
                    after.id.value, before.id.value
                );
                let place = after.from.as_ref().and_then(|day| day.span.clone());
                let help = "give the earlier one an `until`, and put them in the order of time";
                let span = place.or_else(|| after.id.span.clone());
                self.tell(span, Code::BadValue, message, Some(help.to_owned()));
            }
        }
    }

    fn gates(&mut self, policy: &Policy, gates: &At<Vec<Gate>>) {
        let Some(Gate::Identify(identify)) = gates.first() else {
            let message = "the first gate is `identify`: nothing happens for nobody";
            return self.say(gates, Code::BadValue, message);
        };
        let effects = gates.iter().filter(|gate| gate.has_effect()).count();
        if effects == 0 {
            self.say(
                gates,
                Code::BadValue,
                "no gate gives or sets a secret: people end where they began",
            );
        }
        let mut coded = false;
        for (place, gate) in gates.iter().enumerate() {
            if place > 0 && matches!(gate, Gate::Identify(_)) {
                self.say(
                    gates,
                    Code::BadValue,
                    "`identify` is the first gate, and only the first",
                );
            }
            if gate.has_effect() && identify.on_mismatch == OnMismatch::Silent && !coded {
                let message = format!(
                    "with `on_mismatch: silent`, a `code` must stand before `{}`: only a code that is never sent keeps strangers out",
                    gate.name()
                );
                self.say(gates, Code::BadValue, message);
            }
            coded |= matches!(gate, Gate::Code(_));
            if let Gate::Code(code) = gate
                && code.channel == SendTo::SameContact
                && identify.contacts.is_none()
            {
                let message = "`same_contact` is the one told to `identify`, which asks for none";
                self.say(code, Code::BadValue, message);
            }
            self.gate(policy, gate);
            self.account(policy, gate, gates);
        }
    }

    fn account(&mut self, policy: &Policy, gate: &Gate, gates: &At<Vec<Gate>>) {
        let needs = match gate {
            Gate::ChooseSecret(_) | Gate::IssueSecret(_) | Gate::FirstUseChange(_) => true,
            Gate::Identify(_)
            | Gate::Captcha(_)
            | Gate::CardProof(_)
            | Gate::Cooling(_)
            | Gate::Code(_)
            | Gate::Disclose(_) => false,
        };
        if needs && policy.account.is_none() {
            let message = format!(
                "`{}` sets the secret of an account, and `account` is missing",
                gate.name()
            );
            self.say(gates, Code::MissingField, message);
        }
    }

    fn gate(&mut self, policy: &Policy, gate: &Gate) {
        match gate {
            Gate::Identify(gate) => self.identify(policy, gate),
            Gate::Captcha(_) | Gate::Cooling(_) => {}
            Gate::CardProof(gate) => self.number(&gate.bytes, ("bytes", 8, 64)),
            Gate::Code(gate) => self.code(gate),
            Gate::ChooseSecret(gate) => {
                self.number(&gate.max, ("max", 1, 128));
                if let Some(why) = gate.rules().impossible() {
                    self.say(&gate.min, Code::BadValue, why);
                }
            }
            Gate::IssueSecret(gate) => self.issue(gate),
            Gate::Disclose(gate) => self.disclose(gate),
            Gate::FirstUseChange(gate) => {
                self.number(&gate.len, ("len", 4, 64));
                self.number(&gate.max_tries, ("max_tries", 1, 10));
            }
        }
    }

    fn identify(&mut self, policy: &Policy, gate: &At<Identify>) {
        if !gate.fields.iter().any(|field| field.value.finds()) {
            let message = "none of these fields finds a person: ask for cf, nun, nis or email";
            self.say(gate, Code::BadValue, message);
        }
        let asks = |wanted: Field| gate.fields.iter().any(|field| field.value == wanted);
        match (&gate.puk_digits, asks(Field::PukFirst)) {
            (Some(digits), true) => self.number(digits, ("puk_digits", 1, 4)),
            (None, true) => self.say(
                gate,
                Code::MissingField,
                "`puk_first` needs `puk_digits`: how many",
            ),
            (Some(digits), false) => self.say(
                digits,
                Code::BadValue,
                "`puk_digits` is of the field `puk_first`",
            ),
            (None, false) => {}
        }
        if asks(Field::CurrentSecret) && policy.account.is_none() {
            self.say(
                gate,
                Code::MissingField,
                "`current_secret` is of an account, and `account` is missing",
            );
        }
        if let Some(contacts) = &gate.contacts {
            self.contacts(contacts);
        }
    }

    fn contacts(&mut self, contacts: &ContactsWanted) {
        let most = u32::try_from(contacts.of.len()).unwrap_or(u32::MAX);
        self.number(&contacts.at_least, ("at_least", 1, most.max(1)));
    }

    fn code(&mut self, gate: &At<CodeGate>) {
        match (&gate.len, gate.kind.has_code()) {
            (Some(length), true) => self.number(length, ("len", 4, 64)),
            (None, true) => self.say(
                gate,
                Code::MissingField,
                "the field `len` is missing: how long the code is",
            ),
            (Some(length), false) => self.say(length, Code::BadValue, "a link has no `len`"),
            (None, false) => {}
        }
        self.number(&gate.max_tries, ("max_tries", 1, 10));
        self.number(&gate.max_sends, ("max_sends", 1, 10));
    }

    fn issue(&mut self, gate: &At<IssueSecret>) {
        if gate.parts.is_empty() {
            self.say(&gate.parts, Code::BadValue, "a secret without parts");
        }
        let mut ways = BTreeSet::new();
        for part in gate.parts.iter() {
            self.number(&part.len, ("len", 1, 64));
            if part.channel.is_empty() {
                self.say(
                    &part.len,
                    Code::BadValue,
                    "a part without `channel` reaches nobody",
                );
            }
            if part.channel.iter().any(|way| !ways.insert(*way)) {
                let message = "two parts may go the same way, which then carries the whole secret";
                self.say(&gate.parts, Code::BadValue, message);
            }
        }
    }

    fn disclose(&mut self, gate: &At<Disclose>) {
        if gate.parts.value != 2 {
            self.say(
                &gate.parts,
                Code::BadValue,
                "a PUK is kept in two halves: `parts: 2`",
            );
        }
    }
}
