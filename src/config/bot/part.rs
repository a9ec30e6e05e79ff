//! One table of a bot's file.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::Names;
use crate::config::nearest::nearest;
use crate::config::reader::shown;
use crate::config::sheet::{Sheet, Spot};
use crate::mo::bot::transcript::duration;
use crate::mo::bot::{Language, PARTS_MAX, Text};
use crate::mo::conversation::NAME_MAX;

pub(super) struct Part<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    here: Spot,
    table: &'a DeTable<'a>,
}

impl<'a> Part<'a> {
    pub(super) fn new(sheet: &'a Sheet<'a>, here: Spot, table: &'a DeTable<'a>) -> Self {
        Self { sheet, here, table }
    }

    /// Refuses every key but these.
    pub(super) fn knows(&self, keys: &[&str]) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !keys.contains(&name) {
                let expected = match nearest(name, keys.iter().copied()) {
                    Some(near) => format!("a known key, perhaps {near}"),
                    None => format!("one of {}", keys.join(", ")),
                };
                let spot = Spot { at: key.span().start, path: self.path(name) };
                self.sheet.fault(&spot, "an unknown key", expected);
            }
        }
    }

    pub(super) fn at(&self) -> usize {
        self.here.at
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The first of these keys that is there.
    pub(super) fn first<'k>(&self, keys: &[&'k str]) -> Option<&'k str> {
        keys.iter().copied().find(|key| self.has(key))
    }

    pub(super) fn missing(&self, key: &str, expected: &str) {
        let spot = Spot { at: self.here.at, path: self.path(key) };
        self.sheet.fault(&spot, "nothing", expected);
    }

    /// Where the value of a key stands.
    pub(super) fn spot(&self, key: &str) -> Spot {
        let at = self.table.get(key).map_or(self.here.at, |value| value.span().start);
        Spot { at, path: self.path(key) }
    }

    fn path(&self, key: &str) -> String {
        let key = key.escape_debug();
        match self.here.path.is_empty() {
            true => key.to_string(),
            false => format!("{}.{key}", self.here.path),
        }
    }

    fn value(&self, key: &str) -> Option<&'a DeValue<'a>> {
        self.table.get(key).map(|value| value.get_ref())
    }

    fn refuse(&self, key: &str, expected: impl Into<String>) {
        let found = self.value(key).map_or_else(|| "nothing".to_owned(), shown);
        self.sheet.fault(&self.spot(key), found, expected);
    }

    pub(super) fn is_word(&self, key: &str, word: &str) -> bool {
        self.value(key).and_then(|value| value.as_str()) == Some(word)
    }

    /// A text in quotes, which has to be there.
    pub(super) fn word(&self, key: &str) -> Option<String> {
        let text = self.value(key).and_then(|value| value.as_str());
        if text.is_none_or(|text| text.trim().is_empty()) {
            self.refuse(key, "a text in quotes");
            return None;
        }
        text.map(str::to_owned)
    }

    /// A name of the file's own that conversations keep.
    pub(super) fn label(&self, key: &str) -> Option<String> {
        let label = self.word(key)?;
        if label.len() > NAME_MAX {
            self.refuse(key, format!("at most {NAME_MAX} octets"));
            return None;
        }
        Some(label)
    }

    /// A date and time as it stands.
    pub(super) fn date(&self, key: &str) -> Option<String> {
        self.value(key).map(|value| match value {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            other => shown(other),
        })
    }

    /// A text or an array of texts; none where the key is absent.
    pub(super) fn words(&self, key: &str) -> Vec<(Spot, String)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Some(text) = value.as_str() {
            return vec![(self.spot(key), text.to_owned())];
        }
        let Some(items) = value.as_array() else {
            self.refuse(key, "a text, or an array of texts");
            return Vec::new();
        };
        let mut words = Vec::new();
        for item in items {
            let spot = Spot { at: item.span().start, path: self.path(key) };
            match item.get_ref().as_str() {
                Some(text) => words.push((spot, text.to_owned())),
                None => self.sheet.fault(&spot, shown(item.get_ref()), "a text in quotes"),
            }
        }
        words
    }

    /// Arrays of words, each the words for one choice.
    pub(super) fn choices(&self, key: &str) -> Option<Vec<Vec<String>>> {
        let of = |item: &DeValue<'_>| -> Option<Vec<String>> {
            if let Some(one) = item.as_str() {
                return Some(vec![one.to_owned()]);
            }
            let words = item.as_array()?.iter();
            words.map(|word| word.get_ref().as_str().map(str::to_owned)).collect()
        };
        let items = self.value(key).and_then(|value| value.as_array());
        let choices: Option<Vec<_>> =
            items.and_then(|items| items.iter().map(|item| of(item.get_ref())).collect());
        let sound = |all: &Vec<Vec<String>>| {
            (2..=9).contains(&all.len()) && all.iter().all(|words| !words.is_empty())
        };
        let choices = choices.filter(sound);
        if choices.is_none() {
            self.refuse(key, "two to nine choices, each a text or an array of words for it");
        }
        choices
    }

    /// What is said: one text, or one in each language.
    pub(super) fn text(&self, key: &str, languages: &[Language]) -> Option<Text> {
        let Some(value) = self.value(key) else {
            self.missing(key, "a text, or { fr = \"...\", en = \"...\" }");
            return None;
        };
        let at = self.spot(key).at;
        if let Some(said) = value.as_str().map(str::to_owned) {
            return Some(match languages.first() {
                Some(Language::English) => Text { at, french: None, english: Some(said) },
                _ => Text { at, french: Some(said), english: None },
            });
        }
        let part = self.part(key)?;
        part.knows(&["fr", "en"]);
        let said = |language: &str| part.has(language).then(|| part.word(language)).flatten();
        Some(Text { at, french: said("fr"), english: said("en") })
    }

    /// The place of the flow that a key names.
    pub(super) fn flow(&self, key: &str, names: &Names) -> Option<usize> {
        self.named(key, "flow", &names.flows)
    }

    /// The place of the slot that a key names.
    pub(super) fn slot(&self, key: &str, names: &Names) -> Option<usize> {
        self.named(key, "slot", &names.slots)
    }

    pub(super) fn named(&self, key: &str, kind: &str, names: &[String]) -> Option<usize> {
        let Some(word) = self.value(key).and_then(|value| value.as_str()) else {
            self.refuse(key, format!("the name of a {kind}"));
            return None;
        };
        let place = names.iter().position(|name| name == word);
        if place.is_none() {
            let expected = match nearest(word, names.iter().map(String::as_str)) {
                Some(near) => format!("the name of a {kind}, perhaps {near:?}"),
                None => format!("the name of a {kind}, one of {}", names.join(", ")),
            };
            self.refuse(key, expected);
        }
        place
    }

    /// A whole number; `None` where the key is absent.
    pub(super) fn whole(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(key)?;
        let number = whole(value).filter(|number| range.contains(number));
        if number.is_none() {
            self.refuse(key, format!("a number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// Two whole numbers, the first not above the second; one alone is both.
    pub(super) fn range(&self, key: &str, of: RangeInclusive<i64>) -> Option<RangeInclusive<i64>> {
        let value = self.value(key)?;
        let items: Option<Vec<_>> = value.as_array().map(|items| items.iter().collect());
        let ends = match items.as_deref() {
            Some([first, last]) => whole(first.get_ref()).zip(whole(last.get_ref())),
            Some(_) => None,
            None => whole(value).map(|one| (one, one)),
        };
        let sound =
            |(first, last): &(i64, i64)| first <= last && of.contains(first) && of.contains(last);
        let ends = ends.filter(sound);
        if ends.is_none() {
            self.refuse(key, format!("[FROM, TO] within {} and {}", of.start(), of.end()));
        }
        ends.map(|(first, last)| first..=last)
    }

    /// A number from 0 to 1; `None` where the key is absent.
    pub(super) fn fraction(&self, key: &str) -> Option<f32> {
        let value = self.value(key)?;
        let number = match value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            other => whole(other).map(|number| number as f32),
        };
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            self.refuse(key, "a number from 0.0 to 1.0");
        }
        number
    }

    /// A time such as `2h`; `None` where the key is absent.
    pub(super) fn time(&self, key: &str) -> Option<Duration> {
        let value = self.value(key)?;
        let time = value.as_str().and_then(duration).filter(|time| !time.is_zero());
        if time.is_none() {
            self.refuse(key, "a time such as \"90s\", \"30m\", \"2h\" or \"3d\", up to 366 days");
        }
        time
    }

    /// A table in this one.
    pub(super) fn part(&self, key: &str) -> Option<Part<'a>> {
        let value = self.value(key)?;
        let Some(table) = value.as_table() else {
            self.refuse(key, "a table");
            return None;
        };
        Some(Part::new(self.sheet, self.spot(key), table))
    }

    /// Tables under names of the file's own, in the order in which they stand there.
    pub(super) fn parts_by_name(&self, key: &str) -> Vec<(String, Part<'a>)> {
        let Some(tables) = self.part(key) else { return Vec::new() };
        let mut parts = Vec::new();
        for (name, value) in tables.table {
            let name: &str = name.get_ref();
            match value.get_ref().as_table() {
                Some(_) if parts.len() == PARTS_MAX => {
                    let expected = format!("at most {PARTS_MAX}");
                    self.sheet.fault(&tables.spot(name), "one too many", expected);
                    break;
                }
                Some(_) if !is_name(name) => {
                    let expected = "letters, digits, - and _";
                    tables.sheet.fault(&tables.spot(name), format!("{name:?}"), expected);
                }
                Some(table) => {
                    let spot = tables.spot(name);
                    parts.push((name.to_owned(), Part::new(self.sheet, spot, table)));
                }
                None => tables.refuse(name, "a table"),
            }
        }
        parts.sort_by_key(|(_, part)| part.here.at);
        parts
    }

    /// An array of tables.
    pub(super) fn parts(&self, key: &str) -> Vec<Part<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.as_array().filter(|items| items.len() <= PARTS_MAX) else {
            self.refuse(key, format!("an array of at most {PARTS_MAX} tables"));
            return Vec::new();
        };
        let mut parts = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let spot = Spot { at: item.span().start, path: format!("{}[{place}]", self.path(key)) };
            match item.get_ref().as_table() {
                Some(table) => parts.push(Part::new(self.sheet, spot, table)),
                None => self.sheet.fault(&spot, shown(item.get_ref()), "a table"),
            }
        }
        parts
    }
}

/// Names stand in texts, in braces, and in conditions.
fn is_name(name: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.chars().all(of_name)
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
