//! A bench with one issuer, one embedded card, and one client that can be told to make mistakes.

use std::sync::{Arc, OnceLock};

use cie_conformance::issuer::card::{PublicSide, prove};
use cie_conformance::issuer::clock::{Period, Timestamp};
use cie_conformance::issuer::device::Device;
use cie_conformance::issuer::evidence::Trusted;
use cie_conformance::issuer::outbox::Fault;
use cie_conformance::issuer::policy::{Medium, Padding, Policies};
use cie_conformance::issuer::puk::handle;
use cie_conformance::issuer::registry::{Contacts, Person};
use cie_conformance::issuer::wire::{Answer, Request, otp_hash};
use cie_conformance::issuer::{Engine, Registry};
use cie_conformance::target::{Embedded, Reset};
use cie_conformance::terminal::Terminal;
use cie_conformance::terminal::ias::{self, OpenOptions, Root};
use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::credentials::Code;
use cie_emulator::persona::{CardData, Persona, personalise};
use cie_emulator::wire::StatusWord;

pub(crate) const PHONE: &str = "+39000000001";
pub(crate) const EMAIL: &str = "somebody@example.org";

/// The citizen of a persona.
pub(crate) fn citizen(persona: &str) -> CardData {
    let persona = Persona::builtin(persona).expect("a persona");
    personalise(&persona).expect("a card")
}

/// A fresh card of theirs.
pub(crate) fn card(data: &CardData) -> Card {
    let chip = chip("bit4id2").expect("a chip");
    let image = data
        .clone()
        .into_image(chip, Profile::with([]).expect("the defaults"));
    Card::new(Arc::new(image.expect("an image")), Box::new(Seeded::new(3)))
}

pub(crate) fn terminal(card: Card) -> Terminal {
    let target = Embedded::of(card, "a card".to_owned());
    let mut terminal = Terminal::new(Box::new(target), Box::new(Seeded::new(5)));
    terminal.power_on().expect("it has power");
    terminal
}

/// Presents the PUK through a channel.
pub(crate) fn verify_puk(terminal: &mut Terminal, puk: &Code) -> StatusWord {
    verify(terminal, ias::Reference::Puk, puk.reveal())
}

pub(crate) fn verify(
    terminal: &mut Terminal,
    code: ias::Reference,
    digits: &[u8; 8],
) -> StatusWord {
    terminal.reset(Reset::Cold).expect("it has power");
    ias::open_device_authentication(terminal, OpenOptions::default()).expect("a channel");
    let command = ias::credentials::verify(code, &ias::Code::new(*digits));
    terminal.transmit(&command).expect("an answer").sw
}

pub(crate) fn period(text: &str) -> Period {
    text.parse().expect("a length of time")
}

/// What the client knows of its procedure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    pub(crate) procedure: String,
    pub(crate) challenge: Vec<u8>,
    pub(crate) signatures: Vec<Vec<u8>>,
    pub(crate) nun: String,
}

/// The bench.
pub(crate) struct Lab {
    pub(crate) issuer: Engine,
    pub(crate) trusted: Trusted,
    pub(crate) terminal: Terminal,
    pub(crate) client: Client,
}

fn policies() -> Arc<Policies> {
    static POLICIES: OnceLock<Arc<Policies>> = OnceLock::new();
    Arc::clone(POLICIES.get_or_init(|| Arc::new(Policies::embedded().expect("the policies"))))
}

/// An issuer that knows these people, all of them by one telephone and one address.
pub(crate) fn issuer(people: &[&CardData], seed: u64) -> Engine {
    let mut registry = Registry::default();
    for (number, data) in people.iter().enumerate() {
        let mut person = Person::of_card(data).expect("a person");
        person.contacts = Contacts {
            sms: PHONE.parse().ok(),
            email: format!("{number}-{EMAIL}").parse().ok(),
            pec: None,
        };
        registry.add(person).expect("somebody new");
    }
    let opens: Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
    Engine::new(policies(), registry, opens, seed)
}

impl Lab {
    pub(crate) fn new(data: &CardData, card: Card, seed: u64) -> Self {
        Self {
            issuer: issuer(&[data], seed),
            trusted: Trusted::synthetic().expect("the authorities"),
            terminal: terminal(card),
            client: Client {
                nun: data.document_number.as_str().to_owned(),
                ..Client::default()
            },
        }
    }

    /// The last line of the issuer's audit.
    pub(crate) fn last_told(&self) -> String {
        let lines = self.issuer.audit().lines();
        lines.last().expect("a line").to_string()
    }

    /// One message there and back, through its form on the wire.
    pub(crate) fn sends(&mut self, request: &Request) -> Answer {
        let arrived = Request::from_http(&request.to_http()).expect("a message");
        let now = self.issuer.now();
        let answer = handle(&mut self.issuer, &self.trusted, now, &arrived).answer;
        let reply = answer.to_reply();
        Answer::from_reply(request.message(), &reply).expect("an answer")
    }

    pub(crate) fn a01(&mut self) -> Answer {
        let side = PublicSide::read(&mut self.terminal, Root::MasterFile).expect("the public side");
        let device = Device::synthetic().expect("the device's key");
        let mut start = side.start(&self.client.nun, device.public_key());
        start.address_sms = Some(PHONE.to_owned());
        let answer = self.sends(&Request::Start(Box::new(start)));
        if let Answer::Started {
            procedure,
            challenge,
            ..
        } = &answer
        {
            self.client.procedure.clone_from(procedure);
            self.client.challenge.clone_from(challenge);
        }
        answer
    }

    /// The card's signature over the challenge that came last.
    pub(crate) fn signed(&mut self) -> Vec<u8> {
        let challenge = self.client.challenge.clone();
        let signature = prove(&mut self.terminal, Root::MasterFile, &challenge);
        let signature = signature.expect("a signature");
        self.client.signatures.push(signature.clone());
        signature
    }

    pub(crate) fn a02(&mut self, signature: Vec<u8>) -> Answer {
        let procedure = self.client.procedure.clone();
        self.sends(&Request::FirstProof {
            procedure,
            signature,
        })
    }

    pub(crate) fn a03(&mut self, code: &str) -> Answer {
        let (procedure, nun) = (self.client.procedure.clone(), self.client.nun.clone());
        let answer = self.sends(&Request::Code {
            procedure,
            nun,
            hash: otp_hash(code),
        });
        if let Answer::Challenge(challenge) = &answer {
            self.client.challenge.clone_from(challenge);
        }
        answer
    }

    pub(crate) fn a04(&mut self, signature: Vec<u8>) -> Answer {
        let (procedure, nun) = (self.client.procedure.clone(), self.client.nun.clone());
        self.sends(&Request::SecondProof {
            procedure,
            nun,
            signature,
        })
    }

    pub(crate) fn a05(&mut self) -> Answer {
        let (procedure, nun) = (self.client.procedure.clone(), self.client.nun.clone());
        self.sends(&Request::State { procedure, nun })
    }

    /// The code that has come by telephone.
    pub(crate) fn code(&mut self) -> Option<String> {
        let now = self.issuer.now();
        let message = self
            .issuer
            .outbox_mut()
            .take(now, |it| it.channel == Medium::Sms)?;
        message.var("code").map(str::to_owned)
    }

    pub(crate) fn drop_everything(&mut self) {
        self.issuer.outbox_mut().fault_all(Some(Fault::Drop));
    }

    /// Up to the second proof.
    pub(crate) fn go_to_the_second_proof(&mut self) {
        assert!(matches!(self.a01(), Answer::Started { .. }));
        let signature = self.signed();
        assert!(matches!(self.a02(signature), Answer::Accepted { .. }));
        self.issuer.advance(period("PT48H"));
        let code = self.code().expect("a code came");
        assert!(matches!(self.a03(&code), Answer::Challenge(_)));
    }

    /// The whole of it.
    pub(crate) fn recovered(&mut self) -> Code {
        self.go_to_the_second_proof();
        let signature = self.signed();
        opened(&self.a04(signature)).expect("the PUK came back")
    }
}

/// What the device makes of an answer to A04.
pub(crate) fn opened(answer: &Answer) -> Option<Code> {
    match answer {
        Answer::Disclosed(halves) => {
            let device = Device::synthetic().expect("the device's key");
            Some(
                device
                    .open(halves, Padding::Pkcs1)
                    .expect("two halves of four digits"),
            )
        }
        _ => None,
    }
}

/// The reason of a refusal, and whether the procedure is over.
pub(crate) fn refused(answer: &Answer) -> (String, bool) {
    match answer {
        Answer::Refused(refusal) => (
            refusal.reason.clone().unwrap_or_default(),
            refusal.closed.unwrap_or_default(),
        ),
        other => panic!("not refused: {other:?}"),
    }
}
