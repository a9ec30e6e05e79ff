//! The processes of a run.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where something listens.
pub type Address = SocketAddr;

/// How long anything may take to listen.
const START: Duration = Duration::from_secs(10);
/// Clock ticks a second in /proc, on every Linux.
const TICKS: f64 = 100.0;

/// A process that listens, killed when it is dropped.
pub struct Running {
    child: Child,
    address: Address,
}

/// Our own binary.
pub struct Chappe;

impl Chappe {
    /// A simulated SMSC with these options.
    pub fn smsc(options: &[&str]) -> Running {
        let address = super::free_address();
        let listen = address.to_string();
        let mut command = chappe();
        command.args(["smsc", "--listen", &listen, "--for", "120s"]).args(options);
        Running::start(command, address)
    }

    /// An engine between an account `demo` and a carrier at `carrier`, with as many binds; `extra`
    /// goes into its configuration.
    pub fn engine(carrier: Address, binds: u32, extra: Option<&str>) -> Running {
        let address = super::free_address();
        let extra = extra.unwrap_or("");
        let name = format!("chappe-bench-{}-{}", std::process::id(), address.port());
        let data = std::env::temp_dir().join(&name).display().to_string();
        let config = format!(
            "[http]\nlisten = \"off\"\n[metrics]\nlisten = \"off\"\n[log]\nlevel = \"error\"\n\
             [node]\ndata_dir = \"{data}\"\n[smpp]\nlisten = \"{address}\"\n{extra}\n\
             [[account]]\nsystem_id = \"demo\"\npassword = \"demo\"\nbinds_max = 10000\n\
             queue_max_messages = 1000000\nreceipts_waiting_max = 2000000\n\
             [[carrier]]\nname = \"carrier\"\naddress = \"{carrier}\"\nsystem_id = \"chappe\"\n\
             password = \"chappe\"\nbinds = {binds}\nqueue_max_messages = 1000000\n\
             [[route]]\nname = \"all\"\nto = [{{ carrier = \"carrier\" }}]\n"
        );
        let file = std::env::temp_dir().join(format!("{name}.toml"));
        std::fs::write(&file, config).expect("a configuration in the temporary directory");
        let mut command = chappe();
        command.args(["run", "--config"]).arg(&file);
        let running = Running::start(command, address);
        let _ = std::fs::remove_file(file);
        running
    }
}

/// An engine whose configuration changes while it runs.
pub struct Reloading {
    running: Running,
    metrics: Address,
    file: PathBuf,
    common: String,
}

impl Chappe {
    /// An engine that begins with the configuration of turn 0, and what every turn has.
    pub fn reloading_engine(configuration: impl Fn(u64) -> String) -> Reloading {
        let (address, metrics) = (super::free_address(), super::free_address());
        let name = format!("chappe-bench-{}-{}", std::process::id(), address.port());
        let data = std::env::temp_dir().join(&name).display().to_string();
        let common = format!(
            "[http]\nlisten = \"off\"\n[metrics]\nlisten = \"{metrics}\"\n\
             [log]\nlevel = \"error\"\n[node]\ndata_dir = \"{data}\"\n\
             [smpp]\nlisten = \"{address}\"\n"
        );
        let file = std::env::temp_dir().join(format!("{name}.toml"));
        std::fs::write(&file, common.clone() + &configuration(0)).expect("a configuration");
        let mut command = chappe();
        command.args(["run", "--config"]).arg(&file);
        let running = Running::start(command, address);
        let reloading = Reloading { running, metrics, file, common };
        let begun = Instant::now();
        while reloading.metric("chappe_carrier_binds{carrier=\"two\"}") < 8.0 {
            assert!(begun.elapsed() < START, "the carriers are not bound");
            std::thread::sleep(Duration::from_millis(20));
        }
        reloading
    }
}

impl Reloading {
    /// Where it listens.
    pub fn address(&self) -> Address {
        self.running.address
    }

    /// Puts another configuration in force; once it is.
    pub fn reload(&self, configuration: &str) {
        let name = "chappe_reloads_total{reason=\"ok\"}";
        let before = self.metric(name);
        // At once: half a file is none.
        let next = self.file.with_extension("next");
        std::fs::write(&next, self.common.clone() + configuration).expect("a configuration");
        std::fs::rename(next, &self.file).expect("the other one's place");
        let pid = self.running.child.id().to_string();
        let _ = Command::new("kill").args(["-HUP", &pid]).status();
        let begun = Instant::now();
        while self.metric(name) <= before {
            assert!(begun.elapsed() < START, "it was not reloaded");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of a metric as its line begins; 0 when it is not there.
    pub fn metric(&self, line: &str) -> f64 {
        let page = get(self.metrics).unwrap_or_default();
        let found = page.lines().find_map(|one| one.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or(0.0)
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn get(address: Address) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    std::io::Read::read_to_string(&mut stream, &mut page)?;
    Ok(page)
}

fn chappe() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chappe"))
}

impl Running {
    fn start(mut command: Command, address: Address) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().expect("the process starts");
        let running = Self { child, address };
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
        Self { child, address: address.expect("where it listens") }
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
    }
}

/// Runs the load generator to its end with these options and receipts, and gives back its report.
pub fn load_with(to: &str, password: &str, options: &[&str]) -> Value {
    let mut command = chappe();
    command.args(["load", "--system-id", "demo", "--password", password, "--connect", to]);
    command.args(["--window", "100", "--receipts", "--settle", "20s"]).args(options);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("load runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("its report");
    assert!(output.status.success(), "load found something missing: {report}");
    report
}

/// Runs the load generator to its end and gives back its report.
pub fn load(to: Address, binds: u32, count: u64, receipts: bool) -> Value {
    let mut command = chappe();
    command.args(["load", "--system-id", "demo", "--password", "demo", "--window", "100"]);
    command.args(["--connect", &to.to_string(), "--binds", &binds.to_string()]);
    command.args(["--count", &count.to_string()]);
    if receipts {
        command.args(["--receipts", "--settle", "20s"]);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("load runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("its report");
    assert!(output.status.success(), "load found something missing: {report}");
    report
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
