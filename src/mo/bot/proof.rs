//! What can be proved about a bot before it answers anybody.
//!
//! No conversation may go round without a question, end at a question that nobody can answer, be
//! silent in a language, or cost more than it may. What is never reached is a mistake too: somebody
//! wrote it to be.

use super::{Draft, Exit, Flow, Step, Text};
use crate::mo::conversation::filled;
use crate::text::{TextOptions, TextPlan};

/// What is wrong, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Octets from the start of the file.
    pub at: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

/// Characters that a value takes in a text at most: longer ones are cut there.
pub const VALUE_SHOWN_MAX: usize = 40;

/// Every fault of a draft.
#[must_use]
pub fn prove(draft: &Draft) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, text) in texts(draft) {
        languages(draft, at, text, &mut faults);
        for (_, said) in text.all() {
            braces(draft, at, said, &mut faults);
            segments(draft, at, said, &mut faults);
        }
    }
    circles(draft, &mut faults);
    unreached(draft, &mut faults);
    behind_the_end(draft, &mut faults);
    examples(draft, &mut faults);
    faults
}

/// Every text of a draft with its place.
fn texts(draft: &Draft) -> Vec<(usize, &Text)> {
    let mut texts: Vec<&Text> = vec![&draft.fallback];
    for slot in &draft.slots {
        texts.push(&slot.ask);
        texts.extend(&slot.retry);
    }
    texts.extend(draft.intents.iter().filter_map(|intent| intent.title.as_ref()));
    texts.extend(draft.queues.iter().filter_map(|queue| queue.patience.as_ref()));
    for (_, step) in draft.flows.iter().flat_map(|flow| &flow.steps) {
        match step {
            Step::Say(text) => texts.push(text),
            Step::Hand { say, shut, .. } => {
                texts.extend([Some(say), shut.as_ref()].into_iter().flatten())
            }
            _ => {}
        }
    }
    texts.into_iter().map(|text| (text.at, text)).collect()
}

fn fault(at: usize, found: impl Into<String>, expected: impl Into<String>) -> Fault {
    Fault { at, found: found.into(), expected: expected.into() }
}

fn languages(draft: &Draft, at: usize, text: &Text, faults: &mut Vec<Fault>) {
    for language in &draft.languages {
        if !text.all().any(|(written, said)| written == *language && !said.trim().is_empty()) {
            let word = language.word();
            faults.push(fault(at, format!("no text in {word}"), format!("{word} = \"...\"")));
        }
    }
}

fn braces(draft: &Draft, at: usize, said: &str, faults: &mut Vec<Fault>) {
    for name in named(said) {
        if !draft.slots.iter().any(|slot| slot.name == name) {
            let names: Vec<&str> = draft.slots.iter().map(|slot| slot.name.as_str()).collect();
            let expected = match names.is_empty() {
                true => "no braces: there are no slots".to_owned(),
                false => format!("the name of a slot: {}", names.join(", ")),
            };
            faults.push(fault(at, format!("{:?}", format!("{{{name}}}")), expected));
        }
    }
}

/// The names in braces of a text.
fn named(said: &str) -> impl Iterator<Item = &str> {
    said.split('{').skip(1).filter_map(|rest| {
        let inside = rest.split_once('}')?.0;
        Some(inside.split('|').next().unwrap_or(inside))
    })
}

/// The text with its longest values, and what it then costs.
fn segments(draft: &Draft, at: usize, said: &str, faults: &mut Vec<Fault>) {
    let longest = filled(said, |_| Some("x".repeat(VALUE_SHOWN_MAX)));
    let options = TextOptions { smart: true, ..TextOptions::default() };
    let max = draft.segments_max;
    let found = match TextPlan::of(&longest, &options) {
        Ok(plan) if plan.plan.segments() <= max => return,
        Ok(plan) => {
            let why = plan.forced_by.map(|c| format!(", as UCS-2 because of {c:?}"));
            format!("a text of up to {} segments{}", plan.plan.segments(), why.unwrap_or_default())
        }
        Err(_) => "a text too long for any message".to_owned(),
    };
    faults.push(fault(at, found, format!("at most {max}, or more in [bot] segments")));
}

/// Where a flow goes without anybody's word.
fn onward(flow: &Flow) -> impl Iterator<Item = usize> {
    let before_question = flow.steps.iter().take_while(|(_, step)| !matches!(step, Step::Ask(_)));
    before_question.filter_map(|(_, step)| match step {
        Step::Go(go) | Step::If { go, .. } => Some(*go),
        _ => None,
    })
}

/// Flows that come back to themselves without a question.
fn circles(draft: &Draft, faults: &mut Vec<Fault>) {
    for (start, flow) in draft.flows.iter().enumerate() {
        let mut seen = vec![false; draft.flows.len()];
        let mut open: Vec<usize> = onward(flow).collect();
        while let Some(next) = open.pop() {
            if next == start {
                let found = format!("flow {} comes back to itself without a question", flow.name);
                faults.push(fault(flow.at, found, "an ask on the way round, or another target"));
                break;
            }
            if let Some(seen) = seen.get_mut(next).filter(|seen| !**seen) {
                *seen = true;
                open.extend(draft.flows.get(next).into_iter().flat_map(onward));
            }
        }
    }
}

/// All that a flow leads to, whoever says what.
pub(super) fn targets<'d>(draft: &'d Draft, flow: &'d Flow) -> impl Iterator<Item = usize> + 'd {
    flow.steps.iter().flat_map(move |(_, step)| -> Vec<usize> {
        match step {
            Step::Go(go) | Step::If { go, .. } => vec![*go],
            Step::Ask(slot) => {
                let Some(slot) = draft.slots.get(*slot) else { return Vec::new() };
                let exit = |exit: Exit| match exit {
                    Exit::Go(go) => Some(go),
                    Exit::End => None,
                };
                let exits = [exit(slot.silent), exit(slot.undelivered)];
                std::iter::once(slot.otherwise).chain(exits.into_iter().flatten()).collect()
            }
            _ => Vec::new(),
        }
    })
}

fn unreached(draft: &Draft, faults: &mut Vec<Fault>) {
    let mut reached = vec![false; draft.flows.len()];
    let mut open: Vec<usize> = draft.rules.iter().map(|rule| rule.go).collect();
    open.extend(draft.intents.iter().map(|intent| intent.go));
    open.push(draft.twice);
    let gives_up = draft.queues.iter().filter(|queue| queue.gives_up.is_some());
    open.extend(gives_up.map(|queue| queue.otherwise));
    while let Some(next) = open.pop() {
        if let Some(seen) = reached.get_mut(next).filter(|seen| !**seen) {
            *seen = true;
            open.extend(draft.flows.get(next).into_iter().flat_map(|flow| targets(draft, flow)));
        }
    }
    for (flow, _) in draft.flows.iter().zip(&reached).filter(|(_, reached)| !**reached) {
        let found = format!("flow {}, which nothing leads to", flow.name);
        faults.push(fault(flow.at, found, "a rule, an intent or a flow with go to it"));
    }
    let is_handed = |name: &str| {
        let mut steps = draft.flows.iter().flat_map(|flow| &flow.steps);
        steps.any(|(_, step)| matches!(step, Step::Hand { queue, .. } if queue == name))
    };
    let shut = draft.flows.iter().flat_map(|flow| &flow.steps).find_map(|(_, step)| match step {
        Step::Hand { shut, .. } => shut.as_ref().filter(|_| draft.opening.is_none()),
        _ => None,
    });
    if let Some(shut) = shut {
        faults.push(fault(shut.at, "what is said while nobody is there", "hours in [bot]"));
    }
    for queue in draft.queues.iter().filter(|queue| !is_handed(&queue.name)) {
        let found = format!("queue {}, which no flow hands over to", queue.name);
        faults.push(fault(queue.at, found, format!("a step {{ hand = \"{}\" }}", queue.name)));
    }
    let asked = |slot: usize| {
        let steps = draft.flows.iter().flat_map(|flow| &flow.steps);
        steps.into_iter().any(|(_, step)| *step == Step::Ask(slot))
    };
    for (_, slot) in draft.slots.iter().enumerate().filter(|(at, _)| !asked(*at)) {
        let found = format!("slot {}, which no flow asks for", slot.name);
        faults.push(fault(slot.at, found, format!("a step {{ ask = \"{}\" }}", slot.name)));
    }
}

/// Steps behind one that never goes on.
fn behind_the_end(draft: &Draft, faults: &mut Vec<Fault>) {
    for flow in &draft.flows {
        let ends = |step: &Step| matches!(step, Step::Go(_) | Step::Hand { .. } | Step::End);
        let end = flow.steps.iter().position(|(_, step)| ends(step));
        let behind = end.and_then(|end| flow.steps.get(end + 1));
        if let Some((at, _)) = behind {
            let found = "a step that is never reached: the one before it goes elsewhere";
            faults.push(fault(*at, found, "it before that one, or in a flow of its own"));
        }
        if flow.steps.is_empty() {
            faults.push(fault(flow.at, format!("flow {} without steps", flow.name), "steps"));
        }
    }
}

fn examples(draft: &Draft, faults: &mut Vec<Fault>) {
    for intent in &draft.intents {
        for language in &draft.languages {
            if !intent.examples.iter().any(|(written, _)| written == language) {
                let found =
                    format!("intent {} without examples in {}", intent.name, language.word());
                let expected = format!("{} = [\"...\"], ten or more", language.word());
                faults.push(fault(intent.at, found, expected));
            }
        }
    }
}
