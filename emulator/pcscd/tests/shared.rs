//! The daemon of the whole machine, where none is running.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

use std::os::unix::net::UnixStream;

use cie_driver_protocol::Endpoint;
use cie_emulator::link::{Slot, Via};
use cie_pcscd::{DaemonError, SHARED_SOCKET, SharedDaemon};
use support::{Client, Echo, READER, serve, wanted_as_root};

#[test]
fn every_client_finds_it_and_a_second_one_is_refused() {
    if !wanted_as_root() {
        return;
    }
    if UnixStream::connect(SHARED_SOCKET).is_ok() {
        println!("left out: this machine has a pcscd running");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Unix(directory.path().join("reader"));
    let readers = [("CIE Test".to_owned(), endpoint.clone())];
    let daemon = SharedDaemon::start(&readers).unwrap();
    let second = SharedDaemon::start(&readers).unwrap_err();
    assert!(matches!(second, DaemonError::Running), "{second}");
    let slot = Slot::new("shared");
    slot.insert(Box::new(Echo::new(b"shared")));
    let _link = serve(&slot, Via::Driver(endpoint));
    let mut client = Client::of_the_machine();
    client.until("present", READER);
    client.get(&format!("connect any {READER}"));
    assert_eq!(client.get("transmit 00a4040000"), "00a40400009000");
    drop(client);
    drop(daemon);
    assert!(UnixStream::connect(SHARED_SOCKET).is_err());
}
