//! Another configuration while the engine runs: what it changes, and what it leaves alone.

use chappe::engine::ReloadError;
use chappe::session::{BindKind, CloseReason};
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, until};

const TRX: BindKind = BindKind::Transceiver;

/// An account's table.
fn account(name: &str, keys: &str) -> String {
    format!("[[account]]\nsystem_id = \"{name}\"\npassword = \"p\"\n{keys}")
}

fn route_to(carrier: &str) -> String {
    format!("[[route]]\nname = \"all\"\nto = [{{ carrier = \"{carrier}\" }}]\n")
}

fn bound(carrier: &str) -> String {
    format!("chappe_carrier_binds{{carrier=\"{carrier}\"}}")
}

#[tokio::test]
async fn a_broken_configuration_changes_nothing_and_says_where_it_is_broken() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let broken = world.reload("[[account]]\nsystem_id = \"new\"\npasword = \"p\"\n").await;
    let error = broken.unwrap_err();
    assert!(matches!(error, ReloadError::Settings(_)), "{error}");
    let told = error.to_string();
    assert!(told.contains("test.toml:") && told.contains("pasword"), "{told}");
    // Each of these holds for as long as the process runs; the rest of the file is not applied.
    let both = world.reload("[node]\nid = 7\nworkers = 3\n").await.unwrap_err();
    let told = both.to_string();
    assert!(told.starts_with("node.id: found 7; expected 0, "), "{told}");
    assert!(told.contains("\nnode.workers: found 3; expected 0, "), "{told}");
    assert_eq!(world.metric("chappe_reloads_total{reason=\"failed\"}"), 2.0);
    assert_eq!(world.metric("chappe_reloads_total{reason=\"ok\"}"), 0.0);
    esme.accepted(Submit::new("still routed")).await;
    assert_eq!(smsc.submitted(1).await[0].text, b"still routed");
}

#[tokio::test]
async fn a_route_changes_while_every_session_stays() {
    let (one, other) = (Smsc::with(|_| Reply::Take).await, Smsc::with(|_| Reply::Take).await);
    let carriers = carrier("one", one.address) + &carrier("other", other.address);
    let world = World::start(&(carriers.clone() + &route_to("one"))).await;
    world.counts(&bound("one"), 1.0).await;
    world.counts(&bound("other"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("first")).await;
    let report = world.reload(&(carriers + &route_to("other"))).await.unwrap();
    assert_eq!((report.routes.changed, report.carriers.untouched, report.generation), (1, 2, 1));
    esme.accepted(Submit::new("second")).await;
    assert_eq!(one.submitted(1).await[0].text, b"first");
    assert_eq!(other.submitted(1).await[0].text, b"second");
    assert_eq!((one.connections(), other.connections(), esme.closed()), (1, 1, None));
}

#[tokio::test]
async fn a_new_password_holds_for_the_next_bind_and_leaves_those_that_stand() {
    let world = World::start(&account("a", "")).await;
    let before = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    world.reload(&account("a", "").replace("\"p\"", "\"q\"")).await.unwrap();
    let old = Esme::bind_as(world.smpp(), TRX, "a", "p").await;
    assert_eq!(old.unwrap_err(), CommandStatus::ESME_RINVPASWD);
    Esme::bind_as(world.smpp(), TRX, "a", "q").await.unwrap();
    let (status, _) = before.submit(Submit::new("x")).await;
    assert_eq!(status, CommandStatus::ESME_RINVDSTADR, "there is no route, but a session");
}

#[tokio::test]
async fn accounts_come_and_go_and_only_their_own_sessions_end() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let common = carrier("smsc", smsc.address) + ROUTE;
    let world = World::start(&(common.clone() + &account("goes", ""))).await;
    world.counts(&bound("smsc"), 1.0).await;
    let stays = Esme::bind(world.smpp()).await;
    let goes = Esme::bind_as(world.smpp(), TRX, "goes", "p").await.unwrap();
    let report = world.reload(&(common.clone() + &account("comes", ""))).await.unwrap();
    let accounts = report.accounts;
    assert_eq!((accounts.added, accounts.removed, accounts.untouched), (1, 1, 1));
    until("its session is unbound", || goes.closed().is_some()).await;
    assert_eq!(goes.closed(), Some(CloseReason::PeerUnbound));
    let again = Esme::bind_as(world.smpp(), TRX, "goes", "p").await;
    assert_eq!(again.unwrap_err(), CommandStatus::ESME_RINVPASWD);
    let comes = Esme::bind_as(world.smpp(), TRX, "comes", "p").await.unwrap();
    comes.accepted(Submit::new("of a new account")).await;
    stays.accepted(Submit::new("of an old one")).await;
    world.counts("chappe_accepted_total{account=\"comes\"}", 1.0).await;
    // It comes back as who it was.
    world.reload(&(common + &account("goes", ""))).await.unwrap();
    Esme::bind_as(world.smpp(), TRX, "goes", "p").await.unwrap();
    assert_eq!(stays.closed(), None);
}
