//! Inventing whole adults from a number: names from short lists that belong to nobody in particular, real municipalities with
//! their real cadastral codes, a computed fiscal code, numbers of the right form. Every seed gives another, equally valid card.

use super::document::{self, DocumentOptions};
use super::draw::Draw;
use super::error::{PersonaError, ValueError};
use super::{
    BirthPlace, CadastralCode, CodesSource, Date, DocumentNumber, DocumentSod, Fingerprints,
    FiscalCode, Holder, Nis, PersonName, Persona, Protocols, Province, Residence, SerialNumberIcc,
    Sex, Signer, SodVariant,
};

const SURNAMES: [&str; 24] = [
    "ROSSI",
    "BIANCHI",
    "VERDI",
    "NERI",
    "GIALLI",
    "BRUNI",
    "FERRARI",
    "RUSSO",
    "ESPOSITO",
    "ROMANO",
    "COLOMBO",
    "RICCI",
    "MARINO",
    "GRECO",
    "CONTI",
    "DE LUCA",
    "D'ANGELO",
    "COSTA",
    "FONTANA",
    "SANN\u{00c0}",
    "PALMIERI",
    "SERRA",
    "LO BIANCO",
    "FO",
];

const WOMEN: [&str; 16] = [
    "MARIA",
    "GIULIA",
    "ANNA",
    "CHIARA",
    "SARA",
    "LAURA",
    "FRANCESCA",
    "ELENA",
    "ALICE",
    "MARTINA",
    "VALENTINA",
    "SILVIA",
    "PAOLA",
    "ADA",
    "MARIA GRAZIA",
    "NO\u{00c8}MI",
];

const MEN: [&str; 16] = [
    "MARIO",
    "LUCA",
    "MARCO",
    "PAOLO",
    "ANDREA",
    "GIOVANNI",
    "STEFANO",
    "ANTONIO",
    "GIUSEPPE",
    "ROBERTO",
    "DAVIDE",
    "PIETRO",
    "ENEA",
    "UGO",
    "GIAN LUCA",
    "NICCOL\u{00d2}",
];

/// Municipalities, their codes in the land registry, their provinces.
const PLACES: [(&str, &str, &str); 20] = [
    ("ROMA", "H501", "RM"),
    ("MILANO", "F205", "MI"),
    ("NAPOLI", "F839", "NA"),
    ("TORINO", "L219", "TO"),
    ("PALERMO", "G273", "PA"),
    ("GENOVA", "D969", "GE"),
    ("BOLOGNA", "A944", "BO"),
    ("FIRENZE", "D612", "FI"),
    ("BARI", "A662", "BA"),
    ("CATANIA", "C351", "CT"),
    ("VENEZIA", "L736", "VE"),
    ("VERONA", "L781", "VR"),
    ("MESSINA", "F158", "ME"),
    ("PADOVA", "G224", "PD"),
    ("TRIESTE", "L424", "TS"),
    ("CAGLIARI", "B354", "CA"),
    ("PERUGIA", "G478", "PG"),
    ("ANCONA", "A271", "AN"),
    ("TRENTO", "L378", "TN"),
    ("AOSTA", "A326", "AO"),
];

/// Streets that every town has.
const STREETS: [&str; 6] = [
    "VIA ROMA",
    "VIA GARIBALDI",
    "PIAZZA DANTE",
    "CORSO ITALIA",
    "VIA DEL CAMPIONE",
    "VIALE DELLE PROVE",
];

impl Persona {
    /// An adult card holder with codes drawn from the seed, and a version 0 security object.
    pub fn generate(seed: u64) -> Result<Self, PersonaError> {
        let holder = holder(seed)?;
        let (issued, expires) = validity(seed, holder.birth_date)?;
        let nis = nis(seed)?;
        Ok(Self {
            id: format!("generated-{seed}"),
            title: format!("Adult generated from seed {seed}"),
            seed,
            document: document_options(seed, &holder.residence)?,
            holder,
            document_number: document_number(seed)?,
            issued,
            expires,
            codes: CodesSource::Seeded,
            sod: SodVariant::V0,
            nis,
            sn_icc: SerialNumberIcc::from_nis(nis),
            certificate_padding: 0,
        })
    }
}

fn holder(seed: u64) -> Result<Holder, ValueError> {
    let mut draw = Draw::new(seed, "holder");
    let (sex, names) = match draw.below(2) {
        0 => (Sex::Female, &WOMEN),
        _ => (Sex::Male, &MEN),
    };
    let surname: PersonName = draw.one_of(&SURNAMES).unwrap_or(&"ROSSI").parse()?;
    let given_names: PersonName = draw.one_of(names).unwrap_or(&"ANDREA").parse()?;
    let birth_date = day(&mut draw, 1935, 70)?;
    let (name, code, province) = draw.one_of(&PLACES).unwrap_or(&PLACES[0]);
    let birth_place = BirthPlace {
        name: name.parse()?,
        cadastral_code: code.parse()?,
        province: Some(province.parse()?),
    };
    let fiscal_code = FiscalCode::compute(
        &surname,
        &given_names,
        sex,
        birth_date,
        birth_place.cadastral_code,
    );
    Ok(Holder {
        surname,
        given_names,
        sex,
        birth_date,
        birth_place,
        fiscal_code: Some(fiscal_code),
        residence: residence(seed)?,
    })
}

/// Where a holder lives whose persona does not say: a street and number drawn from the seed.
pub(super) fn residence(seed: u64) -> Result<Residence, ValueError> {
    let mut draw = Draw::new(seed, "residence");
    let (city, _, province) = draw.one_of(&PLACES).unwrap_or(&PLACES[0]);
    let street = draw.one_of(&STREETS).unwrap_or(&STREETS[0]);
    Ok(Residence {
        street: format!("{street} {}", draw.from(1, 99)).parse()?,
        city: city.parse()?,
        province: province.parse()?,
    })
}

/// The document of a holder whose persona does not say: as on real cards, with a card access number from the seed.
pub(super) fn document_options(
    seed: u64,
    residence: &Residence,
) -> Result<DocumentOptions, ValueError> {
    Ok(DocumentOptions {
        can: document::can(seed)?,
        protocols: Protocols::Cie,
        sod: DocumentSod::Sha256,
        signer: Signer::Current,
        com_lists_dg3: true,
        fingerprints: Fingerprints::Two,
        authority: format!("COMUNE DI {}", residence.city).parse()?,
        wrong_hash_of: None,
    })
}

/// The province of a municipality among those above.
pub(super) fn province(code: CadastralCode) -> Option<Province> {
    let known = PLACES.iter().find(|(_, found, _)| *found == code.as_str());
    known.and_then(|(_, _, province)| province.parse().ok())
}

/// A day in `years` years from `first`; none after the 28th, so that every birthday exists every year.
fn day(draw: &mut Draw, first: u16, years: u32) -> Result<Date, ValueError> {
    let year = u16::try_from(draw.from(first.into(), years)).unwrap_or(first);
    let month = u8::try_from(draw.from(1, 12)).unwrap_or(1);
    let day = u8::try_from(draw.from(1, 28)).unwrap_or(1);
    Date::new(year, month, day)
}

/// An adult's card is valid for ten years and until the birthday that follows (decree-law 5/2012, article 7).
fn validity(seed: u64, birth: Date) -> Result<(Date, Date), ValueError> {
    let issued = day(&mut Draw::new(seed, "validity"), 2023, 3)?;
    let ten_years_on = issued.plus_years(10)?;
    let birthday = Date::new(ten_years_on.year(), birth.month(), birth.day())?;
    let expires = if birthday < ten_years_on {
        birthday.plus_years(1)?
    } else {
        birthday
    };
    Ok((issued, expires))
}

fn document_number(seed: u64) -> Result<DocumentNumber, ValueError> {
    let mut draw = Draw::new(seed, "document number");
    let letter = draw.letter();
    let digits = draw.digits::<5>().map(char::from);
    let tail = [draw.letter(), draw.letter()];
    let text: String = ['C', letter]
        .into_iter()
        .chain(digits)
        .chain(tail)
        .collect();
    text.parse()
}

/// The services identifier a seed gives.
pub(super) fn nis(seed: u64) -> Result<Nis, ValueError> {
    let digits = Draw::new(seed, "nis").digits::<12>().map(char::from);
    digits.iter().collect::<String>().parse()
}
