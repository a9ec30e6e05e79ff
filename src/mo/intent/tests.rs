use super::*;

const PARCEL: [&str; 4] =
    ["où est mon colis", "suivi de ma commande", "mon paquet n'est pas arrivé", "suivre un colis"];
const MEETING: [&str; 4] =
    ["prendre rendez-vous", "je voudrais un rdv", "réserver un créneau", "un rendez-vous demain"];
const HOURS: [&str; 4] = [
    "quels sont vos horaires",
    "à quelle heure ouvrez-vous",
    "ouvert dimanche ?",
    "heures d'ouverture",
];

fn examples() -> Vec<(u16, &'static str)> {
    let of = |intent, texts: [&'static str; 4]| texts.map(|text| (intent, text));
    [of(0, PARCEL), of(1, MEETING), of(2, HOURS)].concat()
}

fn guess(model: &Intents, text: &str) -> Guess {
    model.classify(text, &mut Scratch::default())
}

#[test]
fn a_text_like_an_example_has_its_intent_and_one_like_none_has_none() {
    let model = train(&examples(), 3).unwrap();
    for (text, intent) in [("ou e mon coli", 0), ("RDV svp", 1), ("vs ouvrez a kel heure", 2)] {
        let guess = guess(&model, text);
        assert_eq!(guess.first, Some(intent), "{text}: {guess:?}");
        assert!(guess.confidence > UNSURE, "{text}: {guess:?}");
    }
    assert_eq!(guess(&model, "zzz qqq").confidence.total_cmp(&ACCEPT), std::cmp::Ordering::Less);
    for nothing in ["", "?!", "👍", "字"] {
        assert_eq!(guess(&model, nothing), Guess::default(), "{nothing}");
    }
}

#[test]
fn probabilities_are_those_of_all_intents_and_sum_up_to_one() {
    let model = train(&examples(), 3).unwrap();
    let mut scratch = Scratch::default();
    let guess = model.classify("suivi colis", &mut scratch);
    let all = model.probabilities(&scratch);
    assert_eq!(all.len(), 3);
    assert!((all.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    let likeliest = all.iter().copied().fold(0.0, f32::max);
    assert_eq!(guess.first.map(|at| all[usize::from(at)]), Some(likeliest));
    assert!(guess.second.is_some() && guess.second != guess.first);
}

#[test]
fn the_same_examples_give_the_same_model() {
    let guesses = || {
        let model = train(&examples(), 3).unwrap();
        ["colis", "un creneau", "ouverture"].map(|text| guess(&model, text))
    };
    assert_eq!(guesses(), guesses());
}

#[test]
fn more_intents_than_a_line_has_are_told_apart() {
    let words: Vec<String> =
        (0..100_u32).map(|word| format!("w{:x}", word.wrapping_mul(0x9E37_79B9))).collect();
    let examples: Vec<(u16, &str)> = (0..).zip(words.iter().map(String::as_str)).collect();
    for intents in [1, 30, 31, 32, 33, 62, 63, 64, 95, 100] {
        let model = train(&examples[..intents], intents).unwrap();
        assert_eq!(model.len(), intents);
        for (intent, word) in &examples[..intents] {
            assert_eq!(guess(&model, word).first, Some(*intent), "{intent} of {intents}");
        }
    }
}

#[test]
fn nothing_to_learn_from_is_a_model_that_knows_nothing() {
    assert_eq!(guess(&train(&[], 0).unwrap(), "bonjour"), Guess::default());
    let silent = train(&[(0, "?"), (1, "")], 2).unwrap();
    assert_eq!(guess(&silent, "bonjour"), Guess::default());
    // An intent's number beyond the intents has no lane to go to.
    assert_eq!(guess(&train(&[(7, "bonjour")], 1).unwrap(), "bonjour"), Guess::default());
}

#[test]
fn more_than_a_model_is_made_for_is_refused() {
    let many = vec![(0, "x"); EXAMPLES_MAX + 1];
    assert_eq!(train(&many, 1).unwrap_err(), TooMany::Examples(EXAMPLES_MAX + 1));
    assert_eq!(train(&[], INTENTS_MAX + 1).unwrap_err(), TooMany::Intents(INTENTS_MAX + 1));
}

fn judged(expected: Option<u16>, first: u16, confidence: f32, second: u16) -> Judged {
    let guess =
        Guess { first: Some(first), confidence, second: Some(second), second_confidence: 0.1 };
    Judged { expected, guess }
}

#[test]
fn every_text_is_counted_once_for_what_became_of_it() {
    let all = [
        judged(Some(0), 0, 0.9, 1),
        judged(Some(0), 0, 0.4, 1),
        judged(Some(0), 1, 0.4, 0),
        judged(Some(1), 0, 0.8, 1),
        judged(Some(1), 0, 0.8, 1),
        judged(None, 1, 0.7, 0),
        judged(None, 1, 0.3, 0),
    ];
    let found = Evaluation::of(&all, 0.5, 0.2);
    assert_eq!((found.in_scope, found.right), (5, 2));
    assert_eq!((found.accepted, found.accepted_right, found.offered_right), (3, 1, 2));
    assert_eq!((found.out_of_scope, found.rejected), (2, 1));
    assert_eq!((found.kept_threshold, found.kept_rejected), (0.4, 1));
    let confusion = |times, expected, taken_for| Confusion { times, expected, taken_for };
    assert_eq!(found.confusions, [confusion(2, Some(1), 0), confusion(1, None, 1)]);
    let figures =
        |texts, accepted_right, accepted| IntentFigures { texts, accepted_right, accepted };
    assert_eq!(found.intents, [figures(3, 1, 3), figures(2, 0, 1)]);
}

#[test]
fn folds_have_their_part_of_every_label() {
    let text = |label: &str| LabelledText { text: String::new(), label: label.to_owned() };
    let texts = ["a", "b", "a", "a", "b", "c"].map(text);
    assert_eq!(folds(&texts, 2), [0, 0, 1, 0, 1, 0]);
    assert_eq!(folds(&texts, 0), [0; 6]);
}
