//! The HTML report in a browser: a person clicks a failing case and sees its failing step, finds things by filter and by
//! keyboard, opens a link to a step; and nothing a card or a scenario said acts.

use std::path::PathBuf;

use cie_conformance::report::html;
use cie_conformance::report::model::RunResult;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::sample;

fn page(run: &RunResult) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    std::fs::write(&file, html::render(run).unwrap()).unwrap();
    (folder, file)
}

const TARGET: &str = "document.querySelector('.case[open] .step.target')";

/// Whether the highlighted step is inside the window and below the filters, a few frames later.
const TARGET_IS_IN_VIEW: &str = "(async () => { \
    for (let frame = 0; frame < 5; frame += 1) await new Promise(requestAnimationFrame); \
    const r = document.querySelector('.case[open] .step.target summary').getBoundingClientRect(); \
    return r.top >= document.getElementById('filters').getBoundingClientRect().bottom && r.bottom <= innerHeight; })()";

#[test]
fn a_click_on_a_failing_case_shows_its_failing_step() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::run());
    browser.open(&file, "");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.case').length"),
        7
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.step').length"),
        0,
        "built only when opened"
    );
    browser.click("[data-case='pin/lock-then-unblock[chip=gemalto]'] > summary");
    assert_eq!(browser.evaluate(&format!("{TARGET}.dataset.step")), "2.2.1");
    assert_eq!(
        browser.evaluate(&format!("{TARGET}.querySelector('details').open")),
        true
    );
    assert_eq!(browser.evaluate(TARGET_IS_IN_VIEW), true);
    let shown = browser.evaluate(&format!("{TARGET}.innerText"));
    for wanted in [
        "63C1",
        "63C2",
        "verification failed, 1 try left",
        "protected",
        "PIN 2, PUK 10",
    ] {
        assert!(
            shown.as_str().unwrap().contains(wanted),
            "{wanted} in {shown}"
        );
    }
    assert_eq!(
        browser.evaluate("document.body.innerText.includes('[object')"),
        false
    );
    assert_eq!(
        browser.evaluate(&format!("{TARGET}.querySelectorAll('mark').length")),
        4,
        "the nibble, twice per failure"
    );
    assert_eq!(
        browser.evaluate(&format!(
            "[...{TARGET}.querySelectorAll('.compare')][0].querySelector('mark').textContent"
        )),
        "1"
    );
    assert_eq!(
        browser.evaluate("location.hash"),
        "#case=pin%2Flock-then-unblock%5Bchip%3Dgemalto%5D&step=2.2.1"
    );
    browser.click("[data-case='pin/lock-then-unblock[chip=gemalto]'] > summary");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.case[open]').length"),
        0,
        "a second click closes it"
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_link_opens_a_case_at_a_step() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::run());
    browser.open(
        &file,
        "#case=pin/lock-then-unblock[chip=gemalto]&step=finally%201",
    );
    assert_eq!(
        browser.evaluate(&format!("{TARGET}.dataset.step")),
        "finally 1"
    );
    assert_eq!(browser.evaluate(TARGET_IS_IN_VIEW), true);
}

#[test]
fn what_the_card_says_stays_text() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::run());
    browser.open(&file, "#case=robustness/hostile");
    assert_eq!(browser.evaluate("typeof window.pwned"), "undefined");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('img').length"),
        0
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('script').length"),
        2
    );
    let title = browser.evaluate("document.querySelector('.case[open] .title').textContent");
    assert_eq!(title, sample::HOSTILE);
    browser.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=1\"><script>window.pwned=2</script>')");
    browser.evaluate("new Promise((done) => setTimeout(done, 200))");
    assert_eq!(
        browser.evaluate("typeof window.pwned"),
        "undefined",
        "the content policy is the second wall"
    );
}

#[test]
fn filters_by_verdict_requirement_and_text() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::run());
    let names = "[...document.querySelectorAll('.case')].map((row) => row.dataset.case).join(' ')";
    browser.open(&file, "");
    browser.click("[data-verdict='skipped']");
    assert_eq!(browser.evaluate(names), "pin/burn-puk");
    browser.click("#clear");
    browser.click("#tab-coverage");
    let first = browser.evaluate("document.querySelector('tbody tr').dataset.row + ' ' + document.querySelector('.gap').textContent");
    assert_eq!(
        first, "CIE-SM-009 ▲ no scenario",
        "a MUST without scenarios comes first"
    );
    browser.click("tbody [data-requirement='CIE-COM-001']");
    assert_eq!(browser.evaluate(names), "emrtd/read-com");
    browser.click("#clear");
    browser.press("/");
    browser.call(
        "Input.insertText",
        &serde_json::json!({ "text": "SACRIFICIAL" }),
    );
    browser.evaluate("new Promise((done) => setTimeout(done, 300))");
    assert_eq!(browser.evaluate(names), "pin/burn-puk");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_keyboard_is_enough() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::run());
    let open = "document.querySelector('.case[open]')?.dataset.case";
    browser.open(&file, "");
    browser.press("n");
    assert_eq!(
        browser.evaluate(open),
        "robustness/hostile",
        "errors come first"
    );
    browser.press("n");
    assert_eq!(
        browser.evaluate(open),
        "pin/lock-then-unblock[chip=gemalto]"
    );
    assert_eq!(browser.evaluate(TARGET_IS_IN_VIEW), true);
    browser.press("p");
    assert_eq!(browser.evaluate(open), "robustness/hostile");
    browser.press("Enter");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.case[open]').length"),
        0,
        "Enter closes the focused row"
    );
    browser.press("w");
    assert_eq!(browser.evaluate("document.body.dataset.view"), "wire");
    let theme = browser.evaluate("document.documentElement.dataset.theme");
    browser.press("t");
    assert_ne!(
        browser.evaluate("document.documentElement.dataset.theme"),
        theme
    );
    browser.press("?");
    assert_eq!(
        browser.evaluate("document.getElementById('help').open"),
        true
    );
}

#[test]
fn five_thousand_steps_do_not_freeze_it() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let (_folder, file) = page(&sample::long_run(5_000));
    browser.open(&file, "#case=robustness/long");
    assert_eq!(
        browser.evaluate(&format!("{TARGET}.dataset.step")),
        "1.5000"
    );
    assert_eq!(browser.evaluate(TARGET_IS_IN_VIEW), true);
    let built = browser
        .evaluate("document.querySelectorAll('.step').length")
        .as_u64()
        .unwrap();
    assert!((1..=200).contains(&built), "{built} steps were built");
    browser.click(".steps li:not([hidden]) > .more");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.step').length"),
        400
    );
}
