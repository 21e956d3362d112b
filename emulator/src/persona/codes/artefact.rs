//! The two sheets of paper: receipt and letter, as text and as JSON. Plain words marked SPECIMEN on every page; no emblem, no
//! layout of the real papers.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Code, CodeHalf, CodesError};
use crate::persona::identity::DocumentNumber;

/// The mark on every artefact.
const MARK: &str = "SPECIMEN";

/// What the municipality hands out when a card is requested: the first halves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Sheet", try_from = "Sheet")]
pub struct Receipt {
    /// Document number of the card requested.
    pub nun: DocumentNumber,
    /// First four digits of the PIN.
    pub pin_first: CodeHalf,
    /// First four digits of the PUK.
    pub puk_first: CodeHalf,
}

/// What comes with the finished card: the second halves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Sheet", try_from = "Sheet")]
pub struct Letter {
    /// Document number of the card.
    pub nun: DocumentNumber,
    /// Last four digits of the PIN.
    pub pin_second: CodeHalf,
    /// Last four digits of the PUK.
    pub puk_second: CodeHalf,
}

/// PIN and PUK from the two sheets of one card, or [`CodesError::MixedCards`].
pub fn join(receipt: &Receipt, letter: &Letter) -> Result<(Code, Code), CodesError> {
    if receipt.nun != letter.nun {
        return Err(CodesError::MixedCards {
            receipt: receipt.nun,
            letter: letter.nun,
        });
    }
    Ok((
        Code::from_halves(&receipt.pin_first, &letter.pin_second),
        Code::from_halves(&receipt.puk_first, &letter.puk_second),
    ))
}

impl Receipt {
    /// The receipt of these codes.
    pub fn new(nun: DocumentNumber, pin: &Code, puk: &Code) -> Self {
        Self {
            nun,
            pin_first: pin.first_half(),
            puk_first: puk.first_half(),
        }
    }

    /// One page of text, wiped on drop.
    pub fn render_text(&self) -> Zeroizing<String> {
        page(
            "Receipt of the request of an identity card",
            self.nun,
            [
                ("PIN, digits 1 to 4", &self.pin_first),
                ("PUK, digits 1 to 4", &self.puk_first),
            ],
            "The other digits come in the letter, together with the card.",
        )
    }
}

impl Letter {
    /// The letter of these codes.
    pub fn new(nun: DocumentNumber, pin: &Code, puk: &Code) -> Self {
        Self {
            nun,
            pin_second: pin.second_half(),
            puk_second: puk.second_half(),
        }
    }

    /// One page of text, wiped on drop.
    pub fn render_text(&self) -> Zeroizing<String> {
        page(
            "Letter that accompanies an identity card",
            self.nun,
            [
                ("PIN, digits 5 to 8", &self.pin_second),
                ("PUK, digits 5 to 8", &self.puk_second),
            ],
            "The other digits are on the receipt of the request.",
        )
    }
}

fn page(
    title: &str,
    nun: DocumentNumber,
    halves: [(&str, &CodeHalf); 2],
    foot: &str,
) -> Zeroizing<String> {
    let rule = format!("=== {MARK} === not a document of any authority === {MARK} ===");
    let [(pin, pin_half), (puk, puk_half)] = halves;
    Zeroizing::new(format!(
        "{rule}\n\n{title}\n\n  Document number      {nun}\n  {pin:<19}  {}\n  {puk:<19}  {}\n\n{foot}\n\n{rule}\n",
        pin_half.reveal_str(),
        puk_half.reveal_str(),
    ))
}

/// The JSON form of both: the mark, the kind, and the digits under names that cannot be confused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    mark: String,
    artefact: String,
    nun: DocumentNumber,
    pin: Digits,
    puk: Digits,
}

/// Digits on their way to or from JSON, wiped on drop.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Digits(String);

const RECEIPT: &str = "receipt";
const LETTER: &str = "letter";

impl Sheet {
    fn new(artefact: &str, nun: DocumentNumber, pin: &CodeHalf, puk: &CodeHalf) -> Self {
        Self {
            mark: MARK.to_owned(),
            artefact: artefact.to_owned(),
            nun,
            pin: Digits(pin.reveal_str().to_owned()),
            puk: Digits(puk.reveal_str().to_owned()),
        }
    }

    fn open(
        self,
        expected: &'static str,
    ) -> Result<(DocumentNumber, CodeHalf, CodeHalf), CodesError> {
        if self.mark != MARK {
            return Err(CodesError::NotASpecimen);
        }
        if self.artefact != expected {
            return Err(CodesError::WrongArtefact {
                expected,
                found: self.artefact,
            });
        }
        let half = |digits: &Digits| CodeHalf::from_digits(digits.0.as_bytes());
        Ok((self.nun, half(&self.pin)?, half(&self.puk)?))
    }
}

impl From<Receipt> for Sheet {
    fn from(receipt: Receipt) -> Self {
        Self::new(RECEIPT, receipt.nun, &receipt.pin_first, &receipt.puk_first)
    }
}

impl From<Letter> for Sheet {
    fn from(letter: Letter) -> Self {
        Self::new(LETTER, letter.nun, &letter.pin_second, &letter.puk_second)
    }
}

impl TryFrom<Sheet> for Receipt {
    type Error = CodesError;

    fn try_from(sheet: Sheet) -> Result<Self, CodesError> {
        let (nun, pin_first, puk_first) = sheet.open(RECEIPT)?;
        Ok(Self {
            nun,
            pin_first,
            puk_first,
        })
    }
}

impl TryFrom<Sheet> for Letter {
    type Error = CodesError;

    fn try_from(sheet: Sheet) -> Result<Self, CodesError> {
        let (nun, pin_second, puk_second) = sheet.open(LETTER)?;
        Ok(Self {
            nun,
            pin_second,
            puk_second,
        })
    }
}
