//! The document's terminal against the embedded card: two implementations of the protocols, written apart, over every group,
//! curve and cipher that both know.

use std::sync::Arc;

use cie_conformance::target::Embedded;
use cie_conformance::terminal::emrtd::{
    BasicAccess, ChipAuthentication, ChipAuthenticationInfo, ChipKey, DocumentError, Domain,
    ExchangeFault, Mapping, Pace, PaceInfo, Password, SecurityInfos, commands,
};
use cie_conformance::terminal::{Protection, Terminal, TerminalError};
use cie_crypto::ec::{Curve, Scalar};
use cie_crypto::random::Seeded;
use cie_crypto::suite::Suite;
use cie_emulator::apps::emrtd::{ChipAuthenticationKey, Keys, PaceOffer, StaticKey};
use cie_emulator::chip::{Profile, chip};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::wire::{CommandBuf, Le, StatusWord};
use rstest::rstest;

/// A terminal in front of a card whose document keys were changed, and the passwords printed on it.
fn terminal(alter: impl FnOnce(&mut Keys)) -> (Terminal, Password, Password) {
    let data = personalise(&Persona::builtin("adult-default").unwrap()).unwrap();
    let zone = Password::from_machine_readable_zone(data.document.mrz.as_str()).unwrap();
    let can = Password::from_card_access_number(data.document.can.as_bytes());
    let profile = Profile::with([]).unwrap();
    let mut image = data.into_image(chip("bit4id2").unwrap(), profile).unwrap();
    alter(image.emrtd.as_mut().unwrap());
    let random = Box::new(Seeded::derived(7, "card"));
    let card = Embedded::new(Arc::new(image), random, "adult-default");
    let mut terminal = Terminal::new(Box::new(card), Box::new(Seeded::derived(7, "terminal")));
    terminal.power_on().unwrap();
    (terminal, zone, can)
}

fn first_byte(terminal: &mut Terminal) -> u8 {
    let read = CommandBuf::new(0, 0xB0, 0x9E, 0).le(Le::Exactly(1));
    let reply = terminal.transmit(&read).unwrap();
    assert_eq!(
        (reply.sw, reply.channel),
        (StatusWord::NO_ERROR, Protection::Protected)
    );
    reply.data[0]
}

fn offer(id: u8, suite: Suite) -> (PaceOffer, PaceInfo) {
    let offer = PaceOffer::new(id, suite).unwrap();
    let info = PaceInfo {
        protocol: offer.oid().to_vec(),
        mapping: match id {
            0..=2 => Mapping::GenericDh,
            _ => Mapping::GenericEcdh,
        },
        version: 2,
        parameters: Some(id),
    };
    (offer, info)
}

#[rstest]
fn pace_over_every_group_and_cipher(
    #[values(0, 1, 2, 12, 13, 15, 16, 18)] id: u8,
    #[values(Suite::TripleDes, Suite::Aes128, Suite::Aes192, Suite::Aes256)] suite: Suite,
) {
    let (offer, info) = offer(id, suite);
    let (mut terminal, _, can) = terminal(|keys| keys.pace = vec![offer]);
    let mut pace = Pace::new(&info, None, true, can).unwrap();
    pace.run(&mut terminal).unwrap();
    terminal
        .demand("SELECT", &commands::select_document())
        .unwrap();
    assert_eq!(first_byte(&mut terminal), 0x60);
}

#[rstest]
#[case::dh(2, Suite::TripleDes)]
#[case::curve(13, Suite::Aes128)]
fn a_wrong_password_ends_pace_at_the_token(#[case] id: u8, #[case] suite: Suite) {
    let (offer, info) = offer(id, suite);
    let (mut terminal, zone, can) = terminal(|keys| keys.pace = vec![offer]);
    for password in [zone.wrong(), can.wrong()] {
        let refused = Pace::new(&info, None, false, password)
            .unwrap()
            .run(&mut terminal);
        let sw = StatusWord::AUTHENTICATION_FAILED;
        let status = matches!(
            &refused,
            Err(DocumentError::Terminal(TerminalError::Status { sw: found, .. })) if *found == sw
        );
        assert!(status, "{refused:?}");
        assert!(!terminal.is_protected());
    }
    Pace::new(&info, None, false, zone)
        .unwrap()
        .run(&mut terminal)
        .unwrap();
}

/// A static key of the chip and how EF.DG14 would name it.
fn chip_key(id: u8, suite: Suite) -> (ChipAuthenticationKey, SecurityInfos) {
    let domain = Domain::standardised(id).unwrap();
    let mut random = Seeded::derived(u64::from(id), "chip");
    let key = match (&domain, Curve::from_domain_parameter_id(id)) {
        (Domain::Prime(group), _) => StaticKey::Modular {
            group: group.clone(),
            exponent: group.random_exponent(&mut random),
        },
        (Domain::Curve(_), curve) => {
            StaticKey::Elliptic(Scalar::random(curve.unwrap(), &mut random))
        }
    };
    let key = ChipAuthenticationKey {
        key_id: Some(vec![id]),
        suite,
        key,
    };
    let infos = SecurityInfos {
        chip_authentication: vec![ChipAuthenticationInfo {
            protocol: key.oid().to_vec(),
            version: 1,
            key_id: key.key_id.clone(),
        }],
        chip_keys: vec![ChipKey {
            domain,
            public: key.key.public(),
            key_id: key.key_id.clone(),
        }],
        ..SecurityInfos::default()
    };
    (key, infos)
}

fn by_bac(terminal: &mut Terminal, zone: &Password) {
    terminal
        .demand("SELECT", &commands::select_document())
        .unwrap();
    BasicAccess::new(zone).run(terminal, None).unwrap();
}

#[rstest]
fn chip_authentication_over_every_group_and_cipher(
    #[values(0, 1, 2, 12, 13, 15, 16, 18)] id: u8,
    #[values(Suite::TripleDes, Suite::Aes128, Suite::Aes192, Suite::Aes256)] suite: Suite,
) {
    let (key, infos) = chip_key(id, suite);
    let (mut terminal, zone, _) = terminal(|keys| keys.chip_authentication = vec![key]);
    by_bac(&mut terminal, &zone);
    let mut run = ChipAuthentication::new(&infos, None).unwrap();
    terminal
        .demand("MSE SET AT", &run.set_protocol(None))
        .unwrap();
    let command = run.general_authenticate(None, terminal.random()).unwrap();
    let reply = terminal.demand("GENERAL AUTHENTICATE", &command).unwrap();
    run.check_answer(&reply.data).unwrap();
    run.open(&mut terminal).unwrap();
    assert_eq!(first_byte(&mut terminal), 0x60);
}

#[rstest]
fn chip_authentication_in_one_step(#[values(0, 1, 2, 12, 13, 15, 16, 18)] id: u8) {
    let (key, infos) = chip_key(id, Suite::TripleDes);
    let (mut terminal, zone, _) = terminal(|keys| keys.chip_authentication = vec![key]);
    by_bac(&mut terminal, &zone);
    let mut run = ChipAuthentication::new(&infos, None).unwrap();
    assert!(run.by_key_agreement_template());
    let command = run.set_key_agreement(None, terminal.random()).unwrap();
    terminal.demand("MSE SET KAT", &command).unwrap();
    run.open(&mut terminal).unwrap();
    assert_eq!(first_byte(&mut terminal), 0x60);
}

#[rstest]
fn no_curve_takes_a_point_that_is_none(
    #[values(12, 13, 15, 16, 18)] id: u8,
    #[values(
        ExchangeFault::OffCurve,
        ExchangeFault::ZeroCoordinates,
        ExchangeFault::AllZero,
        ExchangeFault::BeyondPrime,
        ExchangeFault::Prefix,
        ExchangeFault::Short,
        ExchangeFault::Long
    )]
    fault: ExchangeFault,
) {
    let (key, infos) = chip_key(id, Suite::Aes128);
    let (mut terminal, zone, _) = terminal(|keys| keys.chip_authentication = vec![key]);
    by_bac(&mut terminal, &zone);
    let mut run = ChipAuthentication::new(&infos, None).unwrap();
    terminal
        .demand("MSE SET AT", &run.set_protocol(None))
        .unwrap();
    let command = run
        .general_authenticate(Some(fault), terminal.random())
        .unwrap();
    let reply = terminal.transmit(&command).unwrap();
    assert!(!reply.sw.is_ok());
    assert_eq!(reply.channel, Protection::Protected);
    assert_eq!(first_byte(&mut terminal), 0x60, "the old session goes on");
}
