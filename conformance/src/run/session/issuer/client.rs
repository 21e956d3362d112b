//! The client of a recovery with the card under test: takes the holder in, builds the messages A01 to A05, has the card sign,
//! hears the answers as they travel, and opens what comes back.

use cie_crypto::pkcs1;
use cie_emulator::persona::{CardData, Persona, personalise};

use super::super::{Session, Trouble};
use super::judge::{Replied, gate};
use super::office::{Known, Office};
use super::{AtIssuer, Happened, client_random, harness};
use crate::issuer::account::Account;
use crate::issuer::card::{self, PublicSide};
use crate::issuer::device::Device;
use crate::issuer::engine::{Awaiting, ProcedureId, Standing};
use crate::issuer::policy::{Field, Gate, Medium, Padding};
use crate::issuer::puk::{self, Handled};
use crate::issuer::registry::{Contacts, Person};
use crate::issuer::secret::{Hashed, Secret};
use crate::issuer::wire::{Answer, Reply, Request, Start, otp_hash};
use crate::scenario::model::CodeName;
use crate::scenario::model::issuer::{
    Enrol, Given, PostMessage, Proof, ReplyFault, SendMessage, Sod,
};

/// Whose card stands in for another citizen's, and for that citizen another one's.
const OTHERS: [&str; 2] = ["adult-modern", "adult-default"];

impl Session {
    /// Takes the holder of the card under test in: what the card shows to everybody is read, its PUK is the one that is known.
    pub(super) fn enrols(&mut self, enrol: &Enrol) -> Happened {
        let root = self.root();
        let side = PublicSide::read(&mut self.terminal, root)?;
        let number = match &enrol.number {
            Some(number) => self.bytes(number)?,
            None => self.holder().unwrap_or_default().into_bytes(),
        };
        let nun: String = number.iter().take(9).copied().map(char::from).collect();
        let puk = self.codes.right(CodeName::Puk).cloned();
        let puk = puk.map_err(|words| self.unknown_code(words))?;
        let cf = self
            .office()?
            .engine
            .registry()
            .get(&nun)
            .and_then(|person| person.cf.clone());
        let known = (self.facts).field(crate::scenario::model::PersonaField::FiscalCode);
        let known = known
            .ok()
            .map(|cf| String::from_utf8_lossy(cf).into_owned());
        self.facts.take_missing();
        let person = Person::enrolled(nun, side.nis.clone(), side.key.clone(), &side.sod, &puk);
        let mut person = person.map_err(harness)?;
        person.cf = known.filter(|cf| !cf.is_empty()).or(cf);
        person.contacts = Contacts {
            sms: enrol.contacts.sms.clone(),
            email: enrol.contacts.email.clone(),
            pec: enrol.contacts.pec.clone(),
        };
        person.categories.clone_from(&enrol.categories);
        person.health_card.clone_from(&enrol.health_card);
        person.document = enrol.document.unwrap_or(person.document);
        let seed = self.seed;
        let office = self.office()?;
        let mut random = client_random(seed);
        for (name, held) in &enrol.accounts {
            let accounts = office.engine.policies().accounts();
            if accounts.get(name).is_none() {
                return Err(harness(format!("there is no account `{name}`")));
            }
            let secret = held.secret.as_deref().map(Secret::new);
            let secret = secret.map(|secret| accounts.canonical(name, &secret));
            let hashed = secret.map(|secret| Hashed::new(&secret, &mut random));
            person
                .accounts
                .insert(name.clone(), Account::new(held.state, hashed));
        }
        // Nobody here can judge the authorities of real cards: the card that was shown is trusted.
        office.trusted.enrol(&side.sod).map_err(harness)?;
        let nis = person.nis.clone();
        office.enrol(person)?;
        Ok(AtIssuer::said(format!(
            "the holder of the card {nis} is known"
        )))
    }

    /// One message there, one answer back.
    pub(super) fn sends(&mut self, send: &SendMessage) -> Happened {
        let request = self.request(send)?;
        let http = request.to_http();
        let office = self.office()?;
        let arrived = Request::from_http(&http).map_err(harness)?;
        let now = office.now();
        let handled = puk::handle(&mut office.engine, &office.trusted, now, &arrived);
        let reply = office.travels(handled.answer.to_reply())?;
        let answer = reply.map(|reply| Answer::from_reply(request.message(), &reply));
        let replied = match answer {
            None | Some(Err(_)) => Replied::lost(),
            Some(Ok(answer)) => office.hears(send, &answer, &handled)?,
        };
        let effects = handled.outcome.map(|outcome| outcome.effects);
        let effects = effects.unwrap_or_default();
        Ok(AtIssuer::replied(replied, &effects, office))
    }

    fn request(&mut self, send: &SendMessage) -> Result<Request, Trouble> {
        let nun = self.fact(Field::Nun, send.nun.as_ref().unwrap_or(&Given::Right));
        let procedure = |session: &mut Self| -> Result<ProcedureId, Trouble> {
            session.office()?.named(send.procedure.as_deref())
        };
        Ok(match send.message {
            PostMessage::A01 => Request::Start(Box::new(self.start_message(send, &nun?)?)),
            PostMessage::A02 => {
                let id = procedure(self)?;
                Request::FirstProof {
                    signature: self.proof(send.proof, &id)?,
                    procedure: id.as_str().to_owned(),
                }
            }
            PostMessage::A03 => {
                let code = send
                    .code
                    .as_ref()
                    .ok_or_else(|| harness("a03 needs a `code`"))?;
                Request::Code {
                    hash: otp_hash(self.given(code)?.reveal()),
                    procedure: procedure(self)?.as_str().to_owned(),
                    nun: nun?,
                }
            }
            PostMessage::A04 => {
                let id = procedure(self)?;
                Request::SecondProof {
                    signature: self.proof(send.proof, &id)?,
                    procedure: id.as_str().to_owned(),
                    nun: nun?,
                }
            }
            PostMessage::A05 => Request::State {
                procedure: procedure(self)?.as_str().to_owned(),
                nun: nun?,
            },
        })
    }

    fn start_message(&mut self, send: &SendMessage, nun: &str) -> Result<Start, Trouble> {
        let root = self.root();
        let mut side = PublicSide::read(&mut self.terminal, root)?;
        match send.sod {
            Sod::Right => {}
            Sod::OtherCard => side.sod = self.other_card()?.ef_sod.clone(),
            Sod::Spoiled => spoil(&mut side.sod),
        }
        let device = Device::synthetic().map_err(harness)?;
        let mut start = side.start(nun, device.public_key());
        if let Some(nis) = &send.nis {
            start.nis = self.fact(Field::Nis, nis)?;
        }
        let contact = |session: &mut Self, medium, value: &Option<Given>| {
            let value = value.as_ref().map(|value| session.contact(medium, value));
            value.transpose()
        };
        start.address_sms = contact(self, Medium::Sms, &send.sms)?;
        start.address_email = contact(self, Medium::Email, &send.email)?;
        Ok(start)
    }

    /// A signature over the challenge that a procedure has given, or one that must not pass for it.
    pub(super) fn proof(&mut self, proof: Proof, id: &ProcedureId) -> Result<Vec<u8>, Trouble> {
        let known = self.office()?.by_id(id)?.clone();
        let root = self.root();
        let signature = match proof {
            Proof::Right => card::prove(&mut self.terminal, root, &known.challenge)?,
            Proof::FirstChallenge => card::prove(&mut self.terminal, root, &known.first_challenge)?,
            Proof::Replayed => known.signature.clone(),
            Proof::Spoiled => {
                let mut signature = card::prove(&mut self.terminal, root, &known.challenge)?;
                spoil(&mut signature);
                signature
            }
            Proof::OtherCard => {
                let key = self.other_card()?.services_key;
                pkcs1::sign_type1(&key, &known.challenge).map_err(harness)?
            }
        };
        if signature.is_empty() {
            return Err(harness(
                "nothing was signed in this procedure that could be replayed",
            ));
        }
        self.office()?.by_id(id)?.signature.clone_from(&signature);
        Ok(signature)
    }

    /// The card of another citizen.
    fn other_card(&self) -> Result<CardData, Trouble> {
        let mut others = OTHERS.into_iter();
        let other = others.find(|other| self.facts.persona.as_deref() != Some(other));
        let persona = Persona::builtin(other.unwrap_or_default()).map_err(harness)?;
        personalise(&persona).map_err(harness)
    }
}

impl Office {
    fn by_id(&mut self, id: &ProcedureId) -> Result<&mut Known, Trouble> {
        let known = self.known.iter_mut().find(|known| known.id == *id);
        let known = known.ok_or_else(|| harness("this procedure is not known to the client"))?;
        if let Some(Standing::Awaiting(Awaiting::Proof { challenge, .. })) =
            self.engine.standing(id)
        {
            known.sees(challenge);
        }
        Ok(known)
    }

    /// The answer on its way to the client, once disturbed where a step asked for it. Nothing, when it comes too late.
    fn travels(&mut self, mut reply: Reply) -> Result<Option<Reply>, Trouble> {
        let granted = reply.status == 200;
        match self.reply_fault.take() {
            None => {}
            Some(ReplyFault::Late) => return Ok(None),
            Some(ReplyFault::Malformed) => reply.body = b"<html>gateway</html>".to_vec(),
            Some(ReplyFault::ServerError) => {
                reply = Reply {
                    status: 500,
                    body: Vec::new(),
                }
            }
            Some(ReplyFault::WithoutReason) if granted => {
                let what = "`without_reason` is about a refusal, and this answer grants";
                return Err(harness(what));
            }
            Some(ReplyFault::WithoutReason) => {
                let mut body: serde_json::Value =
                    serde_json::from_slice(&reply.body).map_err(harness)?;
                body.as_object_mut().map(|body| body.remove("reason"));
                reply.body = body.to_string().into_bytes();
            }
        }
        Ok(Some(reply))
    }

    /// What the client makes of an answer that it could read.
    fn hears(
        &mut self,
        send: &SendMessage,
        answer: &Answer,
        handled: &Handled,
    ) -> Result<Replied, Trouble> {
        match answer {
            Answer::Refused(refusal) => {
                let told = handled.outcome.as_ref();
                return Ok(Replied {
                    reason: refusal.reason.clone(),
                    closed: refusal.closed.unwrap_or_default(),
                    tries_left: told.and_then(|it| it.reply.tries_left()).map(u64::from),
                    ..Replied::default()
                });
            }
            Answer::Started {
                procedure,
                challenge,
                ..
            } => {
                let id = ProcedureId::new(procedure.clone());
                self.remember(Known {
                    challenge: challenge.clone(),
                    first_challenge: challenge.clone(),
                    ..Known::new(id, send.procedure.clone())
                });
            }
            Answer::Challenge(challenge) => {
                let known = self.known(send.procedure.as_deref())?;
                known.challenge.clone_from(challenge);
            }
            Answer::Disclosed(halves) => {
                let device = Device::synthetic().map_err(harness)?;
                let code = device.open(halves, self.padding());
                // A half that does not open is the issuer's fault, not the card's: the step says so.
                self.recovered = Some(code.map_err(|error| Trouble::Rule(error.to_string()))?);
            }
            Answer::Accepted { .. } | Answer::State(_) => {}
        }
        let standing = match self.known(send.procedure.as_deref()) {
            Ok(known) => {
                let id = known.id.clone();
                self.engine.standing(&id)
            }
            Err(_) => None,
        };
        Ok(Replied {
            granted: true,
            gate: standing.as_ref().and_then(gate).map(str::to_owned),
            closed: handled
                .outcome
                .as_ref()
                .is_some_and(|it| it.reply.is_closed()),
            ..Replied::default()
        })
    }

    /// How the policy encrypts what it hands out.
    fn padding(&self) -> Padding {
        let policies = self.engine.policies();
        let gates = policies
            .get(puk::POLICY)
            .map(|policy| policy.gates_of(None));
        let mut gates = gates.iter().flat_map(|gates| gates.iter());
        let padding = gates.find_map(|gate| match gate {
            Gate::Disclose(disclose) => Some(disclose.padding),
            _ => None,
        });
        padding.unwrap_or(Padding::Pkcs1)
    }
}

impl Known {
    /// A challenge that came with an answer of the native interface.
    fn sees(&mut self, challenge: Vec<u8>) {
        if self.first_challenge.is_empty() {
            self.first_challenge.clone_from(&challenge);
        }
        if self.challenge.is_empty() {
            self.challenge = challenge;
        }
    }
}

/// Changes one bit near the end, where signatures stand and padding does not.
fn spoil(bytes: &mut [u8]) {
    let last = bytes.iter().rposition(|byte| *byte != 0);
    if let Some(byte) = last.and_then(|last| bytes.get_mut(last)) {
        *byte ^= 0x01;
    }
}
