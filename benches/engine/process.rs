//! The processes of a run.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where something listens.
pub type Address = SocketAddr;

/// How long anything may take to listen.
pub const START: Duration = Duration::from_secs(10);
/// Clock ticks a second in /proc, on every Linux.
const TICKS: f64 = 100.0;

/// A process that listens, killed when it is dropped.
pub struct Running {
    child: Child,
    address: Address,
    /// What is its own, and gone with it.
    directory: Option<PathBuf>,
}

/// Our own binary.
pub struct Chappe;

impl Chappe {
    /// A simulated SMSC with these options.
    pub fn smsc(options: &[&str]) -> Running {
        let address = super::free_address();
        let listen = address.to_string();
        let mut command = chappe();
        command.args(["smsc", "--listen", &listen, "--for", "300s"]).args(options);
        Running::start(command, address)
    }

    /// An engine of this shape between the accounts of [`Load`] and a carrier at `carrier`.
    pub fn engine(carrier: Address, shape: &Shape) -> Running {
        let address = super::free_address();
        let name = format!("chappe-bench-{}-{}", std::process::id(), address.port());
        let parent = match shape.journal {
            true => PathBuf::from(JOURNALS),
            false => std::env::temp_dir(),
        };
        let directory = parent.join(&name);
        std::fs::create_dir_all(&directory).expect("a directory for the configuration");
        let file = directory.join("chappe.toml");
        std::fs::write(&file, shape.config(address, carrier, &directory)).expect("the file");
        let mut command = chappe();
        command.args(["run", "--config"]).arg(&file);
        let mut running = Running::start(command, address);
        running.directory = Some(directory);
        running
    }
}

/// What an engine is configured with.
pub struct Shape {
    /// Binds to the carrier.
    pub binds: u32,
    /// Accounts; one is `demo`, more are `demo0` and so on.
    pub accounts: u32,
    /// Prefixes that the carrier's route is spread over; 0 is a route without any.
    pub prefixes: u32,
    /// Where a second carrier listens, which has the destinations that begin with [`SILENT`].
    pub silent: Option<Address>,
    /// Lines for `[smpp]`.
    pub smpp: String,
    /// Whether it keeps a journal, in a directory below [`JOURNALS`].
    pub journal: bool,
}

/// Where engines have their journals: beside what cargo builds, which is seldom in memory.
pub const JOURNALS: &str = env!("CARGO_TARGET_TMPDIR");

/// What destinations of the second carrier begin with.
pub const SILENT: &str = "999";

impl Default for Shape {
    fn default() -> Self {
        Self {
            binds: 8,
            accounts: 1,
            prefixes: 0,
            silent: None,
            smpp: String::new(),
            journal: false,
        }
    }
}

impl Shape {
    fn config(&self, address: Address, carrier: Address, directory: &Path) -> String {
        use std::fmt::Write;
        let data = directory.display();
        let store = if self.journal { "embedded" } else { "memory" };
        let mut config = format!(
            "[http]\nlisten = \"off\"\n[metrics]\nlisten = \"off\"\n\
             [log]\nlevel = \"error\"\n[store]\nengine = \"{store}\"\n\
             [node]\ndata_dir = \"{data}\"\ncorrelations_max = 20000000\n\
             [smpp]\nlisten = \"{address}\"\n{}\n",
            self.smpp
        );
        // Writing to a string does not fail.
        for account in 0..self.accounts {
            let number = if self.accounts == 1 { String::new() } else { account.to_string() };
            let _ = writeln!(
                config,
                "[[account]]\nsystem_id = \"demo{number}\"\npassword = \"demo\"\n\
                 binds_max = 10000\nqueue_max_messages = 1000000\nreceipts_waiting_max = 2000000"
            );
        }
        let carriers = [("carrier", Some(carrier), self.binds), ("silent", self.silent, 8)];
        for (name, address, binds) in carriers {
            let Some(address) = address else { continue };
            let _ = writeln!(
                config,
                "[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\n\
                 system_id = \"chappe\"\npassword = \"chappe\"\nbinds = {binds}\n\
                 queue_max_messages = 1000000"
            );
        }
        let by_prefix = match self.prefixes {
            0 => String::new(),
            prefixes => {
                // The load's destinations are 467 and eight digits. Each has a row: of one digit
                // more, or of four and some of five.
                let all: u64 = if prefixes > 10_000 { 10_000 } else { 10 };
                let digits = if prefixes > 10_000 { 4 } else { 1 };
                let shorter = (0..all).map(|row| format!("467{row:0digits$},carrier,1\n"));
                let longer = u64::from(prefixes).saturating_sub(all);
                let longer = (0..longer)
                    .map(|row| format!("467{:05},carrier,1\n", row * 100_000 / longer.max(1)));
                let rows = shorter.chain(longer);
                let file = directory.join("prefixes.csv");
                std::fs::write(&file, rows.collect::<String>()).expect("the prefix file");
                "prefix_file = \"prefixes.csv\"\n".to_owned()
            }
        };
        let _ = writeln!(
            config,
            "[[route]]\nname = \"all\"\n{by_prefix}to = [{{ carrier = \"carrier\" }}]"
        );
        if self.silent.is_some() {
            let _ = writeln!(
                config,
                "[[route]]\nname = \"silent\"\nprefix = [\"{SILENT}\"]\n\
                 to = [{{ carrier = \"silent\" }}]"
            );
        }
        config
    }
}

/// Our own binary, to be told what to do.
pub fn chappe() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chappe"))
}

impl Running {
    /// Starts something that listens there.
    pub fn start(mut command: Command, address: Address) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().expect("the process starts");
        let running = Self { child, address, directory: None };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < START, "nothing listens on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    /// The raw relay of `benches/peers` in front of `to`.
    pub fn relay(peers: &Path, to: Address) -> Self {
        let to = to.to_string();
        let mut command = Command::new(peers);
        command.args(["relay", "--listen", "127.0.0.1:0", "--connect", &to, "--for", "120"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the relay starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its first line");
        let said: Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = said["listening"].as_str().and_then(|text| text.parse().ok());
        Self { child, address: address.expect("where it listens"), directory: None }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Seconds of CPU it has used.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = self.proc_file("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / TICKS
    }

    /// Octets of it that are in memory.
    pub fn rss_bytes(&self) -> u64 {
        let status = self.proc_file("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    fn proc_file(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default()
    }

    /// Tells it to end and gives back what it reported.
    pub fn stop(mut self) -> Value {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let mut report = String::new();
        if let Some(output) = self.child.stdout.take() {
            let _ = std::io::Read::read_to_string(&mut BufReader::new(output), &mut report);
        }
        serde_json::from_str(&report).unwrap_or(Value::Null)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// What the load generator is told.
#[derive(Clone)]
pub struct Load {
    /// Its binds, and the window of each.
    pub binds: u32,
    /// See there.
    pub window: u32,
    /// Messages.
    pub count: u64,
    /// Whether each wants a receipt, and has to get it.
    pub receipts: bool,
    /// How long receipts may fail to come at the end.
    pub settle: &'static str,
    /// The password of its accounts.
    pub password: &'static str,
    /// More of its options.
    pub options: Vec<String>,
}

impl Load {
    /// So many messages over so many binds with windows of 100, each with a receipt.
    pub fn new(binds: u32, count: u64) -> Self {
        Self {
            binds,
            window: 100,
            count,
            receipts: true,
            settle: "20s",
            password: "demo",
            options: Vec::new(),
        }
    }

    /// The same with one option more.
    pub fn with(mut self, option: &str, value: impl ToString) -> Self {
        self.options.extend([option.to_owned(), value.to_string()]);
        self
    }

    /// Runs it to its end and gives back its report; whether it has to be clean.
    pub fn run(&self, to: Address) -> Value {
        let report = self.run_anyhow(to);
        let clean = ["missing", "unanswered", "unknown", "unsent"];
        let is_clean = clean.iter().all(|what| report[*what].as_u64().unwrap_or(0) == 0);
        assert!(is_clean, "load found something missing: {report}");
        report
    }

    /// The same where receipts are asked for that never come.
    pub fn run_anyhow(&self, to: Address) -> Value {
        let mut command = chappe();
        command.args(["load", "--system-id", "demo", "--password", self.password]);
        command.args(["--connect", &to.to_string(), "--binds", &self.binds.to_string()]);
        command.args(["--window", &self.window.to_string(), "--count", &self.count.to_string()]);
        if self.receipts {
            command.args(["--receipts", "--settle", self.settle]);
        }
        command.args(&self.options);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
        let output = output.expect("load runs");
        serde_json::from_slice(&output.stdout).expect("its report")
    }
}

/// Builds the yardsticks; `None` when they cannot be had (no registry to fetch crates from).
pub fn build_peers() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    cargo.arg(here.join("Cargo.toml")).env_remove("CARGO_TARGET_DIR");
    let built = cargo.status().is_ok_and(|status| status.success());
    let binary = here.join("target/release/peers");
    if !built {
        eprintln!("benches/peers cannot be built: no relay beside the figures");
    }
    built.then_some(binary)
}

/// Prints what the figures were taken on.
pub fn print_machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} x {}, load average {}", model.unwrap_or("unknown CPU"), load.trim());
}
