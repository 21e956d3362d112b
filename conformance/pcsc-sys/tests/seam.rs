//! What the safe crate sees through this binding, in processes of their own: the library is looked for once in a process.

use std::path::Path;
use std::process::Command;

use rstest::rstest;

/// Runs one test of this file alone, in a process whose library has this name.
fn in_process(test: &str, library: &Path) {
    let program = std::env::current_exe().expect("a test knows its program");
    let done = Command::new(program)
        .args(["--exact", test, "--include-ignored"])
        .env(pcsc_sys::LIBRARY_VARIABLE, library)
        .env("PCSC_SYS_TEST_INNER", "1")
        .output()
        .expect("the test program starts");
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && out.contains("1 passed"), "{out}");
}

fn inside() -> bool {
    std::env::var_os("PCSC_SYS_TEST_INNER").is_some()
}

#[rstest]
fn without_the_library_there_is_no_service_and_the_reason_is_known() {
    let name = Path::new("/nowhere/libpcsclite.so.1");
    if !inside() {
        in_process(
            "without_the_library_there_is_no_service_and_the_reason_is_known",
            name,
        );
        return;
    }
    let context = pcsc::Context::establish(pcsc::Scope::User);
    assert_eq!(context.err(), Some(pcsc::Error::NoService));
    let error = pcsc_sys::library().expect_err("there is no such file");
    assert!(
        matches!(&error, pcsc_sys::LibraryError::Missing { file, .. } if Path::new(file) == name)
    );
    assert!(error.to_string().contains("install"), "{error}");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[rstest]
fn another_library_is_told_from_a_missing_one() {
    // The C library of this process: it is there, and it is no PC/SC library.
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has /proc");
    let libc = maps
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .find(|path| path.contains("/libc.so") || path.contains("/libc-"))
        .expect("this process has a C library");
    if !inside() {
        in_process(
            "another_library_is_told_from_a_missing_one",
            Path::new(libc),
        );
        return;
    }
    let context = pcsc::Context::establish(pcsc::Scope::User);
    assert_eq!(context.err(), Some(pcsc::Error::NoService));
    let error = pcsc_sys::library().expect_err("it lacks the functions");
    assert!(
        matches!(error, pcsc_sys::LibraryError::Foreign { .. }),
        "{error}"
    );
}

#[rstest]
#[case::no_service(pcsc_sys::SCARD_E_NO_SERVICE, pcsc::Error::NoService)]
#[case::removed(pcsc_sys::SCARD_W_REMOVED_CARD, pcsc::Error::RemovedCard)]
#[case::reset(pcsc_sys::SCARD_W_RESET_CARD, pcsc::Error::ResetCard)]
#[case::sharing(pcsc_sys::SCARD_E_SHARING_VIOLATION, pcsc::Error::SharingViolation)]
#[case::no_readers(
    pcsc_sys::SCARD_E_NO_READERS_AVAILABLE,
    pcsc::Error::NoReadersAvailable
)]
#[case::not_transacted(pcsc_sys::SCARD_E_NOT_TRANSACTED, pcsc::Error::NotTransacted)]
fn errors_are_the_numbers_of_the_c_api(#[case] number: pcsc_sys::LONG, #[case] error: pcsc::Error) {
    assert_eq!(error as u32, number as u32);
    assert_eq!(number as u32 >> 16, 0x8010);
}

#[rstest]
#[case::answer_to_reset(pcsc_sys::SCARD_ATTR_ATR_STRING, 0x0009_0303)]
#[case::friendly_name(pcsc_sys::SCARD_ATTR_DEVICE_FRIENDLY_NAME, 0x7FFF_0003)]
#[case::features(pcsc_sys::SCARD_CTL_CODE(3400), 0x4200_0D48)]
fn numbers_are_composed_as_in_c(
    #[case] composed: pcsc_sys::DWORD,
    #[case] number: pcsc_sys::DWORD,
) {
    assert_eq!(composed, number);
}

#[rstest]
fn the_real_library_has_all_functions() {
    if std::env::var_os("CIE_PCSC").is_none_or(|value| value != "1") {
        println!("left to the PC/SC lane (CIE_PCSC=1): loading the real library");
        return;
    }
    pcsc_sys::library().expect("libpcsclite is installed");
    // With or without a daemon: the answer is the library's, and a session that was opened ends.
    match pcsc::Context::establish(pcsc::Scope::User) {
        Ok(context) => assert_eq!(context.is_valid(), Ok(())),
        Err(error) => assert_eq!(error, pcsc::Error::NoService),
    }
}
