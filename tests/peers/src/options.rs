//! `--name value` pairs to values.

use std::collections::HashMap;
use std::str::FromStr;

/// What a command line says; each question takes its answer out.
pub struct Options(HashMap<String, String>);

impl Options {
    /// Reads the words behind the role.
    pub fn new(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or(format!("found {word}; expected --NAME"))?;
            let value = words.next().ok_or(format!("--{name} needs a value"))?;
            options.insert(name.to_owned(), value);
        }
        Ok(Self(options))
    }

    /// The value of an option that may be left out.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The value of an option, or `default`.
    pub fn text(&mut self, name: &str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    /// The value of an option that must be there.
    pub fn required(&mut self, name: &str) -> Result<String, String> {
        self.optional(name).ok_or(format!("--{name} is required"))
    }

    /// The value of an option as a number, or `default`.
    pub fn number<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, String> {
        match self.optional(name) {
            None => Ok(default),
            Some(word) => {
                word.parse().map_err(|_| format!("--{name}: found {word}; expected a number"))
            }
        }
    }

    /// The value of an option, one of a few words, the first of which is the default.
    pub fn one_of(&mut self, name: &str, words: &[&'static str]) -> Result<&'static str, String> {
        let Some(found) = self.optional(name) else { return Ok(words[0]) };
        let word = words.iter().find(|word| **word == found);
        word.copied().ok_or(format!("--{name}: found {found}; expected {}", words.join(" | ")))
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) -> Result<(), String> {
        match self.0.keys().next() {
            Some(name) => Err(format!("found --{name}; expected no such option")),
            None => Ok(()),
        }
    }
}
