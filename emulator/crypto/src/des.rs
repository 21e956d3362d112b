//! The block cipher DES with its tables of S-boxes and permutation combined, as the modes of [`triple_des`](crate::triple_des)
//! need it: blocks stay permuted between the rounds of one key and the next, and from one block of a chain to the next.
//!
//! The kept crate for DES takes nearly three times as long (0.64 against 0.22 µs for a block of triple DES), and secure
//! messaging is nothing but DES; that crate judges this one in the tests. Tables are read at places that depend on key and
//! data, so neighbours on one machine could learn of both through its caches, as with the kept crate: right for published
//! test keys, wrong for secrets.

mod tables;
#[cfg(test)]
mod tests;

use tables::{PC1, PC2, Permutation, SHIFTS, SP};
use zeroize::ZeroizeOnDrop;

/// A block after the initial permutation, each half rotated by one to the right.
#[derive(Clone, Copy, Default)]
pub(crate) struct Halves {
    left: u32,
    right: u32,
}

/// The keys of sixteen rounds or a multiple: for each, what goes to the odd and what to the even S-boxes.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct Schedule<const ROUNDS: usize>([[u32; 2]; ROUNDS]);

impl Schedule<16> {
    /// From an 8-byte key, whose parity bits are ignored.
    pub(crate) fn new(key: [u8; 8]) -> Self {
        let chosen = permute(&PC1, u64::from_be_bytes(key));
        let [mut c, mut d] = [chosen >> 28, chosen].map(|half| half & HALF);
        Self(SHIFTS.map(|places| {
            c = rotate(c, places);
            d = rotate(d, places);
            let key = permute(&PC2, c << 28 | d);
            [spread(key, 42), spread(key, 36)]
        }))
    }
}

impl Schedule<48> {
    /// Encryption with the first key, decryption with the second, encryption with the first.
    pub(crate) fn triple(first: [u8; 8], second: [u8; 8]) -> Self {
        let (first, second) = (Schedule::new(first), Schedule::new(second));
        let mut rounds = [[0; 2]; 48];
        rounds[..16].copy_from_slice(&first.0);
        for (to, from) in rounds[16..32].iter_mut().zip(second.0.iter().rev()) {
            *to = *from;
        }
        rounds[32..].copy_from_slice(&first.0);
        Self(rounds)
    }
}

impl<const ROUNDS: usize> Schedule<ROUNDS> {
    /// All rounds in order.
    #[inline]
    pub(crate) fn encrypt(&self, mut block: Halves) -> Halves {
        for key in self.0.chunks_exact(16) {
            for pair in key.chunks_exact(2) {
                block.left ^= substitute(block.right, pair[0]);
                block.right ^= substitute(block.left, pair[1]);
            }
            block = block.swapped();
        }
        block
    }

    /// All rounds backwards, which undoes them.
    #[inline]
    pub(crate) fn decrypt(&self, mut block: Halves) -> Halves {
        for key in self.0.chunks_exact(16).rev() {
            for pair in key.chunks_exact(2).rev() {
                block.left ^= substitute(block.right, pair[1]);
                block.right ^= substitute(block.left, pair[0]);
            }
            block = block.swapped();
        }
        block
    }

    /// Two blocks backwards at once, which takes hardly longer than one: neither waits for the other.
    #[inline]
    pub(crate) fn decrypt_two(&self, [mut one, mut two]: [Halves; 2]) -> [Halves; 2] {
        for key in self.0.chunks_exact(16).rev() {
            for pair in key.chunks_exact(2).rev() {
                one.left ^= substitute(one.right, pair[1]);
                two.left ^= substitute(two.right, pair[1]);
                one.right ^= substitute(one.left, pair[0]);
                two.right ^= substitute(two.left, pair[0]);
            }
            (one, two) = (one.swapped(), two.swapped());
        }
        [one, two]
    }
}

/// What the round function makes of a half: its expansion is there already, one rotation for the odd S-boxes and another
/// for the even ones.
#[inline]
fn substitute(half: u32, [odd, even]: [u32; 2]) -> u32 {
    let odd = half ^ odd;
    let even = half.rotate_left(4) ^ even;
    let six = |number: u32, places: u32| (number >> places & 63) as usize;
    SP[0][six(odd, 26)]
        ^ SP[2][six(odd, 18)]
        ^ SP[4][six(odd, 10)]
        ^ SP[6][six(odd, 2)]
        ^ SP[1][six(even, 26)]
        ^ SP[3][six(even, 18)]
        ^ SP[5][six(even, 10)]
        ^ SP[7][six(even, 2)]
}

/// The bits of half a key register.
const HALF: u64 = (1 << 28) - 1;

fn rotate(half: u64, places: u32) -> u64 {
    (half << places | half >> (28 - places)) & HALF
}

/// Every other group of six bits of a 48-bit key, from the one at `place` on, at the places where a half has them.
fn spread(key: u64, place: u32) -> u32 {
    (0..4).fold(0, |spread, group| {
        let six = (key >> (place - 12 * group) & 63) as u32;
        spread | six << (26 - 8 * group)
    })
}

fn permute<const NIBBLES: usize>(tables: &Permutation<NIBBLES>, number: u64) -> u64 {
    let mut rest = number;
    tables.iter().rev().fold(0, |permuted, table| {
        let nibble = (rest & 15) as usize;
        rest >>= 4;
        permuted | table[nibble]
    })
}

impl Halves {
    /// The initial permutation, by exchanges of every other group of bits.
    #[inline]
    pub(crate) fn of(block: [u8; 8]) -> Self {
        let block = u64::from_be_bytes(block);
        let (mut left, mut right) = ((block >> 32) as u32, block as u32);
        exchange(&mut left, &mut right, 4, 0x0F0F_0F0F);
        exchange(&mut left, &mut right, 16, 0x0000_FFFF);
        exchange(&mut right, &mut left, 2, 0x3333_3333);
        exchange(&mut right, &mut left, 8, 0x00FF_00FF);
        exchange(&mut left, &mut right, 1, 0x5555_5555);
        Self {
            left: left.rotate_right(1),
            right: right.rotate_right(1),
        }
    }

    /// The final permutation, which undoes [`of`](Self::of).
    #[inline]
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        let (mut left, mut right) = (self.left.rotate_left(1), self.right.rotate_left(1));
        exchange(&mut left, &mut right, 1, 0x5555_5555);
        exchange(&mut right, &mut left, 8, 0x00FF_00FF);
        exchange(&mut right, &mut left, 2, 0x3333_3333);
        exchange(&mut left, &mut right, 16, 0x0000_FFFF);
        exchange(&mut left, &mut right, 4, 0x0F0F_0F0F);
        (u64::from(left) << 32 | u64::from(right)).to_be_bytes()
    }

    /// The halves of both added bit by bit: the permutations do not mind.
    #[inline]
    pub(crate) fn xor(self, other: Self) -> Self {
        Self {
            left: self.left ^ other.left,
            right: self.right ^ other.right,
        }
    }

    /// What follows the last round of a key.
    #[inline]
    fn swapped(self) -> Self {
        Self {
            left: self.right,
            right: self.left,
        }
    }
}

/// Exchanges the bits of `a` under the mask, so many places up, with those of `b` under it.
#[inline]
fn exchange(a: &mut u32, b: &mut u32, places: u32, mask: u32) {
    let different = (*a >> places ^ *b) & mask;
    *b ^= different;
    *a ^= different << places;
}
