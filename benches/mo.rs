//! What a message from a handset costs until its intent is known.
//!
//! `cargo bench --bench mo` measures time with criterion. Time on a shared machine cannot rank
//! close variants, so `--only NAME --iterations N` runs an operation bare: the instructions that
//! callgrind counts for two values of N differ by those of the operation alone.
//!
//! The model has 30 intents with 15 examples each; messages have 60 characters, words that it knows
//! and words that it does not.

use std::hint::black_box;

use criterion::Criterion;

use chappe::mo::intent::{Intents, Scratch, train};

/// The French examples that the intents are measured with.
const EXAMPLES: &str = include_str!("../tests/intents/fr-train.tsv");
const MESSAGES: &str = include_str!("../tests/intents/fr-test.tsv");
const INTENTS: usize = 30;
const EXAMPLES_EACH: usize = 15;
const CHARACTERS: usize = 60;

const CLASSIFY: &str = "mo/intent/classify_30_intents_60_characters";
const TRAIN: &str = "mo/intent/train_30_intents_15_examples";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let iterations = value("--iterations").and_then(|count| count.parse().ok()).unwrap_or(1_u64);
    let examples = examples();
    match value("--only").as_deref() {
        Some(TRAIN) => (0..iterations).for_each(|_| drop(black_box(model(&examples)))),
        Some(CLASSIFY) => {
            let mut classify = classifier(model(&examples));
            (0..iterations).for_each(|_| classify());
        }
        Some(other) => panic!("no operation {other}; there are {CLASSIFY} and {TRAIN}"),
        None => {
            let mut criterion = Criterion::default().configure_from_args();
            criterion.bench_function(CLASSIFY, |bench| bench.iter(classifier(model(&examples))));
            criterion.bench_function(TRAIN, |bench| bench.iter(|| model(&examples)));
            criterion.final_summary();
        }
    }
}

fn lines(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines().skip(1).filter_map(|line| line.split_once('\t'))
}

/// Fifteen examples of each intent, in the order of the file.
fn examples() -> Vec<(u16, &'static str)> {
    let mut names: Vec<&str> = Vec::new();
    let mut taken = [0; INTENTS];
    let mut examples = Vec::new();
    for (name, text) in lines(EXAMPLES) {
        let intent = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        if taken[intent] < EXAMPLES_EACH {
            taken[intent] += 1;
            examples.push((u16::try_from(intent).expect("thirty of them"), text));
        }
    }
    assert_eq!(examples.len(), INTENTS * EXAMPLES_EACH);
    examples
}

fn model(examples: &[(u16, &str)]) -> Intents {
    train(examples, INTENTS).expect("within the bounds")
}

/// Classifies the next of 300 messages.
fn classifier(model: Intents) -> impl FnMut() {
    let texts: Vec<&str> = lines(MESSAGES).map(|(_, text)| text).collect();
    let long = |(one, other): (&&str, &&str)| -> String {
        format!("{one} {other} {one} {other} {one}").chars().take(CHARACTERS).collect()
    };
    let messages: Vec<String> = texts.iter().zip(texts.iter().rev()).map(long).collect();
    let (mut scratch, mut next) = (Scratch::default(), 0);
    move || {
        next = (next + 1) % messages.len();
        black_box(model.classify(&messages[next], &mut scratch));
    }
}
