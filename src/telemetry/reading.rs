//! The text of the metrics to figures, for who looks once a second and not for the message path.

/// Figures as they stood when the text was made.
#[derive(Clone, Debug, Default)]
pub struct Reading(String);

impl Reading {
    /// Of this text, in the form that Prometheus scrapes.
    #[must_use]
    pub fn of(text: String) -> Self {
        Self(text)
    }

    /// A metric summed over all its labels; 0 when nothing was counted.
    #[must_use]
    pub fn total(&self, name: &str) -> f64 {
        self.lines(name).map(|(_, value)| value).sum()
    }

    /// A metric summed over the lines that bear each of these labels.
    #[must_use]
    pub fn labelled(&self, name: &str, sought: &[(&str, &str)]) -> f64 {
        let bears = |labels: &str| {
            let inner = labels.trim_start_matches('{').trim_end_matches('}');
            let borne = || inner.split("\",").filter_map(|one| one.split_once("=\""));
            let bears = |&(label, value): &(&str, &str)| {
                borne().any(|one| (one.0, one.1.trim_end_matches('"')) == (label, value))
            };
            sought.iter().all(bears)
        };
        self.lines(name).filter(|(labels, _)| bears(labels)).map(|(_, value)| value).sum()
    }

    /// Labels, in braces if there are any, and value of each line of a metric.
    fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            if !rest.starts_with(['{', ' ']) {
                return None;
            }
            let (labels, value) = rest.rsplit_once(' ')?;
            Some((labels, value.parse().ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::telemetry::Registry;

    #[test]
    fn figures_are_found_by_name_and_label() {
        let registry = Registry::new();
        registry.counter("x_total", &[("carrier", "a"), ("reason", "s")]).increment(3);
        registry.counter("x_total", &[("carrier", "ab"), ("reason", "t")]).increment(4);
        registry.counter("x_total_more", &[("carrier", "a")]).increment(100);
        registry.gauge("plain", &[]).set(7.0);
        registry
            .histogram("h_seconds", &[("carrier", "a")])
            .record_many(Duration::from_millis(100), 5);
        let reading = Reading::of(registry.render());
        let figures = [
            reading.total("x_total"),
            reading.labelled("x_total", &[("carrier", "a")]),
            reading.labelled("x_total", &[("reason", "t"), ("carrier", "ab")]),
            reading.labelled("x_total", &[("reason", "t"), ("carrier", "a")]),
            reading.total("plain"),
            reading.labelled("h_seconds_count", &[("carrier", "a")]),
            reading.total("none"),
        ];
        assert_eq!(figures, [7.0, 3.0, 4.0, 0.0, 7.0, 5.0, 0.0]);
    }
}
