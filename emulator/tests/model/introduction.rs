//! The rules of the authentication between terminal and chip, and of the keys that sign.

use super::ask::{Ask, Certified, Input};
use super::rules::{Answer, OK, status};
use super::state::{Df, Introduction, Key, Known, State};
use super::told::{Data, Sw};
use crate::event::Event;

/// The order of things was not kept.
const OUT_OF_ORDER: Option<Answer> = Some((Sw::Is(0x6985), Data::None));

impl State {
    /// MANAGE SECURITY ENVIRONMENT for key 81 or 83, which exist in the CIE directory.
    pub(crate) fn set_key(&mut self, key: u8) -> Option<Answer> {
        match self.df {
            Some(Df::Cie) => {}
            Some(Df::Document) => return None,
            _ => {
                self.key.doubt();
                return Some((Sw::Refused, Data::None));
            }
        }
        self.key = match key {
            0x81 => Key::Signature,
            0x83 => Key::Services,
            _ => {
                self.key.doubt();
                return status(0x6A88);
            }
        };
        Some(OK)
    }

    /// INTERNAL AUTHENTICATE with key 81, which needs the PIN, or 83, which needs nothing.
    pub(crate) fn sign(&self, input: Input, protected: bool) -> Option<Answer> {
        let allowed = match self.key {
            Key::Unsure | Key::Device => return None,
            Key::None if self.df == Some(Df::Cie) && input != Input::Empty => return OUT_OF_ORDER,
            Key::None => return Some((Sw::Refused, Data::None)),
            Key::Services => true,
            Key::Signature => protected && self.codes.pin_ok,
        };
        match (allowed, input) {
            (true, Input::Empty) => status(0x6700),
            (true, _) => {
                let signature = self.key == Key::Signature;
                Some((Sw::Is(0x9000), Data::Signature(signature, input)))
            }
            (false, Input::Empty) => Some((Sw::OneOf(&[0x6700, 0x6982]), Data::None)),
            (false, _) => status(0x6982),
        }
    }

    /// The steps of the device authentication: in a session, in their order, refused in clear.
    pub(crate) fn introduce(&mut self, ask: &Ask, protected: bool) -> Option<Answer> {
        if self.df != Some(Df::Cie) {
            return None;
        }
        if !protected {
            return self.introduce_in_clear(ask);
        }
        match ask {
            Ask::SetDeviceKey => {
                self.key = Key::Device;
                Some(OK)
            }
            Ask::Challenge => {
                self.introduction.challenge = Known::Yes;
                self.introduction.chip.doubt();
                Some((Sw::Is(0x9000), Data::Challenge))
            }
            Ask::Prove(right) => self.prove(*right),
            Ask::ProveChip => self.prove_chip(),
            // What a new introduction does to a terminal that is authenticated already is left open.
            _ if self.codes.device => None,
            Ask::SetAuthority => {
                self.introduction.authority = Known::Yes;
                Some(OK)
            }
            Ask::Present(certified) => self.present(*certified == Certified::Right),
            Ask::SetTerminal(right) => self.set_terminal(*right),
            _ => None,
        }
    }

    /// What proves something is refused; whether a key may be chosen, and a challenge drawn, is left open.
    fn introduce_in_clear(&mut self, ask: &Ask) -> Option<Answer> {
        match ask {
            Ask::Challenge => {
                self.introduction.challenge = Known::Unsure;
                self.introduction.chip.doubt();
                return Some((Sw::Open, Data::Any));
            }
            Ask::SetDeviceKey => {
                // Chosen or not: with neither is there anything to prove in clear.
                self.key = match self.key {
                    Key::Services | Key::Unsure => Key::Unsure,
                    _ => Key::Device,
                };
            }
            Ask::SetAuthority => {
                self.introduction.authority = Known::Unsure;
            }
            Ask::SetTerminal(_) => {
                self.introduction.terminal = Known::Unsure;
            }
            // The services key signs eight bytes like any others.
            Ask::ProveChip if matches!(self.key, Key::Services | Key::Unsure) => return None,
            _ => return Some((Sw::Refused, Data::None)),
        }
        Some((Sw::Open, Data::None))
    }

    fn present(&mut self, right: bool) -> Option<Answer> {
        let Introduction {
            authority,
            certificate,
            terminal,
            ..
        } = &mut self.introduction;
        match *authority {
            Known::Unsure => return None,
            Known::No => return OUT_OF_ORDER,
            Known::Yes => {}
        }
        terminal.doubt();
        if right {
            *certificate = Known::Yes;
            Some(OK)
        } else {
            certificate.doubt();
            status(0x6300)
        }
    }

    fn set_terminal(&mut self, right: bool) -> Option<Answer> {
        let introduction = &mut self.introduction;
        match (introduction.certificate, right) {
            (Known::Yes, true) => {
                introduction.terminal = Known::Yes;
                Some(OK)
            }
            (Known::Unsure, true) => None,
            // A holder reference the card does not know.
            _ => {
                introduction.terminal.doubt();
                status(0x6A88)
            }
        }
    }

    /// EXTERNAL AUTHENTICATE: a challenge serves one proof.
    fn prove(&mut self, right: bool) -> Option<Answer> {
        let ready = (self.introduction.terminal, self.introduction.challenge);
        match ready {
            (Known::Unsure, _) | (_, Known::Unsure) => None,
            _ if self.codes.device && (!right || ready != (Known::Yes, Known::Yes)) => None,
            (Known::Yes, Known::Yes) => {
                self.introduction.challenge = Known::No;
                if !right {
                    return status(0x6300);
                }
                self.codes.step(&Event::Authenticate);
                self.introduction.chip = Known::Yes;
                Some(OK)
            }
            _ => {
                self.introduction.challenge.doubt();
                OUT_OF_ORDER
            }
        }
    }

    /// INTERNAL AUTHENTICATE with key 82; the counter jumps after the answer.
    fn prove_chip(&mut self) -> Option<Answer> {
        match (self.key, self.codes.device, self.introduction.chip) {
            (Key::Device, true, Known::Yes) => {
                // Whether it may be repeated is left open.
                self.introduction.chip = Known::Unsure;
                Some((Sw::Is(0x9000), Data::Length(264)))
            }
            (Key::Device, false, _) => OUT_OF_ORDER,
            _ => None,
        }
    }
}
