use super::*;

const SOUND: &str = r#"
[bot]
name = "essai"
languages = ["fr"]
zone = "Europe/Paris"

[[rule]]
words = ["RDV"]
go = "rendez_vous"

[intent.humain]
go = "humain"
fr = ["un conseiller svp", "parler à quelqu'un"]

[slot.jour]
take = "date"
within = [0, 30]
ask = "Quel jour ?"
else = "humain"
wait = "2h"
silent = "end"

[flow.rendez_vous]
steps = [{ ask = "jour" }, { say = "Noté pour {jour}." }]

[flow.humain]
steps = [{ hand = "accueil", say = "Un conseiller arrive." }]

[fallback]
say = "Je n'ai pas compris."
twice = "humain"

[[test]]
name = "un jour"
at = 2026-05-12T10:00:00+02:00
talk = '''
> rdv
< Quel jour ?
> vendredi
< Noté pour vendredi 15 mai.
'''
"#;

#[test]
fn a_file_is_a_bot_that_holds_its_own_conversations() {
    let bot = parse("essai.toml", SOUND).unwrap();
    assert_eq!(bot.draft().tests.len(), 1);
    assert_eq!(bot.draft().tests[0].hold(&bot), Ok(()));
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_would_be_right() {
    let cases = [
        ("go = \"humain\"", "go = \"humian\"", "12:6: intent.humain.go", "perhaps \"humain\""),
        ("take = \"date\"", "take = \"dat\"", "16:8: slot.jour.take", "perhaps \"date\""),
        ("wait = \"2h\"", "wiat = \"2h\"", "20:1: slot.jour.wiat", "perhaps wait"),
        ("wait = \"2h\"", "wait = \"2\"", "20:8: slot.jour.wait", "a time such as"),
        (
            "{ ask = \"jour\" }",
            "{ ask = \"day\" }",
            "24:18: flow.rendez_vous.steps[0].ask",
            "a slot",
        ),
        ("{ ask = \"jour\" }", "{ sing = 1 }", "24:10: flow.rendez_vous.steps[0]", "one of say"),
        ("{jour}", "{prix}", "24:36: bot", "the name of a slot: jour"),
        ("within = [0, 30]", "length = 3", "17:10: slot.jour.length", "no such key there"),
        ("zone = \"Europe/Paris\"", "zone = \"Paris\"", "5:8: bot.zone", "Europe/Paris"),
        (
            "at = 2026-05-12T10:00:00+02:00",
            "at = 2026-05-12",
            "35:6: test[0].at",
            "with its offset",
        ),
        (
            "[fallback]",
            "[queue.acueil]\npatience = \"Un instant.\"\n[fallback]",
            "29:1: bot: found queue acueil, which no flow",
            "a step { hand = \"acueil\" }",
        ),
        (
            "[fallback]",
            "[queue.accueil]\npriority = \"now\"\nelse = \"humain\"\n[fallback]",
            "30:12: queue.accueil.priority",
            "priority",
        ),
        ("[fallback]", "[fallbak]", "fallback: found nothing", "a table [fallback]"),
    ];
    for (from, to, place, expected) in cases {
        let text = SOUND.replacen(from, to, 1);
        assert_ne!(text, SOUND, "{from}");
        let errors = parse("b.toml", &text).unwrap_err().to_string();
        assert!(errors.contains(place) && errors.contains(expected), "{from} -> {to}:\n{errors}");
    }
}

#[test]
fn outside_its_hours_and_on_holidays_it_says_that_nobody_is_there() {
    let hours = "zone = \"Europe/Paris\"\nhours = \"09:00-19:00\"\n\
                 days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]\nholidays = [\"france\"]";
    let shut = "say = \"Un conseiller arrive.\", shut = \"Demain.\"";
    let text = SOUND
        .replace("zone = \"Europe/Paris\"", hours)
        .replace("say = \"Un conseiller arrive.\"", shut);
    // A Tuesday, its evening, a Sunday, and Ascension Day.
    let moments = [
        ("2026-05-12T10:00:00+02:00", "Un conseiller arrive."),
        ("2026-05-12T19:00:00+02:00", "Demain."),
        ("2026-05-17T10:00:00+02:00", "Demain."),
        ("2026-05-14T10:00:00+02:00", "Demain."),
    ];
    for (at, said) in moments {
        let test = format!(
            "[[test]]\nname = \"x\"\nat = {at}\ntalk = \"> un conseiller svp\\n< {said}\"\n"
        );
        let held = proven("b.toml", &format!("{text}{test}"));
        assert!(held.is_ok(), "{at}: {}", held.unwrap_err());
    }
    let cases = [
        (hours, "zone = \"Europe/Paris\"", "what is said while nobody is there", "hours in [bot]"),
        ("\"09:00-19:00\"", "\"9-19\"", "bot.hours", "HH:MM-HH:MM"),
        ("\"wed\"", "\"mercredi\"", "bot.days", "and so on"),
        ("\"france\"", "\"FR\"", "bot.holidays", "one of france"),
        ("hours = \"09:00-19:00\"\n", "", "days without hours", "hours beside it"),
    ];
    for (from, to, place, expected) in cases {
        let wrong = text.replacen(from, to, 1);
        let errors = parse("b.toml", &wrong).unwrap_err().to_string();
        assert!(errors.contains(place) && errors.contains(expected), "{from} -> {to}:\n{errors}");
    }
}

#[test]
fn a_queue_says_what_is_said_to_who_waits_and_what_if_nobody_comes() {
    let queue = "[queue.accueil]\npriority = \"urgent\"\npatience = \"Un instant.\"\n\
                 after = \"5m\"\ntimes = 3\ngive_up = \"2h\"\nelse = \"rendez_vous\"\n";
    let bot = parse("b.toml", &format!("{SOUND}{queue}")).unwrap();
    let [queue] = bot.draft().queues.as_slice() else { panic!("one queue") };
    let minutes = |minutes: u64| std::time::Duration::from_secs(60 * minutes);
    assert_eq!((queue.priority, queue.times), (Priority::Urgent, 3));
    assert_eq!((queue.after, queue.gives_up), (minutes(5), Some(minutes(120))));
    assert_eq!(bot.draft().flows[queue.otherwise].name, "rendez_vous");
    assert!(queue.patience.is_some());
}

#[test]
fn a_file_that_is_none_says_so_without_guessing() {
    for text in ["[bot", "bot = 1", "", "[bot]\nname = 1\nlanguages = 3\n[flow]\nx = 1\n"] {
        let errors = parse("b.toml", text).unwrap_err();
        assert!(!errors.errors().is_empty(), "{text:?}");
    }
}
