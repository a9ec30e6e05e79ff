//! System calls of the engine: which it makes, in which order, and the one that is its last.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::engine::{Engine, until};
use super::foreign::{is_required, skip};

/// Whether strace is here.
pub fn is_here() -> bool {
    let here = Command::new("strace").arg("-V").output().is_ok_and(|out| out.status.success());
    assert!(here || !is_required(), "strace is not here: tests/interop/setup.sh installs it");
    if !here {
        skip("no strace");
    }
    here
}

/// One that is attached to an engine.
pub struct Strace {
    child: Child,
    file: PathBuf,
}

impl Strace {
    /// Attaches to a running engine: `trace` are the calls that it writes down, `inject` is what it
    /// does to one of them (`"sendto:signal=KILL:when=1"`; the calls of each thread are counted
    /// apart), or nothing.
    pub fn attach(engine: &Engine, trace: &str, inject: &str) -> Self {
        Self::attach_to(engine, &[], trace, inject)
    }

    /// The same with more of its options: `-P PATH` leaves all calls alone but those of a file.
    pub fn attach_to(engine: &Engine, more: &[&str], trace: &str, inject: &str) -> Self {
        let file = engine.directory.join("strace");
        let pid = engine.pid();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-y", "-x", "-s", "64", "-e", "signal=none", "-o"]).arg(&file);
        command.args(["-e", &format!("trace={trace}"), "-p", &pid.to_string()]).args(more);
        if !inject.is_empty() {
            command.args(["-e", &format!("inject={inject}")]);
        }
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // One that it has killed already is traced no more.
        let is_traced = |status: String| !status.contains(NOT_TRACED) || status.contains(ENDED);
        until("strace is attached", || threads(pid).all(is_traced));
        Self { child, file }
    }

    /// What it has written down so far.
    pub fn so_far(&self) -> Calls {
        Calls(fs::read_to_string(&self.file).unwrap_or_default())
    }

    /// What it wrote down until the engine ended.
    pub fn until_the_end(mut self) -> Calls {
        self.child.wait().unwrap();
        self.so_far()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        // Asked to, it lets go of the engine; it may have ended with it.
        let _ =
            Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

const NOT_TRACED: &str = "TracerPid:\t0\n";
const ENDED: &str = "State:\tZ";

/// The states of all threads of a process.
fn threads(pid: u32) -> impl Iterator<Item = String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap_or_default())
}

/// Calls, a line each.
pub struct Calls(String);

impl Calls {
    /// Those of a file that strace has written.
    pub fn read(file: &Path) -> Self {
        Self(fs::read_to_string(file).unwrap())
    }

    /// The calls of this name, without those that go on from another line.
    pub fn of<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let begin = format!(" {name}(");
        self.0.lines().filter(|line| line.contains(&begin)).collect()
    }

    /// The last call of this name, if it was the end: it never returned.
    pub fn last_of_all(&self, name: &str) -> Option<&str> {
        let begin = format!(" {name}(");
        let at = self.0.lines().collect::<Vec<_>>();
        let last = at.iter().rposition(|line| line.contains(&begin))?;
        let resumed = format!("<... {name} resumed>");
        let thread = at[last].split(' ').next()?;
        let is_end = |line: &&&str| line.starts_with(thread) && line.contains(&resumed);
        let end = at[last..].iter().find(is_end).unwrap_or(&at[last]);
        let never_returned = end.ends_with("= ?") || end.ends_with("<unfinished ...>");
        never_returned.then_some(at[last])
    }

    /// Whether a call of this name carried a PDU whose command_id this is, by the octets that it
    /// began with.
    pub fn carried(&self, name: &str, command: u32) -> bool {
        self.of(name).iter().any(|line| carries(line, command))
    }

    /// All of it, for who has to look.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Whether a call wrote or read octets that begin with this command_id's PDU.
pub fn carries(line: &str, command: u32) -> bool {
    let octets: String = command.to_be_bytes().iter().map(|one| format!("\\x{one:02x}")).collect();
    let Some((_, data)) = line.split_once(", \"") else { return false };
    data.get(16..).is_some_and(|behind| behind.starts_with(&octets))
}
