//! Why a command was not sent, and why a run was shut. Every text says what to do next; none contains a code or a card's number.

use cie_emulator::wire::{StatusWord, ins};

use super::ledger::LedgerError;
use crate::report::model::ExitCode;
use crate::scenario::model::{CodeName, Hazard};

/// A command that the guard did not let through. The process answers 4 to its caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The run was shut by something that happened before.
    #[error(
        "nothing more is sent to this card: {0}. Only restoring what was changed is still possible; look at the card before the next run"
    )]
    Shut(Latch),
    /// No flag covers it.
    #[error("{what} is not sent to a physical card without --allow {needs}")]
    NotAllowed {
        /// What the command would do.
        what: &'static str,
        /// The flag that would cover it.
        needs: Hazard,
    },
    /// The case that is running did not announce it.
    #[error(
        "{what} is more than this case announced (hazard {announced}); raise its hazard to {needs}, or mend the step"
    )]
    NotAnnounced {
        /// What the command would do.
        what: &'static str,
        /// What the case was admitted with.
        announced: Hazard,
        /// What it would have to say.
        needs: Hazard,
    },
    /// It could cost the card, and the card was not given up.
    #[error(
        "{command} {why}: what it costs cannot be known; it is sent only by a scenario of hazard bricks, named explicitly, to the card given with --sacrificial"
    )]
    Unjudged {
        /// The instruction, in words.
        command: &'static str,
        /// What about it.
        why: Unjudged,
    },
    /// The code is not known, so that no value can be told right or wrong.
    #[error("the right {code} of this card is not known; give it with --secret {option}=…, {variable} or --secrets FILE", code = name(*.0), option = option(*.0), variable = variable(*.0))]
    Unknown(CodeName),
    /// The value is neither right nor derived from the right one.
    #[error(
        "this {code} is a guess: a wrong value differs from the right one in exactly one digit, or is one that was right before in this run", code = name(*.0)
    )]
    Guess(CodeName),
    /// The lab's value was refused by the card before.
    #[error("the {code} given to this run is not the one of this card; it is not sent again, correct it first", code = name(*.0))]
    Disproved(CodeName),
    /// The lab's value has never been seen to be right, and a mistake would be final.
    #[error(
        "the {code} has {tries} left and this run has not seen it accepted; verify it once with the issuer's software, then run again", code = name(*.code), tries = tries(*.left)
    )]
    UnprovenOnTheLastTry {
        /// Which code.
        code: CodeName,
        /// Tries left.
        left: u8,
    },
    /// A wrong value would use up the last try.
    #[error("a wrong {code} with {tries} left would use up the last one; {advice}", code = name(*.code), tries = tries(*.left))]
    LastTry {
        /// Which code.
        code: CodeName,
        /// Tries left, 0 or 1.
        left: u8,
        /// What would allow it.
        advice: &'static str,
    },
    /// The tries left cannot be found out.
    #[error(
        "the tries left of the {code} cannot be established: the card answered {answer} to the right value; open the channel it needs first", code = name(*.code)
    )]
    NotEstablished {
        /// Which code.
        code: CodeName,
        /// What the card answered.
        answer: StatusWord,
    },
    /// The ledger says that the PIN may be on its last try, and the card says nothing.
    #[error(
        "a PIN said to be right was refused by this card before, or its answer was lost, and the card does not tell how many tries are left; verify the right one with the issuer's software, then take `refused_pin_left` out of the card's entry in the ledger"
    )]
    Remembered,
    /// Nothing says how many tries the PUK has.
    #[error(
        "the card does not tell here how many tries its PUK has left, and a mistake could cost the card; open the channel it needs first. A card that never tells is sent its PUK only when it is given up with --sacrificial"
    )]
    Untold,
    /// The right PIN was accepted on its last tries, and nothing shows that it gave them back.
    #[error(
        "the PIN had {tries} left when it was accepted and the card has not shown that it gave tries back; open a new session, in which it can be asked", tries = tries(*.left)
    )]
    NotGivenBack {
        /// Tries left before.
        left: u8,
    },
    /// The right value is needed between two wrong PUKs.
    #[error("another wrong PUK only after a right one; present the right PUK first")]
    RightPukFirst,
    /// Enough wrong PUKs for one run.
    #[error(
        "{limit} wrong PUKs were sent in this run, which is all a run may send; start another one"
    )]
    RunLimit {
        /// How many a run may send.
        limit: u32,
    },
    /// Only right values while restoring.
    #[error("only right values are sent while the card is being restored; take the wrong {code} out of `finally`", code = name(*.0))]
    WrongWhileRestoring(CodeName),
    /// The ledger is needed and the card has no name.
    #[error(
        "the card has not been identified, and what it has been through is remembered per card; read EF 1001 or EF.D003 first"
    )]
    NotIdentified,
    /// A command with a code reached the wall and nobody had asked.
    #[error(
        "a command on PIN or PUK was about to reach the card without having been weighed; nothing was sent, and this is a fault of this program: please report it"
    )]
    NotWeighed,
    /// The questions before a command do not end.
    #[error(
        "the card answers the questions before this command in a way that settles nothing; verify PIN and PUK once with the issuer's software"
    )]
    Endless,
    /// The ledger said no, or could not be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Refusal {
    /// What the process answers to its caller.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Refused
    }
}

/// What is wrong with a command that the guard cannot weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unjudged {
    /// Not an APDU.
    #[error("is malformed")]
    Malformed,
    /// A class byte other than `00`: chained, on another channel, proprietary, or already protected.
    #[error("has a class byte other than 00")]
    Class,
    /// An odd instruction byte.
    #[error("has an odd instruction byte")]
    OddInstruction,
    /// A reference that is neither the PIN's nor the PUK's, or one that the command does not apply to.
    #[error("names a reference that is not the one of a code it applies to")]
    Reference,
    /// P1 is not one whose effect is known.
    #[error("has a P1 whose effect is not known")]
    Parameter,
    /// A code has eight bytes, two have sixteen.
    #[error("carries data of another length than the codes have")]
    Length,
    /// Bytes that are not digits.
    #[error("carries something else than digits")]
    NotDigits,
    /// Changed on its way after it was judged.
    #[error("was altered after it was built")]
    Altered,
    /// An instruction that writes, erases, ends or creates.
    #[error("changes the card's memory and nothing restores it")]
    Writes,
    /// An instruction that carries another command.
    #[error("carries another command that is not looked into")]
    Envelope,
    /// Not a reading instruction of ISO/IEC 7816-4.
    #[error("is not known to leave the card as it is (6x and 9x are never instructions)")]
    Instruction,
    /// Class `FF`: for the reader.
    #[error("has the class byte FF, which readers take for themselves")]
    Reader,
}

/// What shut a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Latch {
    /// Fewer tries than there should be.
    #[error("the {code} should have {expected} left and has {found}, and no command explains it", code = name(*.code), expected = tries(*.expected))]
    Dropped {
        /// Which code.
        code: CodeName,
        /// Tries that should be left.
        expected: u8,
        /// Tries that are left.
        found: u8,
    },
    /// Blocked although tries should be left.
    #[error("the {code} is blocked although it should have {expected} left", code = name(*.code), expected = tries(*.expected))]
    Blocked {
        /// Which code.
        code: CodeName,
        /// Tries that should be left.
        expected: u8,
    },
    /// The right value was taken for a wrong one.
    #[error("the card refused the right {code} and has {tries} left for it; check that it was typed correctly", code = name(*.code), tries = tries(*.left))]
    RightRefused {
        /// Which code.
        code: CodeName,
        /// Tries left.
        left: u8,
    },
    /// A wrong value was taken for the right one.
    #[error("the card accepted a wrong {code}; either the one given to this run is not the right one, or the card accepts anything", code = name(*.0))]
    WrongAccepted(CodeName),
    /// A counter that is neither the PIN's nor the PUK's.
    #[error(
        "{command} was answered {answer}: the card counts something that this guard does not know"
    )]
    UnknownCounter {
        /// The instruction, in words.
        command: &'static str,
        /// The answer.
        answer: StatusWord,
    },
    /// The card is not the one the run began with.
    #[error("the card in the reader is not the one this run began with")]
    OtherCard,
}

/// The instruction in words, odd ones by their even form.
pub(super) const fn command_name(instruction: u8) -> &'static str {
    match instruction {
        0xC2 | 0xC3 => "ENVELOPE",
        0x21 | 0x25 | 0x2D => ins::name(instruction & 0xFE),
        other => match ins::name(other).as_bytes() {
            b"unknown instruction" => "this instruction",
            _ => ins::name(other),
        },
    }
}

/// A number of tries, in words.
pub(super) fn tries(number: u8) -> String {
    match number {
        1 => "1 try".to_owned(),
        _ => format!("{number} tries"),
    }
}

/// PIN or PUK, as people write it.
pub(super) const fn name(code: CodeName) -> &'static str {
    match code {
        CodeName::Pin => "PIN",
        CodeName::Puk => "PUK",
    }
}

/// Its name after `--secret`.
pub(super) const fn option(code: CodeName) -> &'static str {
    match code {
        CodeName::Pin => "pin",
        CodeName::Puk => "puk",
    }
}

/// Its name in the environment.
pub(super) const fn variable(code: CodeName) -> &'static str {
    match code {
        CodeName::Pin => "CIE_CONF_PIN",
        CodeName::Puk => "CIE_CONF_PUK",
    }
}
