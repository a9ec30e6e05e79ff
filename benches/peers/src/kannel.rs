//! Kannel of Debian between an HTTP client and the bundled SMSC: what the usual open gateway moves.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Args;

/// How long a box, or the whole of a run, may take.
const START: Duration = Duration::from_secs(20);
const RUN: Duration = Duration::from_secs(300);
/// How often it is asked how many messages it has sent.
const LOOK: Duration = Duration::from_millis(50);
/// The SMSC of the main crate, once that is built.
const CHAPPE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/chappe");
/// Requests of one run that have no answer.
const CLIENTS: usize = 16;

/// Sends messages through sendsms and waits until the SMSC has them all, and where they want
/// receipts until Kannel has told of each by its callback.
///
/// `[--chappe BINARY] [--count N] [--runs R] [--json]`.
///
/// # Errors
///
/// A wrong argument, a box that is not installed, or a message that does not come.
pub fn main(mut args: Args) -> Result<(), String> {
    let chappe = args.value("--chappe")?.unwrap_or_else(|| CHAPPE.to_owned());
    let count = args.number("--count", 20_000)? as u64;
    let runs = args.number("--runs", 3)?.min(100);
    let json = args.flag("--json");
    args.finish()?;
    for receipts in [false, true] {
        let mut rates = Vec::new();
        for _ in 0..runs {
            rates.push(run(Path::new(&chappe), count, receipts)?);
        }
        rates.sort_by(f64::total_cmp);
        let (median, lowest, highest) = (rates[runs / 2], rates[0], rates[runs - 1]);
        if json {
            println!(
                "{{\"receipts\":{receipts},\"count\":{count},\
                 \"messages_per_second\":{median:.0},\"runs\":{rates:.0?}}}"
            );
        } else {
            let what = if receipts { "Kannel, spool, receipts" } else { "Kannel, spool" };
            println!("{what:<24}{median:>10.0} a second ({lowest:.0} to {highest:.0})");
        }
    }
    Ok(())
}

/// One run's messages a second, to the last one's end.
fn run(chappe: &Path, count: u64, receipts: bool) -> Result<f64, String> {
    let directory = Directory::new()?;
    let callbacks = Callbacks::start()?;
    let smsc = Smsc::start(chappe)?;
    let kannel = Kannel::start(&directory.0, smsc.address)?;
    let began = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (next, to, at) = (Arc::clone(&next), kannel.sendsms, callbacks.address);
            thread::spawn(move || submit(to, &next, count, receipts.then_some(at)))
        })
        .collect();
    for client in clients {
        client.join().map_err(|_| "a client panicked")??;
    }
    let is_over = || match receipts {
        true => Ok(callbacks.came.load(Ordering::Relaxed) >= count),
        false => kannel.sent().map(|sent| sent >= count),
    };
    while !is_over()? {
        if began.elapsed() > RUN {
            return Err(format!("not all came within {RUN:?}"));
        }
        thread::sleep(LOOK);
    }
    let took = began.elapsed().as_secs_f64();
    drop(kannel);
    let submits = smsc.submits()?;
    if submits != count {
        return Err(format!("{submits} messages came to the SMSC, of {count}"));
    }
    Ok(count as f64 / took)
}

/// One client's share of the messages, one request after the other on one connection.
fn submit(
    to: SocketAddr,
    next: &AtomicU64,
    count: u64,
    receipts_to: Option<SocketAddr>,
) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("sendsms: {error}");
    let stream = TcpStream::connect(to).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_read_timeout(Some(START)).map_err(failed)?;
    let mut read = BufReader::new(stream.try_clone().map_err(failed)?);
    let mut write = stream;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        let mut path = format!(
            "/cgi-bin/sendsms?username=peers&password=peers&from=12345&to=4670{:07}\
             &text=Message+{number}+of+a+hundred+characters+or+so%2C+as+people+write+them",
            number % 100_000
        );
        if let Some(at) = receipts_to {
            // Delivered or not; writing into a String cannot fail.
            let _ = write!(path, "&dlr-mask=3&dlr-url=http%3A%2F%2F{at}%2Fdlr");
        }
        let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\n\r\n");
        write.write_all(request.as_bytes()).map_err(failed)?;
        let (status, body) = response(&mut read).map_err(failed)?;
        if !status.contains(" 202 ") {
            return Err(format!("sendsms: {} {body}", status.trim()));
        }
    }
}

/// The status line and the body of an answer.
fn response(read: &mut impl BufRead) -> std::io::Result<(String, String)> {
    let (mut status, mut length) = (String::new(), 0);
    read.read_line(&mut status)?;
    loop {
        let mut line = String::new();
        if read.read_line(&mut line)? <= 2 {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    read.read_exact(&mut body)?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Where Kannel tells of receipts.
struct Callbacks {
    address: SocketAddr,
    came: Arc<AtomicU64>,
}

impl Callbacks {
    fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let came = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&came);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                thread::spawn(move || answer(stream, &counted));
            }
        });
        Ok(Self { address, came })
    }
}

/// Answers all requests of a connection, and counts them.
fn answer(stream: TcpStream, came: &AtomicU64) {
    let Ok(clone) = stream.try_clone() else { return };
    let (mut read, mut write) = (BufReader::new(clone), stream);
    let _ = write.set_nodelay(true);
    loop {
        let mut line = String::new();
        match read.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            // The end of a request: they have no body.
            Ok(2) => {
                came.fetch_add(1, Ordering::Relaxed);
                if write.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
                    return;
                }
            }
            Ok(_) => {}
        }
    }
}

/// The SMSC of the main crate.
struct Smsc {
    child: Child,
    address: SocketAddr,
}

impl Smsc {
    fn start(chappe: &Path) -> Result<Self, String> {
        let mut command = Command::new(chappe);
        command.args(["smsc", "--listen", "127.0.0.1:0", "--receipt-delay", "0ms"]);
        let missing = "cargo build --release in the main crate makes it";
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child =
            child.map_err(|error| format!("{}: {error}: {missing}", chappe.display()))?;
        let told = child.stderr.take().ok_or("a process without its output")?;
        let mut told = BufReader::new(told);
        let mut line = String::new();
        told.read_line(&mut line).map_err(|error| error.to_string())?;
        let address = line.trim().rsplit(' ').next().and_then(|word| word.parse().ok());
        // What it tells further is read so that it does not wait.
        thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let address = address.ok_or_else(|| format!("chappe smsc: {line}"))?;
        Ok(Self { child, address })
    }

    /// Ends it; how many messages came.
    fn submits(mut self) -> Result<u64, String> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let mut report = String::new();
        if let Some(mut output) = self.child.stdout.take() {
            output.read_to_string(&mut report).map_err(|error| error.to_string())?;
        }
        let (_, rest) = report.split_once("\"submits\":").ok_or("chappe smsc: no report")?;
        let digits = rest.split(',').next().unwrap_or_default();
        digits.parse().map_err(|_| format!("chappe smsc: {report}"))
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both boxes.
struct Kannel {
    boxes: Vec<Child>,
    admin: SocketAddr,
    sendsms: SocketAddr,
}

impl Kannel {
    fn start(directory: &Path, smsc: SocketAddr) -> Result<Self, String> {
        // An address of 127.0.0.0/8 for each process: a port of 127.0.0.1 may be anybody's.
        let [.., high, low] = std::process::id().to_be_bytes();
        let at = |port| SocketAddr::from(([127, high, low, 79], port));
        let (admin, sendsms) = (at(13_000), at(13_013));
        let own = admin.ip();
        let spool = directory.join("spool");
        fs::create_dir_all(&spool).map_err(|error| error.to_string())?;
        let configuration = format!(
            "group = core\nadmin-port = 13000\nadmin-interface = {own}\n\
             admin-password = peers\nsmsbox-port = 13001\nsmsbox-interface = {own}\n\
             box-allow-ip = 127.0.0.1\nstore-type = spool\nstore-location = {spool}\n\
             dlr-storage = internal\nsms-resend-freq = 1\n\n\
             group = smsc\nsmsc = smpp\nsmsc-id = peer\nhost = {host}\nport = {port}\n\
             transceiver-mode = true\nsmsc-username = \"kannel\"\nsmsc-password = \"secret\"\n\
             system-type = \"\"\nmax-pending-submits = 100\nreconnect-delay = 1\n\n\
             group = smsbox\nbearerbox-host = {own}\nbearerbox-port = 13001\n\
             sendsms-port = 13013\nsendsms-interface = {own}\n\n\
             group = sendsms-user\nusername = peers\npassword = peers\n",
            spool = spool.display(),
            host = smsc.ip(),
            port = smsc.port(),
        );
        let file = directory.join("kannel.conf");
        fs::write(&file, configuration).map_err(|error| error.to_string())?;
        let mut kannel = Self { boxes: Vec::new(), admin, sendsms };
        kannel.launch("bearerbox", &file)?;
        let online = || kannel.status().is_ok_and(|page| page.contains("<status>online"));
        until("Kannel binds to the SMSC", online)?;
        kannel.launch("smsbox", &file)?;
        until("Kannel takes messages", || TcpStream::connect(sendsms).is_ok())?;
        Ok(kannel)
    }

    fn launch(&mut self, name: &str, file: &Path) -> Result<(), String> {
        let path = PathBuf::from("/usr/sbin").join(name);
        let path = if path.exists() { path } else { PathBuf::from(name) };
        let log = File::create(file.with_file_name(format!("{name}.log")));
        let log = log.map_err(|error| error.to_string())?;
        let mut command = Command::new(path);
        // Warnings only: its log of each PDU would cost more than the PDU.
        command.args(["-v", "3"]).arg(file).stdout(Stdio::null()).stderr(log);
        let child = command.spawn();
        let missing = "apt-get install kannel, or tests/interop/setup.sh, installs it";
        self.boxes.push(child.map_err(|error| format!("{name}: {error}: {missing}"))?);
        Ok(())
    }

    /// What bearerbox says of itself.
    fn status(&self) -> Result<String, String> {
        let failed = |error: std::io::Error| format!("bearerbox: {error}");
        let mut stream = TcpStream::connect(self.admin).map_err(failed)?;
        let host = self.admin;
        let request = format!("GET /status.xml?password=peers HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(failed)?;
        stream.set_read_timeout(Some(START)).map_err(failed)?;
        response(&mut BufReader::new(stream)).map(|(_, body)| body).map_err(failed)
    }

    /// How many messages it has sent and had answered.
    fn sent(&self) -> Result<u64, String> {
        let page = self.status()?;
        // Those of WAP stand before.
        let sms = page.split_once("<sms>").map_or("", |(_, rest)| rest);
        let rest = sms.split_once("<sent>").map_or("", |(_, rest)| rest);
        let total = rest.split_once("<total>").map_or("", |(_, rest)| rest);
        let digits = total.split('<').next().unwrap_or_default();
        digits.trim().parse().map_err(|_| format!("bearerbox: no count in {page}"))
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        for one in &mut self.boxes {
            // They are children of this process, and may have ended.
            let _ = one.kill();
            let _ = one.wait();
        }
    }
}

/// Waits until this is so.
fn until(what: &str, is: impl Fn() -> bool) -> Result<(), String> {
    let began = Instant::now();
    while !is() {
        if began.elapsed() > START {
            return Err(format!("it never happens: {what}"));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// A directory of a run's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("peers-kannel-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
