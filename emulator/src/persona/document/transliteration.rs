//! The letters of names in the machine readable zone: ICAO Doc 9303-3 §6.A, the national letters of Latin alphabets. Other
//! scripts are not here: names of personas are written in Latin letters.

/// Capital letters and what stands for them in the machine readable zone. Where the table of Doc 9303-3 leaves a choice, its
/// first entry is taken: `Ä` is AE, `Ö` is OE, `Ü` is UE, `Ñ` is N, `Å` is AA.
#[rustfmt::skip]
const LATIN: [(&str, &str); 26] = [
    ("ÁÀÂÃĂĀĄ", "A"), ("ÄÆ", "AE"), ("Å", "AA"),
    ("ĆĈČĊÇ", "C"),
    ("ĐĎÐ", "D"),
    ("ÉÈÊËĚĖĒĘĔ", "E"),
    ("ĜĞĠĢ", "G"),
    ("ĦĤ", "H"),
    ("ÍÌÎÏĨİĪĮĬ", "I"), ("Ĳ", "IJ"),
    ("Ĵ", "J"),
    ("Ķ", "K"),
    ("ŁĹĽĻĿ", "L"),
    ("ŃÑŇŅŊ", "N"),
    ("ÓÒÔÕŐŌŎ", "O"), ("ÖØŒ", "OE"),
    ("ŔŘŖ", "R"),
    ("ŚŜŠŞȘ", "S"), ("ẞ", "SS"),
    ("ŦŤŢȚ", "T"), ("Þ", "TH"),
    ("ÚÙÛŨŬŰŮŪŲ", "U"), ("Ü", "UE"),
    ("Ŵ", "W"),
    ("ÝŶŸ", "Y"),
    ("ŹŽŻ", "Z"),
];

/// What stands for a capital letter: one or two letters A to Z. `None` for anything that is no capital Latin letter.
pub(in crate::persona) fn transliterate(letter: char) -> Option<&'static str> {
    const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    match letter {
        'A'..='Z' => PLAIN.find(letter).and_then(|at| PLAIN.get(at..=at)),
        _ => LATIN
            .iter()
            .find(|(letters, _)| letters.contains(letter))
            .map(|(_, plain)| *plain),
    }
}
