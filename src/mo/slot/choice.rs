//! Yes or no, and one of several.

use super::words::{number_word, words};

const YES: [&str; 30] = [
    "oui",
    "o",
    "ouais",
    "ouai",
    "ui",
    "wi",
    "oui oui",
    "ok",
    "okay",
    "oki",
    "d accord",
    "dac",
    "dak",
    "bien sur",
    "volontiers",
    "parfait",
    "entendu",
    "je confirme",
    "confirme",
    "ca marche",
    "c est bon",
    "yes",
    "y",
    "yep",
    "yeah",
    "yup",
    "sure",
    "of course",
    "i confirm",
    "correct",
];
const NO: [&str; 20] = [
    "non",
    "n",
    "nan",
    "nn",
    "nop",
    "non merci",
    "pas du tout",
    "surtout pas",
    "jamais",
    "pas d accord",
    "no",
    "nope",
    "nah",
    "no thanks",
    "no thank you",
    "not at all",
    "never",
    "je ne confirme pas",
    "pas question",
    "negatif",
];

/// What is said around an answer and changes nothing about it.
const AROUND: [&str; 12] = [
    "svp", "stp", "merci", "please", "thanks", "alors", "bonjour", "madame", "monsieur", "le",
    "la", "the",
];

/// Whether an answer says yes; `None` when it says neither.
pub(super) fn yes_no(answer: &str) -> Option<bool> {
    for (face, yes) in [('👍', true), ('✅', true), ('👎', false), ('❌', false)] {
        if answer.contains(face) {
            return Some(yes);
        }
    }
    let says = |words: &[String]| {
        let said = words.join(" ");
        match (YES.contains(&said.as_str()), NO.contains(&said.as_str())) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    };
    let all = words(answer);
    let core: Vec<String> =
        all.iter().filter(|word| !AROUND.contains(&word.as_str())).cloned().collect();
    let first = says(core.get(..1).unwrap_or_default()).filter(|yes| {
        // `oui ou non` is neither.
        let opposite = |word: &String| says(std::slice::from_ref(word)) == Some(!yes);
        core.len() <= 4 && !core.iter().any(opposite)
    });
    says(&all).or_else(|| says(&core)).or(first)
}

/// Which of `choices` an answer names: by its number, its place in words, or one of its words.
/// `None` when it names none, or several.
pub(super) fn choice(answer: &str, choices: &[Vec<String>]) -> Option<usize> {
    let said = words(answer);
    let folded: Vec<Vec<Vec<String>>> =
        choices.iter().map(|names| names.iter().map(|name| words(name)).collect()).collect();
    let whole = folded.iter().position(|names| names.contains(&said));
    if whole.is_some() {
        return whole;
    }
    let core: Vec<&String> = said.iter().filter(|word| !AROUND.contains(&word.as_str())).collect();
    let place = match core.as_slice() {
        [one] => ordinal(one),
        [number, of] if ["er", "e", "eme", "st", "nd", "rd", "th"].contains(&of.as_str()) => {
            ordinal(number)
        }
        [what, number] if ["numero", "choix", "option", "number"].contains(&what.as_str()) => {
            ordinal(number)
        }
        _ => None,
    };
    if let Some(place) = place {
        let at = usize::try_from(place).ok()?.checked_sub(1)?;
        return (at < choices.len()).then_some(at);
    }
    let named = |names: &Vec<Vec<String>>| {
        names.iter().any(|name| !name.is_empty() && said.windows(name.len()).any(|w| w == name))
    };
    let mut found = folded.iter().enumerate().filter(|(_, names)| named(names));
    let (one, _) = found.next()?;
    found.next().is_none().then_some(one)
}

fn ordinal(word: &str) -> Option<i64> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    let words = [
        ["premier", "premiere", "first"],
        ["deuxieme", "seconde", "second"],
        ["troisieme", "third", "tiers"],
        ["quatrieme", "fourth", "quart"],
    ];
    let place = words.iter().position(|names| names.contains(&word));
    place.and_then(|place| i64::try_from(place + 1).ok()).or_else(|| number_word(word))
}
