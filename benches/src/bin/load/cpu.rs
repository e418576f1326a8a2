//! Processor time, of this process and of others.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this process has taken so far.
pub(crate) fn of_this_process() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second"))
}

/// What another process has taken so far, to the hundredth of a second; nothing where the system does not say.
pub(crate) fn of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before the closing bracket may have blanks. Times of user and system are the 14th and 15th field.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Lets others go before the present thread, as the server's threads for uploads do: were it more, the server would see
/// fewer uploads, and were it less, they would take the processors from the reading client.
pub(crate) fn yield_to_others() {
    // On Linux a thread has a priority of its own. What cannot be had is not needed to go on.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 10);
}
