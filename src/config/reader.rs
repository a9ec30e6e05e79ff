//! One table under reading: keys to values of Rust, by the schema.
//!
//! A reader says at once what keys are unknown, missing or not yet available. Each of its methods
//! then takes one key and leaves the default where it is when the key is absent or wrong; what is
//! wrong is noted, and reading goes on, so that one pass finds all.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use crate::engine::settings::{Cost, Endpoint};
use crate::message::words::Word;

use super::nearest::nearest;
use super::schema::{Key, Kind, Presence, Table};
use super::sheet::{Sheet, Spot};

/// One table under reading.
pub(super) struct Reader<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    table: Table,
    spot: Spot,
    map: &'a DeTable<'a>,
}

/// The value of one key.
pub(super) struct Value<'a> {
    pub(super) key: &'static Key,
    pub(super) spot: Spot,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Reader<'a> {
    /// Begins to read `map` as a `table`; `spot` is where it stands.
    pub(super) fn open(
        sheet: &'a Sheet<'a>,
        table: Table,
        spot: Spot,
        map: &'a DeTable<'a>,
    ) -> Self {
        let reader = Self { sheet, table, spot, map };
        for (name, _) in map {
            let spot = Spot { at: name.span().start, path: reader.path_of(name.get_ref()) };
            match table.key(name.get_ref()) {
                None => sheet.fault(&spot, "an unknown key", reader.suggestion(name.get_ref())),
                Some(Key { kind: Kind::Later, .. }) => {
                    sheet.fault(
                        &spot,
                        "a key that is not available in this version",
                        "no such key",
                    );
                }
                Some(_) => {}
            }
        }
        // What is missing may be meant by a key of a later version, of which enough has been said.
        let is_later = |key: &&Key| matches!(key.kind, Kind::Later);
        let later = table.keys().iter().filter(is_later).any(|key| map.contains_key(key.name));
        for key in table.keys().iter().filter(|_| !later) {
            if matches!(key.presence, Presence::Required) && !map.contains_key(key.name) {
                sheet.fault(&reader.spot_of(key.name), "nothing", key.expected());
            }
        }
        reader
    }

    /// Where the table stands.
    pub(super) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where a key would stand that the table does not have.
    pub(super) fn spot_of(&self, name: &str) -> Spot {
        Spot { at: self.spot.at, path: self.path_of(name) }
    }

    /// Whether the table has this key at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Where the key of a table in this one stands, without reading either.
    pub(super) fn spot_within(&self, table: &str, key: &str) -> Option<Spot> {
        let inner = self.map.get(table)?.get_ref().as_table()?;
        let at = inner.get(key)?.span().start;
        Some(Spot { at, path: format!("{}.{key}", self.path_of(table)) })
    }

    /// The value of a key, whatever it is; nothing for a key of a later version, of which enough
    /// has been said.
    pub(super) fn value(&self, name: &str) -> Option<Value<'a>> {
        let key = self.table.key(name);
        debug_assert!(key.is_some(), "{:?} has no row for {name}", self.table);
        let key = key.filter(|key| !matches!(key.kind, Kind::Later))?;
        let value = self.map.get(name)?;
        let spot = Spot { at: value.span().start, path: self.path_of(name) };
        Some(Value { key, spot, value: value.get_ref() })
    }

    /// Notes that a value is not what its key asks for.
    pub(super) fn refuse(&self, value: &Value<'_>) {
        self.refuse_as(value, shown(value.value));
    }

    /// The same, with other words for what was found.
    pub(super) fn refuse_as(&self, value: &Value<'_>, found: impl Into<String>) {
        self.sheet.fault(&value.spot, found, value.key.expected());
    }

    /// Reads a text in quotes that `read` understands.
    pub(super) fn text_as<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.value(name)?;
        let result = value.value.as_str().and_then(read);
        if result.is_none() {
            self.refuse(&value);
        }
        result
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&self, name: &str, into: &mut bool) {
        let Some(value) = self.value(name) else { return };
        match value.value.as_bool() {
            Some(flag) => *into = flag,
            None => self.refuse(&value),
        }
    }

    /// Reads a number within the bounds of its row.
    pub(super) fn integer<T: TryFrom<i64>>(&self, name: &str, into: &mut T) {
        if let Some(number) = self.integer_or_none(name) {
            *into = number;
        }
    }

    /// Reads a number within the bounds of its row, where absence says something of its own.
    pub(super) fn integer_or_none<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        let value = self.value(name)?;
        let Kind::Integer { min, max, .. } = value.key.kind else {
            debug_assert!(false, "{name} is no integer");
            return None;
        };
        let number = value.value.as_integer();
        let number = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        let number = number.filter(|n| (min..=max).contains(n)).and_then(|n| T::try_from(n).ok());
        if number.is_none() {
            self.refuse(&value);
        }
        number
    }

    /// Reads one of the words of `W`.
    pub(super) fn word<W: Word>(&self, name: &str, into: &mut W) {
        if let Some(word) = self.word_or_none(name) {
            *into = word;
        }
    }

    /// Reads one of the words of `W`, where absence says something of its own.
    pub(super) fn word_or_none<W: Word>(&self, name: &str) -> Option<W> {
        let value = self.value(name)?;
        let written = value.value.as_str();
        let (now, later) = match value.key.kind {
            Kind::Word { now, later } => (now, later),
            _ => (&[][..], &[][..]),
        };
        let word = written.filter(|word| now.contains(word)).and_then(W::from_word);
        if word.is_none() {
            let later = written.is_some_and(|word| later.contains(&word));
            match later {
                true => self.refuse_as(
                    &value,
                    format!("{}, which is not available in this version", shown(value.value)),
                ),
                false => self.refuse(&value),
            }
        }
        word
    }

    /// Reads a text that its row bounds: printable ASCII, or a name.
    pub(super) fn text(&self, name: &str, into: &mut String) {
        if let Some(text) = self.text_or_none(name) {
            *into = text;
        }
    }

    /// Reads a text that its row bounds, where absence says something of its own.
    pub(super) fn text_or_none(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let fits = |text: &&str| match value.key.kind {
            Kind::Name => is_name(text),
            Kind::Text { octets_max } => {
                let empty_allowed = !matches!(value.key.presence, Presence::Required);
                let printable = text.bytes().all(|octet| matches!(octet, 0x20..=0x7E));
                printable && text.len() <= octets_max && (empty_allowed || !text.is_empty())
            }
            _ => false,
        };
        let text = value.value.as_str().filter(fits);
        if text.is_none() {
            self.refuse(&value);
        }
        text.map(str::to_owned)
    }

    /// Reads what is said to people, in any alphabet.
    pub(super) fn words_or_none(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let Kind::Said { chars_max } = value.key.kind else {
            debug_assert!(false, "{name} is nothing that is said");
            return None;
        };
        let fits = |text: &&str| {
            let is_shown = |c: char| !c.is_control() || c == '\n';
            text.chars().count() <= chars_max && text.chars().all(is_shown)
        };
        let text = value.value.as_str().filter(fits);
        if text.is_none() {
            self.refuse(&value);
        }
        text.map(str::to_owned)
    }

    /// Reads an address to listen on.
    pub(super) fn listen(&self, name: &str, into: &mut SocketAddr) {
        if let Some(address) = self.text_as(name, |text| text.parse().ok()) {
            *into = address;
        }
    }

    /// Reads an address to listen on, or `off`.
    pub(super) fn listen_or_off(&self, name: &str, into: &mut Option<SocketAddr>) {
        let read = |text: &str| match text {
            "off" => Some(None),
            _ => text.parse().ok().map(Some),
        };
        if let Some(address) = self.text_as(name, read) {
            *into = address;
        }
    }

    /// Reads an address to connect to.
    pub(super) fn endpoint(&self, name: &str) -> Option<Endpoint> {
        self.text_as(name, |text| text.parse().ok())
    }

    /// Reads a path; relative ones begin at the base directory.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        let path = self.text_as(name, |text| (!text.is_empty()).then(|| text.to_owned()))?;
        Some(self.sheet.path(&path))
    }

    /// Reads the path of a file, which must be there.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        let path = self.path(name)?;
        let value = self.value(name)?;
        match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(about) if about.is_file() => return Some(path),
            Ok(_) => self.refuse_as(&value, format!("{}, which is no file", shown(value.value))),
            Err(error) => {
                let found = format!("{}, which cannot be read ({error})", shown(value.value));
                self.refuse_as(&value, found);
            }
        }
        None
    }

    /// Reads a price, as a number or in quotes.
    pub(super) fn cost(&self, name: &str) -> Option<Cost> {
        let value = self.value(name)?;
        let text = match value.value {
            DeValue::Float(float) => Some(float.as_str()),
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str()),
            other => other.as_str(),
        };
        let cost = text.and_then(|text| text.parse().ok());
        if cost.is_none() {
            self.refuse(&value);
        }
        cost
    }

    /// Reads one text or an array of texts, each of which `read` understands; with nothing in the
    /// array it is refused. Absent, it is empty.
    pub(super) fn several<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<(Spot, T)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let one = |spot: Spot, item: &DeValue<'_>| match item.as_str().and_then(&read) {
            Some(read) => Some((spot, read)),
            None => {
                self.sheet.fault(&spot, shown(item), value.key.expected());
                None
            }
        };
        let Some(items) = value.value.as_array() else {
            return one(value.spot.clone(), value.value).into_iter().collect();
        };
        if items.is_empty() {
            self.refuse(&value);
        }
        let spot = |index: usize, at| Spot { at, path: format!("{}[{index}]", value.spot.path) };
        let items = items.iter().enumerate();
        items.filter_map(|(i, item)| one(spot(i, item.span().start), item.get_ref())).collect()
    }

    /// Reads a table.
    pub(super) fn table(&self, name: &str) -> Option<Reader<'a>> {
        let value = self.value(name)?;
        let (Kind::Table(table), Some(map)) = (value.key.kind, value.value.as_table()) else {
            self.refuse(&value);
            return None;
        };
        Some(Reader::open(self.sheet, table, value.spot, map))
    }

    /// Reads an array of tables.
    pub(super) fn tables(&self, name: &str) -> Vec<Reader<'a>> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let (Kind::TableArray(table), Some(items)) = (value.key.kind, value.value.as_array())
        else {
            self.refuse(&value);
            return Vec::new();
        };
        let mut readers = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", value.spot.path);
            let spot = Spot { at: item.span().start, path };
            match item.get_ref().as_table() {
                Some(map) => readers.push(Reader::open(self.sheet, table, spot, map)),
                None => self.sheet.fault(&spot, shown(item.get_ref()), value.key.expected()),
            }
        }
        readers
    }

    /// Reads tables under names of the file's own, in the order of the names. A name is handed out
    /// with the place where it stands.
    pub(super) fn named(&self, name: &str) -> Vec<(&'a str, Spot, Reader<'a>)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let (Kind::TableMap(table), Some(map)) = (value.key.kind, value.value.as_table()) else {
            self.refuse(&value);
            return Vec::new();
        };
        let mut readers = Vec::new();
        for (own, item) in map {
            let path = format!("{}.{}", value.spot.path, key_text(own.get_ref()));
            let spot = Spot { at: item.span().start, path: path.clone() };
            let Some(inner) = item.get_ref().as_table() else {
                self.sheet.fault(&spot, shown(item.get_ref()), value.key.expected());
                continue;
            };
            let own_spot = Spot { at: own.span().start, path };
            readers.push((
                &**own.get_ref(),
                own_spot,
                Reader::open(self.sheet, table, spot, inner),
            ));
        }
        readers
    }

    fn path_of(&self, name: &str) -> String {
        match self.spot.path.is_empty() {
            true => key_text(name),
            false => format!("{}.{}", self.spot.path, key_text(name)),
        }
    }

    /// What to write in place of an unknown key.
    fn suggestion(&self, written: &str) -> String {
        let known = || {
            let now = |key: &&Key| !matches!(key.kind, Kind::Later);
            self.table.keys().iter().filter(now).map(|key| key.name)
        };
        match nearest(written, known()) {
            Some(name) => format!("a known key, perhaps {name}"),
            None if matches!(self.table, Table::Account | Table::Carrier)
                && Table::Dialect.key(written).is_some() =>
            {
                format!("{written} in a [dialect.NAME], which dialect = \"NAME\" takes here")
            }
            None => format!("one of {}", known().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Whether `text` may be a name: what stands in labels, paths and commands without quotes.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// A value as an error message shows it: short, and on one line.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) if number.as_str().len() <= EXCERPT_CHARACTERS => {
            number.to_string()
        }
        DeValue::Integer(_) => "an integer with very many digits".to_owned(),
        DeValue::Float(number) if number.as_str().len() <= EXCERPT_CHARACTERS => number.to_string(),
        DeValue::Float(_) => "a number with very many digits".to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(items) if items.is_empty() => "an empty array".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A text in quotes, cut when it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut start: String = text.chars().take(EXCERPT_CHARACTERS).collect();
    if start.len() < text.len() {
        start.push_str("...");
    }
    format!("{start:?}")
}

/// A key as TOML writes it, cut when it is long.
fn key_text(name: &str) -> String {
    match is_name(name) && !name.contains('.') {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// How much of a text an error message repeats.
const EXCERPT_CHARACTERS: usize = 48;
