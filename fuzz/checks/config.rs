//! What must hold for any text as a configuration.

use std::path::Path;

use chappe::config::{self, Place};

/// Whatever the text, it is settings or faults, and every fault stands somewhere in it.
pub fn config(octets: &[u8]) {
    let text = match str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default(),
    };
    let Err(errors) = config::parse("fuzz.toml", text, Path::new("/nonexistent")) else { return };
    assert!(!errors.errors().is_empty());
    assert!(errors.errors().is_sorted());
    for error in errors.errors() {
        // The other files are those the text names; what is wrong in them stands in their lines.
        assert!(matches!(error.place, Place::LineColumn(..)) == (error.file == "fuzz.toml"));
        if let Place::LineColumn(line, column) = error.place {
            let found = line.checked_sub(1).and_then(|before| text.split('\n').nth(before));
            let length = found.map(|line| line.chars().count());
            assert!(length.is_some_and(|length| (1..=length + 1).contains(&column)), "{error}");
        }
        assert!(!error.key.is_empty() && !error.found.is_empty() && !error.expected.is_empty());
        assert!(!error.to_string().contains(['\n', '\r']), "{error:?}");
    }
}
