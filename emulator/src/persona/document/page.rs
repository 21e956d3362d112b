//! The data page of a document for people: what is printed on the front and on the back, as text and as a picture. Marked
//! SPECIMEN all over, drawn in plain shapes: no emblem and no layout of a real document.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};

use super::{Fingerprints, Mrz, Portrait, Protocols};
use crate::persona::{Date, Persona, Sex};

/// A label and what stands under it.
type Field = (&'static str, String);

/// What is printed on a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPage {
    front: Vec<Field>,
    back: Vec<Field>,
    mrz: Mrz,
    portrait: Portrait,
}

const MARK: &str = "SPECIMEN";
const NOTICE: &str = "not a document of any authority";

impl DataPage {
    /// The page of a persona's document.
    pub fn of(persona: &Persona) -> Self {
        let (holder, options) = (&persona.holder, &persona.document);
        let (place, residence) = (&holder.birth_place, &holder.residence);
        let birth = match place.province {
            Some(province) => format!("{} ({province})", place.name),
            None => place.name.to_string(),
        };
        let sex = match holder.sex {
            Sex::Male => "M",
            Sex::Female => "F",
        };
        Self {
            front: vec![
                ("Issued by", options.authority.to_string()),
                ("Surname", holder.surname.to_string()),
                ("Given names", holder.given_names.to_string()),
                ("Born in", birth),
                ("Born on", italian(holder.birth_date)),
                ("Sex", sex.to_owned()),
                ("Nationality", "ITA".to_owned()),
                ("Issued on", italian(persona.issued)),
                ("Expires on", italian(persona.expires)),
                ("Document number", persona.document_number.to_string()),
                ("CAN", options.can.to_string()),
            ],
            back: vec![
                (
                    "Fiscal code",
                    holder
                        .fiscal_code
                        .map_or_else(|| "none".to_owned(), |code| code.to_string()),
                ),
                (
                    "Residence",
                    format!(
                        "{}, {} ({})",
                        residence.street, residence.city, residence.province
                    ),
                ),
                ("Chip", protocols(options.protocols).to_owned()),
                ("Fingerprints", fingers(options.fingerprints).to_owned()),
            ],
            mrz: Mrz::new(persona.document_number, holder, persona.expires),
            portrait: Portrait::of_age(holder.birth_date, persona.issued),
        }
    }

    /// The page as lines of text.
    pub fn to_text(&self) -> String {
        let rule = format!("=== {MARK} === {NOTICE} === {MARK} ===");
        let mut out = format!("{rule}\n\n");
        // Writing to a String cannot fail.
        for (label, value) in self.front.iter().chain(&self.back) {
            let _ = writeln!(out, "  {label:<16}  {value}");
        }
        let _ = write!(out, "\n{}\n\n{rule}\n", self.mrz_lines("  ", "\n"));
        out
    }

    fn mrz_lines(&self, before: &str, between: &str) -> String {
        let lines = self.mrz.lines().map(|line| format!("{before}{line}"));
        lines.join(between)
    }

    /// The page as an SVG picture of front and back, with the portrait in it; no other file is needed to show it.
    pub fn to_svg(&self) -> String {
        let mut out = String::with_capacity(80_000);
        out.push_str(HEAD);
        self.draw_front(&mut out);
        self.draw_back(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn draw_front(&self, out: &mut String) {
        out.push_str(r#"<g transform="translate(40 40)">"#);
        out.push_str(CARD);
        header(out, "IDENTITY CARD", "front");
        let picture = Base64::encode_string(self.portrait.png());
        let _ = write!(
            out,
            r##"<image x="40" y="128" width="252" height="336" clip-path="url(#face)" href="data:image/png;base64,{picture}"/>
<rect x="40" y="128" width="252" height="336" rx="10" fill="none" stroke="#31556e" stroke-opacity="0.5"/>
"##
        );
        let places = [
            (320, 136, 496),
            (320, 194, 496),
            (320, 252, 496),
            (320, 310, 300),
            (640, 310, 176),
            (320, 368, 80),
            (420, 368, 130),
            (320, 426, 180),
            (640, 426, 176),
            (640, 368, 176),
        ];
        let (can, fields) = match self.front.split_last() {
            Some((can, fields)) => (can, fields),
            None => return,
        };
        for ((label, value), (x, y, width)) in fields.iter().zip(places) {
            field(out, label, value, (x, y, width));
        }
        field(out, can.0, &can.1, (640, 484, 176));
        out.push_str(STAMP);
        out.push_str("</g>\n");
    }

    fn draw_back(&self, out: &mut String) {
        out.push_str(r#"<g transform="translate(40 620)">"#);
        out.push_str(CARD);
        header(out, "IDENTITY CARD", "back");
        let places = [
            (40, 136, 380),
            (40, 194, 776),
            (40, 252, 776),
            (40, 310, 776),
        ];
        for ((label, value), (x, y, width)) in self.back.iter().zip(places) {
            field(out, label, value, (x, y, width));
        }
        out.push_str(r##"<rect x="1" y="374" width="854" height="140" fill="#ffffff" fill-opacity="0.92"/>"##);
        for (height, text) in [414, 454, 494].into_iter().zip(self.mrz.lines()) {
            let _ = writeln!(
                out,
                r##"<text class="mrz" x="46" y="{}" textLength="764" lengthAdjust="spacing">{}</text>"##,
                height,
                escaped(text)
            );
        }
        out.push_str(STAMP);
        out.push_str("</g>\n");
    }
}

fn header(out: &mut String, title: &str, side: &str) {
    let _ = write!(
        out,
        r##"<path d="M0 24 A24 24 0 0 1 24 0 H832 A24 24 0 0 1 856 24 V92 H0 Z" fill="#31556e"/>
<text class="title" x="40" y="46">{title}</text>
<text class="notice" x="40" y="74">{MARK}, {NOTICE}</text>
<text class="side" x="816" y="60">{side}</text>
"##
    );
}

/// A label over its value; long values are set smaller, and squeezed where that is not enough.
fn field(out: &mut String, label: &str, value: &str, (x, y, width): (u32, u32, u32)) {
    const LARGEST: u32 = 23;
    const SMALLEST: u32 = 13;
    let length = u32::try_from(value.chars().count()).unwrap_or(1).max(1);
    // Capital letters of these typefaces are about seven tenths as wide as high.
    let letter = length.saturating_mul(7);
    let fitting = width
        .saturating_mul(10)
        .checked_div(letter)
        .unwrap_or(LARGEST);
    let size = fitting.clamp(SMALLEST, LARGEST);
    let squeezed = match fitting < SMALLEST {
        true => format!(r#" textLength="{width}" lengthAdjust="spacingAndGlyphs""#),
        false => String::new(),
    };
    let _ = write!(
        out,
        r#"<text class="label" x="{x}" y="{}">{}</text>
<text class="value" x="{x}" y="{}" font-size="{size}"{squeezed}>{}</text>
"#,
        y.saturating_add(8),
        escaped(label),
        y.saturating_add(34),
        escaped(value)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn italian(date: Date) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
}

const fn protocols(protocols: Protocols) -> &'static str {
    match protocols {
        Protocols::Cie => "BAC; PACE with DH and 3DES; Chip Authentication",
        Protocols::Modern => "BAC; PACE with ECDH and AES-128; Chip Authentication",
        Protocols::ActiveRsa => {
            "BAC; PACE with ECDH and AES-128; Chip and Active Authentication (RSA)"
        }
        Protocols::ActiveEcdsa => {
            "BAC; PACE with ECDH and AES-128; Chip and Active Authentication (ECDSA)"
        }
    }
}

const fn fingers(fingerprints: Fingerprints) -> &'static str {
    match fingerprints {
        Fingerprints::Two => "two, for certified terminals",
        Fingerprints::Zero => "none could be taken",
        Fingerprints::Absent => "none were taken",
    }
}

const HEAD: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 936 1206" width="936" height="1206">
<title>SPECIMEN: data page of a synthetic identity card</title>
<style>
text { font-family: "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif; fill: #1d2f3a; }
.title { fill: #ffffff; font-size: 28px; font-weight: bold; letter-spacing: 2px; }
.notice { fill: #d5e3ec; font-size: 16px; }
.side { fill: #d5e3ec; font-size: 16px; text-anchor: end; }
.label { fill: #55707f; font-size: 13px; }
.value { font-weight: bold; }
.mrz { font-family: "OCR-B", "OCRB", "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 32px; }
.stamp { fill: #b03030; fill-opacity: 0.16; font-size: 118px; font-weight: bold; letter-spacing: 14px; text-anchor: middle; }
</style>
<defs>
<linearGradient id="paper" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#eef5f4"/><stop offset="0.5" stop-color="#f7f4ea"/><stop offset="1" stop-color="#e9eff6"/></linearGradient>
<pattern id="waves" width="48" height="24" patternUnits="userSpaceOnUse"><path d="M0 12 Q12 0 24 12 T48 12 M0 18 Q12 6 24 18 T48 18" fill="none" stroke="#31556e" stroke-opacity="0.09"/></pattern>
<clipPath id="face"><rect x="40" y="128" width="252" height="336" rx="10"/></clipPath>
</defs>
<rect width="936" height="1206" fill="#ffffff"/>
"##;

const CARD: &str = r##"
<rect width="856" height="540" rx="24" fill="url(#paper)"/>
<rect width="856" height="540" rx="24" fill="url(#waves)"/>
<rect width="856" height="540" rx="24" fill="none" stroke="#31556e" stroke-opacity="0.6" stroke-width="2"/>
"##;

const STAMP: &str = r#"<text class="stamp" x="428" y="380" transform="rotate(-24 428 340)">SPECIMEN</text>
"#;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Nothing a reader of the picture has to fetch, every field in it, and well-formed XML as far as `<` and `&` go.
    #[test]
    fn every_persona_has_a_picture_of_its_own() {
        for id in Persona::builtin_ids() {
            let persona = Persona::builtin(id).unwrap();
            let page = DataPage::of(&persona);
            let svg = page.to_svg();
            for (label, value) in page.front.iter().chain(&page.back) {
                assert!(
                    svg.contains(&format!(">{}</text>", escaped(value))),
                    "{id}: {label}"
                );
            }
            for line in page.mrz.lines() {
                assert!(svg.contains(&escaped(line)), "{id}: {line}");
            }
            assert_eq!(svg.matches(MARK).count(), 5, "{id}");
            assert_eq!(svg.matches("http").count(), 1, "{id}");
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
            let text = page.to_text();
            assert_eq!(text.matches(MARK).count(), 4);
            assert!(text.contains(page.mrz.lines()[1]));
        }
    }

    #[rstest]
    #[case::short("ROSSI", r#"font-size="23">"#)]
    #[case::smaller(&"X".repeat(40), r#"font-size="17">"#)]
    #[case::squeezed(&"X".repeat(80), r#"font-size="13" textLength="496""#)]
    fn long_values_fit(#[case] value: &str, #[case] expected: &str) {
        let mut out = String::new();
        field(&mut out, "Surname", value, (0, 0, 496));
        assert!(out.contains(expected), "{out}");
    }
}
