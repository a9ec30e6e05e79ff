//! Whether tests with other people's software have to run.

use std::io::Write;

/// Whether it must be here: `CHAPPE_INTEROP=1`, as `tests/run` sets it, or a `CI` that says
/// anything, as continuous integration does. There, what was not run must not look like a success.
pub fn is_required() -> bool {
    let is = |name: &str, wanted: fn(&str) -> bool| {
        std::env::var(name).is_ok_and(|value| wanted(&value))
    };
    is("CHAPPE_INTEROP", |value| value == "1") || is("CI", |value| !value.is_empty())
}

/// Says that a test was not run: to the terminal itself, since what a passing test prints is kept.
pub fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
