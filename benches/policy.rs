//! What deciding who may be texted costs, alone.
//!
//! `cargo bench --bench policy`. A keyword row hears one message in turn of a mix: nine of ten are
//! ordinary answers, of about 40 characters, one asks to stop.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};

use chappe::mo::keyword::{Keywords, Situation};

/// The mix, one message a line.
const MESSAGES: [&str; 10] = [
    "Bonjour, où en est ma commande 12345678 svp ?",
    "oui",
    "je préfère mardi matin si possible, merci",
    "STOP",
    "where is my parcel please",
    "1",
    "je n'ai pas reçu le code, pouvez-vous le renvoyer",
    "ok merci beaucoup et bonne journée à vous",
    "can I change my appointment to Friday at 3?",
    "le livreur n'est pas passé hier, que faire",
];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let keywords = Keywords::default();
    let mut group = criterion.benchmark_group("mo/keyword");
    group.throughput(Throughput::Elements(MESSAGES.len() as u64));
    group.bench_function("hear_mix", |bencher| {
        bencher.iter(|| {
            for text in MESSAGES {
                black_box(keywords.hear_text(black_box(text), Situation::default()));
            }
        });
    });
    group.finish();
    criterion.final_summary();
}
