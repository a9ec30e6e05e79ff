use super::*;

/// Tuesday.
fn today() -> Date {
    Date::new(2026, 5, 12)
}

fn take(takes: &Takes, answer: &str) -> Option<Value> {
    takes.take(answer, today()).ok()
}

#[test]
fn days_are_read_as_people_name_them() {
    let days = Takes::Date(-400..=4_000);
    let cases = [
        ("aujourd'hui", (2026, 5, 12)),
        ("demain", (2026, 5, 13)),
        ("Demain matin svp", (2026, 5, 13)),
        ("après-demain", (2026, 5, 14)),
        ("apres demain", (2026, 5, 14)),
        ("ce soir", (2026, 5, 12)),
        ("vendredi", (2026, 5, 15)),
        ("Vendredi prochain", (2026, 5, 15)),
        ("vendredi 15", (2026, 5, 15)),
        ("vendredi 22", (2026, 5, 22)),
        ("vendredi en huit", (2026, 5, 22)),
        ("mardi", (2026, 5, 19)),
        ("jeudi 14 mai", (2026, 5, 14)),
        ("le 3", (2026, 6, 3)),
        ("le 12", (2026, 5, 12)),
        ("le 31", (2026, 5, 31)),
        ("le 1er juin", (2026, 6, 1)),
        ("1er juin", (2026, 6, 1)),
        ("premier juin", (2026, 6, 1)),
        ("le 3 mars", (2027, 3, 3)),
        ("15 août 2026", (2026, 8, 15)),
        ("15 AOUT", (2026, 8, 15)),
        ("03/06", (2026, 6, 3)),
        ("3/6/2026", (2026, 6, 3)),
        ("le 03/06 à 10h", (2026, 6, 3)),
        ("3.6.26", (2026, 6, 3)),
        ("03-06-2026", (2026, 6, 3)),
        ("05/25", (2026, 5, 25)),
        ("2026-06-03", (2026, 6, 3)),
        ("dans trois jours", (2026, 5, 15)),
        ("dans 2 semaines", (2026, 5, 26)),
        ("d'ici demain", (2026, 5, 13)),
        ("29 février", (2028, 2, 29)),
        ("today", (2026, 5, 12)),
        ("Tomorrow please", (2026, 5, 13)),
        ("the day after tomorrow", (2026, 5, 14)),
        ("next Friday", (2026, 5, 15)),
        ("fri", (2026, 5, 15)),
        ("on the 3rd", (2026, 6, 3)),
        ("the 21st", (2026, 5, 21)),
        ("May 15th", (2026, 5, 15)),
        ("15th of May", (2026, 5, 15)),
        ("June 3, 2027", (2027, 6, 3)),
        ("in a week", (2026, 5, 19)),
        ("in 10 days", (2026, 5, 22)),
    ];
    for (answer, (year, month, day)) in cases {
        let expected = Some(Value::Date(Date::new(year, month, day)));
        let found = take(&days, answer);
        let shown = match &found {
            Some(Value::Date(date)) => format!("{:?}", date.civil()),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{answer}: {shown}");
    }
}

#[test]
fn what_names_no_day_or_one_that_does_not_exist_is_not_guessed_at() {
    let days = Takes::Date(-400..=4_000);
    let wrong = [
        "",
        "je ne sais pas",
        "31/02",
        "30 février",
        "2026-13-01",
        "le 32",
        "lundi ou mardi",
        "32/12",
        "12345678",
        "mar",
        "dans longtemps",
        "99/99/9999",
        "plus tard",
        "un jour",
        "1/2/3/4",
    ];
    for answer in wrong {
        let found = take(&days, answer);
        // `mar` alone is a Tuesday cut off, which is a day.
        let expected = (answer == "mar").then(|| Value::Date(Date::new(2026, 5, 19)));
        assert_eq!(found, expected, "{answer}");
    }
    let soon = Takes::Date(0..=30);
    assert_eq!(soon.take("15 août", today()), Err(Refused::OutOfRange));
    assert_eq!(soon.take("2026-05-11", today()), Err(Refused::OutOfRange));
}

#[test]
fn times_are_read_as_people_name_them() {
    let cases = [
        ("18h30", 18 * 60 + 30),
        ("18 h", 18 * 60),
        ("8h", 8 * 60),
        ("à 9 heures", 9 * 60),
        ("9 heures et demie", 9 * 60 + 30),
        ("midi", 12 * 60),
        ("midi et demi", 12 * 60 + 30),
        ("minuit", 0),
        ("14:05", 14 * 60 + 5),
        ("vers 15", 15 * 60),
        ("10", 10 * 60),
        ("8 heures du soir", 20 * 60),
        ("3 pm", 15 * 60),
        ("3.30pm", 15 * 60 + 30),
        ("12 am", 0),
        ("at 4", 4 * 60),
        ("noon", 12 * 60),
        ("dix heures", 10 * 60),
    ];
    for (answer, minutes) in cases {
        assert_eq!(take(&Takes::Time, answer), Some(Value::Time(minutes)), "{answer}");
    }
    for answer in ["", "25h", "12h75", "plus tard", "je viens 3 fois", "10h ou 11h", "123"] {
        assert_eq!(take(&Takes::Time, answer), None, "{answer}");
    }
}

#[test]
fn yes_and_no_are_heard_in_the_ways_they_are_said() {
    let yes = [
        "OUI",
        "o",
        "ouais",
        "Oui merci",
        "ok",
        "d'accord",
        "Bien sûr",
        "yes",
        "Y",
        "👍",
        "oui c'est bon",
        "je confirme",
        "Ça marche !",
        "wi",
        "yes please",
        "oui madame",
    ];
    let no = [
        "NON",
        "n",
        "nan",
        "Non merci",
        "no",
        "nope",
        "pas du tout",
        "👎",
        "non svp",
        "no thanks",
        "non pas demain",
    ];
    for answer in yes {
        assert_eq!(take(&Takes::YesNo, answer), Some(Value::Yes(true)), "{answer}");
    }
    for answer in no {
        assert_eq!(take(&Takes::YesNo, answer), Some(Value::Yes(false)), "{answer}");
    }
    for answer in ["", "peut-être", "oui ou non", "je ne sais pas", "2", "nonante", "ouistiti"] {
        assert_eq!(take(&Takes::YesNo, answer), None, "{answer}");
    }
}

#[test]
fn a_choice_is_a_number_a_place_or_a_word_of_it() {
    let choices = [&["matin", "morning"][..], &["après-midi", "afternoon"], &["soir", "evening"]];
    let choices = choices.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let takes = Takes::Choice(choices.to_vec());
    let cases = [
        ("1", 0),
        ("2.", 1),
        ("le 3", 2),
        ("Matin", 0),
        ("APRES MIDI", 1),
        ("plutôt le soir", 2),
        ("le premier", 0),
        ("la deuxième", 1),
        ("2ème", 1),
        ("1er", 0),
        ("two", 1),
        ("option 3", 2),
        ("in the morning please", 0),
        ("the second", 1),
    ];
    for (answer, place) in cases {
        assert_eq!(take(&takes, answer), Some(Value::Choice(place)), "{answer}");
    }
    for answer in ["", "4", "0", "matin ou soir", "demain", "99999999999999999999"] {
        assert_eq!(take(&takes, answer), None, "{answer}");
    }
}

#[test]
fn digits_and_numbers_are_found_in_what_stands_around_them() {
    let order = Takes::Digits(8..=8);
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    for answer in ["12345678", "12 34 56 78", "c'est le 1234-5678", "n° 12.34.56.78 merci"] {
        assert_eq!(take(&order, answer), text("12345678"), "{answer}");
    }
    for answer in ["1234567", "123456789", "12345678, 87654321", "rien"] {
        assert_eq!(take(&order, answer), None, "{answer}");
    }
    let number = Takes::Number(1..=20);
    for (answer, value) in [("3", 3), ("trois", 3), ("nous serons 4", 4), ("une", 1), ("two", 2)] {
        assert_eq!(take(&number, answer), Some(Value::Number(value)), "{answer}");
    }
    assert_eq!(number.take("21", today()), Err(Refused::OutOfRange));
    assert_eq!(number.take("-3", today()), Err(Refused::OutOfRange));
    assert_eq!(number.take("2 ou 3", today()), Err(Refused::Unread));
}

#[test]
fn scores_are_digits_words_and_faces() {
    let score = Takes::Score(1..=5);
    let cases = [
        ("5", 5),
        ("4/5", 4),
        ("cinq", 5),
        ("😀", 5),
        ("😡", 1),
        ("Très bien", 5),
        ("ma note : 3", 3),
        ("🙂", 4),
        ("😐", 3),
        ("nul", 1),
    ];
    for (answer, value) in cases {
        assert_eq!(take(&score, answer), Some(Value::Number(value)), "{answer}");
    }
    assert_eq!(score.take("7", today()), Err(Refused::OutOfRange));
    assert_eq!(score.take("8/10", today()), Err(Refused::Unread));
    assert_eq!(take(&Takes::Score(0..=10), "8/10"), Some(Value::Number(8)));
}

#[test]
fn addresses_and_numbers_are_whole_or_refused() {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let mail = [
        ("jean.dupont@Exemple.FR", "jean.dupont@exemple.fr"),
        ("c'est a+b@x-y.co.uk.", "a+b@x-y.co.uk"),
        ("<moi@ici.com>", "moi@ici.com"),
    ];
    for (answer, address) in mail {
        assert_eq!(take(&Takes::Email, answer), text(address), "{answer}");
    }
    for answer in ["", "moi@", "@ici.fr", "moi@ici", "a..b@c.fr", "a@b.fr c@d.fr", "moi at ici.fr"]
    {
        assert_eq!(take(&Takes::Email, answer), None, "{answer}");
    }
    let phone = Takes::Phone(33);
    let numbers = [
        ("06 12 34 56 78", "+33612345678"),
        ("mon numéro: 06.12.34.56.78 merci", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+32 470 12 34 56", "+32470123456"),
    ];
    for (answer, number) in numbers {
        assert_eq!(take(&phone, answer), text(number), "{answer}");
    }
    for answer in ["", "612345678", "06 12 34 56", "+33 6 12", "0612345678 ou 0712345678", "12"] {
        assert_eq!(take(&phone, answer), None, "{answer}");
    }
}

#[test]
fn a_text_says_something_and_is_cut_at_its_bound() {
    assert_eq!(take(&Takes::Text, "  bonjour "), Some(Value::Text("bonjour".to_owned())));
    assert_eq!(take(&Takes::Text, " ?! "), None);
    let Some(Value::Text(cut)) = take(&Takes::Text, &"é".repeat(1_000)) else { panic!("none") };
    assert_eq!(cut.chars().count(), ANSWER_MAX);
}

#[test]
fn no_answer_makes_any_question_panic() {
    let all = [
        Takes::Text,
        Takes::Digits(8..=8),
        Takes::Number(i64::MIN..=i64::MAX),
        Takes::Date(-40_000..=40_000),
        Takes::Time,
        Takes::YesNo,
        Takes::Choice(vec![vec![String::new()], vec!["oui".to_owned()]]),
        Takes::Email,
        Takes::Phone(33),
        Takes::Score(0..=10),
    ];
    let hostile = [
        "@",
        "+",
        "/",
        "//",
        "1/",
        "-",
        "--1",
        "9223372036854775808",
        "-9223372036854775808/5",
        "dans",
        "dans 9223372036854775807 semaines",
        "le",
        "(0)",
        "0",
        "00",
        "h",
        "et demie",
        "mai",
        "31",
        "\u{0}",
        "é@é.é",
        "１２/０５",
        "a.-/",
        "....",
        "1-1-1",
        "٣",
        "İ",
        "ﬁ",
        "99:99",
        "+33+33",
    ];
    for takes in &all {
        for answer in hostile {
            let _ = takes.take(answer, today());
        }
    }
}

#[test]
fn days_are_shown_in_words() {
    assert_eq!(shown_date(Date::new(2026, 5, 15), true), "vendredi 15 mai");
    assert_eq!(shown_date(Date::new(2026, 8, 1), true), "samedi 1er août");
    assert_eq!(shown_date(Date::new(2026, 5, 15), false), "Friday 15 May");
}
