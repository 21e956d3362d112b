//! Command chaining (ISO/IEC 7816-4:2020 §5.3.3): links collected until the last one comes.

use crate::wire::Command;
use zeroize::Zeroizing;

/// An unfinished chain.
#[derive(Clone)]
pub(super) struct Chain {
    /// INS P1 P2, which all links share.
    parameters: [u8; 3],
    /// Whether the links come through secure messaging.
    protected: bool,
    data: Zeroizing<Vec<u8>>,
}

impl Chain {
    pub(super) fn new(link: &Command<'_>, protected: bool) -> Self {
        Self {
            parameters: parameters(link),
            protected,
            data: Zeroizing::new(Vec::new()),
        }
    }

    /// Whether this command is another link of the same chain; any other aborts it and stands for itself.
    pub(super) fn continues_with(&self, link: &Command<'_>, protected: bool) -> bool {
        self.parameters == parameters(link) && self.protected == protected
    }

    /// With the data of one more link; `None` above `limit` bytes, and the chain is gone.
    pub(super) fn append(mut self, data: &[u8], limit: usize) -> Option<Self> {
        if self.data.len().saturating_add(data.len()) > limit {
            return None;
        }
        self.data.extend_from_slice(data);
        Some(self)
    }

    /// The data of the whole command.
    pub(super) fn finish(self, last: &[u8], limit: usize) -> Option<Zeroizing<Vec<u8>>> {
        self.append(last, limit).map(|chain| chain.data)
    }
}

const fn parameters(link: &Command<'_>) -> [u8; 3] {
    [link.header.ins, link.header.p1, link.header.p2]
}
