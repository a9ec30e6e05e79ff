//! `chappe policy keyword`: lines of text to what their writers ask for; `chappe policy hours`:
//! numbers to when they may be sent marketing. One JSON object a line.
//!
//! A line that is a JSON string is read as one, so that a text can hold line ends. A bad line
//! gives `{"error":{"fault":..}}`, and the next is read.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::lines::{Lines, Said, each_line};
use super::{Exit, Failure};
use crate::mo::keyword::{Certainty, Keywords, Request, Situation};
use crate::mt::policy::{Opening, PROFILES, Profile, Region, Regions, opening, places};

/// The longest line read; the longest message takes less in JSON.
const LINE_OCTETS_MAX: usize = 1 << 20;

/// What `chappe policy` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say of each line of text whether it asks to stop, to go on, or for help.
    Keyword(KeywordOptions),
    /// Write consents and opt-outs into a ledger that shows what is changed; check and read one.
    Ledger(super::ledger::LedgerOptions),
    /// Say of each number whether a profile of quiet hours is open for it, and if not, when.
    Hours(HoursOptions),
}

impl PolicyCommand {
    /// Reads what a command needs besides its lines.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub fn ready(&mut self) -> Result<(), Failure> {
        match self {
            Self::Ledger(options) => options.read_key(),
            Self::Keyword(_) | Self::Hours(_) => Ok(()),
        }
    }
}

/// The options of `chappe policy hours`.
#[derive(Args, Clone, Debug)]
pub struct HoursOptions {
    /// The profile, such as fr-strict, fr-af2m-2026 or us-federal.
    #[arg(long, default_value = "fr-strict", value_parser = profile)]
    pub profile: &'static Profile,
    /// The moment, such as 2026-05-12T18:00:00Z; left out: now.
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// The people live in Moselle, Bas-Rhin or Haut-Rhin.
    #[arg(long)]
    pub alsace_moselle: bool,
}

fn profile(name: &str) -> Result<&'static Profile, String> {
    let names = || PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ");
    Profile::named(name).ok_or_else(|| format!("no profile of that name; there are {}", names()))
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
    let options = match command {
        PolicyCommand::Keyword(options) => options,
        PolicyCommand::Hours(options) => return hours(options, input, output),
        PolicyCommand::Ledger(options) => return super::ledger::run(options, input, output),
    };
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

fn hours(options: &HoursOptions, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let at = options.at.unwrap_or_else(Timestamp::now);
    let wall = Duration::from_secs(at.as_second().try_into().unwrap_or_default());
    let region = [Region::AlsaceMoselle];
    let regions = if options.alsace_moselle { Regions::of(&region) } else { Regions::NONE };
    let lines = Lines { max: LINE_OCTETS_MAX, too_long: |max| error("line_too_long", max) };
    each_line(input, output, lines, |line| {
        let number = line.strip_prefix(b"+").unwrap_or(line);
        if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
            return Said::of(&error("not_a_number", 0));
        }
        let places = places::of(number);
        let until = match opening(options.profile, places, regions, wall) {
            Opening::Now => None,
            Opening::At(until) => Some(until),
            Opening::Never => Some(Duration::MAX),
        };
        let moment = |until: Duration| {
            let second = i64::try_from(until.as_secs()).ok()?;
            Some(Timestamp::from_second(second).ok()?.to_string())
        };
        let zones: Vec<_> = places.iter().map(|place| place.zone).collect();
        Said::of(&json!({
            "verdict": if until.is_none() { "send" } else { "hold" },
            "until": until.and_then(moment),
            "zones": zones,
        }))
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
        ran(&PolicyCommand::Keyword(options), input)
    }

    fn ran(command: &PolicyCommand, input: &str) -> Vec<Value> {
        let mut output = Vec::new();
        run(command, input.as_bytes(), &mut output).unwrap();
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

    #[test]
    fn numbers_are_held_until_they_may_be_sent_to() {
        let options = HoursOptions {
            profile: Profile::named("fr-strict").unwrap(),
            at: Some("2026-05-12T18:00:00Z".parse().unwrap()),
            alsace_moselle: false,
        };
        let said = ran(&PolicyCommand::Hours(options), "+33612345678\n590690123456\nx\n");
        assert_eq!(said[0]["until"], "2026-05-13T06:00:00Z");
        assert_eq!(said[0]["zones"], json!(["Europe/Paris"]));
        assert_eq!(said[1]["verdict"], "send");
        assert_eq!(said[2]["error"]["fault"], "not_a_number");
    }
}
