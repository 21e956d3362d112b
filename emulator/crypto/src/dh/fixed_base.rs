//! Powers of one base with a table made once (Lim and Lee, "More flexible exponentiation with precomputation", CRYPTO '94):
//! a quarter of the multiplications of a windowed power, for a generator that a process raises again and again.

use crypto_bigint::modular::BoxedMontyForm;
use crypto_bigint::{BoxedUint, Choice, CtAssign, CtEq, MontyForm, MontyMultiplier};

use crate::modular::Modulus;

/// Bits of the exponent that one look into a table takes together, each from another row.
const ROWS: u32 = 5;
/// Tables, each for another part of the rows: so many multiplications for one squaring.
const TABLES: u32 = 4;

/// The tables of a base: 128 numbers as long as the modulus, 32 kB for one of 2048 bits.
pub(super) struct FixedBase {
    /// Bits of a row that belong to one table.
    part: u32,
    /// By table, then by the bits of the rows.
    tables: Vec<Vec<BoxedMontyForm>>,
}

impl FixedBase {
    /// Tables for exponents of at most `bits` bits.
    pub(super) fn new(modulus: &Modulus, base: &BoxedUint, bits: u32) -> Self {
        let part = bits.div_ceil(ROWS * TABLES).max(1);
        let mut power = modulus.form(base.clone());
        // base^(2^(part · n)) for n = 0, 1, …: row by row, and in a row table by table.
        let mut steps = Vec::new();
        for _ in 0..ROWS * TABLES {
            steps.push(power.clone());
            for _ in 0..part {
                power = power.square();
            }
        }
        let one = BoxedMontyForm::one(modulus.params());
        let tables = (0..TABLES as usize).map(|table| {
            let mut entries = vec![one.clone()];
            for step in steps.iter().skip(table).step_by(TABLES as usize) {
                let with_row: Vec<_> = entries.iter().map(|entry| entry.mul(step)).collect();
                entries.extend(with_row);
            }
            entries
        });
        let tables = tables.collect();
        Self { part, tables }
    }

    /// The power. Which entries are taken does not show in the time or in the memory touched.
    pub(super) fn power(&self, modulus: &Modulus, exponent: &[u8]) -> BoxedUint {
        let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(modulus.params());
        let mut power = BoxedMontyForm::one(modulus.params());
        let mut factor = power.clone();
        for at in (0..self.part).rev() {
            multiplier.square_assign(&mut power);
            for (table, offset) in self.tables.iter().zip((at..).step_by(self.part as usize)) {
                let mut wanted = 0_u32;
                for row in (0..ROWS).rev() {
                    wanted = wanted << 1 | bit(exponent, offset + row * TABLES * self.part);
                }
                for (entry, index) in table.iter().zip(0_u32..) {
                    let choice: Choice = index.ct_eq(&wanted);
                    (factor.as_montgomery_mut()).ct_assign(entry.as_montgomery(), choice);
                }
                multiplier.mul_assign(&mut power, &factor);
            }
        }
        power.retrieve()
    }
}

/// A bit of a big-endian number, counted from the lowest; zero above its length.
fn bit(number: &[u8], index: u32) -> u32 {
    let byte = number.iter().rev().nth((index / 8) as usize);
    byte.map_or(0, |byte| u32::from(byte >> (index % 8) & 1))
}
