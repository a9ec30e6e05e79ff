use super::*;
use crate::clock::Zone;

pub fn text(french: &str) -> Text {
    Text { at: 7, french: Some(french.to_owned()), english: None }
}

fn slot(name: &str, takes: Takes, ask: &str) -> Slot {
    Slot {
        at: 3,
        name: name.to_owned(),
        takes,
        ask: text(ask),
        retry: Some(text("Pardon ?")),
        tries: 2,
        otherwise: 2,
        wait: Duration::from_secs(7_200),
        remind: 1,
        silent: Exit::End,
        undelivered: Exit::Go(2),
    }
}

fn flow(name: &str, steps: &[Step]) -> Flow {
    let steps = steps.iter().cloned().map(|step| (9, step)).collect();
    Flow { at: 5, name: name.to_owned(), steps }
}

fn intent(name: &str, go: usize, examples: &[&str]) -> Intent {
    let french = |text: &&str| (Language::French, (*text).to_owned());
    let examples = examples.iter().map(french).collect();
    Intent { at: 4, name: name.to_owned(), go, examples, title: Some(text(name)) }
}

/// Parcels, appointments and people.
pub fn draft() -> Draft {
    let hand =
        Step::Hand { queue: "support".to_owned(), say: text("Un conseiller arrive."), shut: None };
    Draft {
        name: "essai".to_owned(),
        languages: vec![Language::French],
        zone: Zone::fixed(7_200),
        segments_max: 2,
        session: Duration::from_secs(86_400),
        rules: vec![Rule { words: vec!["RDV".to_owned(), "rendez-vous".to_owned()], go: 1 }],
        intents: vec![
            intent(
                "colis",
                0,
                &["où est mon colis", "suivi de ma commande", "mon paquet est perdu"],
            ),
            intent("humain", 2, &["un conseiller svp", "je veux parler à quelqu'un", "un humain"]),
        ],
        slots: vec![
            slot("order", Takes::Digits(8..=8), "Votre numéro de commande ?"),
            slot("day", Takes::Date(0..=30), "Quel jour ?"),
            slot("ok", Takes::YesNo, "Confirmer le {day} ? OUI/NON"),
        ],
        flows: vec![
            flow(
                "tracking",
                &[
                    Step::Ask(0),
                    Step::Say(text("Commande {order} : en route.")),
                    Step::Tag("tracking".to_owned()),
                ],
            ),
            flow(
                "appointment",
                &[
                    Step::Ask(1),
                    Step::Ask(2),
                    Step::If { slot: 2, is: "no".to_owned(), go: 1 },
                    Step::Say(text("C'est noté pour {day}.")),
                ],
            ),
            flow("human", &[hand]),
        ],
        fallback: text("Je n'ai pas compris."),
        twice: 2,
        ..Draft::default()
    }
}

pub fn bot() -> Bot {
    Bot::new(draft()).unwrap()
}

/// 2026-05-12T10:00:00+02:00, a Tuesday.
pub const BEGINS: Duration = Duration::from_secs(1_778_572_800);

fn hold(talk: &str) -> Result<(), TranscriptFault> {
    let talk = talk.to_owned();
    Transcript { at: 0, name: String::new(), begins: BEGINS, talk }.hold(&bot())
}

#[test]
fn a_conversation_goes_as_it_is_written() {
    let talks = [
        "> ou e mon coli\n< Votre numéro de commande ?\n> 12 34 56 78\n\
         < Commande 12345678 : en route.\n= order 12345678\n= tag tracking\n= ended",
        "> RDV\n< Quel jour ?\n> vendredi\n< Confirmer le vendredi 15 mai ? OUI/NON\n> non\n\
         < Quel jour ?\n> demain\n< /mercredi 13 mai/\n> ok\n< C'est noté pour mercredi 13 mai.",
        "> rdv\n< Quel jour ?\n+ 2h\n< Quel jour ?\n+ 2h\n= ended",
        "> rdv\n< Quel jour ?\n!\n< Un conseiller arrive.\n= queue support",
        "> rdv\n< Quel jour ?\n> bof\n< Pardon ?\n> bof bof\n< Un conseiller arrive.\n\
         = queue support\n> allô ?",
        "> xyzzy\n< Je n'ai pas compris.\n> wxq\n< Un conseiller arrive.",
        "> rdv\n< Quel jour ?\n> un conseiller svp\n< Un conseiller arrive.",
    ];
    for talk in talks {
        assert_eq!(hold(talk), Ok(()), "{talk}");
    }
}

#[test]
fn a_talk_that_goes_otherwise_names_its_line() {
    let line = |talk: &str| hold(talk).map_err(|fault| (fault.line, fault.found));
    let other = |line: usize, found: &str| Err((line, found.to_owned()));
    assert_eq!(line("> rdv\n< Quand ?"), other(2, "\"Quel jour ?\""));
    assert_eq!(line("> rdv\n> demain"), other(2, "\"Quel jour ?\""));
    assert_eq!(line("> rdv"), other(1, "\"Quel jour ?\""));
    assert_eq!(line("< rdv"), other(1, "nothing said"));
    assert_eq!(line("> rdv\n< Quel jour ?\n= ended"), other(3, "with the bot"));
    assert_eq!(line("> rdv\n< Quel jour ?\n= day demain"), other(3, "day without a value"));
    assert_eq!(line("> rdv\n< Quel jour ?\n+ bientôt"), other(3, "\"bientôt\""));
    assert_eq!(line("rdv"), other(1, "\"rdv\""));
}

#[test]
fn times_have_a_unit() {
    assert_eq!(transcript::duration("90s"), Some(Duration::from_secs(90)));
    assert_eq!(transcript::duration("2h"), Some(Duration::from_secs(7_200)));
    for wrong in ["", "h", "2", "-2h", "+2h", "2é", "999999999999d", "400d"] {
        assert_eq!(transcript::duration(wrong), None, "{wrong}");
    }
}

/// What is done to a sound draft.
type Change = fn(&mut Draft);

fn found(change: impl FnOnce(&mut Draft)) -> Vec<String> {
    let mut draft = draft();
    change(&mut draft);
    prove(&draft).into_iter().map(|fault| fault.found).collect()
}

#[test]
fn a_sound_bot_is_proved() {
    assert_eq!(found(|_| ()), [""; 0]);
}

#[test]
fn what_can_be_wrong_is_found_before_anybody_writes() {
    let say = |said: &str| (9, Step::Say(text(said)));
    let cases: [(&str, Change); 10] = [
        ("no text in en", |draft| draft.languages.push(Language::English)),
        ("{price}", |draft| draft.fallback = text("Le prix est {price|inconnu}.")),
        ("a text of up to 3 segments", |draft| draft.fallback = text(&"a".repeat(307))),
        ("as UCS-2 because of '字'", |draft| {
            draft.fallback = text(&format!("字{}", "a".repeat(134)));
        }),
        ("a text of up to 3 segments", |draft| {
            draft.fallback = text(&format!("{{order}} {}", "a".repeat(270)));
        }),
        ("flow human comes back to itself without a question", |draft| {
            draft.flows[2].steps = vec![(9, Step::Go(2))];
        }),
        ("flow spare, which nothing leads to", |draft| {
            draft.flows.push(flow("spare", &[Step::End]));
        }),
        ("slot spare, which no flow asks for", |draft| {
            draft.slots.push(slot("spare", Takes::Text, "?"));
        }),
        ("a step that is never reached", |draft| draft.flows[2].steps.push((9, Step::End))),
        ("flow tracking without steps", |draft| draft.flows[0].steps.clear()),
    ];
    for (expected, change) in cases {
        let found = found(change);
        assert!(found.iter().any(|found| found.contains(expected)), "{expected}: {found:?}");
    }
    // A circle with a question on it is a conversation.
    let asked = found(|draft| draft.flows[0].steps.extend([say("?"), (9, Step::Go(0))]));
    assert_eq!(asked, [""; 0]);
}

#[test]
fn a_picture_has_every_flow_and_where_it_leads() {
    let drawn = draw(&draft());
    for line in [
        "digraph \"essai\" {",
        "f1 [label = \"appointment\\nask day\\nask ok\\nif ok == no\"];",
        "\"intent colis\" -> f0;",
        "\"RDV, rendez-vous\" -> f1;",
        "f1 -> f1;",
        "f1 -> f2;",
        "not_understood -> f2;",
    ] {
        assert!(drawn.contains(line), "{line}: {drawn}");
    }
}
