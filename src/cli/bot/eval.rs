//! `chappe bot eval`: labelled texts to figures.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::super::{Exit, Failure, lines, written};
use super::labelled;
use crate::mo::intent::{ACCEPT, Evaluation, Judged, LabelledText, UNSURE, folds, train};

/// Labels of texts that have no intent, whatever a model knows.
const OUT_OF_SCOPE: [&str; 5] = ["", "none", "oos", "out_of_scope", "out-of-scope"];

/// Confusions shown to people.
const CONFUSIONS_SHOWN: usize = 10;

/// The options of `chappe bot eval`.
#[derive(Args, Clone, Debug)]
pub struct EvalArgs {
    /// Texts with their intents: .csv or .tsv with columns text and intent, .jsonl, or .seq.in
    /// with its .label beside it
    file: PathBuf,
    /// Examples to train on, in the same forms; without them FILE is cut into folds, and each is
    /// tried on a model of the others
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// How many folds, without --train
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=20))]
    folds: u8,
    /// Leave the examples of so many intents out, so that texts of theirs are out of scope
    #[arg(long, value_name = "N", default_value_t = 0)]
    leave_out: usize,
    /// Which ones: another seed, others
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The confidence from which on an intent is acted on
    #[arg(long, default_value_t = ACCEPT)]
    accept: f32,
    /// The confidence from which on it is asked about
    #[arg(long, default_value_t = UNSURE)]
    unsure: f32,
    /// One JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// When a file is no file of labelled texts, or the output cannot be written.
pub fn run(args: &EvalArgs, output: &mut impl Write) -> Result<Exit, Failure> {
    let texts = labelled::read(&args.file)?;
    let examples = args.train.as_deref().map(labelled::read).transpose()?;
    let known = labels(examples.as_ref().unwrap_or(&texts));
    let left_out = left_out(&known, args.leave_out, args.seed);
    let known: Vec<&str> = known.into_iter().filter(|label| !left_out.contains(label)).collect();
    let judged = match &examples {
        Some(examples) => judge(&examples.iter().collect::<Vec<_>>(), &texts, &known)?,
        None => judge_folds(&texts, usize::from(args.folds), &known)?,
    };
    let found = Evaluation::of(&judged, args.accept, args.unsure);
    let report = report(args, &found, &known, &left_out);
    written(match args.json {
        true => writeln!(output, "{}", lines::one_line(&report)),
        false => write!(output, "{}", table(&report)),
    })
    .map(|()| Exit::Success)
}

/// The intents of some texts, each once, in order.
fn labels(texts: &[LabelledText]) -> Vec<&str> {
    let known = texts.iter().map(|text| text.label.as_str());
    let known: BTreeSet<&str> = known.filter(|label| !OUT_OF_SCOPE.contains(label)).collect();
    known.into_iter().collect()
}

/// Which intents are left out: drawn by the seed.
fn left_out<'l>(known: &[&'l str], count: usize, seed: u64) -> Vec<&'l str> {
    let drawn = |label: &&str| {
        let octets = label.bytes().chain(seed.to_le_bytes());
        octets.fold(0xCBF2_9CE4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01B3)
        })
    };
    let mut labels = known.to_vec();
    labels.sort_by_key(|label| drawn(label).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    labels.truncate(count);
    labels.sort_unstable();
    labels
}

fn judge<'t>(
    examples: &[&LabelledText],
    texts: impl IntoIterator<Item = &'t LabelledText>,
    known: &[&str],
) -> Result<Vec<Judged>, Failure> {
    let number = |label: &str| {
        let at = known.binary_search(&label).ok()?;
        u16::try_from(at).ok()
    };
    let examples: Vec<(u16, &str)> = examples
        .iter()
        .filter_map(|text| Some((number(&text.label)?, text.text.as_str())))
        .collect();
    let model = train(&examples, known.len()).map_err(Failure::usage)?;
    Ok(Judged::all(&model, texts, number))
}

fn judge_folds(
    texts: &[LabelledText],
    count: usize,
    known: &[&str],
) -> Result<Vec<Judged>, Failure> {
    let fold_of = folds(texts, count);
    let mut judged = Vec::with_capacity(texts.len());
    for fold in 0..count {
        let part = |inside: bool| {
            let dealt = texts.iter().zip(&fold_of);
            dealt.filter(move |(_, of)| (**of == fold) == inside).map(|(text, _)| text)
        };
        judged.extend(judge(&part(false).collect::<Vec<_>>(), part(true), known)?);
    }
    Ok(judged)
}

/// `part` of `whole` in per cent with two decimals; nothing of nothing is null.
fn per_cent(part: usize, whole: usize) -> Value {
    match whole {
        0 => Value::Null,
        _ => json!((part as f64 / whole as f64 * 10_000.0).round() / 100.0),
    }
}

fn report(args: &EvalArgs, found: &Evaluation, known: &[&str], left_out: &[&str]) -> Value {
    let name = |intent: u16| known.get(usize::from(intent)).copied().unwrap_or_default();
    let expected = |intent: Option<u16>| intent.map_or("(out of scope)", name);
    let intent = |(name, figures): (&&str, &crate::mo::intent::IntentFigures)| {
        json!({
            "intent": name,
            "texts": figures.texts,
            "recall": per_cent(figures.accepted_right, figures.texts),
            "precision": per_cent(figures.accepted_right, figures.accepted),
        })
    };
    let confusion = |one: &crate::mo::intent::Confusion| {
        json!({
            "times": one.times,
            "intent": expected(one.expected),
            "taken_for": name(one.taken_for),
        })
    };
    json!({
        "texts": found.in_scope + found.out_of_scope,
        "intents": known.len(),
        "left_out": left_out,
        "in_scope": found.in_scope,
        "accuracy": per_cent(found.right, found.in_scope),
        "accept": args.accept,
        "unsure": args.unsure,
        "coverage": per_cent(found.accepted, found.in_scope),
        "accepted_right": per_cent(found.accepted_right, found.accepted),
        "kept": per_cent(found.accepted_right, found.right),
        "asked_right": per_cent(found.offered_right, found.in_scope),
        "out_of_scope": found.out_of_scope,
        "out_of_scope_recall": per_cent(found.rejected, found.out_of_scope),
        "kept_90": {
            "accept": (f64::from(found.kept_threshold) * 1_000.0).round() / 1_000.0,
            "out_of_scope_recall": per_cent(found.kept_rejected, found.out_of_scope),
        },
        "by_intent": known.iter().zip(&found.intents).map(intent).collect::<Vec<_>>(),
        "confusions": found.confusions.iter().map(confusion).collect::<Vec<_>>(),
    })
}

/// The report for people.
fn table(report: &Value) -> String {
    let figure = |key: &str| match &report[key] {
        Value::Null => "     -".to_owned(),
        Value::Number(number) => format!("{:6.2}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    };
    let rows = [
        ("accuracy", "per cent of those in scope whose likeliest intent is theirs"),
        ("coverage", "per cent of those in scope that an intent is acted on for"),
        ("accepted_right", "per cent of these for the right one"),
        ("kept", "per cent of what is right that stays right"),
        ("asked_right", "per cent of those in scope that are asked about, theirs among the two"),
        ("out_of_scope_recall", "per cent of those out of scope that no intent is acted on for"),
    ];
    let mut table = format!(
        "{} texts, {} in scope of {} intents, {} out of scope; \
         acted on from {} on, asked from {}\n\n",
        report["texts"],
        report["in_scope"],
        report["intents"],
        report["out_of_scope"],
        report["accept"],
        report["unsure"],
    );
    for (key, meaning) in rows {
        table += &format!("{:<20} {}  {meaning}\n", key.replace('_', " "), figure(key));
    }
    if !report["kept_90"]["out_of_scope_recall"].is_null() {
        let kept = &report["kept_90"];
        let (recall, accept) = (&kept["out_of_scope_recall"], &kept["accept"]);
        table += &format!("{:<20} {recall:>6}  with accept = {accept}\n", "  at 90 % kept");
    }
    let confusions = report["confusions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !confusions.is_empty() {
        table += "\ntimes  intent -> taken for\n";
    }
    for one in confusions.iter().take(CONFUSIONS_SHOWN) {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        table += &format!("{:>5}  {} -> {}\n", one["times"], word("intent"), word("taken_for"));
    }
    table
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EvalArgs,
    }

    fn eval(flags: &str) -> Value {
        let home = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intents/");
        let flags = flags.replace('@', home);
        let line = Line::parse_from(["eval"].into_iter().chain(flags.split_whitespace()));
        let mut output = Vec::new();
        run(&line.args, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        match line.args.json {
            true => serde_json::from_str(&output).unwrap(),
            false => Value::String(output),
        }
    }

    #[test]
    fn noise_costs_a_french_bot_at_most_four_points() {
        let read = |file: &str| {
            let home = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intents/");
            labelled::read(format!("{home}{file}.tsv").as_ref()).unwrap()
        };
        let files = ["", "-no-accents", "-slang", "-typos", "-slang-typos"]
            .map(|it| format!("fr-test{it}"));
        let texts: Vec<LabelledText> = files.iter().flat_map(|file| read(file)).collect();
        let examples = read("fr-train");
        let known = labels(&examples);
        let judged = judge(&examples.iter().collect::<Vec<_>>(), &texts, &known).unwrap();
        assert_eq!((known.len(), judged.len()), (30, 5 * 300));
        let accuracies: Vec<f64> = judged
            .chunks(300)
            .map(|part| Evaluation::of(part, ACCEPT, UNSURE).right as f64 / 3.0)
            .collect();
        assert!(accuracies[0] > 60.0, "{accuracies:?}");
        for (file, noisy) in files.iter().zip(&accuracies) {
            assert!(*noisy >= accuracies[0] - 4.0, "{file}: {accuracies:?}");
        }
    }

    #[test]
    fn what_is_left_out_is_out_of_scope_and_all_texts_are_judged() {
        let report = eval("@fr-test.tsv --folds 2 --leave-out 10 --json");
        assert_eq!(report["texts"], 300);
        assert_eq!((&report["intents"], &report["in_scope"]), (&json!(20), &json!(200)));
        assert_eq!(report["left_out"].as_array().unwrap().len(), 10);
        let other = eval("@fr-test.tsv --folds 2 --leave-out 10 --seed 2 --json");
        assert_ne!(report["left_out"], other["left_out"]);
        assert!(report["out_of_scope_recall"].as_f64().unwrap() > 0.0);
    }

    #[test]
    fn people_get_a_table() {
        let table = eval("@fr-test.tsv --folds 2 --leave-out 2");
        let table = table.as_str().unwrap();
        for row in ["300 texts, 280 in scope of 28", "out of scope recall", "at 90 % kept", " -> "]
        {
            assert!(table.contains(row), "{row}: {table}");
        }
    }
}
