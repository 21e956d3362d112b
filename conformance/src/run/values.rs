//! Values of the language become bytes: codes from the card's secrets, files and names from its facts, random bytes from the
//! terminal's source, captures from earlier answers.

use std::collections::BTreeMap;

use cie_crypto::random::RandomSource;
use cie_emulator::credentials::Code;
use zeroize::Zeroizing;

use super::facts::{Facts, Missing};
use crate::scenario::model::{Bytes, CodeName, CodeValue};

/// PIN and PUK as they are now.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    /// The PIN in force.
    pub(super) pin: Option<Code>,
    /// The PIN the card had before the case.
    pub(super) original_pin: Option<Code>,
    /// The PUK.
    pub(super) puk: Option<Code>,
}

impl Codes {
    /// The codes a card was given.
    #[must_use]
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            pin: facts.pin.clone(),
            original_pin: facts.pin.clone(),
            puk: facts.puk.clone(),
        }
    }

    /// The code in force.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub(super) fn right(&self, name: CodeName) -> Result<&Code, String> {
        let code = match name {
            CodeName::Pin => &self.pin,
            CodeName::Puk => &self.puk,
        };
        code.as_ref().ok_or_else(|| unknown(name))
    }

    /// The code as the card had it before the case.
    ///
    /// # Errors
    /// One sentence, when it is not known.
    pub(super) fn original(&self, name: CodeName) -> Result<&Code, String> {
        let code = match name {
            CodeName::Pin => &self.original_pin,
            CodeName::Puk => &self.puk,
        };
        code.as_ref().ok_or_else(|| unknown(name))
    }

    /// A wrong value that differs from the right one in its last digit only: never a guess.
    ///
    /// # Errors
    /// One sentence, when the right one is not known.
    pub(super) fn wrong(&self, name: CodeName) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut digits = Zeroizing::new(self.right(name)?.reveal().to_vec());
        if let Some(last) = digits.last_mut() {
            *last = if *last == b'9' { b'0' } else { *last + 1 };
        }
        Ok(digits)
    }
}

fn unknown(name: CodeName) -> String {
    let name = match name {
        CodeName::Pin => "PIN",
        CodeName::Puk => "PUK",
    };
    format!(
        "the {name} of this card is not known; give it with --secret, the environment or a file"
    )
}

/// Everything values can refer to.
pub(super) struct Values<'a> {
    /// What the card was personalised with.
    pub(super) facts: &'a Facts,
    /// Its codes now.
    pub(super) codes: &'a Codes,
    /// Parts of earlier answers, by name.
    pub(super) captures: &'a BTreeMap<String, Vec<u8>>,
    /// The PUK, as the issuer gave it back.
    pub(super) recovered: Option<&'a Code>,
}

impl Values<'_> {
    fn known<T>(&self, code: Result<T, String>) -> Result<T, String> {
        code.map_err(|words| self.facts.miss(Missing::Code(words)))
    }

    fn recovered(&self, code: CodeName) -> Result<&Code, String> {
        match (code, self.recovered) {
            (CodeName::Puk, Some(code)) => Ok(code),
            (CodeName::Puk, None) => {
                Err("the issuer has given no PUK back in this case: a04 comes before".to_owned())
            }
            (CodeName::Pin, _) => {
                Err("no issuer knows a PIN; what can be recovered is the PUK".to_owned())
            }
        }
    }

    /// A value as bytes.
    ///
    /// # Errors
    /// One sentence that says what is not known.
    pub(super) fn bytes(
        &self,
        value: &Bytes,
        random: &mut dyn RandomSource,
    ) -> Result<Vec<u8>, String> {
        Ok(match value {
            Bytes::Given(bytes) => bytes.clone(),
            Bytes::Right(code) => self.known(self.codes.right(*code))?.reveal().to_vec(),
            Bytes::Wrong(code) => self.known(self.codes.wrong(*code))?.to_vec(),
            Bytes::Original(code) => self.known(self.codes.original(*code))?.reveal().to_vec(),
            Bytes::Recovered(code) => self.recovered(*code)?.reveal().to_vec(),
            Bytes::FirstHalf(code) => self
                .known(self.codes.right(*code))?
                .first_half()
                .reveal()
                .to_vec(),
            Bytes::SecondHalf(code) => self
                .known(self.codes.right(*code))?
                .second_half()
                .reveal()
                .to_vec(),
            Bytes::Captured(name) => self
                .captures
                .get(name)
                .cloned()
                .ok_or_else(|| format!("nothing was captured under \"{name}\""))?,
            Bytes::Persona(field) => self.facts.field(*field)?.to_vec(),
            Bytes::File(file) => self.facts.file(file.0)?.to_vec(),
            Bytes::DocumentFile(file) => self.facts.document_file(*file)?.to_vec(),
            Bytes::Random(length) => {
                let mut bytes = vec![0; usize::try_from(*length).unwrap_or(usize::MAX)];
                random.fill(&mut bytes);
                bytes
            }
            Bytes::Fill(fill) => {
                vec![fill.byte.0; usize::try_from(fill.length).unwrap_or(usize::MAX)]
            }
            Bytes::HexText(bytes) => hex::encode_upper(self.bytes(bytes, random)?).into_bytes(),
            Bytes::Concat(parts) => {
                let parts = parts.iter().map(|part| self.bytes(part, random));
                parts.collect::<Result<Vec<_>, _>>()?.concat()
            }
        })
    }

    /// A code value as the bytes that go into a command; empty for `none`.
    ///
    /// # Errors
    /// One sentence that says what is not known.
    pub(super) fn code(
        &self,
        name: Option<CodeName>,
        value: &CodeValue,
        random: &mut dyn RandomSource,
    ) -> Result<Vec<u8>, String> {
        let named =
            || name.ok_or_else(|| "right and wrong need a reference that is pin or puk".to_owned());
        Ok(match value {
            CodeValue::Right => self.known(self.codes.right(named()?))?.reveal().to_vec(),
            CodeValue::Wrong => self.known(self.codes.wrong(named()?))?.to_vec(),
            CodeValue::Original => self.known(self.codes.original(named()?))?.reveal().to_vec(),
            CodeValue::None => Vec::new(),
            CodeValue::Digits(digits) => digits.clone().into_bytes(),
            CodeValue::Bytes(bytes) => self.bytes(bytes, random)?,
        })
    }
}
