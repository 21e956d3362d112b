//! The PKCS #11 modules that p11-kit gives to every program on the machine: which are missing, and which get into each
//! other's way at the same card.

use super::Finding;
use super::system::System;
use std::path::{Path, PathBuf};

/// Where p11-kit looks for its configurations, the packaged ones first.
const DIRECTORIES: [&str; 2] = ["/usr/share/p11-kit/modules", "/etc/pkcs11/modules"];

/// Where modules with a relative path live, besides the directory of the machine's own architecture.
const MODULE_DIRECTORIES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
];

/// Modules that need no card.
const WITHOUT_CARDS: [&str; 3] = ["p11-kit-trust", "p11-kit-client", "gnome-keyring-pkcs11"];

struct Module {
    file: PathBuf,
    path: String,
}

pub(super) fn examine(system: &dyn System, out: &mut Vec<Finding>) {
    let mut modules: Vec<Module> = Vec::new();
    for directory in DIRECTORIES {
        for file in system.list(Path::new(directory)).unwrap_or_default() {
            // A file in the later directory stands in for one of the same name in the earlier.
            modules.retain(|before| before.file.file_name() != file.file_name());
            modules.extend(module(system, file));
        }
    }
    out.extend(modules.iter().filter_map(|module| missing(system, module)));
    let at_cards: Vec<&Module> = modules.iter().filter(|module| uses_cards(module)).collect();
    out.push(match at_cards.as_slice() {
        [] => Finding::fine("p11kit.modules", "no PKCS #11 module for cards is registered"),
        [one] => Finding::note(
            "p11kit.modules",
            format!(
                "every program that uses p11-kit loads {} and lets it probe each card with dozens of commands ({})",
                one.path,
                one.file.display()
            ),
        ),
        several => Finding::warning(
            "p11kit.modules",
            format!(
                "{} modules for cards are registered and probe every card one after the other: {}",
                several.len(),
                several
                    .iter()
                    .map(|module| format!("{} ({})", module.path, module.file.display()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            "for each you do not want, put a file of the same name into /etc/pkcs11/modules with the line `enable-in:` and nothing behind it",
        ),
    });
}

/// The module a configuration turns on, if it does.
fn module(system: &dyn System, file: PathBuf) -> Option<Module> {
    let bytes = system.read(&file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let value = |key: &str| {
        text.lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
    };
    if value("enable-in").is_some_and(|programs| programs.is_empty()) {
        return None;
    }
    let path = value("module").filter(|path| !path.is_empty())?;
    Some(Module { file, path })
}

fn missing(system: &dyn System, module: &Module) -> Option<Finding> {
    let path = Path::new(&module.path);
    let found = if path.is_absolute() {
        system.about(path).is_ok()
    } else {
        MODULE_DIRECTORIES
            .iter()
            .any(|directory| system.about(&Path::new(directory).join(path)).is_ok())
    };
    (!found && uses_cards(module)).then(|| {
        Finding::warning(
            "p11kit.missing",
            format!(
                "{} names {}, which is not there",
                module.file.display(),
                module.path
            ),
            format!(
                "install the module again, or remove {}",
                module.file.display()
            ),
        )
    })
}

fn uses_cards(module: &Module) -> bool {
    !WITHOUT_CARDS.iter().any(|name| module.path.contains(name))
}
