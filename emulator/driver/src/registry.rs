//! The readers of this process, by the numbers that pcscd gave them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::ffi::Dword;
use crate::reader::Reader;

static READERS: RwLock<BTreeMap<Dword, Arc<Reader>>> = RwLock::new(BTreeMap::new());

/// The reader with this logical unit number.
pub(crate) fn reader(lun: Dword) -> Option<Arc<Reader>> {
    let readers = READERS.read().unwrap_or_else(PoisonError::into_inner);
    readers.get(&lun).map(Arc::clone)
}

/// Keeps a reader; one that had its number before is closed.
pub(crate) fn keep(lun: Dword, reader: Reader) {
    let before = {
        let mut readers = READERS.write().unwrap_or_else(PoisonError::into_inner);
        readers.insert(lun, Arc::new(reader))
    };
    if let Some(before) = before {
        before.close();
    }
}

/// Closes a reader; false when there is none. A request that another thread waits for ends with an error.
pub(crate) fn close(lun: Dword) -> bool {
    let reader = {
        let mut readers = READERS.write().unwrap_or_else(PoisonError::into_inner);
        readers.remove(&lun)
    };
    reader.inspect(|reader| reader.close()).is_some()
}
