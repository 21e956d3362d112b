//! Rebuilds the program when an embedded fixture changes: the macro that embeds a folder does not notice new files.

fn main() {
    for folder in ["scenarios", "requirements", "policies", "people"] {
        println!("cargo::rerun-if-changed=../fixtures/{folder}");
    }
}
