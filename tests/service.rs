//! `chappe run` and `chappe smsc` as services see them: what standard error, signals and an address
//! or a directory that is taken do to a process.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CHAPPE: &str = env!("CARGO_BIN_EXE_chappe");
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a pipe holds on Linux.
const PIPE: usize = 65_536;

/// A directory of its own with a configuration in it.
struct Place {
    directory: PathBuf,
    smpp: SocketAddr,
}

impl Place {
    /// `tables` come after those every configuration here has.
    fn new(tables: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-service-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let place = Self { directory, smpp: free_address() };
        place.configure(tables);
        place
    }

    fn configure(&self, tables: &str) {
        let listen = |table, port| format!("[{table}]\nlisten = \"{}:{port}\"\n", self.smpp.ip());
        let listeners = [listen("http", 8080), listen("metrics", 9464), listen("smpp", 2775)];
        let account = "[[account]]\nsystem_id = \"acct\"\npassword = \"secret\"\n";
        let text = listeners.concat() + account + tables;
        fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.directory.join("chappe.toml")
    }

    fn run(&self, told: impl Into<Stdio>) -> Process {
        let mut command = Command::new(CHAPPE);
        command.arg("run").arg("--config").arg(self.config());
        Process::start(command, told)
    }

    /// Runs it to its end; the exit code and what it told.
    fn run_to_end(&self) -> (i32, String) {
        let mut process = self.run(Stdio::piped());
        let mut told = String::new();
        process.0.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (process.code(), told)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

struct Process(Child);

impl Process {
    fn start(mut command: Command, told: impl Into<Stdio>) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(told).spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Its exit code, once it has ended.
    fn code(&mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            sleep(Duration::from_millis(10));
        }
        panic!("it goes on and on");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is left to kill when it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address of this machine that nobody else has: all of 127.0.0.0/8 is there to choose from.
fn free_address() -> SocketAddr {
    static COUNT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    SocketAddr::from(([127, high / 2 + 1, low, count], 2775))
}

/// Connects as soon as somebody listens there.
fn connect(address: SocketAddr) -> TcpStream {
    let until = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return stream,
            Err(error) if Instant::now() > until => panic!("{address}: {error}"),
            Err(_) => sleep(Duration::from_millis(10)),
        }
    }
}

/// Binds as an account and gives the command_status of the answer; the session stays while the
/// stream is kept.
fn bind(address: SocketAddr) -> io::Result<(TcpStream, u32)> {
    let mut stream = connect(address);
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = b"acct\0secret\0\0\x34\0\0\0";
    let mut pdu = Vec::new();
    for word in [16 + body.len() as u32, 0x0000_0009, 0, 1] {
        pdu.extend(word.to_be_bytes());
    }
    pdu.extend(body);
    stream.write_all(&pdu)?;
    let mut header = [0; 16];
    stream.read_exact(&mut header)?;
    let status = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    Ok((stream, status))
}

/// Binds twice, one after the other, and stops by SIGTERM.
fn serves_and_stops(place: &Place, mut process: Process) {
    for _ in 0..2 {
        let (stream, status) = bind(place.smpp).expect("a bind is answered");
        assert_eq!(status, 0);
        drop(stream);
    }
    process.signal("-TERM");
    assert_eq!(process.code(), 0);
}

/// The last line: log lines may stand before it.
fn last(told: &str) -> &str {
    told.lines().last().unwrap_or_default()
}

fn full_device() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

#[test]
fn an_engine_whose_log_has_no_room_goes_on() {
    let place = Place::new("");
    serves_and_stops(&place, place.run(full_device()));
}

#[test]
fn an_engine_whose_log_nobody_reads_any_more_goes_on() {
    let place = Place::new("");
    let mut process = place.run(Stdio::piped());
    drop(connect(place.smpp));
    drop(process.0.stderr.take());
    serves_and_stops(&place, process);
}

#[test]
fn an_engine_whose_log_is_stuck_goes_on() {
    let place = Place::new("");
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(&[b'.'; PIPE]).unwrap();
    serves_and_stops(&place, place.run(writer));
    drop(reader);
}

#[test]
fn a_simulated_smsc_needs_no_standard_error() {
    let mut command = Command::new(CHAPPE);
    command.args(["smsc", "--listen", "127.0.0.1:0", "--for", "100ms"]);
    let mut process = Process::start(command, full_device());
    assert_eq!(process.code(), 0);
    let mut out = String::new();
    process.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.starts_with('{'), "{out}");
}

#[test]
fn a_simulator_whose_address_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let place = Place::new(&format!("[simulator]\nlisten = \"{address}\"\n"));
    let (code, told) = place.run_to_end();
    let expected = format!("chappe: simulator.listen = {address}: Address already in use");
    assert!(last(&told).starts_with(&expected), "{told}");
    assert!(code == 1 && !told.contains("panicked"), "{code}: {told}");
}

#[test]
fn a_second_engine_of_a_directory_is_told_of_the_first() {
    let place = Place::new(&format!("[simulator]\nlisten = \"{}\"\n", free_address()));
    let first = place.run(Stdio::null());
    drop(connect(place.smpp));
    let (code, told) = place.run_to_end();
    assert!(last(&told).starts_with("chappe: node.data_dir = "), "{told}");
    assert!(last(&told).ends_with("another engine runs there"), "{told}");
    assert!(code == 1 && !told.contains("simulator"), "{code}: {told}");
    serves_and_stops(&place, first);
}

#[test]
fn a_directory_that_cannot_be_had_is_a_storage_fault() {
    let place = Place::new("");
    place.configure("[node]\ndata_dir = \"chappe.toml/data\"\n");
    let (code, told) = place.run_to_end();
    assert!(last(&told).starts_with("chappe: node.data_dir = "), "{told}");
    assert_eq!(code, 3);
}

#[test]
fn a_certificate_that_cannot_be_used_is_a_fault_of_the_configuration() {
    let place = Place::new("");
    let empty = |name: &str| fs::write(Path::new(&place.directory).join(name), "").unwrap();
    empty("cert.pem");
    empty("key.pem");
    place.configure("[smpp.tls]\ncert_file = \"cert.pem\"\nkey_file = \"key.pem\"\n");
    let (code, told) = place.run_to_end();
    assert_eq!(code, 2, "{told}");
}

#[test]
fn a_hangup_reads_the_configuration_again_and_a_broken_one_changes_nothing() {
    let place = Place::new("");
    let mut process = place.run(Stdio::piped());
    let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines();
    let mut heard = |what: &str| {
        let found = lines.by_ref().find(|line| line.as_ref().unwrap().contains(what));
        found.unwrap_or_else(|| panic!("no line with {what}")).unwrap()
    };
    heard("engine started");
    place.configure("[[account]]\nsystem_id = \"new\"\npassword = \"p\"\n");
    process.signal("-HUP");
    let line = heard("configuration reloaded");
    assert!(line.contains("INFO") && line.contains("accounts 1 added 1 untouched"), "{line}");
    place.configure("[[account]]\nsystem_id = \"new\"\npasword = \"p\"\n");
    process.signal("-HUP");
    let line = heard("nothing changed");
    assert!(line.contains("ERROR"), "{line}");
    assert!(line.contains("chappe.toml:10:1: account[1].password: found nothing"), "{line}");
    assert!(heard("chappe.toml:12:1: ").contains("pasword"), "the second fault");
    serves_and_stops(&place, process);
}
