//! What the system says of this process: memory, descriptors, CPU time; read from `/proc` when
//! somebody asks, under the names that Prometheus gives them in every program.

use std::fmt::Write;
use std::time::Duration;

use super::names::{self, METRICS, MetricKind};

/// Clock ticks a second in `/proc`: fixed by the kernel's interface (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// CPU time this process has used in user and system mode together; zero where the system does
/// not tell. A figure of speed can stand beside what it cost.
#[must_use]
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = ticks(&stat).unwrap_or_default();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Appends what the system tells; what it does not tell is left out.
pub fn render(text: &mut String) {
    let status = read("status");
    let limits = read("limits");
    let figures = [
        (names::PROCESS_MEMORY, resident(&status).map(|octets| octets as f64)),
        (names::PROCESS_FDS, descriptors().map(|count| count as f64)),
        (names::PROCESS_MAX_FDS, descriptors_max(&limits).map(|count| count as f64)),
        (names::PROCESS_CPU, Some(cpu_time().as_secs_f64())),
        (names::PROCESS_START, started()),
    ];
    for (name, figure) in figures {
        let (Some(figure), Some(row)) = (figure, METRICS.iter().find(|row| row.name == name))
        else {
            continue;
        };
        let kind = if row.kind == MetricKind::Counter { "counter" } else { "gauge" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", row.help);
        let _ = writeln!(text, "{name} {figure}\n");
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default()
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

/// Octets of memory that are resident.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Descriptors that are open, without the one that counts them.
fn descriptors() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// The soft limit: `Max open files  SOFT  HARD  files`.
fn descriptors_max(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// When the process started, in seconds since 1970: so many ticks after the machine did (the
/// twenty-second field of its state), and that is the same whenever it is asked.
fn started() -> Option<f64> {
    let machine = std::fs::read_to_string("/proc/stat").ok()?;
    let machine: u64 =
        machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let stat = read("stat");
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').nth(19)?.parse().ok()?;
    Some(machine as f64 + ticks as f64 / TICKS_PER_SECOND as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Reading;

    #[test]
    fn a_name_with_blanks_and_parentheses_moves_no_field() {
        let stat = "17 (a) b) (c) S 1 17 17 0 -1 4194560 99 0 0 0 250 31 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn memory_and_limits_are_read_in_the_units_that_they_are_told_in() {
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t    1024 kB\n"), Some(1024 * 1024));
        let limits = "Limit   Soft Limit  Hard Limit  Units\nMax open files   1024  4096  files\n";
        assert_eq!(descriptors_max(limits), Some(1024));
        assert_eq!(descriptors_max("Max open files   unlimited  unlimited  files\n"), None);
    }

    #[test]
    fn this_process_has_memory_descriptors_and_a_beginning() {
        let _file = std::fs::File::open("/proc/self/stat").unwrap();
        let mut text = String::new();
        render(&mut text);
        let reading = Reading::of(text);
        assert!(reading.total(names::PROCESS_MEMORY) > 1e6);
        assert!((4.0..1e6).contains(&reading.total(names::PROCESS_FDS)));
        assert!(reading.total(names::PROCESS_MAX_FDS) >= reading.total(names::PROCESS_FDS));
        let epoch = std::time::UNIX_EPOCH;
        let now = std::time::SystemTime::now().duration_since(epoch).unwrap().as_secs_f64();
        let age = now - reading.total(names::PROCESS_START);
        assert!((-1.0..24.0 * 3600.0).contains(&age), "{age}");
    }
}
