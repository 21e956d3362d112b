#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| cie_fuzz_targets::run("apdu", input));
