//! Cards that `cie-conf` itself serves into a virtual reader: every case runs as on the embedded card, with the same verdict.

use cie_pcscd::PrivateDaemon;
use rstest::rstest;

use super::lane::{call, daemon, done, program, runs, verdicts};

/// Folders in which commands are long, short, chained and broken, cards are reset and taken out, PINs and PUKs are spent.
const FOLDERS: [&str; 5] = ["transport", "pin", "select", "chaining", "lifecycle"];

#[rstest]
fn through_our_driver_every_verdict_is_the_embedded_ones() {
    if !runs() {
        return;
    }
    let daemon = daemon(1);
    let folder = tempfile::tempdir().unwrap();
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let here = [
        &["run"],
        &FOLDERS[..],
        &["--show", "none", "--report", "json=-"],
    ]
    .concat();
    let embedded = verdicts(&call(&daemon, folder.path(), &here));
    let through = [&here[..], &["--target", "reader", "--serve", &way]].concat();
    let through = call(&daemon, folder.path(), &through);
    let table = verdicts(&through);
    let different: Vec<_> = embedded
        .iter()
        // No PC/SC reader carries a command without bytes.
        .filter(|(name, _)| !name.starts_with("transport/fewer-than-four-bytes"))
        .filter(|(name, (verdict, _))| table[*name].0 != *verdict)
        .map(|(name, (verdict, _))| {
            format!("{name}: {verdict}, through the reader {:?}", table[name])
        })
        .collect();
    assert!(different.is_empty(), "{different:#?}\n{}", through.err);
    assert!(table.len() > 200, "{} cases", table.len());
}

#[rstest]
fn through_vpcd_too() {
    if !runs() {
        return;
    }
    let daemon = PrivateDaemon::builder().vpcd().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let here = [
        "run", "select", "services", "--show", "none", "--report", "json=-",
    ];
    let embedded = verdicts(&call(&daemon, folder.path(), &here));
    let through = [&here[..], &["--target", "reader", "--serve", "vpcd"]].concat();
    let inside = program(&daemon, folder.path(), &through);
    let mut inside = daemon.enter(&inside).unwrap();
    inside
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let said = done(inside.spawn().unwrap());
    let table = verdicts(&said);
    let only = |table: &std::collections::BTreeMap<String, (String, String)>| {
        let pairs = table.iter();
        pairs
            .map(|(name, (verdict, _))| (name.clone(), verdict.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(only(&table), only(&embedded), "{}", said.err);
}

/// A reader that does not follow the slot holds another card, perhaps a citizen's: nothing is sent to it.
#[rstest]
fn another_reader_is_not_mistaken_for_the_virtual_one() {
    if !runs() {
        return;
    }
    let daemon = daemon(2);
    let folder = tempfile::tempdir().unwrap();
    let other = super::lane::card("adult-default", &daemon.endpoints()[1]);
    let way = format!("driver:{}", daemon.endpoints()[0]);
    let arguments = [
        "run",
        "select",
        "--target",
        "reader:CIE 2",
        "--serve",
        &way,
        "--patience",
        "2",
    ];
    let said = call(&daemon, folder.path(), &arguments);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("nothing is sent to it"), "{}", said.err);
    drop(other);
}
