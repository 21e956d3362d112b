//! Frames: a header of 12 bytes and a body. Any bytes are either frames or an error; none can cause a panic, and no
//! length sent by a peer makes this side allocate.

use std::io;

/// The length of a frame's header, in bytes.
pub const HEADER: usize = 12;

/// The longest body, in bytes: what pcscd itself can carry (64 KiB of data, header, Lc, Le and status word).
pub const MAX_BODY: usize = (1 << 16) + 12;

/// What a frame says. Below 80 the card side speaks, from 80 on the driver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The card side's greeting; body: [`Hello`](crate::Hello).
    Hello = 0x01,
    /// What is in the reader now: the insertion in the header, 0 when nothing is. Another number is another insertion.
    Slot = 0x02,
    /// To `PowerOn` and `Reset`; body: the answer to reset, empty when the card is mute.
    Atr = 0x03,
    /// To `PowerOff`.
    Done = 0x04,
    /// To `Transmit`; body: the response APDU, empty when the card is mute.
    Answer = 0x05,
    /// To any of them: the insertion that was meant is over.
    Gone = 0x06,
    /// The driver's greeting; body: [`Hello`](crate::Hello).
    Welcome = 0x81,
    /// The driver does not take this card side; body: the reason, UTF-8.
    Refused = 0x82,
    /// Give power (a cold reset where there is power already).
    PowerOn = 0x83,
    /// A warm reset.
    Reset = 0x84,
    /// Take the power away.
    PowerOff = 0x85,
    /// Body: a command APDU.
    Transmit = 0x86,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Hello,
        Self::Slot,
        Self::Atr,
        Self::Done,
        Self::Answer,
        Self::Gone,
        Self::Welcome,
        Self::Refused,
        Self::PowerOn,
        Self::Reset,
        Self::PowerOff,
        Self::Transmit,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// One frame. Header: kind (1 byte), 0 (1), sequence (2), insertion (4), length of the body (4), all big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says.
    pub kind: Kind,
    /// The number of a request, repeated by its answer; 0 elsewhere.
    pub sequence: u16,
    /// The insertion that is meant; 0 where none is.
    pub insertion: u32,
    /// What belongs to it, at most [`MAX_BODY`] bytes.
    pub body: &'a [u8],
}

/// Why bytes are no frame, or something is too long for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A kind that this version does not know.
    #[error("a frame of the unknown kind {0:02X}")]
    Kind(u8),
    /// A byte that must be zero is not.
    #[error("a frame whose second byte is {0:02X} and not 00")]
    Reserved(u8),
    /// A length beyond [`MAX_BODY`].
    #[error("a frame of {0} bytes, more than the {MAX_BODY} that fit")]
    TooLong(usize),
}

impl Frame<'_> {
    /// Writes the frame over what `out` held.
    ///
    /// # Errors
    /// When the body is longer than [`MAX_BODY`]; `out` is then empty.
    pub fn write_over(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        out.clear();
        let length = u32::try_from(self.body.len())
            .ok()
            .filter(|_| self.body.len() <= MAX_BODY)
            .ok_or(FrameError::TooLong(self.body.len()))?;
        out.extend([self.kind as u8, 0]);
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.insertion.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend(self.body);
        Ok(())
    }
}

/// The header's meaning and the body's length.
fn parse_header(header: &[u8; HEADER]) -> Result<(Frame<'static>, usize), FrameError> {
    let &[kind, reserved, s0, s1, i0, i1, i2, i3, l0, l1, l2, l3] = header;
    let kind = Kind::of(kind).ok_or(FrameError::Kind(kind))?;
    if reserved != 0 {
        return Err(FrameError::Reserved(reserved));
    }
    let length = u32::from_be_bytes([l0, l1, l2, l3]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_BODY {
        return Err(FrameError::TooLong(length));
    }
    let frame = Frame {
        kind,
        sequence: u16::from_be_bytes([s0, s1]),
        insertion: u32::from_be_bytes([i0, i1, i2, i3]),
        body: &[],
    };
    Ok((frame, length))
}

/// What came in and is not read yet: room for one frame of the greatest length, allocated once.
#[derive(Debug)]
pub struct Inbox {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            buffer: vec![0; HEADER + MAX_BODY].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }
}

impl Inbox {
    /// Takes the next frame, if it is here as a whole.
    ///
    /// # Errors
    /// When what is here can never become a frame; the connection is of no use any more.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
        let Some((header, rest)) = waiting.split_first_chunk() else {
            return Ok(None);
        };
        let (frame, length) = parse_header(header)?;
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        self.start = self.start.saturating_add(HEADER).saturating_add(length);
        Ok(Some(Frame { body, ..frame }))
    }

    /// Reads more into the free room, once. Returns the number of bytes; 0 says that the other side has closed.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = read(room)?.min(room.len());
        self.end = self.end.saturating_add(count);
        Ok(count)
    }

    /// Whether nothing is left here: no bytes of an unread or unfinished frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    type Owned = (Kind, u16, u32, Vec<u8>);

    /// Gives `bytes` to the inbox in pieces of this size, and collects what comes out.
    fn read_in_pieces(bytes: &[u8], size: usize) -> Result<Vec<Owned>, FrameError> {
        let mut inbox = Inbox::default();
        let mut frames = Vec::new();
        for mut piece in bytes.chunks(size) {
            while !piece.is_empty() {
                let count = inbox.fill(|room| io::Read::read(&mut piece, room)).unwrap();
                assert!(count > 0, "an inbox with unread frames only is never full");
                while let Some(frame) = inbox.next_frame()? {
                    frames.push((
                        frame.kind,
                        frame.sequence,
                        frame.insertion,
                        frame.body.to_vec(),
                    ));
                }
            }
        }
        Ok(frames)
    }

    #[rstest]
    #[case::kind(&[0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], FrameError::Kind(0x07))]
    #[case::reserved(&[0x01, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], FrameError::Reserved(9))]
    #[case::length(&[0x05, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0, 0, 0], FrameError::TooLong(0x7F00_0000))]
    fn what_is_no_frame_is_refused(#[case] bytes: &[u8], #[case] why: FrameError) {
        assert_eq!(read_in_pieces(bytes, 5), Err(why));
    }

    #[test]
    fn nothing_too_long_is_written() {
        let mut out = vec![1, 2, 3];
        let body = vec![0; MAX_BODY + 1];
        let frame = Frame {
            kind: Kind::Answer,
            sequence: 1,
            insertion: 1,
            body: &body,
        };
        assert_eq!(
            frame.write_over(&mut out),
            Err(FrameError::TooLong(MAX_BODY + 1))
        );
        assert_eq!(out, Vec::<u8>::new());
    }

    proptest! {
        #[test]
        fn frames_are_read_as_they_were_written(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..6),
            kind in prop::sample::select(Kind::ALL.to_vec()),
            sequence: u16,
            insertion: u32,
            size in 1_usize..2000,
        ) {
            let (mut all, mut one) = (Vec::new(), Vec::new());
            for body in &bodies {
                Frame { kind, sequence, insertion, body }.write_over(&mut one).unwrap();
                all.extend(&one);
            }
            let expected: Vec<_> = bodies.into_iter().map(|body| (kind, sequence, insertion, body)).collect();
            prop_assert_eq!(read_in_pieces(&all, size), Ok(expected));
        }

        #[test]
        fn the_longest_frame_fits(size in 1000_usize..70_000) {
            let body = vec![0x5A; MAX_BODY];
            let mut out = Vec::new();
            Frame { kind: Kind::Answer, sequence: 9, insertion: 1, body: &body }.write_over(&mut out).unwrap();
            prop_assert_eq!(read_in_pieces(&out, size), Ok(vec![(Kind::Answer, 9, 1, body)]));
        }

        #[test]
        fn any_bytes_are_frames_or_refused(bytes: Vec<u8>, size in 1_usize..50) {
            let _ = read_in_pieces(&bytes, size);
        }
    }
}
