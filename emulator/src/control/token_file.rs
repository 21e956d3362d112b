//! A token in a file: one that somebody wrote there, or a new one, with a file for it that is removed in the end. Randomness is
//! brought by the program that asks; what the token opens is the business of others.

use super::{Token, TokenError};
use crate::{given_file, whole_file};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a file with a token: the longest token, and room for space around it.
const LONGEST_FILE: usize = 1024;

/// Why there is no token.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// The file cannot be read or written.
    #[error(
        "{path}: {source}; name a file that you may read, or one in a directory that you may write to"
    )]
    File {
        /// Its name.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error("{path}: others may read it; chmod 600 {path}, or name a file that is not there")]
    Shared {
        /// Its name.
        path: PathBuf,
    },
    /// What stands in it is no token.
    #[error("{path}: {source}")]
    Token {
        /// Its name.
        path: PathBuf,
        /// Why not.
        source: TokenError,
    },
}

/// A token and its file. A file that was made for it is removed when this is dropped.
#[derive(Debug)]
pub struct TokenFile {
    token: Token,
    made: Option<PathBuf>,
}

impl TokenFile {
    /// The token in the file; `fresh`, and a file for it that nobody else may read, when there is no such file.
    ///
    /// # Errors
    /// [`TokenFileError`]; no file is left behind then.
    pub fn open(path: &Path, fresh: Token) -> Result<Self, TokenFileError> {
        let refused = |source| TokenFileError::File {
            path: path.to_owned(),
            source,
        };
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let line = Zeroizing::new(format!("{}\n", fresh.reveal()));
                whole_file::write(path, line.as_bytes(), 0o600).map_err(refused)?;
                return Ok(Self {
                    token: fresh,
                    made: Some(path.to_owned()),
                });
            }
            Err(error) => return Err(refused(error)),
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            let path = path.to_owned();
            return Err(TokenFileError::Shared { path });
        }
        let text = Zeroizing::new(given_file::read_text(path, LONGEST_FILE).map_err(refused)?);
        let token = Token::parse(&text).map_err(|source| TokenFileError::Token {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { token, made: None })
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        if let Some(path) = &self.made {
            // Somebody may have removed it before.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Token {
        Token::from_random(&[0xAB; 16])
    }

    #[test]
    fn a_file_that_was_made_goes_with_its_token() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let kept = TokenFile::open(&path, fresh()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ab".repeat(16) + "\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        // Read by somebody else, it stays.
        let other = TokenFile::open(&path, Token::from_random(&[1; 16])).unwrap();
        assert!(other.token().is(kept.token().reveal().as_bytes()));
        drop(other);
        assert!(path.exists());
        drop(kept);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_token_of_ones_own_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "0123456789abcdef").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = TokenFile::open(&path, fresh()).unwrap_err();
        assert!(matches!(error, TokenFileError::Shared { .. }), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        let error = TokenFile::open(&path, fresh()).unwrap_err();
        assert!(matches!(error, TokenFileError::Token { .. }), "{error}");
        let missing = directory.path().join("missing/token");
        let error = TokenFile::open(&missing, fresh()).unwrap_err();
        assert!(matches!(error, TokenFileError::File { .. }), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
