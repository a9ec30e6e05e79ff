//! The other end of an engine's control socket.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Asked, Failure};
use crate::config;
use crate::engine::control::{Answer, Command, Request, SOCKET, VERSION};

/// How long an engine may take to answer: one with millions of messages looks at all of them for
/// some questions.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to an engine.
pub struct Client {
    stream: BufReader<UnixStream>,
    socket: PathBuf,
}

impl Client {
    /// Connects to the engine that is meant.
    pub fn connect(asked: &Asked) -> Result<Self, Failure> {
        let directory = data_dir(asked)?;
        let socket = directory.join(SOCKET);
        let stream = UnixStream::connect(&socket).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Failure::new(format!(
                "no engine runs in {}: nobody listens on {}; --data-dir or --config says where \
                 one does",
                shown(&directory),
                socket.display()
            )),
            io::ErrorKind::PermissionDenied => Failure::new(format!(
                "{}: {error}: it is for the user that runs the engine",
                socket.display()
            )),
            _ => Failure::new(format!("{}: {error}", socket.display())),
        })?;
        let patient = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        patient.map_err(|error| Failure::new(format!("{}: {error}", socket.display())))?;
        Ok(Self { stream: BufReader::new(stream), socket })
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, command: Command) -> Result<Value, Failure> {
        let request = Request { version: VERSION, command };
        let mut line = serde_json::to_vec(&request).map_err(Failure::new)?;
        line.push(b'\n');
        let sent = self.stream.get_mut().write_all(&line);
        // An engine with too many clients answers before it is asked, and closes.
        let answer = self.answer();
        sent.map_err(|error| self.lost(&error)).and(answer)
    }

    /// The next answer.
    pub fn answer(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => return Err(Failure::new("the engine has ended")),
            Ok(_) => {}
            Err(error) => return Err(self.lost(&error)),
        }
        let answer: Answer = serde_json::from_str(&line).map_err(|error| {
            Failure::new(format!(
                "{}: an answer of another version: {error}",
                self.socket.display()
            ))
        })?;
        match (answer.answer, answer.error) {
            // Of a request that cannot be, the command line is at fault.
            (_, Some(problem)) if problem.kind == "request" => Err(Failure::usage(problem.message)),
            (_, Some(problem)) => Err(Failure::new(problem.message)),
            (Some(answer), None) => Ok(answer),
            (None, None) => Ok(Value::Null),
        }
    }

    /// Waits so much longer for an answer.
    pub fn wait_for(&mut self, time: Duration) -> Result<(), Failure> {
        let set = self.stream.get_ref().set_read_timeout(Some(PATIENCE.saturating_add(time)));
        set.map_err(|error| Failure::new(format!("{}: {error}", self.socket.display())))
    }

    /// Whether no answer is here that was not taken.
    pub fn is_drained(&self) -> bool {
        self.stream.buffer().is_empty()
    }

    fn lost(&self, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::WouldBlock => Failure::new("the engine did not answer in time"),
            _ => Failure::new(format!("{}: {error}", self.socket.display())),
        }
    }
}

/// The data directory that is meant. What else is wrong with a configuration, or which secrets of
/// it are not there for who asks, does not matter.
fn data_dir(asked: &Asked) -> Result<PathBuf, Failure> {
    if let Some(directory) = &asked.data_dir {
        return Ok(directory.clone());
    }
    match &asked.config {
        Some(file) => config::data_dir(file).map_err(Failure::usage),
        None => {
            let name = "config/quickstart.toml (built in)";
            let settings = config::parse(name, config::QUICKSTART, Path::new("."));
            settings.map(|settings| settings.node.data_dir).map_err(Failure::usage)
        }
    }
}

fn shown(directory: &Path) -> String {
    match directory.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => directory.display().to_string(),
    }
}
