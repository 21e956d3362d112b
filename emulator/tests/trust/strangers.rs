//! What hostile files have in common, whoever reads them: a text that explodes, the call of every program that takes a file, and
//! how much of it there is.

use crate::bounded::MEMORY;

/// A YAML text of a dozen lines whose aliases stand for a million million values; `head` comes first.
pub(crate) fn laughs(head: &str) -> String {
    let mut text = format!("{head}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let ten = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{ten}]\n"));
    }
    text
}

/// Calls with every list of arguments, this file's name in the place of `FILE`.
pub(crate) fn with_file(readers: &[&[&str]], file: &str, mut call: impl FnMut(&[&str])) {
    for arguments in readers {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| argument.replace("FILE", file))
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        call(&arguments);
    }
}

/// Says how many cases a file of tests has, for the page on trust; `whose` program they are of.
pub(crate) fn tell_cases(whose: &str, tests: &str, at_least: usize) {
    // The test that tells is none of them.
    let cases = tests.matches("#[case::").count() + tests.matches("#[test]\n").count() - 1;
    println!(
        "trust: hostile files of the {whose}: {cases} cases, each within {} MiB of address space",
        MEMORY / 1024
    );
    assert!(cases >= at_least);
}
