//! blast, relay and sink as processes of their own, to one line a situation.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::args::Args;

/// Seconds any process of a run lives at most.
const SECONDS_MAX: &str = "60";

/// Who stands between blast and sink.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Path {
    Direct,
    Relayed,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Situation {
    path: Path,
    binds: usize,
    window: usize,
    count: usize,
    receipts: bool,
}

/// What one run measured.
struct Figures {
    messages_per_second: f64,
    /// CPU seconds per 100,000 messages of blast, relay and sink; zero where there is no relay.
    cpu: [f64; 3],
}

/// Runs each situation a few times and prints the run with the median rate.
///
/// `[--binds N --window W] [--count M] [--runs R] [--json]`; without binds and window the standard
/// situations, 1 x 100 and 8 x 100.
///
/// # Errors
///
/// A wrong argument, or a process that fails.
pub fn main(mut args: Args) -> Result<(), String> {
    let binds = args.number("--binds", 0)?;
    let window = args.number("--window", 100)?;
    let count = args.number("--count", 5_000_000)?;
    let runs = args.number("--runs", 3)?.min(100);
    let json = args.flag("--json");
    args.finish()?;
    if !json {
        println!("{:<24}{:>14}{:>24}   CPU seconds per 100,000 messages", "", "messages", "lowest");
        let [blast, relay, sink] = ["blast", "relay", "sink"];
        println!(
            "{:<24}{:>14}{:>24}{blast:>10}{relay:>10}{sink:>10}",
            "", "a second", "to highest"
        );
    }
    for path in [Path::Direct, Path::Relayed] {
        for binds in if binds == 0 { vec![1, 8] } else { vec![binds] } {
            for receipts in [false, true] {
                let situation = Situation { path, binds, window, count, receipts };
                let mut figures =
                    (0..runs).map(|_| run(situation)).collect::<Result<Vec<_>, _>>()?;
                figures.sort_by(|a, b| a.messages_per_second.total_cmp(&b.messages_per_second));
                println!("{}", line(situation, &figures, json));
            }
        }
    }
    Ok(())
}

/// One situation's figures, sorted by rate, as a line of the table or of JSON.
fn line(situation: Situation, figures: &[Figures], json: bool) -> String {
    let Situation { path, binds, window, count, receipts } = situation;
    let rates: Vec<_> = figures.iter().map(|run| run.messages_per_second).collect();
    let median = &figures[figures.len() / 2];
    let (rate, [blast, relay, sink]) = (median.messages_per_second, median.cpu);
    let mut line = String::new();
    // Writing into a String cannot fail.
    let _ = if json {
        write!(
            line,
            "{{\"relay\":{},\"binds\":{binds},\"window\":{window},\"receipts\":{receipts},\
             \"count\":{count},\"messages_per_second\":{rate:.0},\"runs\":{rates:.0?},\
             \"cpu_seconds_per_100k\":{{\"blast\":{blast:.4},\"relay\":{relay:.4},\
             \"sink\":{sink:.4}}}}}",
            path == Path::Relayed,
        )
    } else {
        let way = if path == Path::Relayed { "relay" } else { "direct" };
        let receipts = if receipts { ", receipts" } else { "" };
        let spread = format!("{:.0} to {:.0}", rates[0], rates[rates.len() - 1]);
        let label = format!("{way} {binds} x {window}{receipts}");
        write!(line, "{label:<24}{rate:>14.0}{spread:>24}{blast:>10.4}{relay:>10.4}{sink:>10.4}")
    };
    line
}

/// Starts the processes from the far end to the near one and waits for all of them.
fn run(situation: Situation) -> Result<Figures, String> {
    let mut sink_words = vec!["sink", "--listen", "127.0.0.1:0"];
    if situation.receipts {
        sink_words.push("--receipts");
    }
    let mut sink = Server::start(&sink_words)?;
    let mut relay = match situation.path {
        Path::Direct => None,
        Path::Relayed => {
            Some(Server::start(&["relay", "--listen", "127.0.0.1:0", "--connect", &sink.address])?)
        }
    };
    let near = relay.as_ref().map_or(&sink.address, |relay| &relay.address);
    let (binds, window, count) =
        (situation.binds.to_string(), situation.window.to_string(), situation.count.to_string());
    let mut blast = peers(&["blast", "--connect", near, "--for", SECONDS_MAX]);
    blast.args(["--binds", &binds, "--window", &window, "--count", &count]);
    if situation.receipts {
        blast.arg("--receipts");
    }
    let output = blast.output().map_err(|error| format!("blast: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let relay_cpu = match &mut relay {
        None => 0.0,
        Some(relay) => member(&relay.report()?, CPU)?,
    };
    Ok(Figures {
        messages_per_second: member(&report, "messages_per_second")?,
        cpu: [member(&report, CPU)?, relay_cpu, member(&sink.report()?, CPU)?],
    })
}

const CPU: &str = "cpu_seconds_per_100k";

/// A listening process; it is ended when this is dropped, if it has not ended by itself.
struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn start(words: &[&str]) -> Result<Self, String> {
        let mut child = peers(words)
            .args(["--once", "--for", SECONDS_MAX])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", words[0]))?;
        let output = child.stdout.take().ok_or("a process without its output")?;
        let mut server = Self { child, output: BufReader::new(output), address: String::new() };
        let listening = server.report()?;
        let (_, rest) = listening.split_once("\"listening\":\"").ok_or(listening.clone())?;
        server.address = rest.split('"').next().unwrap_or_default().into();
        Ok(server)
    }

    /// The next line it prints.
    fn report(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(octets) if octets > 0 => Ok(line),
            Ok(_) => Err("a process ended early".into()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This program again.
fn peers(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "peers".into()));
    command.args(words);
    command
}

/// The number behind `"name":` in a line of JSON.
fn member(line: &str, name: &str) -> Result<f64, String> {
    line.split_once(&format!("\"{name}\":"))
        .and_then(|(_, rest)| rest.split([',', '}']).next()?.trim().parse().ok())
        .ok_or_else(|| format!("no {name} in {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_wherever_it_stands() {
        let line = "{\"process\":\"sink\",\"reads\":7,\"cpu_seconds_per_100k\":0.0125}\n";
        assert_eq!(member(line, "reads"), Ok(7.0));
        assert_eq!(member(line, CPU), Ok(0.0125));
        assert!(member(line, "writes").is_err());
    }
}
