//! Files that somebody gave to the program: personas, scenarios, traces, reports, tokens. Whoever gives them may be a stranger,
//! so only a file proper is read (a pipe would be waited for, a device has no end), and never more of it than its kind needs.
//! What stands in a file is the business of those who asked for it.

use rustix::fs::{Mode, OFlags};
use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

/// Opens a file for reading, without ever waiting for it.
///
/// # Errors
/// As the file system says, and [`ErrorKind::InvalidInput`] for everything that is no file: folders, pipes, devices, sockets.
pub fn open(path: &Path) -> io::Result<File> {
    // Asked before, because opening alone does something to some devices, and after, because it may be another thing by then.
    proper(fs::metadata(path)?.file_type())?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    proper(file.metadata()?.file_type())?;
    Ok(file)
}

/// The bytes of a file, `most` of them at most. Memory is taken for what is there, once.
///
/// # Errors
/// As [`open`], and [`ErrorKind::FileTooLarge`] for a longer file, of which nothing is read.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > most {
        return Err(too_long(most));
    }
    let mut bytes = Vec::with_capacity(length.saturating_add(1));
    read_from(file, most, &mut bytes)?;
    Ok(bytes)
}

/// The text of a file, `most` bytes at most.
///
/// # Errors
/// As [`read`], and [`ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| not_text())
}

/// The text of something that is no file, such as standard input, `most` bytes at most.
///
/// # Errors
/// As [`read_text`].
pub fn text_from(source: impl Read, most: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    read_from(source, most, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| not_text())
}

fn read_from(source: impl Read, most: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    source.take(limit).read_to_end(bytes)?;
    match bytes.len() > most {
        true => Err(too_long(most)),
        false => Ok(()),
    }
}

fn proper(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    let message = format!("it is {what} and no file; name a file");
    Err(io::Error::new(ErrorKind::InvalidInput, message))
}

fn too_long(most: usize) -> io::Error {
    let message = format!("it is longer than {most} bytes, which no such file needs");
    io::Error::new(ErrorKind::FileTooLarge, message)
}

fn not_text() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::shorter("1234567", Ok("1234567"))]
    #[case::as_long("12345678", Ok("12345678"))]
    #[case::longer("123456789", Err(ErrorKind::FileTooLarge))]
    #[case::empty("", Ok(""))]
    fn as_much_as_allowed(#[case] text: &str, #[case] expected: Result<&str, ErrorKind>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        let found = read_text(&path, 8).map_err(|error| error.kind());
        assert_eq!(found.as_deref().map_err(|kind| *kind), expected);
        let found = text_from(text.as_bytes(), 8).map_err(|error| error.kind());
        assert_eq!(found.as_deref().map_err(|kind| *kind), expected);
    }

    /// Ten billion bytes that are not there: refused by their number.
    #[test]
    fn a_file_of_holes_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holes");
        File::create(&path)
            .unwrap()
            .set_len(10_000_000_000)
            .unwrap();
        let error = read(&path, 1 << 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is longer than 1048576 bytes, which no such file needs"
        );
    }

    #[rstest]
    #[case::folder("/", ErrorKind::IsADirectory, "is a directory")]
    #[case::endless_device("/dev/zero", ErrorKind::InvalidInput, "it is a device and no file")]
    #[case::missing("/no/such/file", ErrorKind::NotFound, "No such file")]
    fn only_files(#[case] path: &str, #[case] kind: ErrorKind, #[case] words: &str) {
        let error = read(Path::new(path), 8).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn nobody_waits_for_a_pipe_or_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, socket, link] = ["pipe", "socket", "link"].map(|name| folder.path().join(name));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            Mode::RUSR,
            0,
        )
        .unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for (path, words) in [(&pipe, "a pipe"), (&socket, "a socket"), (&link, "a pipe")] {
            let error = open(path).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_no_text_is_said_to_be_that() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [0xFF]).unwrap();
        let error = read_text(&path, 8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
