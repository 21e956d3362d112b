//! `cie-card driver`: the reader driver of pcscd, put in place, taken away, or shown.

use crate::failure::Failure;
use crate::output;
use cie_emulator::install::{self, InstallError, Step};
use cie_pcscd::{Entry, find_driver_library, reader_conf};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  cie-card driver print                    what would stand in /etc/reader.conf.d/cie-emulator
  sudo cie-card driver install             one reader; then restart the daemon, as it says
  sudo cie-card driver install --readers 2
  cie-card driver install --root stage     below a directory, for packages
  cie-card driver uninstall --dry-run

install writes two files: /usr/lib/pcsc/drivers/serial/libcie_ifd.so, copied from where it was
built, and /etc/reader.conf.d/cie-emulator. uninstall removes these two, and only if install wrote
them. Reader N waits for its card at /run/pcscd/cie-N, where `cie-card serve` brings it.

Exit codes: 0 done, 2 wrong usage, 1 anything else.";

/// Install, uninstall or print the reader driver and its configuration
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Driver {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Put driver and configuration in place, over an older version too
    Install {
        #[command(flatten)]
        readers: Readers,

        #[command(flatten)]
        place: Place,
    },
    /// Remove what install wrote
    Uninstall {
        #[command(flatten)]
        place: Place,
    },
    /// Print the configuration
    Print {
        #[command(flatten)]
        readers: Readers,
    },
}

#[derive(Args)]
struct Readers {
    /// How many readers there are to be
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    readers: u8,
}

#[derive(Args)]
struct Place {
    /// Do it below this directory instead of /
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Driver {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.action {
            Action::Print { readers } => {
                output::print(&install::configuration_file(&readers.entries()?))
            }
            Action::Install { readers, place } => {
                let library =
                    find_driver_library().map_err(|error| Failure::Other(error.to_string()))?;
                let steps = install::install(&place.root, &library, &readers.entries()?)?;
                place.carry_out(&steps)
            }
            Action::Uninstall { place } => {
                let steps = install::uninstall(&place.root)?;
                if steps.is_empty() {
                    return output::print("nothing to do: install has written nothing here\n");
                }
                place.carry_out(&steps)
            }
        }
    }
}

impl Readers {
    /// The entries of reader.conf(5), the driver in its place on the machine.
    fn entries(&self) -> Result<String, Failure> {
        (1..=usize::from(self.readers))
            .map(|reader| {
                Entry::driver(
                    &install::reader_name(reader),
                    &install::endpoint(reader),
                    Path::new(install::LIBRARY),
                )
            })
            .collect::<Result<Vec<_>, _>>()
            .and_then(|entries| reader_conf(&entries))
            .map_err(|error| Failure::Other(error.to_string()))
    }
}

impl Place {
    fn carry_out(&self, steps: &[Step]) -> Result<(), Failure> {
        for step in steps {
            if self.dry_run {
                output::print(&format!("would {step}\n"))?;
            } else {
                install::carry_out(step)?;
                output::print(&format!("{step}: done\n"))?;
            }
        }
        if self.dry_run || self.root != Path::new("/") {
            return Ok(());
        }
        output::print(
            "now restart the daemon, which reads its configuration only then: systemctl restart pcscd\n(without systemd: stop pcscd and start it again)\n",
        )
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        Self::Other(error.to_string())
    }
}
