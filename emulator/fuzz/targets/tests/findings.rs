//! What fuzzing has found, one named case each. The input stays in the corpus under the same name; the defect is mended.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::path::Path;

use cie_fuzz_targets::Target;
use rstest::rstest;

#[rstest]
// The words for a protected command told every one of any number of data objects: ten times its length.
#[case::words_for_objects_without_end("apdu", "objects-without-end")]
// The judge's "flip this bit of the cryptogram" left a shorter cryptogram as it was, and the right command was held against the card.
#[case::bit_beyond_the_cryptogram("card_session", "bit-beyond-the-cryptogram")]
// A plain answer was longer than the Le of its command.
#[case::more_than_was_wanted("card_session", "more-than-was-wanted")]
#[case::more_than_was_wanted_by_a_reader("emrtd_session", "more-than-was-wanted")]
// The judge's "put the objects into another order" left a command with nothing but a checksum as it was.
#[case::nothing_to_reorder("card_session", "nothing-to-reorder")]
// No defect: clients take the 264 bytes of a mapping of 2048 bits in answer to a short command. The rule was too narrow.
#[case::mapping_of_2048_bits("emrtd_session", "mapping-of-2048-bits")]
// No defect: face and fingerprints name the program that made them, and the rule held the face's for the fingerprints.
#[case::comment_of_another_picture("emrtd_session", "comment-of-another-picture")]
// "Did you mean" compared a long name letter by letter with every name there is, for each of 24 cells: 750 MB in all.
#[case::long_unknown_requirement("scenario", "long-unknown-requirement")]
fn mended(#[case] target: &str, #[case] name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures/corpora");
    let input = fs::read(folder.join(target).join(name)).unwrap();
    assert!(!input.is_empty());
    Target::named(target).unwrap().run(&input);
}
