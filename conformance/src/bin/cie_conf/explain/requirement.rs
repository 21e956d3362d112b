//! A requirement or an item of an article in words, with the scenarios that cite it.

use std::fmt::Write as _;

use cie_conformance::requirements::{Account, Evidence, Item, Requirement};
use cie_conformance::scenario::model::{Chips, Polarity};
use cie_conformance::suite::Suite;

use crate::failure::Failure;

pub(super) fn words(suite: &Suite, requirement: &Requirement) -> Result<String, Failure> {
    let mut out = format!(
        "{}  {}\n  {}\n",
        requirement.id, requirement.level, requirement.text
    );
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<10} {text}");
    };
    for source in &requirement.source {
        line("source", source);
    }
    line("evidence", evidence(requirement.evidence));
    if let Chips::These(chips) = &requirement.chips {
        line("chips", &chips.join(", "));
    }
    if let Some(parameter) = &requirement.parameter {
        line(
            "parameter",
            &format!("{parameter}: by this a card of the program can be made to do otherwise"),
        );
    }
    tested_by(suite, &requirement.id, &mut out)?;
    Ok(out)
}

/// An item of an article, with the scenarios that cite it.
pub(super) fn item(suite: &Suite, item: &Item) -> Result<String, Failure> {
    let became: Vec<&str> = item.disposition.iter().map(|one| one.label()).collect();
    let article = suite.requirements().articles().iter();
    let mut article = article.filter(|article| item.id.starts_with(article.name.as_str()));
    let title = article.next().map_or("", |article| article.title.as_str());
    let mut out = format!("{}\n  {}\n", item.id, item.text);
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<10} {text}");
    };
    line("article", title);
    line("lines", &item.lines);
    line("became", &became.join(", "));
    match &item.account {
        Account::Citations => {}
        Account::Reason(reason) => line("because", reason),
        Account::Open(open) => line("waits for", open),
    }
    tested_by(suite, &item.id, &mut out)?;
    Ok(out)
}

/// The scenarios that cite an id, one a line.
fn tested_by(suite: &Suite, id: &str, out: &mut String) -> Result<(), Failure> {
    let mut line = |text: &str| {
        let _ = writeln!(out, "  {:<10} {text}", "tested by");
    };
    let cases = suite.cases()?;
    let citing = cases.chunk_by(|a, b| a.id == b.id).filter_map(<[_]>::first);
    let citing = citing.filter(|case| case.requirements().any(|cited| cited == id));
    let mut cited = false;
    for case in citing {
        cited = true;
        let sign = match case.polarity() {
            Polarity::Positive => '+',
            Polarity::Negative => '-',
            Polarity::Both => '±',
        };
        line(&format!("{sign} {}: {}", case.id, case.title()));
    }
    if !cited {
        line("no scenario");
    }
    Ok(())
}

const fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::A => "A: the issuer's own documents or code, or the standard itself",
        Evidence::B => "B: several independent sources",
        Evidence::C => "C: one source",
        Evidence::I => "I: inferred from better evidence",
        Evidence::Open => "?: open; it states what the card of this program does",
    }
}

/// An id that is in no file, with those of its topic.
pub(super) fn unknown(suite: &Suite, id: &str) -> Failure {
    let id = id.to_ascii_uppercase();
    let topic = id.rsplit_once('-').map_or(id.as_str(), |(topic, _)| topic);
    let all = || {
        suite
            .requirements()
            .iter()
            .map(|requirement| requirement.id.as_str())
    };
    let of_topic: Vec<&str> = all().filter(|known| known.starts_with(topic)).collect();
    let hint = match (of_topic.first(), of_topic.last()) {
        (Some(first), Some(last)) => format!("of its topic there are {first} to {last}"),
        _ => {
            let topics: Vec<&str> = suite
                .requirements()
                .topics()
                .iter()
                .map(|topic| topic.name.as_str())
                .collect();
            format!("the topics are {}", topics.join(", "))
        }
    };
    Failure::Usage(format!("there is no requirement {id}; {hint}"))
}

/// An id of an item that is in no article, with those that are.
pub(super) fn unknown_item(suite: &Suite, id: &str) -> Failure {
    let known = suite.requirements();
    let of_articles = known.articles().iter().filter_map(|article| {
        let mut items = known
            .items()
            .filter(|item| item.id.starts_with(article.name.as_str()));
        let first = items.next()?;
        let last = items.next_back().unwrap_or(first);
        Some(format!("{} to {}", first.id, last.id))
    });
    let of_articles: Vec<String> = of_articles.collect();
    let there_are = of_articles.join(" and ");
    Failure::Usage(format!(
        "there is no item {id}; the articles have {there_are}"
    ))
}
