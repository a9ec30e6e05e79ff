//! `chappe conversation`, and the quickstart's reception desk before a simulated SMSC.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::world::{CHAPPE, World, carrier, free_address, route, text, until};

const HANDSET: &str = "33612345678";
const ID: &str = "36105/33612345678";

/// An SMSC from which a handset says these, one behind the other.
fn smsc(address: &str, texts: &[&str]) -> Child {
    let mut command = Command::new(CHAPPE);
    command.args(["smsc", "--listen", address, "--mo-to", "36105", "--mo-from", HANDSET]);
    for text in texts {
        command.args(["--mo-text", text]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Ends it; what the handset was answered.
fn replies(smsc: Child) -> Vec<String> {
    let pid = smsc.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = smsc.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let replies = report["replies"].as_array().cloned().unwrap_or_default();
    replies.iter().map(|reply| reply.as_str().unwrap().to_owned()).collect()
}

fn world(address: &str) -> World {
    let number = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                  owner = { bot = \"accueil\" }\n";
    let store = "[store]\nengine = \"embedded\"\n";
    World::start(&(carrier("op", address, "") + &route("op") + number + store))
}

#[test]
fn the_quickstart_answers_a_handset_of_the_simulated_smsc_and_stop_stops_it() {
    let quickstart = include_str!("../../config/quickstart.toml");
    let (smpp, at_smsc) = (free_address().to_string(), free_address().to_string());
    // Its addresses are every quickstart's, and the SMSC is a process of its own here.
    let (before, after) = quickstart.split_once("[simulator]").unwrap();
    let after = after.split_once("[[account]]").unwrap().1;
    let config = format!("{before}[[account]]{after}")
        .replace("127.0.0.1:2775", &smpp)
        .replace("127.0.0.1:2776", &at_smsc)
        .replace("127.0.0.1:8080", "off")
        .replace("127.0.0.1:9464", "off");
    let directory = std::env::temp_dir().join(format!("chappe-desk-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("quickstart.toml");
    fs::write(&file, config).unwrap();
    let mut engine = Command::new(CHAPPE);
    engine.arg("run").arg("--config").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let mut engine = engine.spawn().unwrap();
    let smsc = smsc(&at_smsc, &["ou es mon coli", "12 34 56 78", "STOP", "STOP"]);
    let status = || {
        let mut command = Command::new(CHAPPE);
        command.args(["status", "--json", "--config"]).arg(&file);
        let output = command.output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()
    };
    until("all is said and has arrived", || status()["ended"]["DELIVERED"] == 3);
    let replies = replies(smsc);
    let _ = engine.kill();
    let _ = engine.wait();
    let _ = fs::remove_dir_all(&directory);
    let expected = [
        "Votre numéro de commande (8 chiffres) ?",
        "Commande 12345678 : un conseiller regarde et vous répond ici.",
        "C'est noté : plus de SMS publicitaires de la part de Chappe. Pour en recevoir à nouveau, \
         répondez START.",
    ];
    assert_eq!(replies, expected);
}

#[test]
fn people_see_what_was_handed_over_reply_and_give_it_back() {
    let address = free_address().to_string();
    let world = world(&address);
    let smsc = smsc(&address, &["suivi", "12345678", "merci"]);
    until("it is handed over", || {
        let list = world.ask("conversation list");
        list["conversations"][0]["lines"][0]["text"] == "merci"
    });
    let list = world.ask("conversation list");
    let one = &list["conversations"][0];
    assert_eq!((&one["id"], &one["state"]), (&ID.into(), &"waiting".into()));
    assert_eq!((&one["queue"], &one["tags"][0]), (&"livraison".into(), &"suivi".into()));
    assert_eq!(one["slots"][0]["value"], "12345678");
    assert!(world.shown("conversation list --queue livraison").contains(ID));
    assert_eq!(world.shown("conversation list --queue accueil"), "nobody waits\n");
    let shown = world.shown(&format!("conversation show {ID}"));
    assert!(shown.contains("> suivi\n< Votre num"), "{shown}");
    let claimed = world.ask(&format!("conversation claim {ID} --as ana"));
    assert_eq!((&claimed["state"], &claimed["agent"]), (&"with agent".into(), &"ana".into()));
    let refused = world.chappe(&format!("conversation reply {ID} --as bob Bonjour"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("ana has it"), "{}", text(&refused.stderr));
    world.ask(&format!("conversation reply {ID} --as ana Bonjour"));
    assert_eq!(world.ask(&format!("conversation snooze {ID} --for 1h"))["state"], "snoozed");
    assert_eq!(world.ask(&format!("conversation return {ID}"))["state"], "bot");
    let gone = world.chappe("conversation close 36105/33600000000");
    assert!(text(&gone.stderr).contains("there is no conversation"), "{}", text(&gone.stderr));
    until("all has arrived", || world.ask("status")["ended"]["DELIVERED"] == 3);
    assert_eq!(world.ask("status")["conversations"], 1);
    // Who wants to be forgotten is, with what was said.
    let erased = world.ask(&format!("history erase {HANDSET} --yes"));
    assert_eq!(erased["done"], true, "{erased}");
    until("it is forgotten", || world.ask("status")["conversations"] == 0);
    assert_eq!(replies(smsc).last().map(String::as_str), Some("Bonjour"));
}
