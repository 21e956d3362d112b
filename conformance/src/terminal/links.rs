//! Command chaining: a command that is too long becomes links.

use cie_emulator::wire::{Command, CommandBuf};

use super::{Chaining, PLAIN_LINK};

/// The links of a command: itself when it fits, else pieces of which all but the last have the chaining bit and no Le
/// (ISO/IEC 7816-4:2020 §5.3.3).
pub(super) fn links(command: &CommandBuf, chaining: Chaining) -> Vec<CommandBuf> {
    let size = match chaining {
        Chaining::Auto => PLAIN_LINK,
        Chaining::Every(size) => size.max(1),
        Chaining::Never => usize::MAX,
    };
    if command.data.len() <= size {
        return vec![command.clone()];
    }
    let Command {
        header, le, form, ..
    } = command.view();
    let last = command.data.len().div_ceil(size) - 1;
    let link = |(number, piece): (usize, &[u8])| {
        let mut link = CommandBuf {
            header,
            data: piece.to_vec(),
            le: None,
            form,
        };
        if number == last {
            link.le = le;
        } else {
            link.header.cla |= 0x10;
        }
        link
    };
    command.data.chunks(size).enumerate().map(link).collect()
}
