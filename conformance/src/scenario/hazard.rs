//! What the steps of a scenario can do to a card, whatever the file declares. The reckoning takes the worst answer for
//! granted: a VERIFY that the scenario expects to be refused early may still cost a try on a card that gets it wrong.

use super::model::{
    Action, Apdu, Bytes, ChangeReferenceData, CodeName, CodeValue, Hazard, Reference,
    ResetRetryCounter, Restore, Step, Verify,
};
use super::text::HexByte;

/// Wrong values that block the PIN, and the PUK.
const PIN_TRIES: u32 = 3;
const PUK_TRIES: u32 = 10;

/// The hazard that steps imply, and the place in the slice of the step that raises it.
pub fn implied<'s>(steps: impl IntoIterator<Item = &'s Step>) -> (Hazard, Option<&'s Step>) {
    let mut reckoning = Reckoning::default();
    let mut worst = (Hazard::None, None);
    for step in steps {
        let hazard = reckoning.after(step);
        if hazard > worst.0 {
            worst = (hazard, Some(step));
        }
    }
    worst
}

/// How many wrong PINs and wrong PUKs steps send at most.
pub fn wrong_values<'s>(steps: impl IntoIterator<Item = &'s Step>) -> (u32, u32) {
    let mut reckoning = Reckoning::default();
    for step in steps {
        reckoning.after(step);
    }
    reckoning.sent
}

/// Tries that may have been used so far, and the PIN that is known to be in force once it was changed.
#[derive(Default)]
struct Reckoning {
    /// Wrong PINs and PUKs, whatever came between them.
    sent: (u32, u32),
    pin_wrong: u32,
    puk_wrong: u32,
    pin_set: Option<CodeValue>,
    puk_verified: bool,
}

impl Reckoning {
    /// Counts a step in and says what it may do. A success that the step does not expect gives nothing back.
    fn after(&mut self, step: &Step) -> Hazard {
        let works = !step.expect.is_refusal() && step.tamper.is_empty();
        match &step.action {
            Action::Verify(verify) => self.verify(verify, works),
            Action::ChangeReferenceData(change) => self.change(change, works),
            Action::ResetRetryCounter(reset) => self.reset(reset, works),
            Action::Restore(Restore::Pin) => self.restored(CodeName::Pin),
            Action::Restore(Restore::Puk) => self.restored(CodeName::Puk),
            Action::Apdu(Apdu::Raw(bytes)) | Action::Bytes(Bytes::Given(bytes)) => {
                match bytes.as_slice() {
                    [cla, ins, p1, p2, rest @ ..] => {
                        self.raw(*cla, *ins, (*p1, *p2), rest.len() > 1)
                    }
                    _ => Hazard::None,
                }
            }
            Action::Apdu(Apdu::Fields(fields)) => {
                let byte = |byte: Option<HexByte>| byte.map_or(0, |byte| byte.0);
                let parameters = (byte(fields.p1), byte(fields.p2));
                self.raw(
                    byte(fields.cla),
                    fields.ins.0,
                    parameters,
                    fields.data.is_some(),
                )
            }
            // Bytes that are known only when they are sent are judged by the guard, step by step.
            Action::Bytes(_) => Hazard::None,
            Action::Select(_) | Action::ReadBinary(_) | Action::ReadFile(_) => Hazard::None,
            Action::GetData(_) | Action::GetChallenge(_) | Action::Sign(_) => Hazard::None,
            Action::ManageSecurityEnvironment(_) | Action::VerifyCertificate(_) => Hazard::None,
            Action::InternalAuthenticate(_) | Action::ExternalAuthenticate(_) => Hazard::None,
            Action::ActiveAuthenticate(_) => Hazard::None,
            Action::GeneralAuthenticate(_) | Action::Open(_) | Action::Close => Hazard::None,
            Action::Reset(_) | Action::PowerCycle(_) | Action::Remove => Hazard::None,
            // Cut power changes nothing by itself; the command it hits is judged as if it were answered.
            Action::Tear(_) => Hazard::None,
            Action::Insert | Action::Wait(_) | Action::Capture(_) => Hazard::None,
            Action::Invariant(_) | Action::Note(_) => Hazard::None,
            // The issuer's client only reads and signs with the services key, which no code guards.
            Action::Issuer(_) => Hazard::None,
        }
    }

    fn verify(&mut self, verify: &Verify, works: bool) -> Hazard {
        let reference = verify.p2.map_or_else(|| verify.reference.byte(), |p2| p2.0);
        let Some(code) = Reference::Raw(reference).code() else {
            return Hazard::None;
        };
        if self.is_right(code, &verify.value) {
            if works {
                self.puk_verified |= code == CodeName::Puk;
                self.restored(code);
            }
            return Hazard::None;
        }
        if verify.value == CodeValue::None {
            Hazard::None
        } else {
            self.wrong(code)
        }
    }

    fn change(&mut self, change: &ChangeReferenceData, works: bool) -> Hazard {
        let Some(code) = change.reference.code() else {
            return Hazard::Writes;
        };
        if !self.is_right(code, &change.old) {
            return self.wrong(code).max(Hazard::Writes);
        }
        if works && code == CodeName::Pin {
            self.pin_set = Some(change.new.clone());
            self.pin_wrong = 0;
        }
        Hazard::Writes
    }

    fn reset(&mut self, reset: &ResetRetryCounter, works: bool) -> Hazard {
        if let Some(code) = &reset.resetting_code
            && !self.is_right(CodeName::Puk, code)
        {
            return self.wrong(CodeName::Puk).max(Hazard::Writes);
        }
        if works && (self.puk_verified || reset.resetting_code.is_some()) {
            self.pin_wrong = 0;
            if let Some(value) = &reset.new_value {
                self.pin_set = Some(value.clone());
            }
        }
        Hazard::Writes
    }

    /// A command given by its bytes: the code in it cannot be known to be right.
    fn raw(&mut self, cla: u8, ins: u8, (p1, p2): (u8, u8), data: bool) -> Hazard {
        // Interindustry classes only: everything else is refused before it is looked at.
        if cla & 0xE0 != 0 {
            return Hazard::None;
        }
        let code = if p2 == 0x82 {
            CodeName::Puk
        } else {
            CodeName::Pin
        };
        match ins {
            0x20 | 0x21 if data => self.wrong(code),
            0x24 | 0x25 => self.wrong(code).max(Hazard::Writes),
            0x2C | 0x2D if p1 == 0 && data => self.wrong(CodeName::Puk).max(Hazard::Writes),
            // Everything that writes, erases, ends or creates.
            0x2C | 0x2D | 0x0E | 0x0F | 0xD0..=0xDF | 0xE0..=0xEF | 0x04 | 0x44 | 0x46 | 0x47 => {
                Hazard::Writes
            }
            _ => Hazard::None,
        }
    }

    fn is_right(&self, code: CodeName, value: &CodeValue) -> bool {
        let set = if code == CodeName::Pin {
            self.pin_set.as_ref()
        } else {
            None
        };
        match value {
            CodeValue::Right => true,
            CodeValue::Original => set.is_none() || set == Some(&CodeValue::Original),
            CodeValue::Bytes(Bytes::Right(other)) => *other == code,
            // What the issuer gave back is the code. Should it not be, the guard of a physical card refuses to send it.
            CodeValue::Bytes(Bytes::Recovered(other)) => *other == code,
            CodeValue::Bytes(Bytes::Original(other)) => *other == code && set.is_none(),
            CodeValue::Wrong | CodeValue::None | CodeValue::Bytes(_) => false,
            CodeValue::Digits(_) => set == Some(value),
        }
    }

    fn wrong(&mut self, code: CodeName) -> Hazard {
        match code {
            CodeName::Pin => {
                self.pin_wrong += 1;
                self.sent.0 += 1;
                if self.pin_wrong >= PIN_TRIES {
                    Hazard::BlocksPin
                } else {
                    Hazard::BurnsPin
                }
            }
            CodeName::Puk => {
                self.puk_wrong += 1;
                self.sent.1 += 1;
                if self.puk_wrong >= PUK_TRIES {
                    Hazard::Bricks
                } else {
                    Hazard::BurnsPuk
                }
            }
        }
    }

    fn restored(&mut self, code: CodeName) -> Hazard {
        match code {
            CodeName::Pin => self.pin_wrong = 0,
            CodeName::Puk => self.puk_wrong = 0,
        }
        Hazard::None
    }
}
