//! What tests with other people's software share: whether they have to run, and the engine that
//! stands between a foreign SMSC and whoever submits.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long the engine may take to start and bind.
const START: Duration = Duration::from_secs(20);

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

/// Starts the engine in front of the SMSC at `carrier`, with its files in `directory`: it is ready,
/// and accounts come to this port.
pub fn start_engine(directory: &Path, carrier: &str) -> (Process, u16) {
    let (port, ready) = (free_port(), free_port());
    let file = directory.join("chappe.toml");
    std::fs::write(&file, configuration(port, ready, carrier)).expect("a configuration");
    let mut engine = Command::new(env!("CARGO_BIN_EXE_chappe"));
    engine.args(["run", "--config"]).arg(file).current_dir(directory);
    let engine = Process(engine.spawn().expect("the engine runs"));
    wait_until_ready(ready);
    (engine, port)
}

fn wait_until_ready(port: u16) {
    let begun = Instant::now();
    let request = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    loop {
        let answer = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.write_all(request)?;
            std::io::read_to_string(stream)
        });
        if answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return;
        }
        assert!(begun.elapsed() < START, "the engine is not ready");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn configuration(port: u16, ready: u16, carrier: &str) -> String {
    format!(
        r#"
[smpp]
listen = "127.0.0.1:{port}"
[http]
listen = "127.0.0.1:{ready}"
[metrics]
listen = "off"
[log]
level = "warn"
[[account]]
system_id = "acct"
password = "secret08"
[[carrier]]
name = "foreign"
address = "{carrier}"
system_id = "carrier"
password = "secret08"
[[number]]
address = "447700900999"
kind = "long_number"
owner = {{ account = "acct" }}
[[route]]
name = "all"
to = [{{ carrier = "foreign" }}]
"#
    )
}
