//! An engine as a process, SMSCs for it, and the commands that ask it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const CHAPPE: &str = env!("CARGO_BIN_EXE_chappe");
/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An engine that runs, and its directory.
pub struct World {
    pub directory: PathBuf,
    pub smpp: SocketAddr,
    child: Child,
}

impl World {
    /// `tables` come after those that every configuration here has.
    pub fn start(tables: &str) -> Self {
        Self::start_with("", tables)
    }

    /// The same with more lines for the table `smpp`.
    pub fn start_with(keys: &str, tables: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-control-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let smpp = free_address();
        let text = format!(
            "[node]\ndata_dir = \"data\"\n[smpp]\nlisten = \"{smpp}\"\n{keys}[http]\n\
             listen = \"off\"\n[metrics]\nlisten = \"off\"\n[[account]]\nsystem_id = \"acct\"\n\
             password = \"secret\"\n\
             [dialect.quick]\nreconnect_min_ms = 100\nreconnect_max_ms = 100\n\
             reconnect_refused_ms = 100\n{tables}"
        );
        fs::write(directory.join("chappe.toml"), text).unwrap();
        let world = Self { child: engine(&directory), directory, smpp };
        until("the engine answers", || world.try_ask("status").is_ok());
        world
    }

    /// Another engine in the same directory, after the one before has ended.
    pub fn begin_again(&mut self) {
        self.child = engine(&self.directory);
        until("the engine answers", || self.try_ask("status").is_ok());
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub fn socket(&self) -> PathBuf {
        self.data_dir().join("control.sock")
    }

    /// `chappe` with these arguments, told where the engine is.
    pub fn chappe(&self, arguments: &str) -> Output {
        let mut command = Command::new(CHAPPE);
        command.args(arguments.split_whitespace()).arg("--config");
        command.arg(self.directory.join("chappe.toml")).output().unwrap()
    }

    fn try_ask(&self, arguments: &str) -> Result<Value, String> {
        let output = self.chappe(&format!("{arguments} --json"));
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            false => Err(text(&output.stderr)),
        }
    }

    /// The same with this on its standard input; whether it succeeded, and what it printed.
    pub fn told(&self, arguments: &str, input: &str) -> (bool, String) {
        let mut command = Command::new(CHAPPE);
        command.args(arguments.split_whitespace()).arg("--config");
        command.arg(self.directory.join("chappe.toml"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), text(&output.stdout))
    }

    /// The JSON that a command prints.
    pub fn ask(&self, arguments: &str) -> Value {
        self.try_ask(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"))
    }

    /// What a command prints for people.
    pub fn shown(&self, arguments: &str) -> String {
        let output = self.chappe(arguments);
        assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// How a bind of a carrier stands.
    pub fn bind(&self, carrier: &str, bind: usize) -> Value {
        self.ask(&format!("status {carrier}"))["carriers"][0]["binds"][bind].clone()
    }

    /// Waits until a bind is in this state.
    pub fn until_bind_is(&self, carrier: &str, bind: usize, state: &str) {
        let what = format!("{carrier}/{bind} is {state}");
        until(&what, || self.bind(carrier, bind)["state"] == state);
    }

    /// Asks the engine to end, and waits for it.
    pub fn end(&mut self) {
        assert!(signal(&self.child, "-TERM"));
        until("the engine has ended", || self.child.try_wait().unwrap().is_some());
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn engine(directory: &Path) -> Child {
    let told = File::options().create(true).append(true).open(directory.join("log")).unwrap();
    Command::new(CHAPPE)
        .args(["run", "--config"])
        .arg(directory.join("chappe.toml"))
        .stdout(Stdio::null())
        .stderr(told)
        .spawn()
        .unwrap()
}

impl Drop for World {
    fn drop(&mut self) {
        // Nothing is left to kill when it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        if thread::panicking() {
            println!("{log}");
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A simulated SMSC that runs.
pub struct Smsc {
    child: Child,
    pub address: String,
    _told: BufReader<ChildStderr>,
}

impl Smsc {
    pub fn start(options: &str) -> Self {
        let mut child = Command::new(CHAPPE)
            .args(["smsc", "--listen", "127.0.0.1:0"])
            .args(options.split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Self { child, address, _told: told }
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An SMSC that answers every bind_transceiver with this status, and its address.
pub fn refusing_smsc(status: u32) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut header = [0; 16];
            if stream.read_exact(&mut header).is_err() {
                continue;
            }
            let words: [u32; 3] = [16, 0x8000_0009, status];
            let mut answer: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            answer.extend_from_slice(&header[12..]);
            let _ = stream.write_all(&answer);
            let _ = stream.read(&mut header);
        }
    });
    address
}

/// Binds as the account and submits a message; the session, and the message's id.
pub fn submit(world: &World) -> (TcpStream, String) {
    submit_to(world, "+33612345678")
}

/// The same to this number.
pub fn submit_to(world: &World, number: &str) -> (TcpStream, String) {
    let before = b"\0\x05\0Shop\0\x01\x01";
    let behind = b"\0\0\0\0\0\0\x01\0\0\0\x05hello";
    submit_pdu(world, &pdu(4, &[before, number.as_bytes(), behind].concat()))
}

/// The status with which a message like that is answered, submitted by an account that goes then.
pub fn answered(world: &World, number: &str) -> u32 {
    let before = b"\0\x05\0Shop\0\x01\x01";
    let behind = b"\0\0\0\0\0\0\x01\0\0\0\x05hello";
    let message = pdu(4, &[before, number.as_bytes(), behind].concat());
    let mut stream = bound(world);
    stream.write_all(&message).unwrap();
    response(&mut stream).0
}

/// The same to two numbers with one submit_multi.
pub fn submit_multi(world: &World) -> (TcpStream, String) {
    let body = b"\0\x05\0Shop\0\x02\x01\x01\x0133612345678\0\x01\x01\x0133687654321\0\
                 \0\0\0\0\0\x01\0\0\0\x05hello";
    submit_pdu(world, &pdu(0x21, body))
}

fn bound(world: &World) -> TcpStream {
    let mut stream = TcpStream::connect(world.smpp).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let bind = pdu(9, b"acct\0secret\0\0\x34\0\0\0");
    stream.write_all(&bind).unwrap();
    assert_eq!(response(&mut stream).0, 0);
    stream
}

fn submit_pdu(world: &World, pdu_of_it: &[u8]) -> (TcpStream, String) {
    let mut stream = bound(world);
    stream.write_all(pdu_of_it).unwrap();
    let (status, body) = response(&mut stream);
    assert_eq!(status, 0);
    let id = text(&body);
    (stream, id.split('\0').next().unwrap_or_default().to_owned())
}

fn pdu(command: u32, body: &[u8]) -> Vec<u8> {
    let words = [16 + body.len() as u32, command, 0, 1];
    let mut pdu: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    pdu.extend_from_slice(body);
    pdu
}

/// The status and the body of the next response; what is delivered before it is passed over.
fn response(stream: &mut TcpStream) -> (u32, Vec<u8>) {
    loop {
        let mut header = [0; 16];
        stream.read_exact(&mut header).unwrap();
        let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; word(0) as usize - 16];
        stream.read_exact(&mut body).unwrap();
        if word(4) & 0x8000_0000 != 0 {
            return (word(8), body);
        }
    }
}

/// The tables of a carrier that reconnects at once, with further keys.
pub fn carrier(name: &str, address: &str, keys: &str) -> String {
    format!(
        "[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"chappe\"\n\
         password = \"chappe\"\ndialect = \"quick\"\n{keys}\n"
    )
}

/// Everything to this carrier.
pub fn route(carrier: &str) -> String {
    format!("[[route]]\nname = \"all\"\nto = [{{ carrier = \"{carrier}\" }}]\n")
}

pub fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < end, "it never happens: {what}");
        sleep(Duration::from_millis(50));
    }
}

fn signal(child: &Child, name: &str) -> bool {
    let pid = child.id().to_string();
    Command::new("kill").args([name, &pid]).status().unwrap().success()
}

/// An address of this machine that nobody else has: all of 127.0.0.0/8 is there to choose from.
pub fn free_address() -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let count = COUNT.fetch_add(1, Ordering::Relaxed) as u8;
    // The second octet sets it apart from those that other tests choose alike.
    SocketAddr::from(([127, 128 + high / 2, low, count], 2775))
}
