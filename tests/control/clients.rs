//! Clients that hang, send garbage or are too many.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::world::{PATIENCE, World, until};

fn connect(world: &World) -> BufReader<UnixStream> {
    let stream = UnixStream::connect(world.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

fn say(client: &mut BufReader<UnixStream>, line: &[u8]) -> Value {
    client.get_mut().write_all(line).unwrap();
    hear(client)
}

fn hear(client: &mut BufReader<UnixStream>) -> Value {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn ask(client: &mut BufReader<UnixStream>, request: &Value) -> Value {
    say(client, format!("{request}\n").as_bytes())
}

fn status() -> Value {
    json!({ "version": 1, "command": "status", "of": null })
}

#[test]
fn the_socket_is_for_its_owner_alone_and_gone_when_the_engine_has_ended() {
    let mut world = World::start("");
    let mode = fs::metadata(world.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    world.end();
    assert!(!world.socket().exists());
}

#[test]
fn garbage_is_answered_with_what_is_wrong_and_the_client_may_go_on() {
    let world = World::start("");
    let mut client = connect(&world);
    let kind = |answer: &Value| answer["error"]["kind"].clone();
    assert_eq!(kind(&say(&mut client, b"\x00\xff\x01 nonsense\n")), "request");
    assert_eq!(kind(&say(&mut client, b"\n")), "request");
    assert_eq!(kind(&say(&mut client, b"{\"version\":9,\"command\":\"status\"}\n")), "version");
    let unknown = json!({ "version": 1, "command": "explode" });
    assert_eq!(kind(&ask(&mut client, &unknown)), "request");
    assert_eq!(ask(&mut client, &status())["answer"]["node"], "chappe");
    // A line without an end costs what a line may have, and the connection.
    client.get_mut().write_all(&vec![b'{'; 16 * 1024 + 1]).unwrap();
    assert_eq!(kind(&hear(&mut client)), "request");
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_eq!(ask(&mut connect(&world), &status())["version"], 1);
}

#[test]
fn clients_that_hang_keep_nobody_else_from_asking_until_their_places_are_taken() {
    let world = World::start("");
    let mut hanging: Vec<_> = (0..15).map(|_| connect(&world)).collect();
    for client in &mut hanging {
        // Each has said something, so each has been taken.
        assert_eq!(ask(client, &status())["version"], 1);
        client.get_mut().write_all(b"{\"version\":1,").unwrap();
    }
    let mut last = connect(&world);
    assert_eq!(ask(&mut last, &status())["answer"]["node"], "chappe");
    let refused = hear(&mut connect(&world));
    assert_eq!(refused["error"]["kind"], "busy");
    drop(hanging);
    until("there is room again", || {
        let mut client = connect(&world);
        let sent = client.get_mut().write_all(format!("{}\n", status()).as_bytes());
        sent.is_ok() && hear(&mut client)["answer"]["node"] == "chappe"
    });
}
