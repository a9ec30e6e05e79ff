//! The words of a command line to values.

use std::net::{SocketAddr, ToSocketAddrs};

/// What is left of a command line; each question takes its answer out.
pub struct Args {
    words: Vec<String>,
}

impl Args {
    /// The words behind the subcommand.
    pub fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Whether the switch `name` is given.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.words.iter().position(|word| word == name);
        at.map(|at| self.words.remove(at)).is_some()
    }

    /// The word behind `name`, if `name` is given.
    ///
    /// # Errors
    ///
    /// `name` is the last word.
    pub fn value(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(at) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        if at + 1 >= self.words.len() {
            return Err(format!("{name} needs a value"));
        }
        self.words.remove(at);
        Ok(Some(self.words.remove(at)))
    }

    /// The whole number behind `name`, or `default`.
    ///
    /// # Errors
    ///
    /// It is not a whole number, or it is zero.
    pub fn number(&mut self, name: &str, default: usize) -> Result<usize, String> {
        match self.value(name)? {
            None => Ok(default),
            Some(word) => match word.replace('_', "").parse() {
                Ok(0) | Err(_) => Err(format!("{name}: found {word}; expected a whole number")),
                Ok(number) => Ok(number),
            },
        }
    }

    /// The address behind `name`, which must be this machine's own: these tools know no password
    /// and trust their peer.
    ///
    /// # Errors
    ///
    /// None is given, it does not resolve, or it is not a loopback address.
    pub fn loopback(&mut self, name: &str) -> Result<SocketAddr, String> {
        let word = self.value(name)?.ok_or_else(|| format!("{name} ADDRESS is needed"))?;
        word.to_socket_addrs()
            .map_err(|error| format!("{name} {word}: {error}"))?
            .find(|address| address.ip().is_loopback())
            .ok_or_else(|| format!("{name} {word}: expected a loopback address"))
    }

    /// Ends the questions.
    ///
    /// # Errors
    ///
    /// A word that nobody asked for.
    pub fn finish(self) -> Result<(), String> {
        self.words.first().map_or(Ok(()), |word| Err(format!("{word}: unknown argument")))
    }
}
