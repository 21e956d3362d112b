//! Checks on steps at the issuer that need to know what the program's issuer knows: its policies and accounts, its reasons, and
//! that it opens before anything happens there.

use super::case::Case;
use super::decode::At;
use super::model::issuer::Issuer;
use super::model::{Action, Step};
use super::problem::{Code, Problem, Problems, nearest};
use crate::issuer::policy::{Policies, policy_files};
use crate::issuer::reason::WORDS;

/// Reports names that mean nothing to the issuer, and an issuer that opens when it is open.
pub(super) fn check(case: &Case, problems: &mut Problems) {
    let mut open = false;
    for step in case.steps.iter().chain(&case.finally) {
        if let Action::Issuer(issuer) = &step.action {
            if open && matches!(**issuer, Issuer::Open(_)) {
                let message =
                    "the issuer is open already: `open` comes before every other step at it";
                let place = step.verb_span.clone();
                problems.push(Problem::new(Code::BadValue, message, place));
            }
            open = true;
            names(issuer, step, problems);
        }
    }
}

fn names(issuer: &Issuer, step: &Step, problems: &mut Problems) {
    match issuer {
        Issuer::Start(start) => known("policy", &start.policy, &policies(), problems),
        Issuer::Login(login) => known("account", &login.account, &accounts(), problems),
        Issuer::Revoke(revoke) => known("account", &revoke.account, &accounts(), problems),
        _ => {}
    }
    let reply = step.expect.reply.as_ref();
    if let Some(reason) = reply.and_then(|reply| reply.value.reason.as_ref()) {
        let words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
        known("reason", reason, &words, problems);
    }
}

fn known(what: &str, given: &At<String>, names: &[String], problems: &mut Problems) {
    let (false, Some(span)) = (names.contains(&given.value), &given.span) else {
        return;
    };
    let message = format!("the issuer has no {what} `{}`", given.value);
    let problem = Problem::new(Code::BadValue, message, span.clone());
    let known = names.iter().map(String::as_str);
    problems.push(match nearest(&given.value, known) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!("there are: {}", names.join(", "))),
    });
}

/// The names of the policies: those of their files.
fn policies() -> Vec<String> {
    let files = policy_files();
    let names = files.iter().filter_map(|file| {
        let name = file.name().rsplit('/').next()?;
        name.strip_suffix(".yaml").map(str::to_owned)
    });
    names.collect()
}

fn accounts() -> Vec<String> {
    let policies = Policies::embedded().ok();
    let names = policies
        .iter()
        .flat_map(|policies| policies.accounts().names());
    names.map(str::to_owned).collect()
}
