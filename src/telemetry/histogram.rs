//! How long things took to counts by bucket, and to the text that Prometheus scrapes.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds of the buckets, in seconds: from a loopback answer to days.
const BOUNDS: [f64; 19] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 300.0, 3600.0, 86400.0,
];

/// A handle on how often something took how long.
///
/// The exporter's own histogram keeps each sample until somebody asks for the text, which is
/// memory without a limit where nobody does, and reads a clock for each. Here all samples of one
/// length are two additions.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Series>);

#[derive(Debug)]
struct Series {
    name: &'static str,
    /// As they stand in the text, a comma behind each.
    labels: String,
    /// Samples up to each bound and above the one before, and those above all.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// Seconds of all samples together, as the bits of a float.
    sum: AtomicU64,
}

impl Histogram {
    /// One without samples.
    #[must_use]
    pub fn new(name: &'static str, labels: &[(&'static str, &str)]) -> Self {
        let labels = labels.iter().map(|(key, value)| {
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{key}=\"{value}\",")
        });
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        let labels = labels.collect();
        Self(Arc::new(Series { name, labels, buckets, sum: AtomicU64::new(0) }))
    }

    /// So many things took this long each.
    pub fn record_many(&self, took: Duration, count: usize) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        if let Some(bucket) = self.0.buckets.get(bucket) {
            bucket.fetch_add(count as u64, Ordering::Relaxed);
        }
        let add = |sum| Some((f64::from_bits(sum) + seconds * count as f64).to_bits());
        // It never gives up, so there is no error to see to.
        let _ = self.0.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// What is measured.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Whether it is the same series as the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.name == other.0.name && self.0.labels == other.0.labels
    }

    /// Appends the lines of this series.
    pub fn render(&self, text: &mut String) {
        let Series { name, labels, buckets, sum } = &*self.0;
        let mut count = 0;
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, bucket) in bounds.zip(buckets) {
            count += bucket.load(Ordering::Relaxed);
            // Writing to a string does not fail, here and below.
            let _ = writeln!(text, "{name}_bucket{{{labels}le=\"{bound}\"}} {count}");
        }
        let sum = f64::from_bits(sum.load(Ordering::Relaxed));
        let labels = match labels.trim_end_matches(',') {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        let _ = writeln!(text, "{name}_sum{labels} {sum}\n{name}_count{labels} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(histogram: &Histogram) -> String {
        let mut text = String::new();
        histogram.render(&mut text);
        text
    }

    #[test]
    fn a_bucket_holds_what_took_as_long_as_its_bound_and_all_that_took_less() {
        let histogram = Histogram::new("a_seconds", &[]);
        histogram.record_many(Duration::from_millis(10), 3);
        histogram.record_many(Duration::from_millis(11), 1);
        histogram.record_many(Duration::from_secs(100_000), 1);
        let text = text(&histogram);
        for line in [
            "a_seconds_bucket{le=\"0.005\"} 0\n",
            "a_seconds_bucket{le=\"0.01\"} 3\n",
            "a_seconds_bucket{le=\"0.025\"} 4\n",
            "a_seconds_bucket{le=\"86400\"} 4\n",
            "a_seconds_bucket{le=\"+Inf\"} 5\n",
            "a_seconds_sum 100000.041\n",
            "a_seconds_count 5\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let histogram = Histogram::new("a_seconds", &[("carrier", "x\"y\\z\n")]);
        let text = text(&histogram);
        assert!(text.contains(r#"a_seconds_bucket{carrier="x\"y\\z\n",le="1"} 0"#), "{text}");
        assert!(text.contains(r#"a_seconds_count{carrier="x\"y\\z\n"} 0"#), "{text}");
    }
}
