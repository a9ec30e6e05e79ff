//! Secrets: in the file, in the environment or in a file of their own.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::engine::settings::Secret;

use super::reader::{Reader, Value, quoted, shown};
use super::sheet::Spot;

impl Reader<'_> {
    /// Reads a secret. No message repeats it, nor any text that stands where it should.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        let value = self.value(name)?;
        match value.value {
            DeValue::String(text) => self.kept(&value, text.as_bytes(), ""),
            DeValue::Table(source) => self.secret_from(&value, source),
            DeValue::Array(_) => {
                self.refuse_as(&value, "an array");
                None
            }
            // A password of digits alone, say, whose quotes were forgotten.
            _ => {
                self.refuse_as(&value, "a value without quotes");
                None
            }
        }
    }

    fn secret_from(&self, value: &Value<'_>, source: &DeTable<'_>) -> Option<Secret> {
        let mut keys = source.iter();
        let (Some((key, place)), None) = (keys.next(), keys.next()) else {
            self.refuse_as(value, "a table without exactly one key");
            return None;
        };
        let at = place.span().start;
        let spot = Spot { at, path: format!("{}.{}", value.spot.path, key.get_ref()) };
        let value = Value { key: value.key, spot, value: place.get_ref() };
        match (&**key.get_ref(), place.get_ref().as_str()) {
            ("env", Some(variable)) => self.secret_from_env(&value, variable),
            ("file", Some(path)) => self.secret_from_file(&value, path),
            ("env" | "file", None) => {
                self.refuse_as(&value, shown(place.get_ref()));
                None
            }
            _ => {
                let spot = Spot { at: key.span().start, ..value.spot };
                self.sheet.fault(&spot, "an unknown key", "env or file");
                None
            }
        }
    }

    fn secret_from_env(&self, value: &Value<'_>, variable: &str) -> Option<Secret> {
        match (self.sheet.around.env)(variable) {
            Some(held) => {
                let of = format!(" in the variable {}", quoted(variable));
                self.kept(value, held.as_encoded_bytes(), &of)
            }
            None => {
                let found = format!("the variable {}, which is not set", quoted(variable));
                self.refuse_as(value, found);
                None
            }
        }
    }

    fn secret_from_file(&self, value: &Value<'_>, path: &str) -> Option<Secret> {
        match read_short(&self.sheet.path(path)) {
            Ok(held) => {
                // Editors and `echo` end a file with a line feed that is no part of the secret.
                let held = held.strip_suffix(b"\n").unwrap_or(&held);
                let held = held.strip_suffix(b"\r").unwrap_or(held);
                self.kept(value, held, &format!(" in the file {}", quoted(path)))
            }
            Err(why) => {
                self.refuse_as(value, format!("the file {}, {why}", quoted(path)));
                None
            }
        }
    }

    fn kept(&self, value: &Value<'_>, octets: &[u8], of: &str) -> Option<Secret> {
        let secret = Secret::new(octets);
        if secret.is_none() {
            let what = match octets.len() {
                0 => "no octet".to_owned(),
                _ if octets.contains(&0) => "a NUL".to_owned(),
                many if many > Secret::OCTETS_MAX => format!("more than {}", Secret::OCTETS_MAX),
                _ => "no secret".to_owned(),
            };
            self.refuse_as(value, format!("{what}{of}"));
        }
        secret
    }
}

/// The whole of a file, or one octet more than a secret with its line end may have.
fn read_short(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("which cannot be read ({error})");
    let about = path.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err("which is no file".to_owned());
    }
    if is_open_to_all(&about) {
        return Err("which every user of this machine can read (chmod o-r)".to_owned());
    }
    let mut held = Vec::new();
    let most = Secret::OCTETS_MAX as u64 + 3;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut held)).map_err(unreadable)?;
    Ok(held)
}

#[cfg(unix)]
fn is_open_to_all(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_open_to_all(_about: &Metadata) -> bool {
    false
}
