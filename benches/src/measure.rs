//! Timing two things against each other on a machine that has other work to do.

use std::time::{Duration, Instant};

/// Calls of one side before the other has its turn: few, so that most turns end before the machine has other work.
pub const BATCH: usize = 2;

/// What `ours` costs over what `theirs` costs. The two take turns, `rounds` times a batch of each, and their medians
/// are compared, so that whatever else the machine does slows both.
///
/// Each is called [`calls`] times.
pub fn interleaved(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> f64 {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..BATCH).for_each(|_| work());
        start.elapsed()
    };
    let mut numerators = Vec::with_capacity(rounds);
    let mut denominators = Vec::with_capacity(rounds);
    // One turn of each that does not count: caches fill.
    time(&mut ours);
    time(&mut theirs);
    for _ in 0..rounds {
        numerators.push(time(&mut ours));
        denominators.push(time(&mut theirs));
    }
    median(numerators).as_secs_f64() / median(denominators).as_secs_f64()
}

/// How often [`interleaved`] calls each side, for work that uses its input up.
pub const fn calls(rounds: usize) -> usize {
    (rounds + 1) * BATCH
}

/// What this thread has run so far. Unlike a clock on the wall, it stands still while other work has the processor.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// The one in the middle; zero where there is none.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
