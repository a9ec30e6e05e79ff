//! How many of what people write is heard, and how much of what only looks like it.
//!
//! All lists are ours. Those that are held out were only counted while the tables were made, the
//! others were looked at.

use super::*;

const OPT_OUTS: [&str; 2] = [include_str!("opt_outs.txt"), include_str!("opt_outs_held_out.txt")];
const LOOK_ALIKES: [&str; 2] =
    [include_str!("look_alikes.txt"), include_str!("look_alikes_held_out.txt")];

/// A line, and the rule by which it was heard as a request to stop; none is empty.
type Line = (&'static str, &'static str);

/// Those of these lines that are heard so, and those that are not.
fn counted(lines: &'static str) -> (Vec<Line>, Vec<Line>) {
    let keywords = Keywords::default();
    let situation = Situation { question: true, ..Situation::default() };
    let rule = |line| match keywords.hear_text(line, situation) {
        Some(heard) if heard.request == Request::Stop => (line, heard.rule),
        _ => (line, ""),
    };
    lines.lines().map(rule).partition(|(_, rule)| !rule.is_empty())
}

#[test]
fn at_least_95_in_100_opt_outs_are_heard() {
    for list in OPT_OUTS {
        let (heard, missed) = counted(list);
        let all = heard.len() + missed.len();
        assert!(missed.len() * 100 <= all * 5, "{} of {all}: {missed:#?}", missed.len());
    }
}

#[test]
fn at_most_2_in_100_look_alikes_are_taken_for_one() {
    for list in LOOK_ALIKES {
        let (heard, other) = counted(list);
        let all = heard.len() + other.len();
        assert!(heard.len() * 100 <= all * 2, "{} of {all}: {heard:#?}", heard.len());
    }
}

#[test]
fn a_soft_word_is_the_answer_to_an_open_question_but_not_in_the_united_states() {
    let keywords = Keywords::default();
    let stops = |text: &str, united_states, question| {
        let heard = keywords.hear_text(text, Situation { united_states, question });
        heard.is_some_and(|heard| heard.request == Request::Stop)
    };
    for word in ["ANNULER", "Cancel", "FIN", "end.", "annulé svp"] {
        assert!(stops(word, false, false) && !stops(word, false, true), "{word}");
        assert!(stops(word, true, true), "{word}");
    }
    assert!(stops("NON", false, false) && !stops("NON", false, true) && !stops("NON", true, false));
    for word in ["STOP", "arrêt", "QUIT", "unsubscribe", "REVOKE", "opt out", "td"] {
        assert!(stops(word, false, true) && stops(word, true, true), "{word}");
    }
}

#[test]
fn help_and_start_are_heard_alone() {
    let keywords = Keywords::default();
    let request = |text: &str| Some(keywords.hear_text(text, Situation::default())?.request);
    for text in ["HELP", "Aide svp", "info", "AYUDA", "hilfe bitte"] {
        assert_eq!(request(text), Some(Request::Help), "{text}");
    }
    for text in ["START", "Unstop", "réabonner", "opt-in", "ALTA"] {
        assert_eq!(request(text), Some(Request::Start), "{text}");
    }
    for text in ["", "   ", "??", "help me find it", "info sur ma commande", "starter", "36111"] {
        assert_eq!(request(text), None, "{text}");
    }
}

#[test]
fn the_word_that_said_it_names_its_language() {
    let keywords = Keywords::default();
    let language = |text: &str| keywords.hear_text(text, Situation::default()).unwrap().language;
    assert_eq!(language("ARRÊT"), Some("fr"));
    assert_eq!(language("unsubscribe"), Some("en"));
    assert_eq!(language("abmelden"), Some("de"));
    assert_eq!(language("STOP"), None);
}
