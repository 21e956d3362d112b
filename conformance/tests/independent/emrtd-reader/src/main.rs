//! Reads a travel document in a PC/SC reader with the `emrtd` crate and tells each file as a line `NAME=HEX`.
//!
//! `emrtd-reader READER DOCUMENT_NUMBER BIRTH EXPIRY`: a part of the reader's name, and the three fields of the
//! machine-readable zone (dates as YYMMDD) that basic access control needs.

use emrtd::{EmrtdComms, EmrtdError, get_jpeg_from_ef_dg2, other_mrz};

const FILES: [(&[u8; 2], &str); 5] = [
    (b"\x01\x1E", "EF.COM"),
    (b"\x01\x01", "EF.DG1"),
    (b"\x01\x02", "EF.DG2"),
    (b"\x01\x0B", "EF.DG11"),
    (b"\x01\x1D", "EF.SOD"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reader, number, birth, expiry] = &arguments[..] else {
        eprintln!("usage: emrtd-reader READER DOCUMENT_NUMBER BIRTH EXPIRY");
        std::process::exit(2);
    };
    if let Err(error) = read(reader, number, birth, expiry) {
        eprintln!("emrtd-reader: {error}");
        std::process::exit(1);
    }
}

fn read(wanted: &str, number: &str, birth: &str, expiry: &str) -> Result<(), EmrtdError> {
    let service = pcsc::Context::establish(pcsc::Scope::User).map_err(EmrtdError::PcscError)?;
    let readers = service
        .list_readers_owned()
        .map_err(EmrtdError::PcscError)?;
    let reader = readers
        .iter()
        .find(|name| name.to_string_lossy().contains(wanted))
        .ok_or(EmrtdError::PcscError(pcsc::Error::UnknownReader))?;
    let card = service.connect(reader, pcsc::ShareMode::Shared, pcsc::Protocols::ANY);
    let card = card.map_err(EmrtdError::PcscError)?;
    let mut document = EmrtdComms::new(card);
    println!("ATR={}", hex::encode_upper(document.get_atr()?));
    document.select_emrtd_application()?;
    document.establish_bac_session_keys(other_mrz(number, birth, expiry)?.as_bytes())?;
    for (file, name) in FILES {
        document.select_ef(file, name, true)?;
        let content = document.read_data_from_ef(true)?;
        println!("{name}={}", hex::encode_upper(&content));
        if name == "EF.DG2" {
            println!(
                "face={}",
                hex::encode_upper(get_jpeg_from_ef_dg2(&content)?)
            );
        }
    }
    Ok(())
}
