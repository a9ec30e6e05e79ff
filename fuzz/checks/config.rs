//! What must hold for any text as a configuration.

use std::fmt::{self, Write};
use std::path::Path;

use chappe::config::{self, Place};

/// Whatever the text, it is settings or faults, and every fault stands somewhere in it.
pub fn config(octets: &[u8]) {
    let text = match str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default(),
    };
    let Err(errors) = config::parse("fuzz.toml", text, Path::new("/nonexistent")) else { return };
    let errors = errors.errors();
    assert!(!errors.is_empty());
    assert!(errors.is_sorted());
    let lengths: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for (index, error) in errors.iter().enumerate() {
        // The other files are those the text names; what is wrong in them stands in their lines.
        assert_eq!(matches!(error.place, Place::LineColumn(..)), error.file == "fuzz.toml");
        if let Place::LineColumn(line, column) = error.place {
            let length = line.checked_sub(1).and_then(|before| lengths.get(before));
            assert!(length.is_some_and(|length| (1..=length + 1).contains(&column)), "{error}");
        }
        assert!(!error.key.is_empty() && !error.found.is_empty() && !error.expected.is_empty());
        // The first ones stand for all: printing is the dearest of these checks.
        assert!(index >= 4 || write!(OneLine, "{error}").is_ok(), "{error:?}");
    }
}

/// Takes what is printed, keeps none of it, and refuses the end of a line.
struct OneLine;

impl Write for OneLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.contains(['\n', '\r']) {
            true => Err(fmt::Error),
            false => Ok(()),
        }
    }
}
