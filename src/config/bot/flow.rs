//! The steps of a flow: each has exactly one verb.

use super::Names;
use super::part::Part;
use crate::mo::bot::Step;

const VERBS: [&str; 7] = ["say", "ask", "if", "go", "tag", "hand", "end"];

pub(super) fn step(part: &Part<'_>, names: &Names) -> Option<Step> {
    let Some(verb) = part.first(&VERBS) else {
        part.knows(&VERBS);
        part.missing("say", &format!("one of {}", VERBS.join(", ")));
        return None;
    };
    part.knows(match verb {
        "if" => &["if", "go"],
        "hand" => &["hand", "say", "shut"],
        // `say` stands first in the list, and beside `hand` it is what is said then.
        "say" if part.has("hand") => &["hand", "say", "shut"],
        "say" => &["say"],
        "ask" => &["ask"],
        "go" => &["go"],
        "tag" => &["tag"],
        _ => &["end"],
    });
    match verb {
        "say" | "hand" if part.has("hand") => {
            let say = part.text("say", &names.languages)?;
            let shut = part.has("shut").then(|| part.text("shut", &names.languages));
            Some(Step::Hand { queue: part.label("hand")?, say, shut: shut.flatten() })
        }
        "say" => part.text("say", &names.languages).map(Step::Say),
        "ask" => part.slot("ask", names).map(Step::Ask),
        "if" => condition(part, names),
        "go" => part.flow("go", names).map(Step::Go),
        "tag" => part.label("tag").map(Step::Tag),
        _ => Some(Step::End),
    }
}

/// `if = "SLOT == VALUE"` with `go`.
fn condition(part: &Part<'_>, names: &Names) -> Option<Step> {
    let go = part.flow("go", names);
    let written = part.word("if")?;
    let sides = written.split_once("==").map(|(slot, is)| (slot.trim(), is.trim()));
    let known = sides.and_then(|(name, is)| {
        let slot = names.slots.iter().position(|slot| slot == name)?;
        Some((slot, is.trim_matches(['\'', '"']).to_owned()))
    });
    let Some((slot, is)) = known else {
        let expected = format!("\"SLOT == VALUE\" with a slot of {}", names.slots.join(", "));
        part.sheet.fault(&part.spot("if"), format!("{written:?}"), expected);
        return None;
    };
    Some(Step::If { slot, is, go: go? })
}
