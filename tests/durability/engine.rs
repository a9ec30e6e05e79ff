//! An engine, an SMSC and a load, each a process.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

const CHAPPE: &str = env!("CARGO_BIN_EXE_chappe");
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine, and where it keeps what it promised.
pub struct Engine {
    pub directory: PathBuf,
    pub smpp: SocketAddr,
    pub smsc: SocketAddr,
    child: Option<Child>,
}

/// Further lines of the configuration, by where they stand in it.
#[derive(Clone, Copy, Default)]
pub struct Keys<'a> {
    /// Below `[node]`.
    pub node: &'a str,
    /// Below `[store]`.
    pub store: &'a str,
    /// Below `[[account]]`.
    pub account: &'a str,
    /// Below `[[carrier]]`.
    pub carrier: &'a str,
    /// At the end: of `[dialect.quick]`, which is the carrier's, and tables.
    pub more: &'a str,
    /// Where the carrier is found, if not at an address of the engine's choice.
    pub smsc: Option<SocketAddr>,
}

impl Engine {
    /// One that keeps a journal, with a carrier whose SMSC is at an address of its own. `keys` are
    /// the carrier's.
    pub fn new(keys: &str) -> Self {
        let mut engine = Self::at_rest(Keys { carrier: keys, ..Keys::default() });
        engine.start();
        engine
    }

    /// The same, not started yet.
    pub fn at_rest(keys: Keys<'_>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-durability-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let smpp = free_address();
        let smsc = keys.smsc.unwrap_or_else(free_address);
        let Keys { node, store, account, carrier, more, .. } = keys;
        let text = format!(
            "[node]\ndata_dir = \"data\"\n{node}\n[smpp]\nlisten = \"{smpp}\"\n\
             [http]\nlisten = \"off\"\n[metrics]\nlisten = \"off\"\n\
             [log]\nlevel = \"debug\"\n[store]\nengine = \"embedded\"\n\
             checkpoint_bytes = 1048576\n{store}\n\
             [[account]]\nsystem_id = \"acct\"\npassword = \"secret\"\nwindow_max = 1000\n\
             {account}\n\
             [[carrier]]\nname = \"op\"\naddress = \"{smsc}\"\nsystem_id = \"us\"\n\
             password = \"secret\"\ndialect = \"quick\"\nin_doubt_wait_ms = 1000\n{carrier}\n\
             [[route]]\nname = \"all\"\nto = [{{ carrier = \"op\" }}]\n\
             [dialect.quick]\nreconnect_min_ms = 100\nreconnect_max_ms = 100\n\
             reconnect_refused_ms = 100\n{more}\n"
        );
        fs::write(directory.join("chappe.toml"), text).unwrap();
        Self { directory, smpp, smsc, child: None }
    }

    /// Starts it, where it is not running.
    pub fn start(&mut self) {
        self.start_under(&[]);
    }

    /// The same under a command of these words.
    pub fn start_under(&mut self, words: &[&str]) {
        self.launch(words);
        self.until_it_answers();
    }

    /// Starts it so, and waits for nothing.
    pub fn launch(&mut self, words: &[&str]) {
        let log = File::options().create(true).append(true).open(self.directory.join("log"));
        let mut words = words.iter().copied().chain([CHAPPE]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(["run", "--config"]).arg(self.directory.join("chappe.toml"));
        let child = command.stdout(Stdio::null()).stderr(log.unwrap()).spawn().unwrap();
        self.child = Some(child);
    }

    /// Waits until it runs.
    pub fn until_it_answers(&self) {
        until("the engine answers", || self.answers());
    }

    fn answers(&self) -> bool {
        UnixStream::connect(self.directory.join("data/control.sock")).is_ok()
    }

    /// Waits until it runs, or has ended; then the exit code, and none of one that was killed.
    pub fn runs_or_ends(&mut self) -> Result<(), Option<i32>> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return Err(status.code());
            }
            if self.answers() {
                return Ok(());
            }
            assert!(began.elapsed() < PATIENCE, "it neither runs nor ends");
            sleep(Duration::from_millis(5));
        }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The same where it is not the process that was started, but that one's child.
    pub fn kill_the_child(&mut self) {
        let mut parent = self.child.take().unwrap();
        let pid = parent.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        for child in children.split_whitespace() {
            Command::new("kill").args(["-KILL", child]).status().unwrap();
        }
        parent.wait().unwrap();
    }

    /// SIGTERM; it ends as asked.
    pub fn end(&mut self) {
        let mut child = self.child.take().unwrap();
        signal(child.id(), "-TERM");
        let exit = child.wait().unwrap();
        assert!(exit.success(), "{exit}: {}", self.log());
    }

    /// Waits for it to end by itself; its exit code.
    pub fn exit(&mut self) -> Option<i32> {
        self.child.take().unwrap().wait().unwrap().code()
    }

    /// Whether it has written a checkpoint.
    pub fn has_checkpoint(&self) -> bool {
        let files = fs::read_dir(self.directory.join("data/journal")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.into_iter().any(|name| name.starts_with("checkpoint-"))
    }

    /// What the engine says of itself.
    pub fn status(&self) -> Value {
        let mut command = Command::new(CHAPPE);
        command.args(["status", "--json", "--config"]).arg(self.directory.join("chappe.toml"));
        let output = command.output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The JSON that a command prints.
    pub fn ask(&self, arguments: &str) -> Value {
        let mut command = Command::new(CHAPPE);
        command.args(arguments.split_whitespace()).args(["--json", "--config"]);
        let output = command.arg(self.directory.join("chappe.toml")).output().unwrap();
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments}: {}", said());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap()
    }

    /// The SMSC of its carrier, with these options.
    pub fn smsc(&self, options: &str) -> Tool {
        let listen = self.smsc.to_string();
        Tool::start(&["smsc", "--listen", &listen], options)
    }

    /// A load on its account, with these options.
    pub fn load(&self, options: &str) -> Tool {
        let connect = self.smpp.to_string();
        let to = ["load", "--connect", &connect, "--system-id", "acct", "--password", "secret"];
        Tool::start(&to, options)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        match std::thread::panicking() {
            true => eprintln!("{}", self.log()),
            false => drop(fs::remove_dir_all(&self.directory)),
        }
    }
}

/// A test tool that runs.
pub struct Tool(Option<Child>);

impl Tool {
    /// One that is told these words.
    pub fn of(words: &str) -> Self {
        Self::start(&[], words)
    }

    fn start(arguments: &[&str], options: &str) -> Self {
        let mut command = Command::new(CHAPPE);
        command.args(arguments).args(options.split_whitespace());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        Self(Some(child))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Waits for its end, and gives its report.
    pub fn report(mut self) -> Value {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asks it to end, and gives its report.
    pub fn end(self) -> Value {
        signal(self.0.as_ref().unwrap().id(), "-TERM");
        self.report()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a process a signal.
pub fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// Waits until this is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(10));
    }
}

/// An address that nobody listens at now.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
