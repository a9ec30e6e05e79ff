//! Conversations with a bot, over real sockets.

use crate::smsc::{Smsc, Submitted};
use crate::world::World;

const HANDSET: &str = "33612345678";
/// The French reception desk of `config/bots`, which is bundled.
const RECEPTION: &str = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                         brand = \"Acme\"\nowner = { bot = \"accueil\" }\n";

fn said(submitted: &[Submitted]) -> Vec<String> {
    submitted.iter().map(|one| String::from_utf8(one.text.clone()).unwrap()).collect()
}

/// As GSM 7-bit has it: é is 5.
fn gsm(text: &str) -> String {
    text.replace('é', "\u{5}").replace('É', "\u{1f}").replace('è', "\u{4}")
}

#[tokio::test]
async fn the_reception_desk_answers_a_handset_and_stop_stops_it() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, RECEPTION).await;
    let turns = [
        ("ou es mon coli", "Votre numéro de commande (8 chiffres) ?"),
        ("je sais pas", "Il me faut 8 chiffres, par exemple 12345678."),
        ("STOP", "C'est noté : plus de SMS publicitaires de la part de Acme."),
        ("RDV", "Quel jour vous convient ?"),
    ];
    for (at, (text, reply)) in turns.iter().enumerate() {
        smsc.deliver(HANDSET, "36105", 0, text.as_bytes());
        let submitted = smsc.submitted(at + 1).await;
        let last = submitted.last().unwrap();
        assert_eq!((last.source.as_str(), last.destination.as_str()), ("36105", HANDSET));
        let said = said(&submitted);
        assert!(said[at].starts_with(&gsm(reply)), "{text}: {:?}", said[at]);
    }
    world.counts("chappe_conversations", 1.0).await;
    world.counts("chappe_mo_requests_total{reason=\"stop\"}", 1.0).await;
    world.counts("chappe_replies_total{reason=\"said\"}", 4.0).await;
    world.counts("chappe_conversation_turns_total{reason=\"refused\"}", 1.0).await;
    assert_eq!(world.metric("chappe_mo_unowned_total"), 0.0);
}

#[tokio::test]
async fn a_conversation_ends_on_the_file_that_it_began_with() {
    let smsc = Smsc::start().await;
    let own = include_str!("../../config/bots/accueil.toml")
        .replace("name = \"accueil\"", "name = \"desk\"");
    let world = World::before(&smsc, "").await;
    let file = world.directory().join("desk.toml");
    std::fs::write(&file, &own).unwrap();
    let more = format!(
        "{}{}[[bot]]\nfile = \"desk.toml\"\n{}",
        crate::world::carrier("smsc", smsc.address),
        crate::world::ROUTE,
        RECEPTION.replace("accueil", "desk")
    );
    world.reload(&more).await.unwrap();
    smsc.deliver(HANDSET, "36105", 0, b"RDV");
    assert_eq!(said(&smsc.submitted(1).await), ["Quel jour vous convient ?"]);
    // One whose conversations do not go as they are written changes nothing.
    std::fs::write(&file, own.replace("ask = \"1 Matin", "ask = \"1 Le matin")).unwrap();
    let refused = world.reload(&more).await.unwrap_err().to_string();
    assert!(refused.contains("test: found") && refused.contains("desk.toml"), "{refused}");
    let other = own.replace("Quel jour vous convient ?", "Quelle date ?");
    std::fs::write(&file, other).unwrap();
    world.reload(&more).await.unwrap();
    smsc.deliver(HANDSET, "36105", 0, b"vendredi");
    smsc.deliver("33687654321", "36105", 0, b"RDV");
    let said = said(&smsc.submitted(3).await);
    assert!(said.contains(&"1 Matin\n2 Apr\u{4}s-midi".to_owned()), "{said:?}");
    assert!(said.contains(&"Quelle date ?".to_owned()), "{said:?}");
}
