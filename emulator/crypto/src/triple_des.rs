//! Two-key triple DES for secure messaging: CBC encryption in place and the retail MAC (ISO/IEC 9797-1 algorithm 3).
//! Keys are scheduled once; nothing here allocates.

use core::fmt;

use crate::des::{Halves, Schedule};

/// Length of a DES block in bytes.
pub const BLOCK: usize = 8;

/// The data is not a whole number of cipher blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{length} bytes are not a multiple of the {block}-byte cipher block; pad the data first, or check the cryptogram's length"
)]
pub struct LengthError {
    /// Length of the data in bytes.
    pub length: usize,
    /// Length of a cipher block in bytes.
    pub block: usize,
}

fn blocks(data: &mut [u8]) -> Result<&mut [[u8; BLOCK]], LengthError> {
    let length = data.len();
    match data.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(LengthError {
            length,
            block: BLOCK,
        }),
    }
}

fn halves_of_key(key: &[u8; 16]) -> [[u8; 8]; 2] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = *key;
    [[a, b, c, d, e, f, g, h], rest]
}

/// Triple DES, EDE with two keys (ISO/IEC 18033-3, keying option 2). Parity bits of the key are ignored. The key is wiped
/// on drop.
#[derive(Clone)]
pub struct TripleDes {
    keys: Schedule<48>,
}

impl TripleDes {
    /// Schedules a 16-byte key (K1 ‖ K2).
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        let [first, second] = halves_of_key(key);
        Self {
            keys: Schedule::triple(first, second),
        }
    }

    /// Encrypts `data` in place in CBC mode.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 8 bytes; it is then left as it was.
    pub fn encrypt_cbc(&self, iv: &[u8; 8], data: &mut [u8]) -> Result<(), LengthError> {
        let mut chain = Halves::of(*iv);
        for block in blocks(data)? {
            chain = self.keys.encrypt(chain.xor(Halves::of(*block)));
            *block = chain.to_bytes();
        }
        Ok(())
    }

    /// Decrypts `data` in place in CBC mode.
    ///
    /// # Errors
    /// [`LengthError`] when `data` is not a multiple of 8 bytes; it is then left as it was.
    pub fn decrypt_cbc(&self, iv: &[u8; 8], data: &mut [u8]) -> Result<(), LengthError> {
        let mut chain = Halves::of(*iv);
        let (pairs, last) = blocks(data)?.as_chunks_mut::<2>();
        for pair in pairs {
            let [first, second] = pair.map(Halves::of);
            let [one, two] = self.keys.decrypt_two([first, second]);
            *pair = [one.xor(chain), two.xor(first)].map(Halves::to_bytes);
            chain = second;
        }
        for block in last {
            let plain = self.keys.decrypt(Halves::of(*block));
            *block = plain.xor(chain).to_bytes();
        }
        Ok(())
    }
}

impl fmt::Debug for TripleDes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TripleDes")
    }
}

/// The retail MAC: ISO/IEC 9797-1 algorithm 3 with DES, IV zero, 8 bytes of output. The key is wiped on drop.
#[derive(Clone)]
pub struct RetailMac {
    first: Schedule<16>,
    second: Schedule<16>,
}

impl RetailMac {
    /// Schedules a 16-byte key (K ‖ K').
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        let [first, second] = halves_of_key(key).map(Schedule::new);
        Self { first, second }
    }

    /// MAC over the concatenation of `parts` with padding method 2 added; the padding is added always, so whole blocks get
    /// one more.
    #[must_use]
    pub fn mac_padded(&self, parts: &[&[u8]]) -> [u8; 8] {
        let mut chain = Halves::default();
        let mut waiting = [0; BLOCK];
        let mut filled = 0;
        for part in parts {
            let mut rest = *part;
            if filled > 0 {
                let (now, later) = rest.split_at(rest.len().min(BLOCK - filled));
                waiting[filled..filled + now.len()].copy_from_slice(now);
                filled += now.len();
                if filled < BLOCK {
                    continue;
                }
                chain = self.absorb(chain, waiting);
                rest = later;
            }
            let (whole, begun) = rest.as_chunks();
            for block in whole {
                chain = self.absorb(chain, *block);
            }
            waiting[..begun.len()].copy_from_slice(begun);
            filled = begun.len();
        }
        waiting[filled..].fill(0);
        waiting[filled] = 0x80;
        let last = self.absorb(chain, waiting);
        (self.first.encrypt(self.second.decrypt(last))).to_bytes()
    }

    fn absorb(&self, chain: Halves, block: [u8; 8]) -> Halves {
        self.first.encrypt(chain.xor(Halves::of(block)))
    }
}

impl fmt::Debug for RetailMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetailMac")
    }
}
