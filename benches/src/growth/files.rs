//! Long traces and large files: what one more exchange or byte costs when there are many already.

use std::path::Path;
use std::sync::Arc;

use cie_crypto::random::Seeded;
use cie_emulator::Card;
use cie_emulator::card::Image;
use cie_emulator::chip::{Profile, chip};
use cie_emulator::files::{FileId, FileTree};
use cie_emulator::persona::{Persona, personalise};
use cie_emulator::phy::Transceiver;
use cie_emulator::phy::trace::Trace;
use cie_emulator::phy::trace::file::{Header, Recording, Writer};
use cie_emulator::store;

use super::{Curve, quickest, series};
use crate::{SetupError, reading_card};

/// A trace with so many exchanges.
fn write_trace(path: &Path, exchanges: usize) -> Result<(), SetupError> {
    let mut writer = Writer::create(path, &Header::new("growth bench"))?;
    let mut failed = None;
    let mut card = Trace::new(reading_card()?, |event| {
        if let Err(error) = writer.record(&event) {
            failed.get_or_insert(error);
        }
    });
    for _ in 0..exchanges {
        card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x10]);
    }
    drop(card);
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn read_trace(path: &Path) -> Result<usize, SetupError> {
    Ok(Recording::open(path)?.records.len())
}

pub(super) fn trace() -> Result<Curve, SetupError> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("long.jsonl");
    let (mut writing, mut reading) = (Vec::new(), Vec::new());
    // Making the card is no part of a long trace.
    let alone = quickest(|| write_trace(&file, 0))?;
    for exchanges in [100_usize, 1_000, 10_000, 100_000] {
        let seconds = quickest(|| write_trace(&file, exchanges))? - alone;
        writing.push((exchanges as f64, seconds.max(1e-6) * 1e3));
        let seconds = quickest(|| match read_trace(&file)? >= exchanges {
            true => Ok(()),
            false => Err("the trace is shorter than it was written".into()),
        })?;
        reading.push((exchanges as f64, seconds * 1e3));
    }
    Ok(Curve {
        file: "trace-length",
        title: "A trace on the disk: its length",
        across: "exchanges in the trace",
        up: "milliseconds",
        series: vec![
            series("write, line by line", writing),
            series("read back", reading),
        ],
        straight: "in proportion to the exchanges",
    })
}

/// The default card with an EF.SOD of this many bytes.
fn with_file_of(bytes: usize) -> Result<(Persona, Image), SetupError> {
    let persona = Persona::builtin("adult-default")?;
    let data = personalise(&persona)?;
    let mut image = data.into_image(chip("bit4id2")?, Profile::with([])?)?;
    let mut directories = image.files.dedicated_files().to_vec();
    let files = directories.iter_mut().filter(|df| df.name == "CIE");
    for file in files.flat_map(|df| &mut df.files) {
        if file.file_id == FileId::EF_SOD {
            file.contents = vec![0x5A; bytes];
        }
    }
    image.files = FileTree::new(directories)?;
    Ok((persona, image))
}

/// Reads EF.SOD to its end.
fn read_whole(card: &mut Card, bytes: usize) -> Result<(), SetupError> {
    let mut read = 0;
    while read < bytes {
        let [high, low] = u16::try_from(read)?.to_be_bytes();
        let length = u8::try_from((bytes - read).min(0xE0))?;
        read += match card.transmit(&[0x00, 0xB0, high, low, length]).len() {
            answer @ 3.. => answer - 2,
            _ => return Err("a read came to nothing".into()),
        };
    }
    Ok(())
}

pub(super) fn sizes() -> Result<Curve, SetupError> {
    let directory = tempfile::tempdir()?;
    let (mut reading, mut making, mut opening) = (Vec::new(), Vec::new(), Vec::new());
    for bytes in [256_usize, 1_024, 4_096, 16_384, 32_512] {
        let (persona, image) = with_file_of(bytes)?;
        let mut card = Card::new(Arc::new(image), Box::new(Seeded::new(1)));
        card.power_on();
        card.transmit(&[0x00, 0xA4, 0x04, 0x0C, 0x06, 0xA0, 0, 0, 0, 0, 0x39]);
        card.transmit(&[0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06]);
        let seconds = quickest(|| read_whole(&mut card, bytes))?;
        reading.push((bytes as f64, seconds * 1e3));
        let file = directory.path().join(format!("{bytes}.cie"));
        let seconds = quickest(|| {
            Ok(store::create(
                &file,
                &persona,
                &card,
                store::Existing::Replaced,
            )?)
        })?;
        making.push((bytes as f64, seconds * 1e3));
        let seconds = quickest(|| Ok(store::open(&file).map(drop)?))?;
        opening.push((bytes as f64, seconds * 1e3));
    }
    Ok(Curve {
        file: "file-size",
        title: "A large EF: reading it, and keeping the card that holds it",
        across: "bytes of the EF",
        up: "milliseconds",
        series: vec![
            series("plain READ BINARY to the end", reading),
            series("write the stored card", making),
            series("open the stored card", opening),
        ],
        straight: "in proportion to the bytes",
    })
}
