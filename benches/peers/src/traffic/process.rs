//! `/proc` to the CPU time of this process.

use std::fs;

/// Clock ticks a second in `/proc`: fixed on Linux, whatever the kernel's own tick.
const TICKS_A_SECOND: f64 = 100.0;

/// CPU seconds of all threads of this process so far, ended ones included, in user and system
/// mode, to a hundredth of a second. Zero where there is no `/proc`.
pub fn cpu_seconds() -> f64 {
    fs::read_to_string("/proc/self/stat").ok().and_then(|stat| ticks(&stat)).unwrap_or(0.0)
        / TICKS_A_SECOND
}

/// utime and stime, the 14th and 15th field; the second is the name in brackets and may hold
/// spaces, so the count begins behind it.
fn ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (a (b) c) R 1 7 7 0 -1 4194304 97 0 0 0 250 50 3 4 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(300.0));
    }
}
