//! What may have changed after one command, whatever the command was: tries come back only to who said the code, flags rise only
//! for it, a proof counts only if it is one, and nothing guarded or secret is in an answer. Written from the outside; the card's
//! own rules are not asked.

use cie_emulator::card::{CardState, Image};
use cie_emulator::files::ElementaryFile;
use cie_emulator::wire::{Command, StatusWord, ins};
use cie_emulator::{Card, apps};

use super::flow::Flow;

/// A look into the card.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) state: CardState,
    pin: [u8; 8],
    puk: [u8; 8],
}

impl Look {
    pub(super) fn at(card: &Card) -> Self {
        let credentials = &card.memory().credentials;
        Self {
            state: card.state(),
            pin: *credentials.pin.reveal(),
            puk: *credentials.puk.reveal(),
        }
    }
}

/// A command as the card should have understood it.
pub(super) struct Said<'a> {
    /// Its instruction.
    pub(super) ins: u8,
    /// Its data with those of the links before it.
    pub(super) data: &'a [u8],
    /// Data and status word of the answer, without protection; nothing when the card is mute.
    pub(super) answer: Option<(&'a [u8], StatusWord)>,
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Compares the card before and after one command.
pub(super) fn check(before: &Look, after: &Look, said: &Said<'_>, proofs: &[Vec<u8>]) {
    codes(before, after, said);
    flags(before, after, said);
    proven(&before.state, &after.state, said, proofs);
}

/// Tries and codes: what survives power.
fn codes(before: &Look, after: &Look, said: &Said<'_>) {
    let pin_said = contains(said.data, &before.pin);
    let puk_said = contains(said.data, &before.puk);
    let unblocks = said.ins == ins::RESET_RETRY_COUNTER && (before.state.verified.puk || puk_said);
    let credential = matches!(
        said.ins,
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
    );
    // A card that lost its power may have written and could not say so.
    let done = said.answer.is_none_or(|(_, sw)| sw.is_ok());
    let (left, was) = (after.state.pin_left, before.state.pin_left);
    assert!(
        left <= was || (done && (pin_said || unblocks)),
        "tries of the PIN rose"
    );
    assert!(
        was.saturating_sub(left) <= 1,
        "more than one try of the PIN was taken"
    );
    let (left, was) = (after.state.puk_left, before.state.puk_left);
    assert!(left <= was || (done && puk_said), "tries of the PUK rose");
    assert!(
        was.saturating_sub(left) <= 1,
        "more than one try of the PUK was taken"
    );
    assert_eq!(before.puk, after.puk, "the PUK is another");
    if before.pin != after.pin {
        assert!(done && (pin_said || unblocks), "the PIN was replaced");
        assert!(said.data.ends_with(&after.pin), "a PIN nobody chose");
    }
    let same = (before.pin, before.state.pin_left, before.state.puk_left)
        == (after.pin, after.state.pin_left, after.state.puk_left);
    assert!(credential || same, "{:02X} changed the memory", said.ins);
}

/// What the session has verified.
fn flags(before: &Look, after: &Look, said: &Said<'_>) {
    let (was, is) = (before.state.verified, after.state.verified);
    if is.pin && !was.pin {
        assert!(contains(said.data, &before.pin), "the PIN was not said");
    }
    if is.puk && !was.puk {
        assert!(contains(said.data, &before.puk), "the PUK was not said");
    }
}

/// Who authenticated, and with what.
fn proven(before: &CardState, after: &CardState, said: &Said<'_>, proofs: &[Vec<u8>]) {
    if gained(before, after) {
        let proof = proofs.iter().any(|proof| said.data.ends_with(proof));
        assert!(proof, "authenticated without a proof");
    }
}

fn gained(before: &CardState, after: &CardState) -> bool {
    let access = |state: &CardState| state.document.access.is_some();
    (after.device_authenticated && !before.device_authenticated)
        || (access(after) && !access(before))
        || after.document.rights & !before.document.rights != 0
}

/// The data fields by which somebody gained something in a recorded flow.
pub(super) fn proofs(flow: &Flow) -> Vec<Vec<u8>> {
    let gaining = flow
        .moments
        .iter()
        .filter(|moment| gained(&moment.card.state(), &moment.state_after));
    gaining
        .filter_map(|moment| {
            Command::parse(&moment.command)
                .ok()
                .map(|c| c.data.to_vec())
        })
        .collect()
}

/// An answer as such: whole, no longer than was asked for, with a status word of the standard.
pub(super) fn answer(command: Option<&Command<'_>>, response: &[u8]) {
    assert!(response.len() >= 2, "half a status word");
    // Clients take domain parameters, protected proofs and PACE's keys of 2048 bits, more than 256 bytes, in answer to short
    // commands.
    let whole = [
        ins::GET_DATA,
        ins::INTERNAL_AUTHENTICATE,
        ins::GENERAL_AUTHENTICATE,
    ];
    let ne = command
        .filter(|command| !whole.contains(&command.header.ins))
        .and_then(Command::ne)
        .unwrap_or(65536);
    let length = response.len().saturating_sub(2);
    assert!(
        length <= ne,
        "{length} bytes where {ne} were wanted: {command:02X?} {response:02X?}"
    );
    let status = response.last_chunk::<2>().copied().unwrap_or_default();
    let known = status == [0x90, 0x00] || matches!(status[0], 0x61..=0x6F);
    assert!(known, "{status:02X?} is no status word");
}

/// Bytes that are long enough to be recognised.
const TELLING: usize = 16;

/// Neither codes nor the contents of a guarded file are in an answer to somebody who has not earned them.
pub(super) fn secrets(image: &Image, before: &Look, look: &Look, data: &[u8]) {
    for code in [&before.pin, &before.puk, &look.pin, &look.puk] {
        assert!(!contains(data, code), "a code is in the answer");
    }
    let Some(telling) = data.get(..TELLING) else {
        return;
    };
    let (open, closed): (Vec<_>, Vec<_>) =
        guarded(image, &before.state).partition(|(_, allowed)| *allowed);
    for (file, _) in closed {
        // The beginnings of certificates and of pictures are the same on many, and the program that made a picture writes its
        // name into each.
        let own = file
            .contents
            .get(file.contents.len() / 2..)
            .unwrap_or_default();
        let elsewhere = || {
            open.iter()
                .any(|(file, _)| contains(&file.contents, telling))
        };
        assert!(
            !contains(own, telling) || elsewhere(),
            "{} was told: {telling:02X?}",
            file.name
        );
    }
}

fn guarded<'a>(
    image: &'a Image,
    state: &CardState,
) -> impl Iterator<Item = (&'a ElementaryFile, bool)> {
    let (verified, document) = (state.verified.pin, state.document);
    let of = |name: &[u8], number: u16| {
        let df = image
            .files
            .by_df_name(name)
            .and_then(|df| image.files.df(df));
        let file = df.and_then(|df| df.files.iter().find(|file| file.file_id.0 == number));
        file.filter(|file| file.contents.len() > 4 * TELLING)
    };
    let cie = [0xA0, 0, 0, 0, 0, 0x39];
    [
        (of(&cie, 0x1003), verified),
        (of(&apps::emrtd::AID, 0x0101), document.access.is_some()),
        (of(&apps::emrtd::AID, 0x0102), document.access.is_some()),
        (of(&apps::emrtd::AID, 0x0103), document.rights & 1 == 1),
    ]
    .into_iter()
    .filter_map(|(file, allowed)| Some((file?, allowed)))
}
