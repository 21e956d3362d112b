//! Joining the results of shards into the result the undivided run would have had. It only joins what belongs together; it
//! never runs anything.

use std::collections::BTreeSet;

use super::model::{Partition, RunResult, Stop, StopKind};

/// Why results cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There was nothing to join.
    #[error("no report was given; name the JSON report of every shard")]
    Nothing,
    /// The shards were not made with the same inputs.
    #[error(
        "the reports differ in {what}: `{first}` and `{other}`; run every shard with the same one"
    )]
    Different {
        /// In what they differ.
        what: &'static str,
        /// What the first report says.
        first: String,
        /// What another one says.
        other: String,
    },
    /// A report is of a run that was not divided, or divided in another way.
    #[error(
        "one of the {given} reports is not a shard of {count}: it says {found}; join only runs of one --partition"
    )]
    NotAShard {
        /// How many reports were given.
        given: usize,
        /// How many shards the first report speaks of.
        count: u32,
        /// What this report says of itself.
        found: String,
    },
    /// The same shard was given twice.
    #[error("shard {index} of {count} was given twice; leave one out")]
    DuplicateShard {
        /// The shard, counted from 1.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// Not all shards were given.
    #[error(
        "shard {missing} of {count} is missing; the joined verdict would say too much without it"
    )]
    MissingShard {
        /// The shards, counted from 1, with commas between them.
        missing: String,
        /// How many there are.
        count: u32,
    },
    /// Two shards ran the same case.
    #[error(
        "the case {name} is in more than one shard; the shards were not made by the same partition"
    )]
    DuplicateCase {
        /// Its name with the matrix cell.
        name: String,
    },
}

/// Joins shards of one run: same seed, suite, target, tool and options, every shard there once. Cases are ordered by name, as
/// their order in the undivided plan is not known. A single undivided result is returned as it is.
///
/// # Errors
/// [`MergeError`] when the results do not belong together or are not all there.
pub fn merge(mut shards: Vec<RunResult>) -> Result<RunResult, MergeError> {
    if let [
        RunResult {
            partition: None, ..
        },
    ] = shards.as_slice()
    {
        return shards.pop().ok_or(MergeError::Nothing);
    }
    let first = shards.first().ok_or(MergeError::Nothing)?;
    for other in &shards {
        same_inputs(first, other)?;
    }
    all_there(&shards)?;
    let stopped = gravest_stop(&shards);
    let started = shards
        .iter()
        .filter_map(|shard| shard.started.clone())
        .min();
    shards.sort_by_key(|shard| shard.partition.map(|partition| partition.index));
    let joined = shards.into_iter().reduce(|mut joined, shard| {
        joined.cases.extend(shard.cases);
        let known: BTreeSet<String> = joined
            .coverage
            .scenarios
            .iter()
            .map(|scenario| scenario.id.clone())
            .collect();
        let new = shard
            .coverage
            .scenarios
            .into_iter()
            .filter(|scenario| !known.contains(&scenario.id));
        joined.coverage.scenarios.extend(new);
        joined
    });
    let mut joined = joined.ok_or(MergeError::Nothing)?;
    joined
        .cases
        .sort_by_cached_key(|case| (case.id.clone(), case.cell.clone()));
    if let Some([twice, _]) = joined.cases.windows(2).find_map(|pair| match pair {
        [a, b] if a.name() == b.name() => Some([a, b]),
        _ => None,
    }) {
        return Err(MergeError::DuplicateCase { name: twice.name() });
    }
    joined.partition = None;
    joined.stopped = stopped;
    joined.started = started;
    joined.seal();
    Ok(joined)
}

fn same_inputs(first: &RunResult, other: &RunResult) -> Result<(), MergeError> {
    let pairs = [
        ("the seed", &first.seed, &other.seed),
        ("the suite", &first.suite, &other.suite),
        ("the kind of target", &first.target.kind, &other.target.kind),
        (
            "the target",
            &first.target.description,
            &other.target.description,
        ),
        ("the tool", &first.tool, &other.tool),
    ];
    for (what, a, b) in pairs {
        if a != b {
            return Err(MergeError::Different {
                what,
                first: a.clone(),
                other: b.clone(),
            });
        }
    }
    if first.strict != other.strict || first.options != other.options {
        let show = |run: &RunResult| format!("strict={} {:?}", run.strict, run.options);
        return Err(MergeError::Different {
            what: "the options",
            first: show(first),
            other: show(other),
        });
    }
    if first.coverage.requirements != other.coverage.requirements
        || first.coverage.items != other.coverage.items
    {
        let show = |run: &RunResult| {
            let coverage = &run.coverage;
            match coverage.items.len() {
                0 => format!("{} requirements", coverage.requirements.len()),
                items => format!(
                    "{} requirements, {items} items",
                    coverage.requirements.len()
                ),
            }
        };
        return Err(MergeError::Different {
            what: "the catalogue",
            first: show(first),
            other: show(other),
        });
    }
    Ok(())
}

fn all_there(shards: &[RunResult]) -> Result<(), MergeError> {
    let count = shards
        .iter()
        .find_map(|shard| shard.partition)
        .map_or(1, |partition| partition.count);
    let mut seen = BTreeSet::new();
    for shard in shards {
        let found = match shard.partition {
            Some(Partition { index, count: of }) if of == count && (1..=count).contains(&index) => {
                index
            }
            Some(Partition { index, count: of }) => {
                return Err(MergeError::NotAShard {
                    given: shards.len(),
                    count,
                    found: format!("{index} of {of}"),
                });
            }
            None => {
                return Err(MergeError::NotAShard {
                    given: shards.len(),
                    count,
                    found: "not divided".to_owned(),
                });
            }
        };
        if !seen.insert(found) {
            return Err(MergeError::DuplicateShard {
                index: found,
                count,
            });
        }
    }
    // Not `1..=count` into a list: the number comes from a file and may be huge.
    let mut missing = (1..=count)
        .filter(|index| !seen.contains(index))
        .map(|index| index.to_string());
    let named: Vec<String> = missing.by_ref().take(8).collect();
    if named.is_empty() {
        return Ok(());
    }
    let more = if missing.next().is_some() {
        ", …"
    } else {
        ""
    };
    Err(MergeError::MissingShard {
        missing: named.join(", ") + more,
        count,
    })
}

/// The stop that decides the exit code, with the shard it happened in.
fn gravest_stop(shards: &[RunResult]) -> Option<Stop> {
    let gravity = |kind: StopKind| match kind {
        StopKind::FailFast => 0,
        StopKind::Usage => 1,
        StopKind::Interrupted => 2,
        StopKind::Harness => 3,
        StopKind::Refused => 4,
    };
    let stops = shards
        .iter()
        .filter_map(|shard| shard.stopped.as_ref().map(|stop| (stop, shard.partition)));
    let (stop, partition) = stops.max_by_key(|(stop, _)| gravity(stop.kind))?;
    let shard = partition.map_or_else(String::new, |Partition { index, count }| {
        format!("shard {index}/{count}: ")
    });
    Some(Stop {
        kind: stop.kind,
        message: shard + &stop.message,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{MergeError, merge};
    use crate::report::model::{
        CaseResult, Partition, RunResult, Stop, StopKind, TargetInfo, Verdict,
    };

    fn shard(index: u32, count: u32, cases: &[(&str, Verdict)]) -> RunResult {
        let mut run = RunResult::new("cie-conf 0", "7", "ab", TargetInfo::default());
        run.partition = Some(Partition { index, count });
        let case = |&(id, verdict): &(&str, Verdict)| CaseResult {
            id: id.to_owned(),
            verdict,
            ..CaseResult::default()
        };
        run.cases = cases.iter().map(case).collect();
        run.seal();
        run
    }

    #[test]
    fn shards_become_one_verdict() {
        let mut second = shard(2, 2, &[("a", Verdict::Failed), ("d", Verdict::Passed)]);
        second.stopped = Some(Stop {
            kind: StopKind::FailFast,
            message: "enough".to_owned(),
        });
        let joined = merge(vec![
            second,
            shard(1, 2, &[("c", Verdict::Passed), ("b", Verdict::Skipped)]),
        ])
        .unwrap();
        let names: Vec<String> = joined.cases.iter().map(CaseResult::name).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(
            (
                joined.totals.passed,
                joined.totals.failed,
                joined.totals.skipped
            ),
            (2, 1, 1)
        );
        assert_eq!(joined.exit_code().code(), 1);
        assert_eq!(joined.partition, None);
        assert_eq!(joined.stopped.unwrap().message, "shard 2/2: enough");
    }

    #[test]
    fn one_undivided_result_is_itself() {
        let mut run = shard(1, 1, &[("a", Verdict::Passed)]);
        run.partition = None;
        assert_eq!(merge(vec![run.clone()]), Ok(run));
    }

    #[rstest]
    #[case::seed(|run: &mut RunResult| run.seed = "8".to_owned(), "the seed")]
    #[case::suite(|run: &mut RunResult| run.suite = "cd".to_owned(), "the suite")]
    #[case::target(|run: &mut RunResult| run.target.description = "a reader".to_owned(), "the target")]
    #[case::strict(|run: &mut RunResult| run.strict = true, "the options")]
    fn results_of_other_inputs_are_refused(
        #[case] change: fn(&mut RunResult),
        #[case] named: &str,
    ) {
        let mut other = shard(2, 2, &[]);
        change(&mut other);
        let error = merge(vec![shard(1, 2, &[]), other]).unwrap_err();
        assert!(
            matches!(error, MergeError::Different { what, .. } if what == named),
            "{error}"
        );
    }

    #[test]
    fn missing_shards_are_named() {
        let error = merge(vec![shard(2, 4, &[]), shard(3, 4, &[])]).unwrap_err();
        assert_eq!(
            error,
            MergeError::MissingShard {
                missing: "1, 4".to_owned(),
                count: 4
            }
        );
        let absurd = merge(vec![shard(1, u32::MAX, &[])]).unwrap_err();
        assert!(
            absurd.to_string().contains("2, 3, 4, 5, 6, 7, 8, 9, …"),
            "{absurd}"
        );
    }

    #[test]
    fn a_shard_given_twice_is_named() {
        let error = merge(vec![shard(1, 2, &[]), shard(1, 2, &[])]).unwrap_err();
        assert_eq!(error, MergeError::DuplicateShard { index: 1, count: 2 });
    }

    #[test]
    fn a_case_in_two_shards_is_named() {
        let twice = [("a", Verdict::Passed)];
        let error = merge(vec![shard(1, 2, &twice), shard(2, 2, &twice)]).unwrap_err();
        assert_eq!(
            error,
            MergeError::DuplicateCase {
                name: "a".to_owned()
            }
        );
    }

    #[rstest]
    #[case::another_division(shard(3, 3, &[]))]
    #[case::out_of_range(shard(3, 2, &[]))]
    #[case::from_zero(shard(0, 2, &[]))]
    fn what_is_no_shard_of_the_run_is_refused(#[case] other: RunResult) {
        let error = merge(vec![shard(1, 2, &[]), other]).unwrap_err();
        assert!(matches!(error, MergeError::NotAShard { .. }), "{error}");
    }

    #[test]
    fn nothing_is_refused() {
        assert_eq!(merge(Vec::new()), Err(MergeError::Nothing));
    }
}
