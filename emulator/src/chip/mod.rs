//! Chip families and behaviour parameters, both **as data**: adding a family is adding a file under `fixtures/chips`,
//! and whatever public sources leave open is a named parameter of `fixtures/profiles`, with its evidence.

mod family;
mod profile;

pub use family::{Chip, ChipError, DhDialect, Dialects, Limits, RootSelection, chip, chips};
pub use profile::{
    AnswerInstead, CardAccess, Choice, ErrorStyle, GetResponse, Parameter, Profile, ProfileError,
    SmStatus, TearKnob, parameters, preset, preset_values, presets, setting,
};
