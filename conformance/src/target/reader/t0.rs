//! Commands over T=0 (ISO/IEC 7816-3:2006 §12.2): the protocol carries data in one direction only, so that a command with both is
//! sent without Le and its answer fetched with GET RESPONSE, and a wrong Le is corrected as the card says. The terminal above
//! sees one command and one response, as over T=1.

use cie_emulator::wire::{Command, LengthForm, ins};

/// Most rounds of GET RESPONSE: 64 KiB in the smallest pieces that any card was seen to give.
const MOST_ROUNDS: usize = 1024;

/// Sends one command. `send` sends bytes and replaces the content of its second argument.
///
/// # Errors
/// Those of `send`; `None` for a command that T=0 cannot carry.
pub(super) fn exchange<E>(
    wire: &[u8],
    response: &mut Vec<u8>,
    mut send: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), E>,
) -> Result<Option<()>, E> {
    let Ok(command) = Command::parse(wire) else {
        // Not a command: the card shall say what it thinks of it.
        return send(wire, response).map(Some);
    };
    if command.form == LengthForm::Extended {
        return Ok(None);
    }
    let header = [
        command.header.cla,
        command.header.ins,
        command.header.p1,
        command.header.p2,
    ];
    match (command.data.is_empty(), command.le) {
        // Case 4: the last byte is Le.
        (false, Some(_)) => send(wire.get(..wire.len() - 1).unwrap_or(wire), response)?,
        // Case 1 has no P3 in an APDU, and zero in a TPDU.
        (true, None) => send(&[&header[..], &[0]].concat(), response)?,
        (true, Some(_)) | (false, None) => send(wire, response)?,
    }
    if let (true, Some([0x6C, right])) = (command.data.is_empty(), response.last_chunk::<2>()) {
        let again = [&header[..], &[*right]].concat();
        send(&again, response)?;
    }
    let mut piece = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let Some([0x61, more]) = response.last_chunk::<2>().copied() else {
            break;
        };
        send(
            &[header[0] & 0x03, ins::GET_RESPONSE, 0, 0, more],
            &mut piece,
        )?;
        response.truncate(response.len() - 2);
        response.append(&mut piece);
    }
    Ok(Some(()))
}
