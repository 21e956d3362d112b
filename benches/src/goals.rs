//! The table of ratios: what is compared with what, how good it is meant to be, and where the number comes from. This is the
//! only place where goals are written.

/// How good a number is meant to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Not more than this, in this unit; `×` for ratios.
    AtMost(f64, &'static str),
    /// Not less than this, in this unit; `×` for ratios.
    AtLeast(f64, &'static str),
    /// None was set: the number is told.
    Told,
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// A result that a bench kept, under this name.
    Figure(&'static str),
    /// What ours took in a kept result, in nanoseconds.
    Ours(&'static str),
    /// An undisturbed moment of a benchmark of criterion's, in nanoseconds.
    Timing(&'static str),
    /// Undisturbed moments of two benchmarks of criterion's, the first over the second.
    Ratio(&'static str, &'static str),
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// What was timed or counted.
    pub what: &'static str,
    /// What it is compared with; empty for a number that stands alone.
    pub baseline: &'static str,
    /// Where the number comes from.
    pub origin: Origin,
    /// How good it is meant to be.
    pub goal: Goal,
}

const fn row(what: &'static str, baseline: &'static str, origin: Origin, goal: Goal) -> Row {
    Row {
        what,
        baseline,
        origin,
        goal,
    }
}

/// The table.
pub const ROWS: &[Row] = &[
    row(
        "plain READ BINARY of 128 bytes",
        "",
        Origin::Ours("plain/READ BINARY 128"),
        Goal::AtMost(300.0, "ns"),
    ),
    row(
        "heap allocations of a plain SELECT and READ BINARY",
        "",
        Origin::Figure("memory/allocations in plain"),
        Goal::AtMost(0.0, "allocations"),
    ),
    row(
        "plain READ BINARY of 128 bytes",
        "the cheapest dispatch: parse, match, copy",
        Origin::Figure("plain/READ BINARY 128"),
        Goal::Told,
    ),
    row(
        "plain SELECT of an EF",
        "the cheapest dispatch: parse, match",
        Origin::Figure("plain/SELECT EF"),
        Goal::Told,
    ),
    row(
        "READ BINARY of 128 bytes under SM, 3DES",
        "its cipher and MAC calls",
        Origin::Figure("secure messaging/READ BINARY 128, 3DES"),
        Goal::AtMost(1.2, "×"),
    ),
    row(
        "READ BINARY of 128 bytes under SM, AES-128",
        "its cipher and MAC calls",
        Origin::Figure("secure messaging/READ BINARY 128, AES-128"),
        Goal::AtMost(1.2, "×"),
    ),
    row(
        "VERIFY under SM, 3DES",
        "its cipher and MAC calls",
        Origin::Figure("secure messaging/VERIFY, 3DES"),
        Goal::Told,
    ),
    row(
        "all files of a document under SM, 3DES",
        "their cipher and MAC calls",
        Origin::Figure("secure messaging/all files of a document, 3DES"),
        Goal::AtMost(1.2, "×"),
    ),
    row(
        "key agreement",
        "two exponentiations, 256-bit exponents",
        Origin::Figure("login/key agreement"),
        Goal::Told,
    ),
    row(
        "certificate verification",
        "one exponentiation with the authority's primes",
        Origin::Figure("login/certificate verification"),
        Goal::Told,
    ),
    row(
        "external authentication",
        "one exponentiation with 65537",
        Origin::Figure("login/external authentication"),
        Goal::Told,
    ),
    row(
        "internal authentication",
        "one private exponentiation",
        Origin::Figure("login/internal authentication"),
        Goal::Told,
    ),
    row(
        "signature",
        "bare RSA: one private exponentiation",
        Origin::Figure("login/signature"),
        Goal::AtMost(1.05, "×"),
    ),
    row(
        "key agreement, device authentication, VERIFY, signature",
        "the sum of their exponentiations",
        Origin::Figure("login/all parts"),
        Goal::AtMost(1.1, "×"),
    ),
    row(
        "PACE, DH and 3DES",
        "its five exponentiations",
        Origin::Figure("document/PACE, DH and 3DES"),
        Goal::Told,
    ),
    row(
        "PACE, ECDH and AES-128",
        "its five multiplications of points",
        Origin::Figure("document/PACE, ECDH and AES-128"),
        Goal::Told,
    ),
    row(
        "throughput through pcscd and the driver",
        "a dummy card on the same link",
        Origin::Figure("link/READ BINARY 128 through the driver"),
        Goal::AtLeast(0.95, "×"),
    ),
    row(
        "throughput through pcscd and vpcd",
        "the naive card side",
        Origin::Figure("link/READ BINARY 128 through vpcd"),
        Goal::AtLeast(100.0, "×"),
    ),
    row(
        "throughput of SELECT and GET CHALLENGE through pcscd and vpcd",
        "vicc on the same road, at its best",
        Origin::Figure("link/SELECT and GET CHALLENGE through vpcd, beside vicc"),
        Goal::Told,
    ),
    row(
        "a step of the judge, over the direct call",
        "",
        Origin::Figure("judge/a step over direct calls"),
        Goal::AtMost(10.0, "µs"),
    ),
    row(
        "16 cases, one job",
        "two jobs, on two processors",
        Origin::Figure("judge/16 cases, one job"),
        Goal::AtLeast(1.8, "×"),
    ),
    row(
        "what this machine can give: hashing, one thread",
        "two threads that share nothing",
        Origin::Figure("judge/hashing, one thread"),
        Goal::Told,
    ),
    row(
        "fork of a card in a session",
        "",
        Origin::Timing("fork/fork of a card in a session"),
        Goal::AtMost(1000.0, "ns"),
    ),
    row(
        "memory of a forked card that verified, selected and read",
        "",
        Origin::Figure("memory/a forked card"),
        Goal::AtMost(20.0, "kB"),
    ),
    row(
        "cie-card from its start to the first answer to reset",
        "",
        Origin::Figure("start/first answer to reset"),
        Goal::AtMost(50.0, "ms"),
    ),
    row(
        "READ BINARY of 128 bytes under SM, traced",
        "not traced",
        Origin::Figure("trace/READ BINARY 128 under SM, traced"),
        Goal::AtMost(1.15, "×"),
    ),
    row(
        "signature, each of its two commands, traced",
        "not traced",
        Origin::Figure("trace/signature, traced"),
        Goal::AtMost(1.15, "×"),
    ),
    row(
        "plain READ BINARY of 128 bytes, traced",
        "not traced",
        Origin::Figure("trace/plain READ BINARY 128, traced"),
        Goal::Told,
    ),
    row(
        "plain READ BINARY of 128 bytes, faults layer idle",
        "no layer",
        Origin::Figure("faults/plain READ BINARY 128, faults idle"),
        Goal::AtMost(1.15, "×"),
    ),
    row(
        "plain READ BINARY of 128 bytes, a fault for other commands",
        "no layer",
        Origin::Figure("faults/plain READ BINARY 128, faults elsewhere"),
        Goal::Told,
    ),
    row(
        "a lost PUK recovered, judge, issuer and card, to the new PIN",
        "unblocking with the PUK at hand",
        Origin::Ratio(
            "issuer/a lost PUK, from A01 to the new PIN",
            "issuer/baseline: unblocking with the PUK at hand",
        ),
        Goal::Told,
    ),
    row(
        "VERIFY, both sides, card on the disk",
        "card in memory",
        Origin::Figure("store/VERIFY, both sides, card on the disk"),
        Goal::Told,
    ),
];
