//! Who has a card in use: others are named by what the system knows of them.

use crate::stored;
use cie_emulator::store::{self, Fault};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Another program that has the card file open until it is dropped.
struct Other(Child);

impl Other {
    fn start(program: &str, arguments: &[&str], card: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("CARD", card)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn the_one_with_the_lock_is_named_not_those_who_look() {
    let (_directory, path, _) = stored("adult-default");
    // Older than the one with the lock, so that order alone would name it; and we look at it ourselves.
    let _reader = Other::start("sh", &["-c", "exec 3<\"$CARD\"; read -r _"], &path);
    let _looking = File::open(&path).unwrap();
    let path_text = path.to_str().unwrap();
    let locker = Other::start("flock", &["--no-fork", "-x", path_text, "cat"], &path);
    // Until both have come so far, it is free or another one is seen.
    let seen = |path: &Path| {
        let links = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|process| {
                let descriptors = std::fs::read_dir(process.path().join("fd")).ok()?;
                let open = |entry: &std::fs::DirEntry| {
                    std::fs::read_link(entry.path()).is_ok_and(|to| to == path)
                };
                descriptors
                    .flatten()
                    .any(|entry| open(&entry))
                    .then_some(())
            });
        links.count()
    };
    while seen(&path) < 3 || store::open(&path).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let again = store::open(&path).err().unwrap();
    let Fault::InUse(holder) = &again.fault else {
        panic!("{again}")
    };
    assert_eq!(
        (holder.process, holder.program.as_deref()),
        (Some(locker.0.id()), Some("cat"))
    );
    assert_eq!(
        holder.to_string(),
        format!("cat (process {})", locker.0.id())
    );
    assert!(
        again.to_string().contains("is in use by cat (process"),
        "{again}"
    );
    assert!(
        store::check(&path)
            .unwrap()
            .findings
            .iter()
            .any(|f| f.text.starts_with("in use by cat (process"))
    );
    drop(locker);
    assert!(store::open(&path).is_ok(), "free again, whoever looks");
}
