//! What a record is written to: positions, bytes and a barrier. A file for cards that are kept, and for rehearsals a disk that
//! loses power ([`super::torn`]).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Something with bytes at positions.
pub trait Disk: Send {
    /// Writes at a position. Until the next [`sync`](Self::sync) a loss of power may undo any part of it.
    ///
    /// # Errors
    /// Those of the system.
    fn write(&mut self, position: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything written is durable.
    ///
    /// # Errors
    /// Those of the system; then nothing is known about what was written.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn write(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, position)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
