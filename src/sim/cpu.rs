//! CPU time of this process, so that a figure of speed can stand beside what it cost.

use std::time::Duration;

/// Clock ticks a second in `/proc`: fixed by the kernel's interface (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// CPU time this process has used in user and system mode together; zero where the system does
/// not tell.
#[must_use]
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = ticks(&stat).unwrap_or_default();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// utime and stime: the fourteenth and fifteenth fields. The second, the command's name, may hold
/// blanks and parentheses, so fields are counted from its end.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_moves_no_field() {
        let stat = "17 (a) b) (c) S 1 17 17 0 -1 4194560 99 0 0 0 250 31 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("nonsense"), None);
    }
}
