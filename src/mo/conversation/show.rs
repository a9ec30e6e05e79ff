//! Values as texts.

use crate::mo::bot::Language;
use crate::mo::bot::VALUE_SHOWN_MAX;
use crate::mo::slot::{Takes, Value, shown_date};

/// A value as a person reads it, in a language.
#[must_use]
pub fn show(value: &Value, takes: &Takes, language: Language) -> String {
    let french = language == Language::French;
    let whole = match value {
        Value::Date(date) => shown_date(*date, french),
        Value::Time(minutes) if french => format!("{}h{:02}", minutes / 60, minutes % 60),
        Value::Yes(yes) if french => if *yes { "oui" } else { "non" }.to_owned(),
        other => word(other, takes),
    };
    whole.chars().take(VALUE_SHOWN_MAX).collect()
}

/// A value as conditions name it: `yes` or `no`, the first word of a choice, digits,
/// `2026-05-15`, `18:30`.
pub(super) fn word(value: &Value, takes: &Takes) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Date(date) => {
            let (year, month, day) = date.civil();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Value::Time(minutes) => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        Value::Yes(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Choice(at) => match takes {
            Takes::Choice(choices) => {
                choices.get(*at).and_then(|names| names.first()).cloned().unwrap_or_default()
            }
            _ => String::new(),
        },
    }
}

/// A text with its braces filled: `{name}`, or `{name|default}` where there may be no value.
pub(in crate::mo) fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split('{');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((inside, rest)) = part.split_once('}') else {
            whole.push_str(part);
            continue;
        };
        let (name, default) = inside.split_once('|').unwrap_or((inside, ""));
        whole.push_str(&value(name).unwrap_or_else(|| default.to_owned()));
        whole.push_str(rest);
    }
    whole
}
