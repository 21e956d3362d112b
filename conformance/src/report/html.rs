//! The report as one HTML file that needs nothing else: no network, no folder beside it. The page is built in the browser from
//! the result model embedded in it; this module only puts the pieces together so that no text from a card or a scenario can
//! become markup.
//!
//! Two walls: the page makes text nodes only and the data are embedded as JSON in which `<`, `>`, `&`, U+2028 and U+2029
//! are escaped; and a content security policy lets nothing run or load but the two blocks that carry this file's nonce. The nonce
//! is a digest of the data, so that equal results give equal files and text inside the data cannot know it.
//!
//! A fragment opens a place: `#case=NAME&step=NUMBER`, `#view=coverage`, `#verdict=failed,error`, `#requirement=ID`, `#q=TEXT`.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::coverage::Coverage;
use super::error::ReportError;
use super::model::{RunResult, Verdict};
use super::words::status_words_of;

const PAGE: &str = include_str!("../../assets/report/page.html");
const STYLE: &str = include_str!("../../assets/report/page.css");
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../../assets/report/dom.js"),
    include_str!("../../assets/report/exchange.js"),
    include_str!("../../assets/report/case.js"),
    include_str!("../../assets/report/coverage.js"),
    include_str!("../../assets/report/app.js"),
    "})();\n",
);

/// What the page's script reads.
#[derive(Serialize)]
struct Data<'a> {
    run: &'a RunResult,
    coverage: Coverage,
    /// Status words that stand in failures, in words; the page has no table of its own.
    words: BTreeMap<&'a str, String>,
}

/// Writes the page. Equal results give equal bytes.
///
/// # Errors
/// [`ReportError::Render`] when the serializer fails, which no value of the model causes.
pub fn render(run: &RunResult) -> Result<String, ReportError> {
    let data = Data {
        run,
        coverage: Coverage::of(run),
        words: words(run),
    };
    let data = serde_json::to_string(&data);
    let data = data.map_err(|error| ReportError::Render {
        format: "HTML",
        reason: error.to_string(),
    })?;
    let data = inside_script(&data);
    let nonce = hex::encode(Sha256::digest(data.as_bytes()));
    let title = title(run);
    let plain = plain_list(run);
    let values = BTreeMap::from([
        ("nonce", nonce.as_str()),
        ("title", title.as_str()),
        ("style", STYLE),
        ("plain", plain.as_str()),
        ("data", data.as_str()),
        ("script", SCRIPT),
    ]);
    Ok(fill(PAGE, &values))
}

/// Puts values in the places `@{name}` of a template, in one pass: what a value contains is not looked at again.
fn fill(template: &str, values: &BTreeMap<&str, &str>) -> String {
    let mut pieces = template.split("@{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
        out.push_str(values.get(name).copied().unwrap_or_default());
        out.push_str(rest);
    }
    out
}

/// JSON that can stand in a script element and in any parser's idea of JavaScript: these characters occur only inside its
/// strings, where an escape means the same.
fn inside_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 64);
    for character in json.chars() {
        match character {
            '<' => out.push_str("\\u003C"),
            '>' => out.push_str("\\u003E"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

/// Text as it stands between tags or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn title(run: &RunResult) -> String {
    let counted = Verdict::ALL
        .into_iter()
        .filter(|&verdict| run.totals.count(verdict) > 0);
    let counts: Vec<String> = counted
        .map(|verdict| format!("{} {}", run.totals.count(verdict), verdict.label()))
        .collect();
    escaped(&format!(
        "CIE conformance: {}",
        if counts.is_empty() {
            "nothing ran".to_owned()
        } else {
            counts.join(", ")
        }
    ))
}

/// The verdicts as a list, for a browser without scripts.
fn plain_list(run: &RunResult) -> String {
    let item = |case: &super::model::CaseResult| {
        let reason = case
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {}", escaped(reason)));
        format!(
            "<li>{} <b>{}</b>{reason}</li>",
            case.verdict.label(),
            escaped(&case.name())
        )
    };
    run.cases.iter().map(item).collect()
}

fn words(run: &RunResult) -> BTreeMap<&str, String> {
    let failures = run
        .cases
        .iter()
        .flat_map(|case| &case.steps)
        .flat_map(|step| &step.failures);
    let texts = failures
        .flat_map(|failure| [failure.expected.as_deref(), failure.got.as_deref()])
        .flatten();
    texts
        .filter_map(|text| status_words_of(text).map(|words| (text, words)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{any, proptest};

    use super::{fill, inside_script, render};
    use crate::report::model::{CaseResult, RunResult, TargetInfo};

    #[test]
    fn a_value_that_looks_like_a_place_is_left_alone() {
        let values = BTreeMap::from([("a", "@{b}"), ("b", "no")]);
        assert_eq!(fill("x@{a}y", &values), "x@{a}y".replace("@{a}", "@{b}"));
    }

    proptest! {
        #[test]
        fn embedded_json_reads_back_and_cannot_leave_its_element(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let embedded = inside_script(&json);
            assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
            assert_eq!(serde_json::from_str::<String>(&embedded).unwrap(), text);
        }

        #[test]
        fn no_text_from_outside_becomes_markup(text in "[<>/a-z\"'& =!-]{0,40}") {
            let quiet = |text: &str| {
                let mut run = RunResult::new(text, text, text, TargetInfo { kind: text.to_owned(), description: text.to_owned() });
                let reason = Some(text.to_owned());
                run.cases = vec![CaseResult { id: text.to_owned(), title: text.to_owned(), reason, ..CaseResult::default() }];
                run.seal();
                render(&run).unwrap().matches('<').count()
            };
            assert_eq!(quiet(&text), quiet("x"));
        }
    }
}
