//! Where the codes of a physical card come from: `--secret pin=…`, a private file, the environment; never a scenario. Past this
//! door they are [`Code`]s, wiped when dropped and shown nowhere; an error names the source and never the value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use cie_emulator::credentials::{Code, CodeError};
use cie_emulator::given_file;
use zeroize::Zeroizing;

use super::refusal::{name, option, variable};
use crate::report::Masker;
use crate::scenario::model::CodeName;

const BOTH: [CodeName; 2] = [CodeName::Pin, CodeName::Puk];
/// The passwords of the travel document, and their variables.
const PASSWORDS: [(&str, &str); 2] = [("can", "CIE_CONF_CAN"), ("mrz", "CIE_CONF_MRZ")];
/// A few lines and some comments.
const LONGEST: u64 = 4096;

/// The codes of the card present, as far as the lab has given them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    pin: Option<Code>,
    puk: Option<Code>,
    /// Passwords of the travel document: `can` and `mrz`.
    passwords: BTreeMap<&'static str, Zeroizing<String>>,
}

impl Secrets {
    /// Without any: nothing that costs tries will be sent.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With this value of a code.
    #[must_use]
    pub fn with(mut self, code: CodeName, value: Code) -> Self {
        *self.slot(code) = Some(value);
        self
    }

    /// The value given for a code.
    #[must_use]
    pub const fn get(&self, code: CodeName) -> Option<&Code> {
        match code {
            CodeName::Pin => self.pin.as_ref(),
            CodeName::Puk => self.puk.as_ref(),
        }
    }

    fn slot(&mut self, code: CodeName) -> &mut Option<Code> {
        match code {
            CodeName::Pin => &mut self.pin,
            CodeName::Puk => &mut self.puk,
        }
    }

    /// A password of the travel document that was given: the six digits of the card access number (`can`), the machine-readable
    /// zone without line breaks (`mrz`).
    #[must_use]
    pub fn password(&self, name: &str) -> Option<&str> {
        self.passwords.get(name).map(|password| password.as_str())
    }

    /// What beats this.
    fn beaten_by(&mut self, mut other: Self) {
        for code in BOTH {
            if let Some(value) = other.slot(code).take() {
                *self.slot(code) = Some(value);
            }
        }
        self.passwords.append(&mut other.passwords);
    }

    /// Collects from all sources. An option beats the file, the file beats the environment; a code that nobody gives stays unknown.
    /// `options` are the values of `--secret`, `environment` looks a variable up.
    ///
    /// # Errors
    /// [`SecretError`] for anything that was given and is not a code, whether or not another source beats it.
    pub fn gather<'a>(
        options: impl IntoIterator<Item = &'a str>,
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, SecretError> {
        let mut secrets = Self::default();
        for code in BOTH {
            let source = Source::Environment(variable(code));
            if let Some(value) = environment(variable(code)) {
                let text = Zeroizing::new(value.into_encoded_bytes());
                *secrets.slot(code) = Some(read(code, &text, source)?);
            }
        }
        if let Some(path) = file {
            secrets.take_file(path)?;
        }
        for (name, variable) in PASSWORDS {
            if let Some(value) = environment(variable) {
                let text = Zeroizing::new(value.into_encoded_bytes());
                let value = password(name, &text, Source::Environment(variable))?;
                secrets.passwords.entry(name).or_insert(value);
            }
        }
        let mut given = Self::default();
        for text in options {
            match text.split_once("=@") {
                Some((name, path)) => {
                    let value = whole(Path::new(path))?;
                    let line = Zeroizing::new([name.as_bytes(), b"=", value.trim_ascii()].concat());
                    let path = PathBuf::from(path);
                    given.take_assignment(&line, &Source::File { path, line: 1 })?;
                }
                None => given.take_assignment(text.as_bytes(), &Source::Option)?,
            }
        }
        secrets.beaten_by(given);
        Ok(secrets)
    }

    /// A file of lines `pin=…` and `puk=…`, with blank lines and `#` comments, readable by its owner only.
    fn take_file(&mut self, path: &Path) -> Result<(), SecretError> {
        let text = whole(path)?;
        let mut given = Self::default();
        for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let text = text.trim_ascii();
            if !text.is_empty() && !text.starts_with(b"#") {
                let path = path.to_owned();
                given.take_assignment(text, &Source::File { path, line })?;
            }
        }
        self.beaten_by(given);
        Ok(())
    }

    fn take_assignment(&mut self, text: &[u8], source: &Source) -> Result<(), SecretError> {
        let malformed = || SecretError::NotAnAssignment {
            origin: source.clone(),
        };
        let at = text
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(malformed)?;
        let (given, value) = text.split_at(at);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let named = |(name, _): &(&str, &str)| name.as_bytes() == given.trim_ascii();
        if let Some((name, _)) = PASSWORDS.into_iter().find(named) {
            let value = password(name, value, source.clone())?;
            return match self.passwords.insert(name, value) {
                None => Ok(()),
                Some(_) => Err(SecretError::PasswordTwice {
                    name,
                    origin: source.clone(),
                }),
            };
        }
        let code = BOTH
            .into_iter()
            .find(|code| option(*code).as_bytes() == given.trim_ascii())
            .ok_or_else(malformed)?;
        let value = read(code, value, source.clone())?;
        if self.slot(code).replace(value).is_some() {
            return Err(SecretError::Twice {
                code,
                origin: source.clone(),
            });
        }
        Ok(())
    }

    /// Teaches a masker every value, so that none survives in a report.
    pub fn mask_in(&self, masker: &mut Masker) {
        for code in BOTH {
            if let Some(value) = self.get(code) {
                masker.add_bytes(value.reveal());
            }
        }
        for value in self.passwords.values() {
            masker.add_text(value);
        }
    }
}

/// A private file, whole.
fn whole(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |reason: io::Error| SecretError::Unreadable {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let file = given_file::open(path).map_err(unreadable)?;
    if !is_private(&file).map_err(unreadable)? {
        return Err(SecretError::NotPrivate {
            path: path.to_owned(),
        });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(SecretError::Unreadable {
            path: path.to_owned(),
            reason: format!("it is longer than {LONGEST} bytes"),
        });
    }
    Ok(text)
}

/// A password of the travel document: six digits, or the lines of the machine-readable zone one after the other.
fn password(
    name: &'static str,
    text: &[u8],
    origin: Source,
) -> Result<Zeroizing<String>, SecretError> {
    let fits = match name {
        "can" => text.len() == 6 && text.iter().all(u8::is_ascii_digit),
        _ => {
            let zone =
                |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'<';
            matches!(text.len(), 72 | 88 | 90) && text.iter().all(zone)
        }
    };
    let text = std::str::from_utf8(text).ok().filter(|_| fits);
    let text = text.ok_or(SecretError::NotAPassword { name, origin })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read(code: CodeName, text: &[u8], origin: Source) -> Result<Code, SecretError> {
    Code::from_digits(text).map_err(|why| SecretError::NotACode { code, origin, why })
}

#[cfg(unix)]
fn is_private(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_file: &File) -> io::Result<bool> {
    Ok(true)
}

/// Where a code was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--secret` on the command line.
    Option,
    /// A variable of the environment.
    Environment(&'static str),
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--secret"),
            Self::Environment(variable) => write!(f, "the environment ({variable})"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// Why something given is not a secret of a card. Never contains what was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The value is not eight digits.
    #[error("the {code} from {origin} is not one: {why}", code = name(*.code))]
    NotACode {
        /// Which code.
        code: CodeName,
        /// Where it was given.
        origin: Source,
        /// What is wrong, without the value.
        why: CodeError,
    },
    /// The value is no password of the travel document.
    #[error(
        "the {name} from {origin} is not one: can has six digits, mrz all lines of the zone without breaks (90, 88 or 72 characters)"
    )]
    NotAPassword {
        /// Which password.
        name: &'static str,
        /// Where it was given.
        origin: Source,
    },
    /// The same password twice in one source.
    #[error("{origin}: {name} is given twice; leave one")]
    PasswordTwice {
        /// Which password.
        name: &'static str,
        /// Where the second one stands.
        origin: Source,
    },
    /// Not `pin=…` or `puk=…`.
    #[error("{origin}: expected pin=… or puk=… with eight digits each, can=… with six, or mrz=…")]
    NotAnAssignment {
        /// Where it was given.
        origin: Source,
    },
    /// The same code twice in one source.
    #[error("{origin}: the {code} is given twice; leave one", code = name(*.code))]
    Twice {
        /// Which code.
        code: CodeName,
        /// Where the second one stands.
        origin: Source,
    },
    /// The file can be read by others.
    #[error("{} can be read by others, and codes stand in it: chmod 600", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("the secrets in {} could not be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
}
