//! `chappe run` on a terminal: `script` (of util-linux) gives it one.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A directory with a configuration of an engine whose carrier is not there; it goes when dropped.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, more: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("chappe-terminal-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let text = format!(
            "[smpp]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"off\"\n\
             [metrics]\nlisten = \"off\"\n{more}\n\
             [[carrier]]\nname = \"north\"\naddress = \"127.0.0.1:9\"\nsystem_id = \"chappe\"\n\
             binds = 2\n"
        );
        std::fs::write(directory.join("chappe.toml"), text).expect("a configuration");
        Self(directory)
    }

    /// The command line that runs the engine for three seconds and stops it as Ctrl-C does.
    fn command(&self, options: &str) -> String {
        let chappe = env!("CARGO_BIN_EXE_chappe");
        let file = self.0.join("chappe.toml");
        format!("timeout --foreground -s INT 3 {chappe} run --config {} {options}", file.display())
    }

    /// What is seen on a terminal.
    fn on_terminal(&self, options: &str) -> String {
        let mut script = Command::new("script");
        script.args(["-qec", &self.command(options), "/dev/null"]);
        script.env("TERM", "xterm");
        seen(script)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything a command writes.
fn seen(mut command: Command) -> String {
    let command = command.stdin(Stdio::null()).env_remove("NO_COLOR");
    let Output { stdout, stderr, .. } = command.output().expect("the command runs");
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}

/// A line that only the summary has.
const SUMMARY: &str = "0/2 binds down";

/// What stands in a line of the log, from its time on, must be whole.
fn has_log(seen: &str) -> bool {
    let mut lines = seen.split(['\n', '\r']);
    lines.any(|line| line.contains("engine started") && line.contains("smpp"))
        && seen.split(['\n', '\r']).any(|line| line.contains("stopping: accounts unbind"))
}

#[test]
fn a_terminal_shows_how_the_engine_stands_below_its_log() {
    let seen = Files::new("shown", "").on_terminal("");
    assert!(seen.contains("up 0:00:01") && seen.contains("north"), "{seen}");
    assert!(seen.contains(SUMMARY) && has_log(&seen), "{seen}");
    // Nothing of the summary stands in a line of the log.
    let log = seen.split(['\n', '\r']).filter(|line| line.contains(" INFO "));
    for line in log {
        assert!(!line.contains("binds") && !line.contains("up 0:00"), "{line:?}");
    }
}

#[test]
fn no_summary_is_shown_when_asked_for_silence_in_json_or_without_a_terminal() {
    let plain = Files::new("plain", "");
    let quiet = plain.on_terminal("--quiet");
    let json = Files::new("json", "[log]\nformat = \"json\"").on_terminal("");
    let mut shell = Command::new("sh");
    shell.args(["-c", &plain.command("")]);
    for seen in [quiet, json, seen(shell)] {
        assert!(seen.contains("engine started"), "{seen}");
        assert!(!seen.contains(SUMMARY) && !seen.contains("up 0:00"), "{seen}");
    }
}
