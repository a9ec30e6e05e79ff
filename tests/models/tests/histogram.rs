//! `telemetry/histogram.rs`: no sample is lost, whoever records at the same time.
//!
//! A fault that was planted by hand and is found: the sum changed by a load and a store.

mod tasks;

use std::time::Duration;

use loom::thread;
use models::histogram::Histogram;

#[test]
fn samples_of_two_threads_are_all_in_the_count_and_in_the_sum() {
    tasks::check(|| {
        let histogram = Histogram::new("a_seconds", &[]);
        let recorders = [(1, 2), (1, 4)].map(|(seconds, count)| {
            let histogram = histogram.clone();
            thread::spawn(move || histogram.record_many(Duration::from_secs(seconds), count))
        });
        recorders.into_iter().for_each(|recorder| recorder.join().unwrap());
        let mut text = String::new();
        histogram.render(&mut text);
        assert!(text.contains("a_seconds_bucket{le=\"1\"} 6\n"), "{text}");
        assert!(text.contains("a_seconds_sum 6\na_seconds_count 6\n"), "{text}");
    });
}
