//! A card that only has a PIN and a PUK, follows the emulator's credential object, and keeps count of what must never happen.

use std::sync::{Arc, Mutex};

use cie_conformance::guard::{
    Allowances, CardIdentity, CardKey, CaseRisk, Farewell, Guard, Ledger, LedgerError, Life,
    MemoryLedger, Refusal, Secrets, Setup, Stopped,
};
use cie_conformance::scenario::model::{CodeName, Hazard};
use cie_conformance::target::TargetKind;
use cie_emulator::card::Flaw;
use cie_emulator::credentials::{
    BadLength, Code, Commit, CredentialObject, CredentialPolicy, Credentials, LastWrong,
    NewPinCheck, Outcome, PowerLost, PukExhaustion, Reference, Verified, VerifyEmpty, WritePoint,
};
use cie_emulator::wire::{Command, CommandBuf, StatusWord, ins};

pub(crate) const PIN: &str = "13572468";
pub(crate) const PUK: &str = "86420975";
pub(crate) const NIS: &str = "123456789012";

pub(crate) fn code(text: &str) -> Code {
    text.parse().unwrap()
}

pub(crate) const POLICY: CredentialPolicy = CredentialPolicy {
    pin_tries: 3,
    puk_tries: 10,
    puk_exhaustion: PukExhaustion::AuthLocked,
    last_wrong: LastWrong::Remaining,
    verify_empty: VerifyEmpty::Report,
    bad_length: BadLength::Ignore,
    new_pin_check: NewPinCheck::None,
    puk_success_resets: true,
    rrc_00: false,
    change_verifies_pin: false,
    rrc_needs_puk: true,
};

struct Durable;

impl Commit for Durable {
    fn commit(&mut self, _: WritePoint, _: &Credentials) -> Result<(), PowerLost> {
        Ok(())
    }
}

pub(crate) struct Card {
    pub(crate) credentials: Credentials,
    pub(crate) verified: Verified,
    pub(crate) policy: CredentialPolicy,
    /// Wrong PINs that were compared on the last try.
    pub(crate) last_tries: u32,
    /// Wrong PUKs that were compared.
    pub(crate) wrong_puks: u32,
    /// The flaw of a card on which a right PIN gives no tries back.
    pub(crate) never_gives_back: bool,
    /// Commands that arrived.
    pub(crate) log: Vec<CommandBuf>,
}

impl Card {
    pub(crate) fn new(policy: CredentialPolicy) -> Self {
        Self {
            credentials: Credentials::new(code(PIN), code(PUK), &policy),
            verified: Verified::default(),
            policy,
            last_tries: 0,
            wrong_puks: 0,
            never_gives_back: false,
            log: Vec::new(),
        }
    }

    pub(crate) fn with_pin(mut self, pin: &str) -> Self {
        self.credentials.pin = code(pin);
        self
    }

    pub(crate) fn with_tries(mut self, pin: u8, puk: u8) -> Self {
        self.credentials.pin_left = pin;
        self.credentials.puk_left = puk;
        self
    }

    pub(crate) fn transmit(&mut self, command: &Command<'_>, protected: bool) -> StatusWord {
        self.log.push(CommandBuf::from(*command));
        let header = command.header;
        if !matches!(
            header.ins,
            ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER
        ) {
            return StatusWord::NO_ERROR;
        }
        if !protected || header.cla != 0 {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED;
        }
        let reference = match header.p2 {
            0x81 => Reference::Pin,
            0x82 => Reference::Puk,
            _ => return StatusWord::REFERENCED_DATA_NOT_FOUND,
        };
        let before = self.credentials.clone();
        let answer = self.execute(header.ins, header.p1, reference, command.data);
        let accepted = answer.is_ok() && !command.data.is_empty() && header.p2 == 0x81;
        if self.never_gives_back && accepted && header.ins != ins::RESET_RETRY_COUNTER {
            self.credentials.pin_left = before.pin_left;
        }
        if before.pin_left == 1 && self.credentials.pin_left == 0 {
            self.last_tries += 1;
        }
        if self.credentials.puk_left < before.puk_left {
            self.wrong_puks += 1;
        }
        answer
    }

    fn execute(&mut self, ins: u8, p1: u8, reference: Reference, data: &[u8]) -> StatusWord {
        let rrc_00 = self.policy.rrc_00;
        let mut object = CredentialObject {
            credentials: &mut self.credentials,
            verified: &mut self.verified,
            policy: &self.policy,
            memory: &mut Durable,
            flaw: Flaw::default(),
        };
        let outcome = match (ins, p1, reference) {
            (ins::VERIFY, 0x00, _) => object.verify(reference, data),
            (ins::CHANGE_REFERENCE_DATA, 0x00, Reference::Pin) => object.change(data),
            (ins::RESET_RETRY_COUNTER, 0x02, Reference::Pin) => object.reset_with_new_pin(data),
            (ins::RESET_RETRY_COUNTER, 0x03, Reference::Pin) => object.reset_tries(data),
            (ins::RESET_RETRY_COUNTER, 0x00, Reference::Pin) if rrc_00 => {
                object.reset_with_puk_and_new_pin(data)
            }
            _ => return StatusWord::INCORRECT_P1_P2,
        };
        match outcome.unwrap() {
            Outcome::Done => StatusWord::NO_ERROR,
            Outcome::Wrong(left) => StatusWord::verification_failed(left),
            Outcome::Blocked => StatusWord::AUTHENTICATION_METHOD_BLOCKED,
            Outcome::WrongLength => StatusWord::WRONG_LENGTH,
            Outcome::NotAllowed => StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            Outcome::NewPinRefused => StatusWord::INCORRECT_DATA,
        }
    }
}

pub(crate) fn verify(reference: CodeName, value: &str) -> CommandBuf {
    CommandBuf::new(0, ins::VERIFY, 0, reference.reference()).data(value.as_bytes().to_vec())
}

pub(crate) fn change(old: &str, new: &str) -> CommandBuf {
    CommandBuf::new(0, ins::CHANGE_REFERENCE_DATA, 0, 0x81).data([old, new].concat().into_bytes())
}

pub(crate) fn reset(new: &str) -> CommandBuf {
    CommandBuf::new(0, ins::RESET_RETRY_COUNTER, 2, 0x81).data(new.as_bytes().to_vec())
}

/// A ledger that outlives a run.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<MemoryLedger>>);

impl Ledger for Shared {
    fn life(&self, card: &[CardKey]) -> Result<Life, LedgerError> {
        self.0.lock().unwrap().life(card)
    }
    fn charge(&mut self, card: &[CardKey], limit: Option<u32>) -> Result<(), LedgerError> {
        self.0.lock().unwrap().charge(card, limit)
    }
    fn refund(&mut self, card: &[CardKey]) -> Result<(), LedgerError> {
        self.0.lock().unwrap().refund(card)
    }
    fn note_pin(&mut self, card: &[CardKey], left: Option<u8>) -> Result<(), LedgerError> {
        self.0.lock().unwrap().note_pin(card, left)
    }
}

/// What the person at the keyboard gives.
pub(crate) fn setup(allow: &str) -> Setup {
    setup_with(allow, Box::new(MemoryLedger::default()))
}

pub(crate) fn setup_with(allow: &str, ledger: Box<dyn Ledger>) -> Setup {
    Setup {
        allow: if allow.is_empty() {
            Allowances::default()
        } else {
            allow.parse().unwrap()
        },
        sacrificial: None,
        secrets: Secrets::none()
            .with(CodeName::Pin, code(PIN))
            .with(CodeName::Puk, code(PUK)),
        ledger,
    }
}

pub(crate) fn risk(hazard: Hazard) -> CaseRisk {
    CaseRisk {
        hazard,
        named_explicitly: true,
        restores: true,
    }
}

/// A run on one card in a reader.
pub(crate) struct Bench {
    pub(crate) guard: Guard,
    pub(crate) card: Card,
    pub(crate) protected: bool,
}

impl Bench {
    pub(crate) fn new(card: Card, setup: Setup) -> Self {
        let mut guard = Guard::new(TargetKind::Reader, setup);
        guard
            .card_present(CardIdentity::default().with_nis(NIS))
            .unwrap();
        Self {
            guard,
            card,
            protected: true,
        }
    }

    /// A run of one case of this hazard.
    pub(crate) fn case(card: Card, allow: &str, hazard: Hazard) -> Self {
        let mut bench = Self::new(card, setup(allow));
        bench.guard.begin_case(risk(hazard));
        bench
    }

    /// As the runner does it: what comes first, then the command.
    pub(crate) fn send(&mut self, command: &CommandBuf) -> Result<StatusWord, Refusal> {
        self.send_with(command, false, false)
    }

    /// The same where the command does not arrive, or its answer is lost.
    pub(crate) fn send_with(
        &mut self,
        command: &CommandBuf,
        command_lost: bool,
        answer_lost: bool,
    ) -> Result<StatusWord, Refusal> {
        let (card, protected) = (&mut self.card, self.protected);
        let plain = command.view();
        let cleared = self.guard.clear_way(&plain, protected, |question| {
            Ok::<_, std::convert::Infallible>(card.transmit(question, protected))
        });
        cleared.map_err(|stopped| match stopped {
            Stopped::Refused(refusal) => refusal,
            Stopped::Target(never) => match never {},
        })?;
        let mut answer = StatusWord::NO_PRECISE_DIAGNOSIS;
        if !command_lost {
            answer = self.card.transmit(&plain, protected);
        }
        if answer_lost {
            self.guard.lost();
        } else {
            self.guard.observe(&plain, answer);
        }
        Ok(answer)
    }

    pub(crate) fn restore(&mut self) -> Farewell {
        let (card, protected) = (&mut self.card, self.protected);
        self.guard.restore(protected, |command| {
            Ok::<_, std::convert::Infallible>(card.transmit(command, protected))
        })
    }
}
