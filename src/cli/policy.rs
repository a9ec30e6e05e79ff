//! `chappe policy keyword`: lines of text to what their writers ask for, one JSON object a line.
//!
//! A line that is a JSON string is read as one, so that a text can hold line ends. A bad line
//! gives `{"error":{"fault":..}}`, and the next is read.

use std::io::{self, BufRead, Write};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Exit;
use super::lines::{Lines, Said, each_line};
use crate::mo::keyword::{Certainty, Keywords, Request, Situation};

/// The longest line read; the longest message takes less in JSON.
const LINE_OCTETS_MAX: usize = 1 << 20;

/// What `chappe policy` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say of each line of text whether it asks to stop, to go on, or for help.
    Keyword(KeywordOptions),
}

/// The options of `chappe policy keyword`.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct KeywordOptions {
    /// The number they were sent to is one of the United States: any reasonable wording counts.
    #[arg(long)]
    pub us: bool,
    /// A question of ours waits for its answer, so that ANNULER or NON may be one.
    #[arg(long)]
    pub question: bool,
}

/// Runs it over `input`, writing one JSON object a line to `output`.
///
/// # Errors
/// What reading `input` or writing `output` gives; never what a line holds.
pub fn run(command: &PolicyCommand, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let PolicyCommand::Keyword(options) = command;
    let situation = Situation { united_states: options.us, question: options.question };
    let keywords = Keywords::default();
    let lines = Lines { max: LINE_OCTETS_MAX, too_long: |max| error("line_too_long", max) };
    each_line(input, output, lines, |line| {
        Said::of(&match str::from_utf8(line) {
            Ok(line) => heard(&keywords, line, situation),
            Err(fault) => error("not_utf8", fault.valid_up_to()),
        })
    })
}

fn heard(keywords: &Keywords, line: &str, situation: Situation) -> Value {
    let unquoted;
    let text = match line.starts_with('"').then(|| serde_json::from_str::<String>(line)) {
        // Who quotes a word of a text does not always write JSON.
        Some(Ok(text)) => {
            unquoted = text;
            &unquoted
        }
        _ => line,
    };
    let Some(heard) = keywords.hear_text(text, situation) else {
        return json!({ "request": null, "certainty": null, "rule": null, "language": null });
    };
    let request = match heard.request {
        Request::Stop => "stop",
        Request::Help => "help",
        Request::Start => "start",
    };
    let certainty = match heard.certainty {
        Certainty::Certain => "certain",
        Certainty::Probable => "probable",
    };
    json!({
        "request": request,
        "certainty": certainty,
        "rule": heard.rule,
        "language": heard.language,
    })
}

fn error(fault: &str, at: usize) -> Value {
    json!({ "error": { "fault": fault, "at": at } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(options: KeywordOptions, input: &str) -> Vec<Value> {
        let mut output = Vec::new();
        run(&PolicyCommand::Keyword(options), input.as_bytes(), &mut output).unwrap();
        let lines = output.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn each_line_is_answered() {
        let input = "STOP\n\"arr\\u00eatez\"\n\"stop\" svp\n\nAIDE\nstart\nwhere is my order\n";
        let requests: Vec<Value> = said(KeywordOptions::default(), input)
            .into_iter()
            .map(|line| line["request"].clone())
            .collect();
        let stop = json!("stop");
        let none = Value::Null;
        let expected = [&stop, &stop, &stop, &none, &json!("help"), &json!("start"), &none];
        assert_eq!(requests.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_united_states_and_an_open_question_make_a_difference() {
        let request = |us, question, text: &str| {
            said(KeywordOptions { us, question }, text)[0]["request"].clone()
        };
        assert_eq!(request(false, false, "ANNULER"), "stop");
        assert_eq!(request(false, true, "ANNULER"), Value::Null);
        assert_eq!(request(true, true, "CANCEL"), "stop");
        assert_eq!(request(true, false, "yes"), "start");
        assert_eq!(request(false, false, "yes"), Value::Null);
    }
}
