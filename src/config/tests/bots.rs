//! `[[bot]]`: bundled bots, and those of files.

use super::*;
use crate::config::bots::{BUNDLED, version};

const NUMBER: &str = "[[number]]\naddress = \"12345\"\nkind = \"short_code\"\n\
                      owner = { bot = \"accueil\" }\n";

#[test]
fn a_bot_is_bundled_or_of_a_file_which_hides_the_bundled_one() {
    let names = |text: &str, dir: &Path| -> Vec<(String, u64)> {
        let bots = sound(text, dir).bots;
        bots.iter().map(|bot| (bot.name().to_owned(), bot.print())).collect()
    };
    let bundled = names(NUMBER, Path::new(""));
    assert_eq!(bundled.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["accueil"]);
    let (_, text) = BUNDLED[0];
    let files = Files::new(
        "bots",
        &[("own.toml", &text.replace("ask = \"Quel jour", "ask = \"Quelle date"))],
    );
    let broken = files.dir.join("own.toml");
    let own = format!("[[bot]]\nfile = \"own.toml\"\n{NUMBER}");
    let faults = faults(&own, &files.dir);
    // Its own conversations do not go so any more.
    let file = broken.display().to_string();
    assert!(!faults.is_empty(), "{faults:?}");
    assert!(faults.iter().all(|fault| fault.starts_with(&file)), "{faults:?}");
    assert!(faults[0].contains("test: found \"Quelle date"), "{faults:?}");
    let other = text.replace("un conseiller svp", "un conseiller s'il vous plaît");
    std::fs::write(&broken, other).unwrap();
    let own = names(&own, &files.dir);
    assert_eq!(own.len(), 1);
    assert_ne!(own, bundled);
}

#[test]
fn each_bundled_bot_holds_its_own_conversations() {
    for (name, text) in BUNDLED {
        assert_eq!(version(name, text).unwrap().name(), name);
    }
}
