//! The order of the writes: each change goes over the older of two records, is made durable, and only then counts.

use super::content::MemoryRecord;
use super::disk::Disk;
use super::layout;
use super::{Store, Trouble};
use crate::credentials::{Commit, Credentials, PowerLost, WritePoint};
use std::io;

/// A card's memory on a disk.
pub(super) struct Journal<D> {
    disk: D,
    sequence: u64,
    durable: Credentials,
    uses: u64,
    trouble: Trouble,
}

impl<D: Disk> Journal<D> {
    /// Goes on from the record with this sequence number, which says this.
    pub(super) const fn new(
        disk: D,
        sequence: u64,
        durable: Credentials,
        uses: u64,
        trouble: Trouble,
    ) -> Self {
        Self {
            disk,
            sequence,
            durable,
            uses,
            trouble,
        }
    }

    /// Notes that the card is taken into use.
    pub(super) fn take_into_use(&mut self, last: Option<WritePoint>) -> io::Result<u64> {
        self.uses = self.uses.saturating_add(1);
        let credentials = self.durable.clone();
        self.write(&credentials, last)?;
        Ok(self.uses)
    }

    fn write(&mut self, credentials: &Credentials, last: Option<WritePoint>) -> io::Result<()> {
        // After a write that failed nobody knows what the disk holds: only whoever opens the file anew can look.
        if self.trouble.text().is_some() {
            return Err(io::ErrorKind::Other.into());
        }
        let sequence = self.sequence.saturating_add(1);
        let memory = MemoryRecord::new(credentials, self.uses, last);
        let record = layout::record(sequence, &memory).map_err(io::Error::other)?;
        let written = self
            .disk
            .write(layout::place(sequence) as u64, &record)
            .and_then(|()| self.disk.sync());
        match written {
            Ok(()) => {
                self.sequence = sequence;
                self.durable = credentials.clone();
                Ok(())
            }
            Err(error) => {
                self.trouble.note(&error);
                Err(error)
            }
        }
    }
}

impl<D: Disk> Commit for Journal<D> {
    fn commit(&mut self, point: WritePoint, credentials: &Credentials) -> Result<(), PowerLost> {
        self.write(credentials, Some(point))
            .map_err(|_| PowerLost(point))
    }
}

impl<D: Disk> Store for Journal<D> {
    fn durable(&self) -> Option<Credentials> {
        Some(self.durable.clone())
    }
}
