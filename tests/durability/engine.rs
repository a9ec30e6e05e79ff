//! An engine, an SMSC and a load, each a process.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
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
    directory: PathBuf,
    smpp: SocketAddr,
    smsc: SocketAddr,
    child: Option<Child>,
}

impl Engine {
    /// One that keeps a journal, with a carrier whose SMSC is at an address of its own. `keys` are
    /// the carrier's.
    pub fn new(keys: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-durability-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let (smpp, smsc) = (free_address(), free_address());
        let text = format!(
            "[node]\ndata_dir = \"data\"\n[smpp]\nlisten = \"{smpp}\"\n[http]\nlisten = \"off\"\n\
             [metrics]\nlisten = \"off\"\n[store]\nengine = \"embedded\"\n\
             checkpoint_bytes = 1048576\n\
             [[account]]\nsystem_id = \"acct\"\npassword = \"secret\"\nwindow_max = 1000\n\
             [[carrier]]\nname = \"op\"\naddress = \"{smsc}\"\nsystem_id = \"us\"\n\
             password = \"secret\"\ndialect = \"quick\"\nin_doubt_wait_ms = 1000\n{keys}\n\
             [[route]]\nname = \"all\"\nto = [{{ carrier = \"op\" }}]\n\
             [dialect.quick]\nreconnect_min_ms = 100\nreconnect_max_ms = 100\n\
             reconnect_refused_ms = 100\n"
        );
        fs::write(directory.join("chappe.toml"), text).unwrap();
        let mut engine = Self { directory, smpp, smsc, child: None };
        engine.start();
        engine
    }

    /// Starts it, where it is not running.
    pub fn start(&mut self) {
        self.start_under(&[]);
    }

    /// The same under a command of these words.
    pub fn start_under(&mut self, words: &[&str]) {
        let log = File::options().create(true).append(true).open(self.directory.join("log"));
        let mut words = words.iter().copied().chain([CHAPPE]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(["run", "--config"]).arg(self.directory.join("chappe.toml"));
        let child = command.stdout(Stdio::null()).stderr(log.unwrap()).spawn().unwrap();
        self.child = Some(child);
        let socket = self.directory.join("data/control.sock");
        until("the engine answers", || {
            socket.exists() && std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; it ends as asked.
    pub fn end(&mut self) {
        let mut child = self.child.take().unwrap();
        terminate(&child);
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
    fn start(arguments: &[&str], options: &str) -> Self {
        let mut command = Command::new(CHAPPE);
        command.args(arguments).args(options.split_whitespace());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        Self(Some(child))
    }

    /// Waits for its end, and gives its report.
    pub fn report(mut self) -> Value {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Asks it to end, and gives its report.
    pub fn end(self) -> Value {
        terminate(self.0.as_ref().unwrap());
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

fn terminate(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

/// Waits until this is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(10));
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
