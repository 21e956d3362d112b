//! The reader target against a resource manager made of a few fields: every error it can give, every way a card can go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pcsc::{Attribute, Disposition, Error, Protocol, Protocols, ShareMode, State};
use rstest::rstest;

use super::{Hands, Link, Reader, ReaderError, ReaderOptions, Seen, Share, choose};
use crate::target::{Reset, Target, TargetError};

const NAME: &str = "Test Reader 00 00";
const ATR: [u8; 4] = [0x3B, 0x80, 0x80, 0x01];

/// What the fake resource manager has, and what it was asked.
#[derive(Default)]
struct World {
    readers: Vec<&'static str>,
    card: bool,
    events: u32,
    protocol: Option<Protocol>,
    /// Errors of the next calls of that name.
    errors: Vec<(&'static str, Error)>,
    answers: Vec<Vec<u8>>,
    log: Vec<String>,
}

#[derive(Clone)]
struct Fake(Arc<Mutex<World>>);

impl Fake {
    fn with_card() -> Self {
        Self(Arc::new(Mutex::new(World {
            readers: vec![NAME],
            card: true,
            events: 1,
            protocol: Some(Protocol::T1),
            ..World::default()
        })))
    }

    fn change<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        act(&mut self.0.lock().expect("no test panics while it holds this"))
    }

    fn fail(&self, call: &'static str, error: Error) {
        self.change(|world| world.errors.push((call, error)));
    }

    fn log(&self) -> Vec<String> {
        self.change(|world| std::mem::take(&mut world.log))
    }

    fn call(&self, name: &'static str, detail: &str) -> Result<(), Error> {
        self.change(|world| {
            world.log.push(format!("{name}{detail}"));
            let at = world.errors.iter().position(|(call, _)| *call == name);
            match at {
                Some(at) => Err(world.errors.remove(at).1),
                None => Ok(()),
            }
        })
    }

    fn seen(&self) -> Seen {
        self.change(|world| Seen {
            state: if world.card {
                State::PRESENT
            } else {
                State::EMPTY
            },
            events: world.events,
            atr: if world.card { ATR.to_vec() } else { Vec::new() },
        })
    }
}

impl Link for Fake {
    fn readers(&mut self) -> Result<Vec<String>, Error> {
        self.call("readers", "")?;
        Ok(self.change(|world| {
            world
                .readers
                .iter()
                .map(|name| (*name).to_owned())
                .collect()
        }))
    }
    fn look(&mut self, reader: &str) -> Result<Seen, Error> {
        if !self.change(|world| world.readers.contains(&reader)) {
            return Err(Error::ReaderUnavailable);
        }
        Ok(self.seen())
    }
    fn wait(&mut self, _: &str, before: &Seen, _: Duration) -> Result<Seen, Error> {
        let now = self.seen();
        if now == *before {
            Err(Error::Timeout)
        } else {
            Ok(now)
        }
    }
    fn connect(&mut self, _: &str, share: ShareMode, _: Protocols) -> Result<(), Error> {
        self.call("connect", &format!(" {share:?}"))?;
        match self.change(|world| world.card) {
            true => Ok(()),
            false => Err(Error::NoSmartcard),
        }
    }
    fn reconnect(&mut self, _: ShareMode, _: Protocols, how: Disposition) -> Result<(), Error> {
        self.call("reconnect", &format!(" {how:?}"))
    }
    fn disconnect(&mut self, _: Disposition) {
        let _ = self.call("disconnect", "");
    }
    fn begin(&mut self) -> Result<(), Error> {
        self.call("begin", "")
    }
    fn status(&mut self) -> Result<(Vec<u8>, Option<Protocol>), Error> {
        Ok((ATR.to_vec(), self.change(|world| world.protocol)))
    }
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), Error> {
        response.clear();
        self.call("transmit", &format!(" {}", hex::encode_upper(command)))?;
        let answer = self.change(|world| match world.answers.is_empty() {
            true => vec![0x90, 0x00],
            false => world.answers.remove(0),
        });
        response.extend_from_slice(&answer);
        Ok(())
    }
    fn attribute(&mut self, _: Attribute) -> Result<Vec<u8>, Error> {
        Err(Error::UnsupportedFeature)
    }
    fn forget(&mut self) {
        let _ = self.call("forget", "");
    }
}

/// Moves the card of a fake.
struct Mover(Fake, bool);

impl Hands for Mover {
    fn remove(&mut self, _: &str) -> Result<(), String> {
        if self.1 {
            self.0
                .change(|world| (world.card, world.events) = (false, world.events + 1));
        }
        Ok(())
    }
    fn insert(&mut self, _: &str) -> Result<(), String> {
        if self.1 {
            self.0
                .change(|world| (world.card, world.events) = (true, world.events + 1));
        }
        Ok(())
    }
}

fn options(share: Share) -> ReaderOptions {
    ReaderOptions {
        share,
        recovery: Duration::ZERO,
        patience: Duration::from_secs(1),
        ..ReaderOptions::default()
    }
}

fn reader(fake: &Fake, share: Share) -> Reader {
    let hands = Box::new(Mover(fake.clone(), true));
    Reader::new(Box::new(fake.clone()), NAME, options(share), hands)
}

fn powered(fake: &Fake) -> Reader {
    let mut reader = reader(fake, Share::Exclusive);
    assert_eq!(reader.power_on().expect("the card answers"), ATR);
    fake.log();
    reader
}

fn send(reader: &mut Reader, command: &[u8]) -> Result<Vec<u8>, TargetError> {
    let mut response = vec![0xEE];
    let result = reader.transmit(command, &mut response);
    assert!(result.is_ok() || response.is_empty(), "{response:02X?}");
    result.map(|()| response)
}

const GET: [u8; 5] = [0x00, 0x84, 0x00, 0x00, 0x08];

#[rstest]
#[case::exclusive(Share::Exclusive, &["connect Exclusive", "begin", "reconnect UnpowerCard"])]
#[case::transaction(Share::Transaction, &["connect Shared", "begin", "reconnect UnpowerCard"])]
#[case::shared(Share::Shared, &["connect Shared", "reconnect UnpowerCard"])]
fn the_card_is_taken_as_the_share_says_and_begins_without_power(
    #[case] share: Share,
    #[case] calls: &[&str],
) {
    let fake = Fake::with_card();
    reader(&fake, share).power_on().expect("the card answers");
    assert_eq!(fake.log(), calls);
}

#[rstest]
#[case::warm(Reset::Warm, "reconnect ResetCard")]
#[case::cold(Reset::Cold, "reconnect UnpowerCard")]
fn a_reset_keeps_the_connection(#[case] reset: Reset, #[case] call: &str) {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    assert_eq!(reader.reset(reset), Ok(ATR.to_vec()));
    assert_eq!(fake.log(), [call]);
    assert_eq!(reader.changes(), 1);
}

#[test]
fn without_power_the_card_is_mute_and_nothing_is_sent() {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    reader.power_off().expect("power can be taken away");
    assert_eq!(send(&mut reader, &GET), Err(TargetError::NoResponse));
    assert_eq!(fake.log(), ["disconnect"]);
}

#[rstest]
#[case::removed(Error::RemovedCard, "the card was removed")]
#[case::no_card(Error::NoSmartcard, "the card was removed")]
#[case::reset(Error::ResetCard, "another program reset the card")]
#[case::unresponsive(Error::UnresponsiveCard, "the card is mute")]
#[case::unpowered(Error::UnpoweredCard, "the card is mute")]
#[case::not_transacted(Error::NotTransacted, "the card is mute")]
#[case::no_service(Error::NoService, "the PC/SC service stopped")]
#[case::stopped(Error::ServiceStopped, "the PC/SC service stopped")]
#[case::restarted(Error::InvalidHandle, "the PC/SC service was restarted")]
#[case::unplugged(Error::ReaderUnavailable, "Test Reader 00 00 is no longer there")]
#[case::unknown(Error::UnknownReader, "Test Reader 00 00 is no longer there")]
#[case::held(Error::SharingViolation, "another program holds the card")]
#[case::too_long(Error::InsufficientBuffer, "does not carry a command of this form")]
#[case::parameter(Error::InvalidParameter, "does not carry a command of this form")]
#[case::protocol(Error::ProtoMismatch, "--protocol auto")]
#[case::forbidden(Error::SecurityViolation, "polkit")]
#[case::other(Error::InternalError, "Test Reader 00 00")]
fn what_happens_in_a_command_is_said_with_what_to_do(#[case] error: Error, #[case] words: &str) {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    fake.fail("transmit", error);
    let met = send(&mut reader, &GET).expect_err("the command fails");
    assert!(met.to_string().contains(words), "{met}");
}

/// Drivers have one error for a silent card and for one that is gone; the reader knows.
#[rstest]
#[case::card_gone(|world: &mut World| world.card = false, TargetError::CardRemoved)]
#[case::reader_gone(|world: &mut World| world.readers.clear(), TargetError::ReaderGone(format!("{NAME} is no longer there")))]
fn a_failed_exchange_is_looked_into(#[case] event: fn(&mut World), #[case] expected: TargetError) {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    fake.fail("transmit", Error::NotTransacted);
    fake.change(event);
    assert_eq!(send(&mut reader, &GET), Err(expected));
}

#[test]
fn a_success_without_bytes_is_no_answer() {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    fake.change(|world| world.answers.push(Vec::new()));
    assert_eq!(send(&mut reader, &GET), Err(TargetError::NoResponse));
}

/// A single byte would be an order to whatever stands behind vpcd.
#[rstest]
#[case::none(&[])]
#[case::one(&[0x00])]
fn a_command_of_fewer_than_two_bytes_is_not_sent(#[case] command: &[u8]) {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    assert!(matches!(
        send(&mut reader, command),
        Err(TargetError::Refused(_))
    ));
    assert!(fake.log().is_empty());
}

/// The case that met the error is lost; the next one begins on a new connection, and knows whether the card may be another one.
#[rstest]
#[case::removed_and_back(Error::RemovedCard, 1, true)]
#[case::reset_by_others(Error::ResetCard, 0, false)]
#[case::service_restarted(Error::InvalidHandle, 0, true)]
fn the_next_case_begins_anew(#[case] error: Error, #[case] moved: u32, #[case] may_be_other: bool) {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    fake.change(|world| world.events += moved);
    fake.fail("reconnect", error);
    let before = reader.changes();
    assert_eq!(reader.power_on(), Ok(ATR.to_vec()));
    let log = fake.log();
    assert!(log.contains(&"connect Exclusive".to_owned()), "{log:?}");
    assert_eq!(reader.changes() > before, may_be_other);
}

#[rstest]
#[case::card(|world: &mut World| world.card = false, "the card was removed")]
#[case::reader(|world: &mut World| { world.readers.clear(); world.errors.push(("connect", Error::UnknownReader)); }, "no longer there")]
fn what_does_not_come_back_is_said(#[case] event: fn(&mut World), #[case] words: &str) {
    let fake = Fake::with_card();
    let mut reader = reader(&fake, Share::Exclusive);
    fake.change(event);
    let error = reader.power_on().expect_err("there is nothing to power");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_card_taken_out_and_put_back_may_be_another_one() {
    let fake = Fake::with_card();
    let mut reader = powered(&fake);
    reader.remove().expect("the hands take it out");
    assert_eq!(send(&mut reader, &GET), Err(TargetError::NoResponse));
    reader.insert().expect("the hands put it back");
    reader.power_on().expect("it answers again");
    assert_eq!(reader.changes(), 2);
}

#[rstest]
#[case::remove(true, "nobody took the card out within 1 s")]
#[case::insert(false, "nobody put the card in within 1 s")]
fn nobody_comes(#[case] remove: bool, #[case] words: &str) {
    let fake = Fake::with_card();
    fake.change(|world| world.card = remove);
    let hands = Box::new(Mover(fake.clone(), false));
    let mut reader = Reader::new(Box::new(fake), NAME, options(Share::Exclusive), hands);
    let result = if remove {
        reader.remove()
    } else {
        reader.insert()
    };
    let error = result.expect_err("the card stays where it is");
    assert!(error.to_string().contains(words), "{error}");
}

/// T=0 (ISO/IEC 7816-3:2006 §12.2): what the terminal sends, what the wire carries, what the terminal sees.
#[rstest]
#[case::case_1("00A40000", &["9000"], &["00A4000000"], "9000")]
#[case::case_2("0084000008", &["11223344556677889000"], &["0084000008"], "11223344556677889000")]
#[case::case_2_other_length("0084000000", &["6C02", "AABB9000"], &["0084000000", "0084000002"], "AABB9000")]
#[case::case_3("00A4000C023F00", &["9000"], &["00A4000C023F00"], "9000")]
#[case::case_4("00A40000023F0000", &["6102", "AABB9000"], &["00A40000023F00", "00C0000002"], "AABB9000")]
#[case::in_pieces("00A40000023F0000", &["6101", "AA6101", "BB9000"], &["00A40000023F00", "00C0000001", "00C0000001"], "AABB9000")]
#[case::refused("00A40000023F0000", &["6A82"], &["00A40000023F00"], "6A82")]
#[case::no_command("00A4", &["6700"], &["00A4"], "6700")]
fn t0_carries_one_direction_at_a_time(
    #[case] command: &str,
    #[case] answers: &[&str],
    #[case] wire: &[&str],
    #[case] seen: &str,
) {
    let fake = Fake::with_card();
    fake.change(|world| world.protocol = Some(Protocol::T0));
    let mut reader = powered(&fake);
    let bytes = |text: &&str| hex::decode(text).expect("hex");
    fake.change(|world| world.answers = answers.iter().map(bytes).collect());
    let response = send(&mut reader, &bytes(&command)).expect("it is carried");
    assert_eq!(hex::encode_upper(response), seen);
    let log: Vec<String> = wire
        .iter()
        .map(|bytes| format!("transmit {bytes}"))
        .collect();
    assert_eq!(fake.log(), log);
}

#[test]
fn t0_carries_no_extended_lengths() {
    let fake = Fake::with_card();
    fake.change(|world| world.protocol = Some(Protocol::T0));
    let mut reader = powered(&fake);
    let error = send(&mut reader, &[0x00, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00]);
    assert!(matches!(error, Err(TargetError::Refused(_))), "{error:?}");
    assert!(fake.log().is_empty());
}

const TWO: [&str; 2] = ["Virtual PCD 00 00", "Virtual PCD 00 01"];

#[rstest]
#[case::whole(Some("Virtual PCD 00 01"), Ok("Virtual PCD 00 01"))]
#[case::part(Some("pcd 00 01"), Ok("Virtual PCD 00 01"))]
#[case::ambiguous(Some("virtual"), Err("part of several"))]
#[case::unknown(Some("acme"), Err("no reader is called"))]
#[case::none_named(None, Err("several readers have a card"))]
fn readers_are_found_by_a_part_of_their_names(
    #[case] wanted: Option<&str>,
    #[case] expected: Result<&str, &str>,
) {
    let mut fake = Fake::with_card();
    fake.change(|world| world.readers = TWO.to_vec());
    match (choose(&mut fake, wanted), expected) {
        (Ok(name), Ok(expected)) => assert_eq!(name, expected),
        (Err(error), Err(words)) => {
            let said = error.to_string();
            assert!(
                said.contains(words) && said.contains("Virtual PCD"),
                "{said}"
            );
            assert_eq!(error.exit_code().code(), 2);
        }
        (found, _) => panic!("{found:?}"),
    }
}

#[rstest]
#[case::no_reader(|world: &mut World| world.readers.clear(), "there is no reader")]
#[case::no_card(|world: &mut World| world.card = false, "no reader has a card")]
#[case::no_service(|world: &mut World| world.errors.push(("readers", Error::NoService)), "PC/SC")]
#[case::forbidden(|world: &mut World| world.errors.push(("readers", Error::SecurityViolation)), "polkit")]
#[case::other(|world: &mut World| world.errors.push(("readers", Error::InternalError)), "cie-conf doctor")]
fn what_is_missing_is_said_with_what_to_do(#[case] event: fn(&mut World), #[case] words: &str) {
    let mut fake = Fake::with_card();
    fake.change(event);
    let error: ReaderError = choose(&mut fake, None).expect_err("there is no card to judge");
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.exit_code().code(), 3);
}
