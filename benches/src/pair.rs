//! Two routines timed in turn, batch by batch, so that whatever else the machine does meets both. The ratio is that of two
//! undisturbed moments, not of two averages taken at different times.

use std::time::{Duration, Instant};

use crate::SetupError;
use crate::link::undisturbed;
use crate::results::Figure;

/// A batch takes about this long; a routine that takes longer is a batch by itself.
const BATCH: Duration = Duration::from_micros(1500);
/// Batches of each routine, at least.
const LEAST: usize = 25;

/// Times both for about `time` altogether. `calls` is how many operations one call of a routine does.
///
/// # Errors
/// When nothing could be timed.
pub fn pair(
    time: Duration,
    calls: u64,
    ours: &mut dyn FnMut(),
    baseline: &mut dyn FnMut(),
) -> Result<Figure, SetupError> {
    let counts = [calls_in_a_batch(ours), calls_in_a_batch(baseline)];
    let mut times = [Vec::new(), Vec::new()];
    let started = Instant::now();
    while times[0].len() < LEAST || started.elapsed() < time {
        let order = if times[0].len().is_multiple_of(2) {
            [0, 1]
        } else {
            [1, 0]
        };
        for side in order {
            let taken = match side {
                0 => batch(ours, counts[0]),
                _ => batch(baseline, counts[1]),
            };
            times[side].push(taken);
        }
    }
    let [ours, baseline] = &times;
    let ratios = ours.iter().zip(baseline).map(|(ours, base)| ours / base);
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios.get(ratios.len() * part / 4).copied();
    let (low, high) = at(1).zip(at(3)).ok_or("nothing was timed")?;
    let batches = ours.len();
    let calls = f64::from(u32::try_from(calls)?);
    let (ours, baseline) = (
        undisturbed(ours.iter().copied())?,
        undisturbed(baseline.iter().copied())?,
    );
    Ok(Figure {
        value: ours / baseline,
        spread: Some([low, high]),
        unit: String::new(),
        ours: Some(ours / calls),
        baseline: Some(baseline / calls),
        how: format!("{batches} batches each, in turn"),
    })
}

fn calls_in_a_batch(routine: &mut dyn FnMut()) -> u32 {
    routine();
    let one = batch(routine, 3).max(1.0);
    let calls = BATCH.as_secs_f64() * 1e9 / one;
    (calls as u32).clamp(1, 1 << 20)
}

/// Nanoseconds of one call. Before the clock starts the routine runs once: caches and heap are then as it leaves them, not as
/// the other side did.
fn batch(routine: &mut dyn FnMut(), calls: u32) -> f64 {
    routine();
    let started = Instant::now();
    for _ in 0..calls {
        routine();
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}
