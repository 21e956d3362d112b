//! The messages in every order. Each state of issuer and client that can be reached by a few messages and waits is entered once;
//! from each, everything that can happen is tried. The card's signatures are its key's own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cie_conformance::issuer::card::PublicSide;
use cie_conformance::issuer::device::Device;
use cie_conformance::issuer::evidence::Trusted;
use cie_conformance::issuer::policy::Medium;
use cie_conformance::issuer::puk::handle;
use cie_conformance::issuer::wire::{Answer, Request, Start, otp_hash};
use cie_conformance::issuer::{Engine, ProcedureId, Standing};
use cie_conformance::terminal::ias::Root;
use cie_crypto::pkcs1::sign_type1;
use cie_emulator::persona::CardData;

use crate::lab::{PHONE, card, citizen, issuer, opened, period, terminal};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    A01,
    A02,
    A02Wrong,
    A03,
    A03Wrong,
    A04,
    A04Wrong,
    A05,
    TwoMinutes,
    TwoDays,
    AWeek,
}

const EVENTS: [Event; 11] = [
    Event::A01,
    Event::A02,
    Event::A02Wrong,
    Event::A03,
    Event::A03Wrong,
    Event::A04,
    Event::A04Wrong,
    Event::A05,
    Event::TwoMinutes,
    Event::TwoDays,
    Event::AWeek,
];

/// What was done in the present procedure, in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Factors {
    first_proof: bool,
    waited: bool,
    code: bool,
    disclosed: u8,
}

#[derive(Clone)]
struct World {
    issuer: Engine,
    procedure: String,
    challenge: Vec<u8>,
    code: String,
    factors: Factors,
    /// Seconds since the first proof.
    since_proof: u64,
    starts: u8,
    elapsed: u64,
}

/// What does not change.
struct Stage {
    data: CardData,
    trusted: Trusted,
    start: Start,
    signatures: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Stage {
    fn new() -> Self {
        let data = citizen("adult-default");
        let mut terminal = terminal(card(&data));
        let side = PublicSide::read(&mut terminal, Root::MasterFile).expect("the public side");
        let device = Device::synthetic().expect("the device's key");
        let mut start = side.start(data.document_number.as_str(), device.public_key());
        start.address_sms = Some(PHONE.to_owned());
        Self {
            trusted: Trusted::synthetic().expect("the authorities"),
            start,
            data,
            signatures: BTreeMap::new(),
        }
    }

    fn signature(&mut self, challenge: &[u8]) -> Vec<u8> {
        let key = &self.data.services_key;
        let made = self.signatures.entry(challenge.to_vec());
        made.or_insert_with(|| sign_type1(key, challenge).expect("a signature"))
            .clone()
    }

    fn request(&mut self, world: &World, event: Event) -> Option<Request> {
        let procedure = world.procedure.clone();
        let nun = self.start.nun.clone();
        let other: Vec<u8> = world.challenge.iter().map(|byte| byte ^ 0xFF).collect();
        Some(match event {
            Event::A01 => Request::Start(Box::new(self.start.clone())),
            _ if procedure.is_empty() => return None,
            Event::A02 => {
                let signature = self.signature(&world.challenge);
                Request::FirstProof {
                    procedure,
                    signature,
                }
            }
            Event::A02Wrong => {
                let signature = self.signature(&other);
                Request::FirstProof {
                    procedure,
                    signature,
                }
            }
            Event::A03 => {
                let hash = otp_hash(&world.code);
                Request::Code {
                    procedure,
                    nun,
                    hash,
                }
            }
            Event::A03Wrong => {
                let hash = otp_hash("no code at all");
                Request::Code {
                    procedure,
                    nun,
                    hash,
                }
            }
            Event::A04 => {
                let signature = self.signature(&world.challenge);
                Request::SecondProof {
                    procedure,
                    nun,
                    signature,
                }
            }
            Event::A04Wrong => {
                let signature = self.signature(&other);
                Request::SecondProof {
                    procedure,
                    nun,
                    signature,
                }
            }
            Event::A05 => Request::State { procedure, nun },
            Event::TwoMinutes | Event::TwoDays | Event::AWeek => return None,
        })
    }
}

impl World {
    fn standing(&self) -> Option<Standing> {
        self.issuer
            .standing(&ProcedureId::new(self.procedure.clone()))
    }

    fn is_over(&self) -> bool {
        matches!(
            self.standing(),
            Some(Standing::Completed | Standing::Closed(_))
        )
    }

    /// What makes two worlds the same: where the procedure stands, how long the next thing takes, what was done.
    fn key(&self) -> String {
        let standing = match self.standing() {
            Some(Standing::Awaiting(awaiting)) => awaiting.gate().to_owned(),
            Some(Standing::Cooling(_)) => "cooling".to_owned(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let id = ProcedureId::new(self.procedure.clone());
        let lines = self.issuer.audit().lines();
        let wrong = lines
            .iter()
            .filter(|line| line.what.contains("code"))
            .count();
        format!(
            "{standing} {:?} {:?} {} {} {wrong}",
            self.issuer.ahead(&id),
            self.factors,
            self.starts,
            self.issuer
                .next_due()
                .map_or(0, |due| { due.as_second() - self.issuer.now().as_second() }),
        )
    }

    fn waits(&mut self, length: &str, seconds: u64) {
        self.issuer.advance(period(length));
        self.elapsed += seconds;
        self.since_proof += seconds;
        self.factors.waited |= self.factors.first_proof && self.since_proof >= 48 * 3600;
        let now = self.issuer.now();
        while let Some(message) = self
            .issuer
            .outbox_mut()
            .take(now, |it| it.channel == Medium::Sms)
        {
            self.code = message.var("code").expect("a code").to_owned();
        }
    }

    /// Something happens, and every promise about it is checked.
    fn after(&self, event: Event, stage: &mut Stage) -> Option<Self> {
        let mut next = self.clone();
        match event {
            Event::TwoMinutes => next.waits("PT2M", 120),
            Event::TwoDays => next.waits("PT48H", 48 * 3600),
            Event::AWeek => next.waits("P7D", 7 * 24 * 3600),
            _ => {
                let request = stage.request(self, event)?;
                let now = next.issuer.now();
                let answer = handle(&mut next.issuer, &stage.trusted, now, &request).answer;
                self.answered(&mut next, event, &answer, stage);
            }
        }
        // R3: nothing leaves before its time.
        let sent = next.issuer.outbox().sent().len() - self.issuer.outbox().sent().len();
        assert!(
            sent == 0 || next.factors.waited,
            "{event:?}: a code before 48 hours"
        );
        // E1: what is over stays as it is.
        if self.is_over() && next.procedure == self.procedure {
            assert_eq!(next.standing(), self.standing(), "{event:?}");
            assert_eq!(sent, 0, "{event:?}");
        }
        Some(next)
    }

    fn answered(&self, next: &mut Self, event: Event, answer: &Answer, stage: &Stage) {
        match (event, answer) {
            (
                Event::A01,
                Answer::Started {
                    procedure,
                    challenge,
                    ..
                },
            ) => {
                assert_ne!(*challenge, self.challenge, "R5: a challenge came twice");
                next.procedure.clone_from(procedure);
                next.challenge.clone_from(challenge);
                next.factors = Factors::default();
                next.starts += 1;
                next.code = "none".to_owned();
            }
            (Event::A02, Answer::Accepted { .. }) => {
                next.factors.first_proof = true;
                next.since_proof = 0;
            }
            (Event::A03, Answer::Challenge(challenge)) => {
                assert!(self.factors.waited, "R2: a code passed before 48 hours");
                assert_ne!(*challenge, self.challenge, "R5: a challenge came twice");
                next.challenge.clone_from(challenge);
                next.factors.code = true;
            }
            (Event::A04, Answer::Disclosed(_)) => {
                let Factors {
                    first_proof,
                    waited,
                    code,
                    disclosed,
                } = self.factors;
                assert!(first_proof && waited && code, "R2: {:?}", self.factors);
                assert_eq!(disclosed, 0, "R4: disclosed twice");
                let puk = opened(answer).expect("two halves");
                assert_eq!(puk.reveal(), stage.data.puk.reveal(), "R1");
                next.factors.disclosed += 1;
            }
            (Event::A05, _) => {
                assert_eq!(
                    next.issuer.audit(),
                    self.issuer.audit(),
                    "R9: asking left a trace"
                );
                assert_eq!(
                    next.standing(),
                    self.standing(),
                    "R9: asking changed something"
                );
            }
            (_, Answer::Refused(refusal)) => {
                assert!(
                    refusal.reason.is_some() && refusal.closed.is_some(),
                    "{refusal:?}"
                );
            }
            (wrong, answer) => panic!("{wrong:?} was answered {answer:?} in {}", self.key()),
        }
    }
}

/// Depth of the walk, and how many starts are looked at.
const STEPS: usize = 9;
const STARTS: u8 = 2;

#[test]
fn no_order_of_messages_breaks_a_promise() {
    let mut stage = Stage::new();
    let first = World {
        issuer: issuer(&[&stage.data], 17),
        procedure: String::new(),
        challenge: Vec::new(),
        code: "none".to_owned(),
        factors: Factors::default(),
        since_proof: 0,
        starts: 0,
        elapsed: 0,
    };
    let mut seen = BTreeSet::from([first.key()]);
    let mut queue = VecDeque::from([(0, first)]);
    let (mut transitions, mut disclosures) = (0_u32, 0_u32);
    let mut reached = BTreeSet::new();
    while let Some((depth, world)) = queue.pop_front() {
        reached.insert(
            world
                .standing()
                .map(|it| it.to_string().split(' ').take(3).collect::<String>()),
        );
        for event in EVENTS {
            if depth == STEPS || (event == Event::A01 && world.starts == STARTS) {
                continue;
            }
            let Some(next) = world.after(event, &mut stage) else {
                continue;
            };
            transitions += 1;
            disclosures += u32::from(next.factors.disclosed > world.factors.disclosed);
            if seen.insert(next.key()) {
                queue.push_back((depth + 1, next));
            }
        }
    }
    println!(
        "trust: issuer-puk: {} states, {transitions} transitions, {disclosures} disclosures, every order of A01 to A05 and waits up to {STEPS} steps",
        seen.len()
    );
    assert!(seen.len() > 100 && disclosures > 0, "{} states", seen.len());
    assert!(reached.len() >= 6, "{reached:?}");
}
