//! What a configuration file promises, tried on whole files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

mod bots;
mod dialects;
mod golden;
mod hostile;
mod keys;
mod manual;
mod prefixes;
mod shipped;
mod sources;

/// A directory with these files, gone when it is dropped.
struct Files {
    dir: PathBuf,
}

impl Files {
    /// Each test gives its own `name`, since they run at the same time.
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("chappe-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            std::fs::write(dir.join(file), text).unwrap();
        }
        Self { dir }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The settings in `text`, which must be sound. `base` is where its paths begin.
fn sound(text: &str, base: &Path) -> Settings {
    match parse_in("test.toml", text, base, &env) {
        Ok(settings) => settings,
        Err(errors) => panic!("{text}\n{errors}"),
    }
}

/// What is said of `text`, line by line.
fn faults(text: &str, base: &Path) -> Vec<String> {
    match parse_in("test.toml", text, base, &env) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.to_string().lines().map(str::to_owned).collect(),
    }
}

/// An environment of two variables.
fn env(variable: &str) -> Option<OsString> {
    match variable {
        "PASSWORD" => Some("hunter2".into()),
        "EMPTY" => Some("".into()),
        _ => None,
    }
}
