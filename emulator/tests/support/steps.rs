//! Steps of the device authentication that several suites take, rightly and wrongly.

use super::commands::*;
use super::{Certificate, RND_IFD, Reply, Terminal, opened};

/// Keys are agreed, the terminal's certificate is verified and its key set.
pub(crate) fn introduced() -> Terminal {
    let mut terminal = opened();
    let certificate = Certificate::published();
    terminal.sm(&set_certificate_key()).ok();
    present(&mut terminal, &certificate.encoded()).ok();
    terminal.sm(&set_terminal_key(&certificate.holder())).ok();
    terminal
}

#[track_caller]
pub(crate) fn present(terminal: &mut Terminal, certificate: &[u8]) -> Reply {
    terminal.chained(&verify_certificate(certificate), true)
}

#[track_caller]
pub(crate) fn prove(terminal: &mut Terminal, proof: &[u8]) -> u16 {
    terminal.chained(&external_authenticate(proof), true).sw
}

/// A proof is refused, and nothing is authenticated.
#[track_caller]
pub(crate) fn not_authenticated(mut terminal: Terminal) {
    assert!(!terminal.state().device_authenticated);
    assert_eq!(terminal.verify(0x81, b"12345678"), 0x6982);
    terminal.sm(&set_device_key()).ok();
    assert_eq!(terminal.sm(&internal_authenticate(&RND_IFD)).sw, 0x6985);
}
