//! `chappe check --config FILE`: a configuration to what is wrong with it.

use std::io::{self, Write};
use std::path::Path;

use crate::config;
use crate::engine::settings::Settings;

use super::Exit;

/// Checks the file `config` and writes one line for each fault, or one line that says what it
/// holds.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn run(config: &Path, out: &mut impl Write) -> io::Result<Exit> {
    match config::load(config) {
        Ok(settings) => {
            writeln!(out, "OK: {}", summary(&settings))?;
            Ok(Exit::Success)
        }
        Err(errors) => {
            writeln!(out, "{errors}")?;
            Ok(Exit::Usage)
        }
    }
}

fn summary(settings: &Settings) -> String {
    let counts = [
        (settings.accounts.len(), "account"),
        (settings.carriers.len(), "carrier"),
        (settings.numbers.len(), "number"),
        (settings.routes.len(), "route"),
    ];
    let counted = counts.map(|(count, what)| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    });
    counted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str) -> (Exit, String) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let mut out = Vec::new();
        let exit = run(&path, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_sound_file_is_summed_up_in_one_line() {
        let ok = "OK: 1 account, 1 carrier, 1 number, 1 route\n".to_owned();
        assert_eq!(check("config/quickstart.toml"), (Exit::Success, ok));
    }

    #[test]
    fn a_faulty_file_is_answered_with_its_faults_and_exit_code_2() {
        let (exit, text) = check("Cargo.toml");
        assert_eq!(exit, Exit::Usage);
        assert!(
            text.contains("Cargo.toml:1:2: package: found an unknown key; expected "),
            "{text}"
        );
        let (exit, text) = check("no/such.toml");
        assert_eq!((exit, text.lines().count()), (Exit::Usage, 1));
        assert!(text.contains("no/such.toml:1:1: file: found no readable file ("), "{text}");
    }
}
