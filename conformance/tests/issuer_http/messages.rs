//! The recovery of a PUK as its client walks it over HTTP: the messages A01 to A05 with the embedded card, right and spoiled.

use cie_conformance::issuer::card::{PublicSide, prove};
use cie_conformance::issuer::device::Device;
use cie_conformance::issuer::wire::{Http, Method, Request, otp_hash};
use cie_conformance::scenario::model::issuer::{
    Given, PostMessage, Proof, ReplyFault, SendMessage, Sod,
};
use cie_crypto::pkcs1;
use cie_emulator::persona::CardData;
use serde_json::Value;

use crate::client::Answer;
use crate::steps::{Known, Walk, citizen};

impl Walk {
    /// One of the messages. Nothing comes of an answer that a fault has made unreadable.
    pub(crate) fn send(&mut self, send: &SendMessage) -> Option<Answer> {
        let http = self.message(send);
        let Some(fault) = self.fault.take() else {
            let answer = self.rehearsal.put(&http);
            if answer.status == 200 {
                self.take_in(send, &answer);
            }
            return Some(answer);
        };
        let answer = self.rehearsal.sent(&http);
        match fault {
            ReplyFault::ServerError => {
                assert_eq!((answer.status, answer.body.len()), (500, 0));
                None
            }
            ReplyFault::Malformed => {
                assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
                None
            }
            ReplyFault::WithoutReason => {
                assert_eq!(answer.status, 422);
                Some(answer)
            }
            ReplyFault::Late => None,
        }
    }

    fn take_in(&mut self, send: &SendMessage, answer: &Answer) {
        let challenge = answer.text("randomCode");
        match send.message {
            PostMessage::A01 => self.remember(Known {
                id: answer.text("procedureId"),
                name: send.procedure.clone(),
                first_challenge: challenge.clone(),
                challenge,
                signature: Vec::new(),
            }),
            PostMessage::A03 => self.procedure(send.procedure.as_deref()).challenge = challenge,
            PostMessage::A02 | PostMessage::A04 | PostMessage::A05 => {}
        }
    }

    fn message(&mut self, send: &SendMessage) -> Http {
        let nun = send.nun.as_ref().unwrap_or(&Given::Right);
        let nun = self.knows().text("nun", nun);
        let name = send.procedure.as_deref();
        let request = match send.message {
            PostMessage::A01 => return self.begin(send, &nun),
            PostMessage::A02 => Request::FirstProof {
                signature: self.proof(send.proof, name),
                procedure: self.procedure(name).id.clone(),
            },
            PostMessage::A03 => Request::Code {
                hash: otp_hash(&self.knows().text("", send.code.as_ref().unwrap())),
                procedure: self.procedure(name).id.clone(),
                nun,
            },
            PostMessage::A04 => Request::SecondProof {
                signature: self.proof(send.proof, name),
                procedure: self.procedure(name).id.clone(),
                nun,
            },
            PostMessage::A05 => Request::State {
                procedure: self.procedure(name).id.clone(),
                nun,
            },
        };
        let http = request.to_http();
        let asks = send.message == PostMessage::A05;
        assert_eq!(http.method == Method::Get, asks);
        http
    }

    fn begin(&mut self, send: &SendMessage, nun: &str) -> Http {
        let mut side = PublicSide::read(&mut self.terminal, self.root).unwrap();
        match send.sod {
            Sod::Right => {}
            Sod::OtherCard => side.sod = self.other().ef_sod,
            Sod::Spoiled => spoil(&mut side.sod),
        }
        let device = Device::synthetic().unwrap();
        let mut start = side.start(nun, device.public_key());
        let knows = self.knows();
        if let Some(nis) = &send.nis {
            start.nis = knows.text("nis", nis);
        }
        let contact =
            |name: &str, given: &Option<Given>| given.as_ref().map(|given| knows.text(name, given));
        start.address_sms = contact("sms", &send.sms);
        start.address_email = contact("email", &send.email);
        Request::Start(Box::new(start)).to_http()
    }

    fn other(&self) -> CardData {
        let own = citizen("adult-modern").document_number.to_string() == self.nun;
        citizen(if own { "adult-default" } else { "adult-modern" })
    }

    pub(crate) fn proof(&mut self, proof: Proof, name: Option<&str>) -> Vec<u8> {
        let known = self.procedure(name).clone();
        let sign = |walk: &mut Self, challenge: &str| {
            let challenge = hex::decode(challenge).unwrap();
            prove(&mut walk.terminal, walk.root, &challenge).unwrap()
        };
        let signature = match proof {
            Proof::Right => sign(self, &known.challenge),
            Proof::FirstChallenge => sign(self, &known.first_challenge),
            Proof::Replayed => known.signature,
            Proof::Spoiled => {
                let mut signature = sign(self, &known.challenge);
                spoil(&mut signature);
                signature
            }
            Proof::OtherCard => {
                let challenge = hex::decode(&known.challenge).unwrap();
                pkcs1::sign_type1(&self.other().services_key, &challenge).unwrap()
            }
        };
        self.procedure(name).signature.clone_from(&signature);
        signature
    }
}

fn spoil(bytes: &mut [u8]) {
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[last] ^= 0x01;
}
