//! A bot as a picture of its flows.

use std::fmt::Write as _;

use super::proof::targets;
use super::{Draft, Step};

/// The flows of a bot, what leads to them and where they lead, in the language of Graphviz.
#[must_use]
pub fn draw(draft: &Draft) -> String {
    let mut out =
        format!("digraph {} {{\n  rankdir = LR;\n  node [shape = box];\n", quoted(&draft.name));
    // Writing to a string takes everything.
    for (at, flow) in draft.flows.iter().enumerate() {
        let lines: Vec<String> = std::iter::once(flow.name.clone())
            .chain(flow.steps.iter().filter_map(|(_, step)| label(draft, step)))
            .collect();
        let _ = writeln!(out, "  f{at} [label = {}];", quoted(&lines.join("\n")));
    }
    for intent in &draft.intents {
        let from = quoted(&format!("intent {}", intent.name));
        let _ = writeln!(out, "  {from} [shape = ellipse];\n  {from} -> f{};", intent.go);
    }
    for rule in &draft.rules {
        let from = quoted(&rule.words.join(", "));
        let _ = writeln!(out, "  {from} [shape = ellipse];\n  {from} -> f{};", rule.go);
    }
    let _ =
        writeln!(out, "  not_understood [shape = ellipse];\n  not_understood -> f{};", draft.twice);
    for (from, flow) in draft.flows.iter().enumerate() {
        let mut all: Vec<usize> = targets(draft, flow).collect();
        all.sort_unstable();
        all.dedup();
        for to in all {
            let _ = writeln!(out, "  f{from} -> f{to};");
        }
    }
    out.push_str("}\n");
    out
}

fn label(draft: &Draft, step: &Step) -> Option<String> {
    let slot = |at: &usize| draft.slots.get(*at).map_or("", |slot| slot.name.as_str());
    match step {
        Step::Ask(at) => Some(format!("ask {}", slot(at))),
        Step::If { slot: at, is, .. } => Some(format!("if {} == {is}", slot(at))),
        Step::Tag(tag) => Some(format!("tag {tag}")),
        Step::Hand { queue, .. } => Some(format!("hand to {queue}")),
        Step::End => Some("end".to_owned()),
        Step::Say(_) | Step::Go(_) => None,
    }
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
