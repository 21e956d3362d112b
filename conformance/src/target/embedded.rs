//! The embedded emulator as a target: a card of this project in the same process. Its state can be looked into, nothing on
//! it can be harmed, and the same seed gives the same bytes.

use std::sync::Arc;

use cie_crypto::hash::sha256;
use cie_crypto::random::RandomSource;
use cie_emulator::Card;
use cie_emulator::card::{Channel, Image};
use cie_emulator::store::{Tear, TearAt};

use super::{CardState, Reset, SecurityStatus, StateChannel, Target, TargetError, TargetKind};

/// A card in this process.
pub struct Embedded {
    card: Card,
    inserted: bool,
    description: String,
}

impl Embedded {
    /// A fresh card with this image; its random bytes come from `random`. `persona` is for people.
    #[must_use]
    pub fn new(image: Arc<Image>, random: Box<dyn RandomSource>, persona: &str) -> Self {
        let description = format!(
            "embedded emulator, chip {}, persona {persona}",
            image.chip.id
        );
        Self::of(Card::new(image, random), description)
    }

    /// A card that exists already, under a description for people.
    #[must_use]
    pub const fn of(card: Card, description: String) -> Self {
        Self {
            card,
            inserted: true,
            description,
        }
    }

    fn present(&mut self) -> Result<&mut Card, TargetError> {
        match self.inserted {
            true => Ok(&mut self.card),
            false => Err(TargetError::CardRemoved),
        }
    }
}

impl Target for Embedded {
    fn kind(&self) -> TargetKind {
        TargetKind::Emulator
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    fn power_off(&mut self) -> Result<(), TargetError> {
        self.present()?.power_off();
        Ok(())
    }

    fn reset(&mut self, reset: Reset) -> Result<Vec<u8>, TargetError> {
        let kind = match reset {
            Reset::Warm => cie_emulator::card::Reset::Warm,
            Reset::Cold => cie_emulator::card::Reset::Cold,
        };
        Ok(self.present()?.reset(kind).as_bytes().to_vec())
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TargetError> {
        response.clear();
        let answer = self.present()?.transmit(command);
        if answer.is_empty() {
            return Err(TargetError::NoResponse);
        }
        response.extend_from_slice(answer);
        Ok(())
    }

    fn remove(&mut self) -> Result<(), TargetError> {
        self.card.power_off();
        self.inserted = false;
        Ok(())
    }

    fn insert(&mut self) -> Result<(), TargetError> {
        self.inserted = true;
        Ok(())
    }

    fn tear(&mut self, tear: Tear, at: TearAt) -> Result<(), TargetError> {
        self.present()?.tear(tear, at);
        Ok(())
    }

    fn state(&mut self) -> Option<CardState> {
        Some(state_of(&self.card))
    }
}

/// The inside of a card of this project, wherever it is.
pub(crate) fn state_of(card: &Card) -> CardState {
    let state = card.state();
    let credentials = &card.memory().credentials;
    let files = &card.image().files;
    let current = files
        .dedicated_files()
        .iter()
        .find(|df| Some(df.name) == state.current_df);
    CardState {
        pin_tries: Some(state.pin_left),
        puk_tries: Some(state.puk_left),
        selected_application: current.and_then(|df| df.df_names.first()).cloned(),
        selected_file: state.current_ef.map(|file| file.0),
        channel: match state.channel {
            Channel::Plain => StateChannel::Plain,
            Channel::Protected {
                send_sequence_counter,
            } => StateChannel::Protected {
                counter: Some(send_sequence_counter),
            },
        },
        security: SecurityStatus {
            device_authenticated: state.device_authenticated,
            pin_verified: state.verified.pin,
            puk_verified: state.verified.puk,
        },
        persistent_digest: sha256(&[
            credentials.pin.reveal(),
            credentials.puk.reveal(),
            &[credentials.pin_left, credentials.puk_left],
        ]),
    }
}
