//! A file to a bot: one file is one bot.
//!
//! Names become places, each word of the language is read where it stands, and what the bot itself
//! can prove about the whole is said with the place in the file. One pass finds all.

use std::path::Path;

use toml::de::DeTable;

use crate::clock::{Weekday, Zone};
use crate::mo::bot::{
    Bot, Draft, Exit, Flow, Intent, Language, Opening, Priority, Queue, Rule, Transcript,
    TranscriptFault, prove,
};
use crate::mt::policy::{Region, Regions};
use crate::mt::routing::{Days, Hours, Span};

use super::error::{Errors, Faults};
use super::hours::Zones;
use super::sheet::{Sheet, Spot, Surroundings};
use super::{read, unreadable};

use self::part::Part;

mod flow;
mod part;
mod slot;

#[cfg(test)]
mod tests;

/// The bot of the file at `path`.
///
/// # Errors
/// Every fault of the file, or the one that kept it from being read.
pub fn load(path: &Path) -> Result<Bot, Errors> {
    let name = path.display().to_string();
    let text = read(path).map_err(|(place, found)| unreadable(&name, place, found))?;
    parse(&name, &text)
}

/// The bot that `text` describes, called `name` in errors.
///
/// # Errors
/// Every fault of it.
pub fn parse(name: &str, text: &str) -> Result<Bot, Errors> {
    parse_and(name, text, |_, _| {})
}

/// The same, of a bot whose conversations must go as they are written.
///
/// # Errors
/// Every fault of it.
pub fn proven(name: &str, text: &str) -> Result<Bot, Errors> {
    parse_and(name, text, |sheet, bot| {
        let tests = bot.draft().tests.iter();
        for (test, fault) in tests.filter_map(|test| Some((test, test.hold(bot).err()?))) {
            let TranscriptFault { line, found, expected } = fault;
            let spot = Spot { at: test.at, path: "test".to_owned() };
            sheet.fault(&spot, format!("{found} in line {line} of {:?}", test.name), expected);
        }
    })
}

fn parse_and(name: &str, text: &str, prove: impl FnOnce(&Sheet<'_>, &Bot)) -> Result<Bot, Errors> {
    let faults = Faults::default();
    let around = Surroundings { base_dir: Path::new(""), env: &|_| None };
    let sheet = Sheet::new(name, text, &faults, &around);
    let draft = sheet.tables().map(|tables| draft(&sheet, &tables)).unwrap_or_default();
    let bot = Bot::new(draft);
    if let Err(too_many) = &bot {
        let spot = Spot { at: 0, path: "intent".to_owned() };
        sheet.fault(&spot, too_many.to_string(), "fewer");
    }
    if let (Ok(bot), true) = (&bot, sheet.is_sound()) {
        prove(&sheet, bot);
    }
    drop(sheet);
    match (bot, faults.into_errors()) {
        (Ok(bot), None) => Ok(bot),
        (_, Some(errors)) => Err(errors),
        // Told above.
        (Err(_), None) => Err(unreadable(name, super::Place::FIRST, "too much".to_owned())),
    }
}

/// What the parts of a file may refer to, by their names.
struct Names {
    flows: Vec<String>,
    slots: Vec<String>,
    languages: Vec<Language>,
}

fn draft(sheet: &Sheet<'_>, tables: &DeTable<'_>) -> Draft {
    let root = Part::new(sheet, Spot { at: 0, path: String::new() }, tables);
    root.knows(&["bot", "rule", "intent", "slot", "flow", "queue", "fallback", "test"]);
    let mut draft = Draft::default();
    match root.part("bot") {
        Some(part) => head(&part, &mut draft),
        None => root.missing("bot", "a table [bot]"),
    }
    if draft.languages.is_empty() {
        draft.languages.push(Language::French);
    }
    let (slots, flows) = (root.parts_by_name("slot"), root.parts_by_name("flow"));
    let names = |parts: &[(String, Part<'_>)]| parts.iter().map(|(name, _)| name.clone()).collect();
    let (languages, of_flows, of_slots) = (draft.languages.clone(), names(&flows), names(&slots));
    let names = Names { flows: of_flows, slots: of_slots, languages };
    draft.rules = root.parts("rule").iter().map(|part| rule(part, &names)).collect();
    let intents = root.parts_by_name("intent");
    draft.intents = intents.into_iter().map(|(name, part)| intent(name, &part, &names)).collect();
    draft.slots = slots.into_iter().map(|(name, part)| slot::slot(name, &part, &names)).collect();
    draft.flows = flows.into_iter().map(|(name, part)| of_flow(name, &part, &names)).collect();
    let queues = root.parts_by_name("queue");
    draft.queues = queues.into_iter().map(|(name, part)| queue(name, &part, &names)).collect();
    match root.part("fallback") {
        Some(part) => {
            part.knows(&["say", "twice"]);
            draft.fallback = part.text("say", &names.languages).unwrap_or_default();
            draft.twice = part.flow("twice", &names).unwrap_or_default();
        }
        None => root.missing("fallback", "a table [fallback] with say and twice"),
    }
    draft.tests = root.parts("test").iter().filter_map(transcript).collect();
    // What is proved of a draft with holes in it would be about the holes.
    if sheet.is_sound() {
        for fault in prove(&draft) {
            sheet.fault(
                &Spot { at: fault.at, path: "bot".to_owned() },
                fault.found,
                fault.expected,
            );
        }
    }
    draft
}

fn head(part: &Part<'_>, draft: &mut Draft) {
    part.knows(&[
        "name",
        "languages",
        "zone",
        "hours",
        "days",
        "holidays",
        "accept",
        "unsure",
        "segments",
        "session",
    ]);
    draft.name = part.word("name").unwrap_or_default();
    for word in part.words("languages") {
        match word.1.as_str() {
            "fr" => draft.languages.push(Language::French),
            "en" => draft.languages.push(Language::English),
            other => part.sheet.fault(&word.0, format!("{other:?}"), "\"fr\" or \"en\""),
        }
    }
    draft.languages.dedup();
    draft.languages.truncate(2);
    draft.zone = part.has("zone").then(|| zone(part)).flatten().unwrap_or_default();
    draft.opening = opening(part, &draft.zone);
    draft.accept = part.fraction("accept");
    draft.unsure = part.fraction("unsure");
    draft.segments_max = part.whole("segments", 1..=10).unwrap_or(2) as usize;
    draft.session = part.time("session").unwrap_or(std::time::Duration::from_secs(24 * 3_600));
}

/// `hours`, with `days` and `holidays`: when people are there.
fn opening(part: &Part<'_>, zone: &Zone) -> Option<Opening> {
    let named = |key: &str, expected: &str, is_known: &dyn Fn(&str) -> bool| {
        let (known, unknown): (Vec<_>, Vec<_>) =
            part.words(key).into_iter().partition(|(_, word)| is_known(word));
        for (spot, word) in unknown {
            part.sheet.fault(&spot, format!("{word:?}"), expected);
        }
        known.into_iter().map(|(_, word)| word).collect::<Vec<_>>()
    };
    let day = |word: &str| Weekday::parse(word).is_some();
    let days = named("days", "\"mon\", \"tue\" and so on", &day);
    let region = |word: &str| Opening::HOLIDAYS.iter().find(|(name, _)| *name == word);
    let names: Vec<&str> = Opening::HOLIDAYS.iter().map(|(name, _)| *name).collect();
    let expected = format!("one of {}", names.join(", "));
    let holidays = named("holidays", &expected, &|word| region(word).is_some());
    if !part.has("hours") {
        for key in ["days", "holidays"].into_iter().filter(|key| part.has(key)) {
            let expected = "hours beside it, of which \"00:00-24:00\" is the whole day";
            part.sheet.fault(&part.spot(key), format!("{key} without hours"), expected);
        }
        return None;
    }
    let written = part.word("hours")?;
    let Ok(span) = Span::parse(&written) else {
        let expected = "\"HH:MM-HH:MM\" such as \"09:00-19:00\"";
        part.sheet.fault(&part.spot("hours"), format!("{written:?}"), expected);
        return None;
    };
    let days = match part.has("days") {
        true => days.iter().filter_map(|word| Weekday::parse(word)).collect(),
        false => Days::ALL,
    };
    let holidays: Vec<Region> =
        holidays.iter().filter_map(|word| region(word)).map(|(_, region)| *region).collect();
    let hours = Hours { span, days, zone: zone.clone() };
    Some(Opening { hours, holidays: Regions::of(&holidays) })
}

fn zone(part: &Part<'_>) -> Option<Zone> {
    let name = part.word("zone")?;
    let zone = Zones::default().zone(&name);
    if zone.is_none() {
        let expected = "the name of a zone, such as \"Europe/Paris\"";
        part.sheet.fault(&part.spot("zone"), format!("{name:?}"), expected);
    }
    zone
}

fn rule(part: &Part<'_>, names: &Names) -> Rule {
    part.knows(&["words", "go"]);
    let words: Vec<String> = part.words("words").into_iter().map(|(_, word)| word).collect();
    if words.is_empty() {
        part.missing("words", "an array of words");
    }
    Rule { words, go: part.flow("go", names).unwrap_or_default() }
}

fn intent(name: String, part: &Part<'_>, names: &Names) -> Intent {
    part.knows(&["go", "title", "fr", "en"]);
    let spoken = [("fr", Language::French), ("en", Language::English)];
    let of = |(key, language): (&str, Language)| {
        let words = part.words(key).into_iter();
        words.map(move |(_, text)| (language, text)).collect::<Vec<_>>()
    };
    Intent {
        at: part.at(),
        name,
        go: part.flow("go", names).unwrap_or_default(),
        examples: spoken.into_iter().flat_map(of).collect(),
        title: part.has("title").then(|| part.text("title", &names.languages)).flatten(),
    }
}

/// `[queue.NAME]`: who takes over, and what is said until they do.
fn queue(name: String, part: &Part<'_>, names: &Names) -> Queue {
    part.knows(&["priority", "patience", "after", "times", "give_up", "else"]);
    let known = Priority::NAMED.map(|(word, _)| word.to_owned());
    let priority = part.has("priority").then(|| part.named("priority", "priority", &known));
    let priority = priority.flatten().and_then(|at| Priority::NAMED.get(at));
    let patience = part.has("patience").then(|| part.text("patience", &names.languages));
    let gives_up = part.has("give_up").then(|| part.time("give_up")).flatten();
    let otherwise = match gives_up {
        Some(_) => part.flow("else", names).unwrap_or_default(),
        None => 0,
    };
    if gives_up.is_none() && part.has("else") {
        part.missing("give_up", "a time, such as \"2h\", after which the bot goes on with else");
    }
    let times = part.has("times").then(|| part.whole("times", 0..=9)).flatten();
    Queue {
        at: part.at(),
        name,
        priority: priority.map(|(_, priority)| *priority).unwrap_or_default(),
        patience: patience.flatten(),
        after: part.time("after").unwrap_or(std::time::Duration::from_secs(600)),
        times: times.and_then(|times| u8::try_from(times).ok()).unwrap_or(1),
        gives_up,
        otherwise,
    }
}

fn of_flow(name: String, part: &Part<'_>, names: &Names) -> Flow {
    part.knows(&["steps"]);
    if !part.has("steps") {
        part.missing("steps", "an array of steps");
    }
    let steps = part.parts("steps");
    let steps = steps.iter().filter_map(|step| Some((step.at(), flow::step(step, names)?)));
    Flow { at: part.at(), name, steps: steps.collect() }
}

fn transcript(part: &Part<'_>) -> Option<Transcript> {
    part.knows(&["name", "at", "talk"]);
    let moment = |text: &str| {
        let moment: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(moment.as_second()).ok().map(std::time::Duration::from_secs)
    };
    let begins = match part.date("at") {
        Some(written) => moment(&written).or_else(|| {
            let expected = "a moment with its offset, such as 2026-05-12T10:00:00+02:00";
            part.sheet.fault(&part.spot("at"), written.escape_debug().to_string(), expected);
            None
        }),
        None => {
            part.missing("at", "when it begins, such as 2026-05-12T10:00:00+02:00");
            None
        }
    };
    let (name, talk) = (part.word("name")?, part.word("talk")?);
    Some(Transcript { at: part.at(), name, begins: begins?, talk })
}

/// `end`, or the name of a flow.
fn exit(part: &Part<'_>, key: &str, names: &Names) -> Exit {
    if !part.has(key) || part.is_word(key, "end") {
        return Exit::End;
    }
    part.flow(key, names).map_or(Exit::End, Exit::Go)
}
