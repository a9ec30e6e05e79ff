//! Reports to a table.

use serde_json::Value;

/// One run of a row.
pub struct Run {
    rate: f64,
    p50_us: f64,
    p99_us: f64,
    /// CPU seconds for 100,000 messages, by process.
    cpu: Vec<(&'static str, f64)>,
    messages: f64,
}

impl Run {
    /// What the load reported, with the CPU time of those that report it themselves.
    pub fn of(load: &Value, processes: &[(&'static str, &Value)]) -> Self {
        let number = |value: &Value| value.as_f64().unwrap_or(0.0);
        let messages = number(&load["accepted"]);
        // To the last receipt: the load's own rate counts to the last answer.
        let seconds = number(&load["seconds"]).max(f64::MIN_POSITIVE);
        let mut run = Self {
            rate: messages / seconds,
            p50_us: number(&load["latency_us"]["p50"]),
            p99_us: number(&load["latency_us"]["p99"]),
            cpu: Vec::new(),
            messages,
        };
        for (name, report) in processes {
            run = run.with(name, number(&report["cpu_seconds"]));
        }
        run
    }

    /// Adds the CPU seconds of one more process.
    pub fn with(mut self, name: &'static str, cpu_seconds: f64) -> Self {
        self.cpu.push((name, cpu_seconds * 100_000.0 / self.messages.max(1.0)));
        self
    }

    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// CPU seconds that a process used for 100,000 messages.
    pub fn cpu_of(&self, process: &str) -> f64 {
        let cpu = self.cpu.iter().find(|(name, _)| *name == process);
        cpu.map_or(0.0, |(_, seconds)| *seconds)
    }
}

/// A row and its runs.
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Once each.
    pub runs: Vec<Run>,
}

impl Row {
    /// Messages a second, of the median run.
    pub fn median_rate(&self) -> f64 {
        let mut rates: Vec<f64> = self.runs.iter().map(Run::rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(0.0)
    }
}

/// Prints the rows.
pub fn print(rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    println!(
        "{:<46} {:>11} {:>23} {:>8} {:>8}  CPU seconds per 100,000 messages",
        "", "messages/s", "lowest to highest", "p50 us", "p99 us"
    );
    for row in rows {
        let mut runs: Vec<&Run> = row.runs.iter().collect();
        runs.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        let (Some(lowest), Some(highest)) = (runs.first(), runs.last()) else { continue };
        let Some(median) = runs.get(runs.len() / 2) else { continue };
        let cpu: Vec<String> =
            median.cpu.iter().map(|(name, seconds)| format!("{name} {seconds:.3}")).collect();
        println!(
            "{:<46} {:>11.0} {:>11.0} {:>11.0} {:>8.0} {:>8.0}  {}",
            row.name,
            median.rate,
            lowest.rate,
            highest.rate,
            median.p50_us,
            median.p99_us,
            cpu.join(", ")
        );
    }
}
