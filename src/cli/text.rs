//! `chappe text plan`: lines of text to segment plans, one JSON object a line.
//!
//! A line that begins with `"` is a JSON string, so that a text can hold line ends; with
//! `--encoding binary` a line is hexadecimal. A bad line gives `{"error":{"fault":..}}`, and the
//! next is read.

use std::io::{self, BufRead, Write};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Exit;
use super::lines::{Lines, Said, each_line, hex, octets_of};
use crate::text::{
    Alphabet, Change, Encoding, Language, Layout, Plan, Reference, SegmentRange, SegmentRanges,
    TextOptions, TextPlan, TooLong,
};

/// The longest line read. The longest message of 255 segments has 39,015 characters, and none
/// takes more than twelve octets in JSON; what goes on after that can only be a mistake.
pub const LINE_OCTETS_MAX: usize = 1 << 20;

/// What `chappe text` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum TextCommand {
    /// Show how each line of text would be encoded and cut into segments.
    Plan(PlanOptions),
}

/// The options of `chappe text plan`.
#[derive(Args, Clone, Debug, Default)]
pub struct PlanOptions {
    /// Bits of the concatenation reference in each segment's header.
    #[arg(long, value_enum, default_value_t)]
    pub reference: ReferenceBits,
    /// Alphabet to use; auto is GSM-7 where it can be, else UCS-2.
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub encoding: PlanEncoding,
    /// Replace characters outside the alphabet by similar ones if that saves the whole text.
    #[arg(long)]
    pub smart: bool,
    /// Do not cut inside what a reader sees as one character.
    #[arg(long)]
    pub graphemes: bool,
    /// Languages whose national tables may be used.
    #[arg(long = "shift", value_name = "N", value_parser = language, help = languages())]
    pub shifts: Vec<Language>,
}

/// The language with national tables that has this identifier.
fn language(text: &str) -> Result<Language, String> {
    let asked = text.parse().ok().map(Language);
    let known = Language::national().find(|language| Some(*language) == asked);
    known.ok_or_else(|| format!("expected one of {}", identifiers()))
}

fn languages() -> String {
    format!("Allow the national tables of this language: {}; repeatable", identifiers())
}

/// The identifiers of all languages with national tables, and the languages' names.
fn identifiers() -> String {
    let national = Language::national();
    let named = national.map(|one| format!("{} {}", one.0, one.name().unwrap_or_default()));
    named.collect::<Vec<_>>().join(", ")
}

/// The two sizes of reference a header can have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ReferenceBits {
    /// An 8-bit reference: 153, 67 or 134 units a segment.
    #[default]
    #[value(name = "8")]
    Eight,
    /// A 16-bit reference: 152, 66 or 133 units a segment.
    #[value(name = "16")]
    Sixteen,
}

/// The alphabet a line is to be planned in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum PlanEncoding {
    /// GSM-7 where it can be, else UCS-2.
    #[default]
    Auto,
    /// GSM-7 if at all possible, else UCS-2.
    #[value(alias = "GSM-7")]
    Gsm7,
    /// UCS-2.
    #[value(alias = "UCS-2")]
    Ucs2,
    /// Latin-1 if at all possible, else UCS-2.
    #[value(alias = "Latin-1")]
    Latin1,
    /// Octets that are no text; lines are hexadecimal.
    Binary,
}

/// Plans each line of `input` and writes one JSON object a line to `output`.
///
/// # Errors
/// What reading `input` or writing `output` gives; never what a line holds.
pub fn run(options: &PlanOptions, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let lines = Lines { max: LINE_OCTETS_MAX, too_long: |max| error("line_too_long", max) };
    each_line(input, output, lines, |line| {
        Said::of(&match str::from_utf8(line) {
            Ok(line) => plan_line(line, options),
            Err(fault) => error("not_utf8", fault.valid_up_to()),
        })
    })
}

/// The plan of one line (without its line end) as the JSON object that is printed for it.
#[must_use]
pub fn plan_line(line: &str, options: &PlanOptions) -> Value {
    let unquoted;
    let text = if line.starts_with('"') {
        match serde_json::from_str::<String>(line) {
            Ok(text) => {
                unquoted = text;
                &unquoted
            }
            Err(fault) => return error("bad_json", fault.column().saturating_sub(1)),
        }
    } else {
        line
    };
    match options.encoding {
        PlanEncoding::Auto => plan_text(text, Encoding::Auto, options),
        PlanEncoding::Gsm7 => plan_text(text, Encoding::Gsm7, options),
        PlanEncoding::Ucs2 => plan_text(text, Encoding::Ucs2, options),
        PlanEncoding::Latin1 => plan_text(text, Encoding::Latin1, options),
        PlanEncoding::Binary => plan_binary(text, options),
    }
    .unwrap_or_else(|error| error)
}

fn plan_text(text: &str, encoding: Encoding, options: &PlanOptions) -> Result<Value, Value> {
    let text_options = TextOptions {
        encoding,
        reference: options.reference.into(),
        languages: &options.shifts,
        smart: options.smart,
        graphemes: options.graphemes,
    };
    let plan = TextPlan::of(text, &text_options).map_err(too_long)?;
    let segments = segments(&plan.plan, plan.segments(), &plan.user_data);
    let changed: Vec<_> = plan.changed.iter().map(changed).collect();
    Ok(object(&plan.plan, segments, changed, plan.forced_by))
}

fn plan_binary(line: &str, options: &PlanOptions) -> Result<Value, Value> {
    let octets = octets_of(line).map_err(|offset| error("bad_hex", offset))?;
    let layout = Layout { reference: options.reference.into(), ..Layout::new(Alphabet::Binary) };
    let plan = Plan::new(&octets, layout).map_err(too_long)?;
    Ok(object(&plan, segments(&plan, plan.ranges(&octets), &octets), vec![], None))
}

fn object(
    plan: &Plan,
    segments: Vec<Value>,
    changed: Vec<Value>,
    forced_by: Option<char>,
) -> Value {
    json!({
        "encoding": plan.layout().alphabet.name(),
        "units": plan.units(),
        "segments": segments,
        "changed": changed,
        "forced_by": forced_by,
    })
}

/// Headers are shown with reference number 0: the real one is drawn when a message is sent.
fn segments(plan: &Plan, ranges: SegmentRanges<'_>, octets: &[u8]) -> Vec<Value> {
    let segment = |(range, sequence): (SegmentRange, u8)| {
        let header = plan.header(0, sequence);
        json!({
            "units": range.units,
            "udh": hex(header.as_octets()),
            "user_data": hex(range.of(octets)),
        })
    };
    ranges.zip(1..=u8::MAX).map(segment).collect()
}

fn changed(change: &Change) -> Value {
    json!({ "from": change.from, "to": change.to, "at": change.at })
}

/// `offset` counts octets of the line as it was read.
fn error(fault: &str, offset: usize) -> Value {
    json!({ "error": { "fault": fault, "offset": offset } })
}

fn too_long(TooLong { units }: TooLong) -> Value {
    json!({ "error": { "fault": "too_many_segments", "units": units } })
}

impl From<ReferenceBits> for Reference {
    fn from(bits: ReferenceBits) -> Self {
        match bits {
            ReferenceBits::Eight => Self::Udh8,
            ReferenceBits::Sixteen => Self::Udh16,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: TextCommand,
    }

    fn options(flags: &str) -> PlanOptions {
        let flags = ["text", "plan"].into_iter().chain(flags.split_whitespace());
        let Line { command: TextCommand::Plan(options) } = Line::parse_from(flags);
        options
    }

    fn plan(line: &str, flags: &str) -> Value {
        plan_line(line, &options(flags))
    }

    #[test]
    fn a_plan_has_exactly_the_members_it_is_given() {
        assert_eq!(
            plan("a€", "").to_string(),
            concat!(
                r#"{"encoding":"GSM-7","units":3,"#,
                r#""segments":[{"units":3,"udh":"","user_data":"611b65"}],"#,
                r#""changed":[],"forced_by":null}"#
            )
        );
        assert_eq!(
            plan("ê", "").to_string(),
            concat!(
                r#"{"encoding":"UCS-2","units":1,"#,
                r#""segments":[{"units":1,"udh":"","user_data":"00ea"}],"#,
                r#""changed":[],"forced_by":"ê"}"#
            )
        );
        let smart = plan("ê", "--smart");
        assert_eq!(smart["changed"].to_string(), r#"[{"from":"ê","to":"e","at":0}]"#);
        assert_eq!((&smart["encoding"], &smart["forced_by"]), (&json!("GSM-7"), &Value::Null));
    }

    #[test]
    fn each_encoding_can_be_asked_for() {
        let asked = |line, flags| {
            let plan = plan(line, flags);
            (plan["encoding"].clone(), plan["units"].clone(), plan["forced_by"].clone())
        };
        assert_eq!(asked("é", "--encoding gsm7"), (json!("GSM-7"), json!(1), Value::Null));
        assert_eq!(asked("é", "--encoding ucs2"), (json!("UCS-2"), json!(1), Value::Null));
        assert_eq!(asked("ê", "--encoding latin1"), (json!("Latin-1"), json!(1), Value::Null));
        assert_eq!(asked("ê€", "--encoding latin1"), (json!("UCS-2"), json!(2), json!("€")));
        for octets in ["00FF10", " 00 ff\t10 "] {
            let binary = (json!("binary"), json!(3), Value::Null);
            assert_eq!(asked(octets, "--encoding binary"), binary);
        }
    }

    #[test]
    fn an_encoding_can_be_asked_for_by_the_name_it_is_printed_by() {
        let named = [
            ("a", &["gsm7", "GSM-7", "gsm-7", "GSM7"][..]),
            ("a", &["ucs2", "UCS-2", "ucs-2"]),
            ("a", &["latin1", "Latin-1", "LATIN-1"]),
            ("00", &["binary", "Binary"]),
        ];
        for (text, names) in named {
            let printed = plan(text, &format!("--encoding {}", names[0]))["encoding"].clone();
            let printed = printed.as_str().unwrap();
            for name in [names, &[printed]].concat() {
                assert_eq!(plan(text, &format!("--encoding {name}"))["encoding"], printed);
            }
        }
    }

    #[test]
    fn headers_stand_apart_and_number_the_segments() {
        let long = "x".repeat(161);
        let eight = plan(&long, "");
        assert_eq!(eight["segments"][0]["units"], 153);
        assert_eq!(eight["segments"][1]["udh"], "050003000202");
        assert_eq!(eight["segments"][1]["user_data"], "7878787878787878");
        let sixteen = plan(&long, "--reference 16");
        assert_eq!(sixteen["segments"][0]["units"], 152);
        assert_eq!(sixteen["segments"][0]["udh"], "06080400000201");
        let turkish = plan("ığ€", "--shift 2 --shift 1");
        assert_eq!(turkish["segments"][0]["udh"], "03250101");
        assert_eq!(turkish["segments"][0]["user_data"], "070c04");
        assert_eq!(plan(&"00".repeat(141), "--encoding binary")["segments"][0]["units"], 134);
    }

    #[test]
    fn every_language_with_national_tables_can_be_allowed_and_no_other() {
        let all: Vec<_> = Language::national().map(|one| format!("--shift {}", one.0)).collect();
        assert!(options(&all.join(" ")).shifts.into_iter().eq(Language::national()));
        for other in [0, Language::LAST.0 + 1] {
            let flags = ["text", "plan", "--shift", &other.to_string()];
            let fault = Line::try_parse_from(flags).err().map(|error| error.to_string());
            assert!(fault.unwrap().contains("1 turkish, 2 spanish"), "{other}");
        }
        assert!(languages().contains("13 urdu; repeatable"), "{}", languages());
    }

    #[test]
    fn a_bad_line_gives_an_error_and_the_next_is_read() {
        let input = b"\xef\xbb\xbf\"a\\nb\"\r\n\"broken\n\xFF\n\nz\n".to_vec();
        let mut output = Vec::new();
        run(&options(""), input.as_slice(), &mut output).expect("in memory");
        let lines: Vec<Value> = String::from_utf8(output)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[0]["segments"][0]["user_data"], "610a62");
        assert_eq!(lines[1], json!({ "error": { "fault": "bad_json", "offset": 6 } }));
        assert_eq!(lines[2], json!({ "error": { "fault": "not_utf8", "offset": 0 } }));
        assert_eq!((&lines[3]["units"], &lines[4]["units"]), (&json!(0), &json!(1)));
    }

    #[test]
    fn what_cannot_be_planned_says_why() {
        let fault = |line: &str, flags| plan(line, flags)["error"].clone();
        let too_many = json!({ "fault": "too_many_segments", "units": 40_000 });
        assert_eq!(fault(&"x".repeat(40_000), ""), too_many);
        for (line, offset) in [("0", 1), ("00zz", 2), ("0é", 1), ("00 1", 4)] {
            let bad_hex = json!({ "fault": "bad_hex", "offset": offset });
            assert_eq!(fault(line, "--encoding binary"), bad_hex, "{line:?}");
        }
        assert_eq!(fault(r#""\ud83d""#, "")["fault"], "bad_json");
    }

    #[test]
    fn a_line_without_end_is_read_and_one_too_long_is_skipped() {
        let mut input = vec![b'x'; LINE_OCTETS_MAX * 3];
        input.extend(b"\nab");
        let mut output = Vec::new();
        run(&options(""), input.as_slice(), &mut output).expect("in memory");
        let output = String::from_utf8(output).expect("UTF-8");
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("line_too_long"));
        assert!(lines[1].contains(r#""user_data":"6162""#));
    }
}
