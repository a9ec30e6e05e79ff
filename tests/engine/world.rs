//! An engine, and what tests ask of it from outside.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chappe::engine::{Engine, ReloadError, ReloadReport, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::smsc::Smsc;

/// How long anything that must happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What all worlds have: ports of the system's choice, an account, and a dialect that reconnects
/// at once.
const COMMON: &str = r#"
[smpp]
listen = "127.0.0.1:0"
[http]
listen = "127.0.0.1:0"
[metrics]
listen = "127.0.0.1:0"
[[account]]
system_id = "acct"
password = "secret"
[dialect.quick]
reconnect_min_ms = 100
reconnect_max_ms = 100
reconnect_refused_ms = 100
"#;

/// A running engine and its directory, which goes with it.
pub struct World {
    pub engine: Engine,
    directory: Directory,
}

struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl World {
    /// An engine of the common settings and these: whole tables, and keys of the tables there are
    /// as `[table] key = value` in a line of their own.
    pub async fn start(more: &str) -> Self {
        Self::try_start(more, None).expect("an engine")
    }

    /// An engine whose only carrier is this SMSC; once they are bound.
    pub async fn before(smsc: &Smsc, more: &str) -> Self {
        let world = Self::start(&format!("{}{ROUTE}{more}", carrier("smsc", smsc.address))).await;
        until("the carrier is bound", || smsc.bound() > 0).await;
        world
    }

    /// The same in a directory of the caller's.
    pub fn try_start(more: &str, directory: Option<PathBuf>) -> Result<Self, StartError> {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let directory = directory.unwrap_or_else(|| {
            let number = WORLDS.fetch_add(1, Ordering::Relaxed);
            std::env::temp_dir().join(format!("chappe-engine-{}-{number}", std::process::id()))
        });
        std::fs::create_dir_all(&directory).expect("a directory");
        let text = configuration(more);
        let settings = chappe::config::parse("test.toml", &text, &directory)
            .unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        let directory = Directory(directory);
        Ok(Self { engine: Engine::start(settings)?, directory })
    }

    /// Stops the engine, and leaves its directory to the next; how many messages were left.
    pub async fn stop_and_keep(self) -> usize {
        std::mem::forget(self.directory);
        self.engine.stop().await
    }

    /// Puts another configuration in force, written like that of [`World::start`].
    pub async fn reload(&self, more: &str) -> Result<ReloadReport, ReloadError> {
        let (text, directory) = (configuration(more), self.directory.0.clone());
        let read = move || chappe::config::parse("test.toml", &text, &directory);
        self.engine.reloader().reload(read).await
    }

    /// Where relative paths of the configuration begin.
    pub fn directory(&self) -> &Path {
        &self.directory.0
    }

    pub fn smpp(&self) -> SocketAddr {
        self.engine.smpp
    }

    /// The value of a metric as its line begins, labels included; 0 when it is not there.
    pub fn metric(&self, line: &str) -> f64 {
        let text = self.engine.metrics_text();
        let found = text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// Waits until a metric has this value.
    pub async fn counts(&self, line: &str, value: f64) {
        let what = format!("{line} is {value}");
        until(&what, || (self.metric(line) - value).abs() < 0.5).await;
    }
}

/// The text of the common settings and these.
pub fn configuration(more: &str) -> String {
    joined(COMMON, more)
}

/// Keys of `[table] key = value` lines go into the table of the common settings.
fn joined(common: &str, more: &str) -> String {
    let mut text = common.to_owned();
    for line in more.lines() {
        let key = line.strip_prefix('[').and_then(|line| line.split_once("] "));
        match key {
            None => text.push_str(line),
            Some((table, key)) => {
                let header = format!("\n[{table}]\n");
                match text.contains(&header) {
                    // The common address of a listener gives way to one that is said.
                    true if key.starts_with("listen") => {
                        let common = format!("{header}listen = \"127.0.0.1:0\"\n");
                        text = text.replacen(&common, &format!("{header}{key}\n"), 1);
                    }
                    true => text = text.replacen(&header, &format!("{header}{key}\n"), 1),
                    false => text = format!("[{table}]\n{key}\n{text}"),
                }
            }
        }
        text.push('\n');
    }
    text
}

/// A route that takes everything to the carrier `smsc`.
pub const ROUTE: &str = "[[route]]\nname = \"all\"\nto = [{ carrier = \"smsc\" }]\n";

/// The table of a carrier; keys may follow.
pub fn carrier(name: &str, address: SocketAddr) -> String {
    format!(
        "\n[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"engine\"\n\
         dialect = \"quick\"\n"
    )
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The status line and the body of a page.
pub async fn get(address: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}
