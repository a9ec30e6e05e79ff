//! The engine as a process of its own: what it holds and what it may have is measured apart from
//! the tests.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::peer::PATIENCE;
use super::server::SETTINGS;
use super::world::{ROUTE, configuration, get};

/// `chappe run` with the settings of these tests; it ends with this value.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    metrics: SocketAddr,
    directory: PathBuf,
}

impl Process {
    /// Starts it with this carrier, from a shell that does `before` first, and waits until they are
    /// bound.
    pub async fn start(name: &str, before: &str, carrier: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("chappe-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (address, http, metrics) = (free(), free(), free());
        let listens = format!(
            "[smpp] listen = \"{address}\"\n[http] listen = \"{http}\"\n\
             [metrics] listen = \"{metrics}\"\n[node] data_dir = \"data\"\n"
        );
        let text = configuration(&format!("{listens}{SETTINGS}{carrier}{ROUTE}"));
        let file = directory.join("chappe.toml");
        std::fs::write(&file, text).unwrap();
        let run = format!("{before} && exec \"$0\" run --config \"$1\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &run, env!("CARGO_BIN_EXE_chappe")]).arg(&file);
        shell.stderr(std::fs::File::create(directory.join("log")).unwrap());
        let process = Self { child: shell.spawn().unwrap(), address, metrics, directory };
        let begun = Instant::now();
        loop {
            let ready = tokio::net::TcpStream::connect(http).await.is_ok()
                && get(http, "/readyz").await.0.contains(" 200 ");
            if ready {
                return process;
            }
            assert!(begun.elapsed() < PATIENCE, "not ready: {}", process.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap()
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Octets it holds in memory.
    pub fn resident_bytes(&self) -> usize {
        let pages = self.proc("statm").split(' ').nth(1).and_then(|pages| pages.parse().ok());
        4096_usize.saturating_mul(pages.expect("a number of pages"))
    }

    /// Time it has had of the processors.
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        let (_, after_name) = stat.rsplit_once(')').expect("a name");
        let ticks = |field: usize| -> u64 {
            after_name.split(' ').nth(field).and_then(|ticks| ticks.parse().ok()).expect("ticks")
        };
        // Fields 14 and 15 of proc(5), of which the name is the second; a tick is 10 ms.
        Duration::from_millis(10 * (ticks(12) + ticks(13)))
    }

    /// File descriptors it may have: the soft limit and the hard one.
    pub fn descriptors(&self) -> (String, String) {
        let limits = self.proc("limits");
        let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
        let mut words = line.split_whitespace().skip(3).map(str::to_owned);
        (words.next().expect("a soft limit"), words.next().expect("a hard limit"))
    }

    pub async fn metric(&self, line: &str) -> f64 {
        let page = get(self.metrics, "/metrics").await.1;
        let value = page.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// An address nobody listens on now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
