//! `[slot.NAME]`: what is asked for.

use std::time::Duration;

use super::part::Part;
use super::{Names, exit};
use crate::mo::bot::Slot;
use crate::mo::slot::Takes;

/// What a slot may take.
const TAKES: [&str; 10] =
    ["text", "digits", "number", "date", "time", "yesno", "choice", "email", "phone", "score"];

pub(super) fn slot(name: String, part: &Part<'_>, names: &Names) -> Slot {
    part.knows(&[
        "take",
        "length",
        "within",
        "choices",
        "country",
        "ask",
        "retry",
        "tries",
        "else",
        "wait",
        "remind",
        "silent",
        "undelivered",
    ]);
    let small = |key: &str, default: u8| {
        part.whole(key, 0..=9).and_then(|number| u8::try_from(number).ok()).unwrap_or(default)
    };
    Slot {
        at: part.at(),
        name,
        takes: takes(part),
        ask: part.text("ask", &names.languages).unwrap_or_default(),
        retry: part.has("retry").then(|| part.text("retry", &names.languages)).flatten(),
        tries: small("tries", 2).max(1),
        otherwise: part.flow("else", names).unwrap_or_default(),
        wait: part.time("wait").unwrap_or(Duration::from_secs(24 * 3_600)),
        remind: small("remind", 0),
        silent: exit(part, "silent", names),
        undelivered: exit(part, "undelivered", names),
    }
}

fn takes(part: &Part<'_>) -> Takes {
    let known: Vec<String> = TAKES.map(str::to_owned).to_vec();
    let word = part.named("take", "kind of answer", &known);
    let word = word.and_then(|place| TAKES.get(place)).copied().unwrap_or("text");
    let own = match word {
        "digits" => "length",
        "number" | "date" | "score" => "within",
        "choice" => "choices",
        "phone" => "country",
        _ => "",
    };
    for key in ["length", "within", "choices", "country"] {
        if key != own && part.has(key) {
            let found = format!("{key} beside take = {word:?}");
            part.sheet.fault(&part.spot(key), found, "no such key there");
        }
    }
    match word {
        "digits" => {
            let length = part.range("length", 1..=40);
            if length.is_none() && !part.has("length") {
                part.missing("length", "how many digits, such as 8 or [6, 8]");
            }
            let length = length.unwrap_or(1..=40);
            Takes::Digits(*length.start() as usize..=*length.end() as usize) // Up to 40.
        }
        "number" => Takes::Number(part.range("within", BOUND).unwrap_or(BOUND)),
        "date" => Takes::Date(part.range("within", -3_660..=3_660).unwrap_or(0..=365)),
        "score" => Takes::Score(part.range("within", 0..=10).unwrap_or(1..=5)),
        "time" => Takes::Time,
        "yesno" => Takes::YesNo,
        "choice" => Takes::Choice(part.choices("choices").unwrap_or_default()),
        "email" => Takes::Email,
        "phone" => {
            let country = part.whole("country", 1..=999).unwrap_or(33);
            Takes::Phone(u16::try_from(country).unwrap_or(33))
        }
        _ => Takes::Text,
    }
}

/// Numbers that fit what bots count.
const BOUND: std::ops::RangeInclusive<i64> = -1_000_000_000..=1_000_000_000;
