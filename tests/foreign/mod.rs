//! What tests with other people's software share: whether they have to run, and the engine that
//! stands between a foreign SMSC and whoever submits.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long the engine may take to start and bind: a matter of milliseconds, but on a machine that
/// has other things to do.
const START: Duration = Duration::from_secs(120);

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

/// A process that is killed when it goes out of scope.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to kill when it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keys that go into tables of the configuration, and tables behind them.
#[derive(Clone, Copy, Default)]
pub struct Keys<'a> {
    pub account: &'a str,
    pub carrier: &'a str,
    pub more: &'a str,
}

/// Starts the engine in front of the SMSC at `carrier`, with its files in `directory`: it is ready,
/// and accounts come to this address.
pub fn start_engine(directory: &Path, carrier: &str, keys: Keys<'_>) -> (Process, SocketAddr) {
    let [smpp, http] = [free_address(), free_address()];
    let file = directory.join("chappe.toml");
    fs::write(&file, configuration([smpp, http], carrier, keys)).expect("a configuration");
    let log = directory.join("engine.log");
    let mut engine = Command::new(env!("CARGO_BIN_EXE_chappe"));
    engine.args(["run", "--config"]).arg(file).current_dir(directory);
    engine.stderr(File::create(&log).expect("a log"));
    let mut engine = Process(engine.spawn().expect("the engine runs"));
    let begun = Instant::now();
    while !is_ready(http) {
        let ended = engine.0.try_wait().expect("its state");
        let log = || fs::read_to_string(&log).unwrap_or_default();
        assert!(ended.is_none(), "the engine ended: {}", log());
        assert!(begun.elapsed() < START, "the engine is not ready: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    (engine, smpp)
}

fn configuration([smpp, http]: [SocketAddr; 2], carrier: &str, keys: Keys<'_>) -> String {
    let Keys { account, carrier: more_of_carrier, more } = keys;
    format!(
        r#"
[smpp]
listen = "{smpp}"
[http]
listen = "{http}"
[metrics]
listen = "off"
[log]
level = "warn"
[[account]]
system_id = "acct"
password = "secret08"
{account}
[[carrier]]
name = "foreign"
address = "{carrier}"
system_id = "carrier"
password = "secret08"
{more_of_carrier}
[[number]]
address = "447700900999"
kind = "long_number"
owner = {{ account = "acct" }}
[[route]]
name = "all"
to = [{{ carrier = "foreign" }}]
{more}
"#
    )
}

fn is_ready(http: SocketAddr) -> bool {
    let request = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = TcpStream::connect(http).and_then(|mut stream| {
        stream.write_all(request)?;
        std::io::read_to_string(stream)
    });
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// An address of this machine that nobody else has, now or in a moment: 127.0.0.0/8 has one for
/// each process. A free port of 127.0.0.1 is anybody's, once one has let go of it to say so.
fn free_address() -> SocketAddr {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    // The last octet sets it apart from those that other tests choose alike.
    SocketAddr::from(([127, high, low, 77], 20_000 + COUNT.fetch_add(1, Ordering::Relaxed)))
}
