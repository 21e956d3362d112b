//! What may be sent to a physical card. Two gates: cases are admitted by what they announce ([`Guard::admit`]), and every single
//! command is weighed before it leaves ([`Guard::permit`]), because what a case announces can be wrong. On an emulator, or a
//! recording, both stand open and only the PIN in force is followed.
//!
//! The room speaks to nobody: it says yes, no, or "ask for the tries first", and the runner sends. For each command:
//!
//! 1. [`permit`](Guard::permit) with the command *before* it is protected ([`permit_bytes`](Guard::permit_bytes) for raw bytes,
//!    [`permit_altered`](Guard::permit_altered) for one that is spoiled on its way), or [`clear_way`](Guard::clear_way), which also
//!    sends the questions that come first;
//! 2. [`observe`](Guard::observe) with the status word behind secure messaging, or [`lost`](Guard::lost) when none came.
//!
//! Between protocol and card stands [`Guarded`], the wall: a path that forgot to ask ends there. Commands on nothing but files and
//! keys may be left to it; those with codes, raw bytes and spoiled ones need a permit.
//!
//! What it protects against, in the order of what it would cost: a blocked PUK (the card is lost), a blocked PIN without a way
//! back, a PIN nobody knows, tries used up unnoticed. What it does not: a card whose counters lie.

mod admission;
mod allow;
mod identity;
mod known;
mod ledger;
mod meaning;
mod observe;
mod permit;
mod plan;
mod price;
mod probe;
mod refusal;
mod restore;
mod secrets;
mod wall;

use cie_emulator::credentials::Code;

pub use admission::{Admission, CaseRisk};
pub use allow::{AllowError, Allowances};
pub use identity::{CardIdentity, CardKey, SerialNumber, SerialNumberError};
pub use known::derive_wrong;
pub use ledger::{FileLedger, Ledger, LedgerError, Life, MemoryLedger, default_path};
pub use permit::Permit;
pub use plan::{PlannedCase, render_plan};
pub use probe::{SecretCommand, Stopped};
pub use refusal::{Latch, Refusal, Unjudged};
pub use restore::{Farewell, PinLeft, Restoring};
pub use secrets::{SecretError, Secrets, Source};
pub use wall::{Guarded, SharedGuard};

use crate::scenario::model::{CodeName, Hazard};
use crate::target::TargetKind;
use known::{Known, Standing};
use observe::Pending;
use restore::Attempts;

/// Wrong PUKs a run may send to a card that was not given up.
pub const WRONG_PUKS_PER_RUN: u32 = 2;
/// Wrong PUKs a card may have in its life, unless it was given up.
pub const WRONG_PUKS_PER_LIFE: u32 = 5;

/// What the person at the keyboard gives a guard.
pub struct Setup {
    /// Hazards opted into.
    pub allow: Allowances,
    /// The card given up, by its number.
    pub sacrificial: Option<SerialNumber>,
    /// The right codes.
    pub secrets: Secrets,
    /// The lives of cards.
    pub ledger: Box<dyn Ledger>,
}

impl Default for Setup {
    /// Nothing allowed, nothing known, nothing remembered.
    fn default() -> Self {
        Self {
            allow: Allowances::default(),
            sacrificial: None,
            secrets: Secrets::none(),
            ledger: Box::new(MemoryLedger::default()),
        }
    }
}

/// Stands between a run and one card.
pub struct Guard {
    free: bool,
    setup: Setup,
    card: Option<CardIdentity>,
    /// The card was taken out and the one in the reader has not been identified since.
    away: bool,
    case: Option<CaseRisk>,
    restoring: bool,
    latch: Option<Latch>,
    pin: Known,
    puk: Known,
    /// Wrong PUKs sent in this run.
    run_wrong_puks: u32,
    /// A wrong PUK was sent and no right one after it.
    right_puk_owed: bool,
    /// The ledger remembers a refused PIN of this card.
    pin_noted: bool,
    pending: Option<Pending>,
    attempts: Attempts,
    refused: Option<Refusal>,
}

impl Guard {
    /// A guard for what is under test. Only a card in a reader can be harmed.
    #[must_use]
    pub fn new(target: TargetKind, setup: Setup) -> Self {
        let free = match target {
            TargetKind::Emulator | TargetKind::Recording => true,
            TargetKind::Reader => false,
        };
        Self {
            free,
            card: None,
            away: false,
            case: None,
            restoring: false,
            latch: None,
            pin: Known::new(CodeName::Pin, setup.secrets.get(CodeName::Pin)),
            puk: Known::new(CodeName::Puk, setup.secrets.get(CodeName::Puk)),
            run_wrong_puks: 0,
            right_puk_owed: false,
            pin_noted: true,
            pending: None,
            attempts: Attempts::default(),
            refused: None,
            setup,
        }
    }

    /// Whether nothing can be harmed, so that everything is permitted.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.free
    }

    /// Tells which card is in the reader, at the start, whenever more of its numbers have been read, and after it was put back.
    ///
    /// # Errors
    /// [`Refusal::Shut`] when it is not the one the run began with: counters and codes known are those of the other one.
    pub fn card_present(&mut self, card: CardIdentity) -> Result<(), Refusal> {
        match self.card.take() {
            Some(before) if !before.agrees_with(&card) => {
                self.card = Some(before);
                self.shut(Latch::OtherCard);
                return self.latch.clone().map_or(Ok(()), |l| Err(Refusal::Shut(l)));
            }
            Some(before) => self.card = Some(before.joined(card)),
            None => self.card = Some(card),
        }
        if self.away && self.puk.lab_was_right && self.puk.standing == Standing::Unproven {
            // The same card, and nothing changes a PUK. Its PIN may have been changed elsewhere.
            self.puk.standing = Standing::Proven;
        }
        self.away = false;
        Ok(())
    }

    /// The card was taken out. Until [`card_present`](Self::card_present) says that it is back, nothing is known of the one in the reader.
    pub fn card_removed(&mut self) {
        self.lost();
        self.away = true;
        self.pin.away();
        self.puk.away();
    }

    /// Whether the card was taken out and the one in the reader has not been identified since.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        self.away
    }

    /// The numbers of the card in the reader, as far as they have been read.
    #[must_use]
    pub fn identity(&self) -> Option<&CardIdentity> {
        self.card.as_ref().filter(|_| !self.away)
    }

    /// Begins a case: [`admit`](Self::admit), and from here on no command may do more than the case announced. Ends restoring.
    pub fn begin_case(&mut self, risk: CaseRisk) -> Admission {
        self.lost();
        self.restoring = false;
        self.ask_again();
        let admission = self.admit(risk);
        self.case = (admission == Admission::Run).then_some(risk);
        admission
    }

    /// The card was reset or lost power: what it would not answer before it may answer now. Counters survive that.
    pub fn new_session(&mut self) {
        self.lost();
        self.ask_again();
    }

    /// A channel opened, an application selected: the same.
    fn ask_again(&mut self) {
        for known in [&mut self.pin, &mut self.puk] {
            known.counter.silent = None;
            known.counter.deaf = None;
        }
    }

    /// What was refused last, if anything was since this was last asked: also what the wall refused, which the runner only sees as
    /// an error of the target.
    pub fn take_refusal(&mut self) -> Option<Refusal> {
        self.refused.take()
    }

    fn note_refusal<T>(&mut self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if let Err(refusal) = &result {
            self.refused = Some(refusal.clone());
        }
        result
    }

    /// What shut the run, if anything did.
    #[must_use]
    pub const fn latch(&self) -> Option<&Latch> {
        self.latch.as_ref()
    }

    /// The value of a code that the guard believes in force: the lab's, or the one set last. `None` when it is not known.
    #[must_use]
    pub const fn in_force(&self, code: CodeName) -> Option<&Code> {
        self.known(code).right.as_ref()
    }

    /// The PIN that the guard believes in force.
    #[must_use]
    pub const fn pin_in_force(&self) -> Option<&Code> {
        self.in_force(CodeName::Pin)
    }

    /// Tries of a code that are left at least, as far as the card has told.
    #[must_use]
    pub const fn tries_left(&self, code: CodeName) -> Option<u8> {
        self.known(code).counter.expected
    }

    const fn known(&self, code: CodeName) -> &Known {
        match code {
            CodeName::Pin => &self.pin,
            CodeName::Puk => &self.puk,
        }
    }

    const fn known_mut(&mut self, code: CodeName) -> &mut Known {
        match code {
            CodeName::Pin => &mut self.pin,
            CodeName::Puk => &mut self.puk,
        }
    }

    /// The first alarm stays; later ones add nothing.
    fn shut(&mut self, latch: Latch) {
        if !self.free {
            self.latch.get_or_insert(latch);
        }
    }

    /// Whether the case that is running may cost the card.
    fn may_brick(&self) -> bool {
        let announced = self
            .case
            .is_some_and(|case| case.hazard == Hazard::Bricks && case.named_explicitly);
        let serial = self.setup.sacrificial.as_ref();
        announced && serial.and_then(|serial| self.identity()?.is(serial)) == Some(true)
    }
}
