//! The card on the APDU path. Each number has its baseline in the same run.

use std::hint::black_box;

use cie_benches::{SetupError, authenticated, reading_card};
use cie_crypto::triple_des::{RetailMac, TripleDes};
use cie_emulator::wire::{Command, CommandBuf, Le};
use criterion::{Criterion, criterion_group, criterion_main};

fn plain(criterion: &mut Criterion) -> Result<(), SetupError> {
    let mut card = reading_card()?;
    let mut group = criterion.benchmark_group("plain");
    let read = [0x00, 0xB0, 0x00, 0x00, 0x80];
    let select = [0x00, 0xA4, 0x02, 0x04, 0x02, 0x10, 0x06];
    let mut out = Vec::with_capacity(256);
    group.bench_function("baseline: parse and copy 128 bytes", |b| {
        b.iter(|| {
            out.clear();
            let length =
                Command::parse(black_box(&read)).map_or(0, |command| command.ne().unwrap_or(0));
            out.extend(std::iter::repeat_n(0_u8, length + 2));
            black_box(out.len())
        });
    });
    group.bench_function("READ BINARY 128", |b| {
        b.iter(|| card.transmit(black_box(&read)).len());
    });
    group.bench_function("SELECT EF", |b| {
        b.iter(|| card.transmit(black_box(&select)).len());
    });
    group.bench_function("fork", |b| b.iter(|| black_box(card.fork())));
    group.finish();
    Ok(())
}

fn protected(criterion: &mut Criterion) -> Result<(), SetupError> {
    let mut terminal = authenticated()?;
    let mut group = criterion.benchmark_group("protected, both sides");
    let cipher = TripleDes::new(&[0x11; 16]);
    let mac = RetailMac::new(&[0x22; 16]);
    let mut block = [0_u8; 136];
    group.bench_function("baseline: cipher and MAC of READ BINARY 128, twice", |b| {
        b.iter(|| {
            for _ in 0..2 {
                let _ = cipher.encrypt_cbc(&[0; 8], &mut block);
                black_box(mac.mac_padded(&[&[0; 8], &[0; 8], &[0; 3]]));
                black_box(mac.mac_padded(&[&[0; 8], &block, &[0; 7]]));
            }
        });
    });
    terminal.transmit(&CommandBuf::new(0, 0xA4, 0x02, 0x04).data([0x10, 0x06]))?;
    let read = CommandBuf::new(0, 0xB0, 0, 0).le(Le::Exactly(128));
    group.bench_function("READ BINARY 128", |b| {
        b.iter(|| {
            terminal
                .transmit(&read)
                .map(|reply| reply.data.len())
                .unwrap_or(0)
        });
    });
    let verify = CommandBuf::new(0, 0x20, 0, 0x81).data(*b"12345678");
    if !(terminal.transmit(&read)?.sw.is_ok() && terminal.transmit(&verify)?.sw.is_ok()) {
        return Err("the card refuses what is to be timed".into());
    }
    group.bench_function("VERIFY", |b| {
        b.iter(|| {
            terminal
                .transmit(&verify)
                .map(|reply| reply.sw.is_ok())
                .unwrap_or(false)
        });
    });
    group.finish();
    Ok(())
}

fn login(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("login, both sides");
    group.sample_size(10);
    group.bench_function("key agreement and device authentication", |b| {
        b.iter(|| authenticated().is_ok());
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    if let Err(error) = plain(criterion).and_then(|()| protected(criterion)) {
        eprintln!("the benches could not be set up: {error}");
    }
    login(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
