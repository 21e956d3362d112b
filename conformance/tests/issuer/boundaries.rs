//! Numbers at their edges: lengths of passwords, lengths of time, days that begin at midnight in Rome.

use cie_conformance::issuer::Secret;
use cie_conformance::issuer::clock::{Day, Period, Timestamp};
use cie_conformance::issuer::policy::Gate;
use cie_conformance::issuer::registry::{Email, Phone};
use cie_conformance::issuer::rules::{Broken, Class, SecretRules};
use rstest::rstest;

use crate::world::{at, policies};

/// The rules of the password that a policy lets people choose.
fn rules(policy: &str) -> SecretRules {
    let policies = policies();
    let gates = &policies.get(policy).expect("a policy").gates;
    let chosen = gates.iter().find_map(|gate| match gate {
        Gate::ChooseSecret(gate) => Some(gate.rules()),
        _ => None,
    });
    chosen.expect("a gate with rules")
}

#[rstest]
#[case::fine("posteid-password", "Aa1!aaaa", vec![])]
#[case::seven("posteid-password", "Aa1!aaa", vec![Broken::Short(8)])]
#[case::sixteen("posteid-password", "Aa1!aaaaaaaaaaaa", vec![])]
#[case::seventeen("posteid-password", "Aa1!aaaaaaaaaaaaa", vec![Broken::Long(16)])]
#[case::no_capital("posteid-password", "aa1!aaaa", vec![Broken::Missing(Class::Upper)])]
#[case::no_small_letter("posteid-password", "AA1!AAAA", vec![Broken::Missing(Class::Lower)])]
#[case::no_digit("posteid-password", "Aaa!aaaa", vec![Broken::Missing(Class::Digit)])]
#[case::no_symbol("posteid-password", "Aa11aaaa", vec![Broken::Missing(Class::Symbol)])]
#[case::a_space("posteid-password", "Aa1! aaa", vec![Broken::Alphabet])]
#[case::an_accent("posteid-password", "Aa1!aaaà", vec![Broken::Alphabet])]
#[case::nine("cie-password", "Aa1!bcdef", vec![Broken::Short(10)])]
#[case::ten("cie-password", "Aa1!bcdefg", vec![])]
#[case::twenty("cie-password", "Aa1!bcdefghijklmnopq", vec![])]
#[case::twenty_one("cie-password", "Aa1!bcdefghijklmnopqr", vec![Broken::Long(20)])]
#[case::two_in_a_row("cie-password", "Aa1!bbcdef", vec![])]
#[case::three_in_a_row("cie-password", "Aa1!bbbcde", vec![Broken::Run(2)])]
#[case::nothing("cie-password", "", vec![
    Broken::Short(10),
    Broken::Missing(Class::Upper),
    Broken::Missing(Class::Lower),
    Broken::Missing(Class::Digit),
    Broken::Missing(Class::Symbol),
])]
fn q3_and_e11_a_new_password_at_its_boundaries(
    #[case] policy: &str,
    #[case] password: &str,
    #[case] broken: Vec<Broken>,
) {
    assert_eq!(rules(policy).broken(&Secret::new(password)), broken);
}

/// Summer ends on the last Sunday of October: midnight in Rome is 22:00 or 23:00 UTC of the day before.
#[rstest]
#[case::summer("2021-09-30", "2021-09-29T22:00:00Z", "2021-09-30T22:00:00Z")]
#[case::first_of_october("2020-10-01", "2020-09-30T22:00:00Z", "2020-10-01T22:00:00Z")]
#[case::clocks_back("2021-10-31", "2021-10-30T22:00:00Z", "2021-10-31T23:00:00Z")]
#[case::clocks_forward("2021-03-28", "2021-03-27T23:00:00Z", "2021-03-28T22:00:00Z")]
#[case::winter("2026-01-01", "2025-12-31T23:00:00Z", "2026-01-01T23:00:00Z")]
fn a_day_in_rome(#[case] day: &str, #[case] begins: &str, #[case] ends: &str) {
    let day: Day = day.parse().expect("a day");
    assert_eq!((day.begins(), day.ends()), (at(begins), at(ends)));
}

#[rstest]
#[case::no_leap_day("2021-02-29")]
#[case::thirteenth_month("2021-13-01")]
#[case::other_order("30-09-2021")]
#[case::short("2021-9-1")]
#[case::with_time("2021-09-30T00:00:00")]
#[case::empty("")]
fn no_day(#[case] text: &str) {
    assert!(text.parse::<Day>().is_err());
}

#[rstest]
#[case::hours("PT48H", 48 * 3600)]
#[case::days("P30D", 30 * 24 * 3600)]
#[case::weeks("P1W", 7 * 24 * 3600)]
#[case::together("P1DT2H3M4S", 93_784)]
fn a_length_of_time(#[case] text: &str, #[case] seconds: i64) {
    let period: Period = text.parse().expect("a length of time");
    let end = period.after(Timestamp::UNIX_EPOCH);
    assert_eq!(end.as_second(), seconds);
}

#[rstest]
#[case::months("P1M")]
#[case::years("P1Y")]
#[case::nothing("PT0S")]
#[case::negative("-PT1H")]
#[case::words("two days")]
#[case::huge("P999999999999D")]
fn no_length_of_time(#[case] text: &str) {
    assert!(text.parse::<Period>().is_err());
}

#[test]
fn time_ends_where_it_cannot_be_written() {
    let period: Period = "P3650D".parse().expect("a length of time");
    assert_eq!(period.after(Timestamp::MAX), Timestamp::MAX);
}

#[rstest]
#[case::org("a@example.org", true)]
#[case::below("a@mail.example.com", true)]
#[case::test("a@pec.test", true)]
#[case::capitals("A@EXAMPLE.NET", true)]
#[case::bare_test("a@test", false)]
#[case::ends_alike("a@notexample.org", false)]
#[case::longer("a@example.org.it", false)]
#[case::two("a@b@example.org", false)]
#[case::nobody("@example.org", false)]
#[case::a_break("a\n@example.org", false)]
fn an_address_that_reaches_nobody(#[case] text: &str, #[case] fine: bool) {
    assert_eq!(text.parse::<Email>().is_ok(), fine);
}

#[rstest]
#[case::spaces("+39 000 000001", true)]
#[case::seven("+390000000001", true)]
#[case::real("+39 333 1234567", false)]
#[case::short("+39 000 00001", false)]
#[case::long("+39 000 00000001", false)]
#[case::letters("+39 000 00000a", false)]
fn a_number_that_nobody_has(#[case] text: &str, #[case] fine: bool) {
    assert_eq!(text.parse::<Phone>().is_ok(), fine);
}
