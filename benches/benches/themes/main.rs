//! All timed themes of the card in one program, because each program is linked with optimisation across every crate. A word on
//! the command line keeps to benchmarks whose name holds it, as usual: `cargo bench -p cie-benches --bench themes -- trace`.

mod card;
mod document;
mod harness;
mod login;
mod protected;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(|bench| {
        card::all(bench)?;
        protected::all(bench)?;
        login::all(bench)?;
        document::all(bench)
    })
}
