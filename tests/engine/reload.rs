//! Another configuration while the engine runs: what it changes, and what it leaves alone.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chappe::engine::ReloadError;
use chappe::link::connect;
use chappe::link::tls::ConnectorTls;
use chappe::session::{BindKind, CloseReason};
use chappe::wire::CommandStatus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::carriers::nowhere;
use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{PATIENCE, ROUTE, World, carrier, configuration, until};

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

#[tokio::test]
async fn a_rate_and_a_queue_hold_at_once_in_sessions_that_stand() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let common = carrier("smsc", smsc.address) + ROUTE;
    let world = World::start(&(common.clone() + &account("a", "segments_per_second = 1\n"))).await;
    world.counts(&bound("smsc"), 1.0).await;
    let esme = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    let burst = |status: CommandStatus| {
        let submits = vec![Submit::new("x"); 25];
        let esme = &esme;
        async move { esme.burst(submits).await.iter().filter(|one| one.0 == status).count() }
    };
    assert!(burst(CommandStatus::ESME_RTHROTTLED).await >= 10, "a second's worth and ten");
    world.reload(&(common.clone() + &account("a", ""))).await.unwrap();
    assert_eq!(burst(CommandStatus::ESME_ROK).await, 25);
    world.reload(&(common.clone() + &account("a", "queue_max_messages = 5\n"))).await.unwrap();
    assert_eq!(burst(CommandStatus::ESME_RMSGQFUL).await, 25, "more than that are unanswered");
    world.reload(&(common + &account("a", "senders = [\"Other\"]\n"))).await.unwrap();
    assert_eq!(burst(CommandStatus::ESME_RINVSRCADR).await, 25);
    assert_eq!((esme.closed(), smsc.connections()), (None, 1));
}

#[tokio::test]
async fn a_dialect_and_timers_hold_at_once_and_a_window_from_the_next_bind() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let common = carrier("smsc", smsc.address) + ROUTE;
    let decimal = "\n[dialect.decimal]\nmessage_id_format = \"decimal\"\n";
    let world = World::start(&(common.clone() + &account("a", ""))).await;
    world.counts(&bound("smsc"), 1.0).await;
    let esme = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    assert_eq!(esme.accepted(Submit::new("x")).await.len(), 16, "hexadecimal");
    let keys = "dialect = \"decimal\"\nwindow_max = 3\nbinds_max = 1\n";
    world.reload(&(common.clone() + &account("a", keys) + decimal)).await.unwrap();
    let id = esme.accepted(Submit::new("x")).await;
    let is_decimal = id.bytes().all(|octet| octet.is_ascii_digit()) && !id.starts_with('0');
    assert!(is_decimal, "{id}");
    assert_eq!(esme.closed(), None);
    world
        .reload(&("[smpp] inactivity_ms = 200\n".to_owned() + &common + &account("a", "")))
        .await
        .unwrap();
    until("it is unbound for being idle", || esme.closed().is_some()).await;
}

#[tokio::test]
async fn a_network_that_is_not_allowed_any_more_loses_its_sessions() {
    let world = World::start(&account("a", "")).await;
    let away = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    let other = Esme::bind(world.smpp()).await;
    world.reload(&account("a", "allow_from = \"127.0.0.0/8\"\n")).await.unwrap();
    let (status, _) = away.submit(Submit::new("x")).await;
    assert_eq!(status, CommandStatus::ESME_RINVDSTADR, "it stands, without a route");
    world.reload(&account("a", "allow_from = \"192.0.2.0/24\"\n")).await.unwrap();
    until("its session is unbound", || away.closed().is_some()).await;
    assert_eq!((away.closed(), other.closed()), (Some(CloseReason::PeerUnbound), None));
}

#[tokio::test]
async fn what_an_account_sent_before_it_was_taken_out_goes_on_and_its_receipts_wait() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let common = carrier("smsc", smsc.address) + "window_max = 1\n" + ROUTE;
    let world = World::start(&(common.clone() + &account("a", ""))).await;
    world.counts(&bound("smsc"), 1.0).await;
    let esme = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    esme.accepted(Submit { registered_delivery: 0, ..Submit::new("first") }).await;
    smsc.submitted(1).await;
    let id = esme.accepted(Submit::new("second")).await;
    world.reload(&common).await.unwrap();
    until("its session is unbound", || esme.closed().is_some()).await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    smsc.take_kept();
    assert_eq!(smsc.submitted(2).await[1].text, b"second");
    world.counts("chappe_deliveries_waiting", 1.0).await;
    world.reload(&(common + &account("a", ""))).await.unwrap();
    let again = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    let receipt = again.delivered(1).await[0].receipt();
    assert_eq!(receipt, (id, "DELIVRD".to_owned(), 0));
    assert_eq!(smsc.connections(), 1);
}

#[tokio::test]
async fn a_carrier_that_moves_is_answered_first_and_no_other_bind_is_touched() {
    let (from, to) = (Smsc::with(|_| Reply::Keep).await, Smsc::with(|_| Reply::Take).await);
    let stays = Smsc::with(|_| Reply::Take).await;
    let text =
        |address| carrier("moves", address) + &carrier("stays", stays.address) + &route_to("moves");
    let world = World::start(&text(from.address)).await;
    world.counts(&bound("moves"), 1.0).await;
    world.counts(&bound("stays"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("before")).await;
    from.submitted(1).await;
    let report = world.reload(&text(to.address)).await.unwrap();
    assert_eq!((report.carriers.changed, report.carriers.untouched), (1, 1));
    esme.accepted(Submit::new("meanwhile")).await;
    assert_eq!((from.bound(), to.bound()), (1, 0), "it waits for its answer");
    from.take_kept();
    assert_eq!(to.submitted(1).await[0].text, b"meanwhile");
    assert_eq!((from.bound(), from.submits().len(), stays.connections()), (0, 1, 1));
    assert_eq!(world.metric("chappe_segments_in_doubt_total{carrier=\"moves\"}"), 0.0);
    assert_eq!(world.metric("chappe_segments_accepted_total{carrier=\"moves\"}"), 2.0);
}

#[tokio::test]
async fn binds_move_one_after_the_other_and_come_and_go_by_number() {
    let (from, to) = (Smsc::with(|_| Reply::Take).await, Smsc::with(|_| Reply::Take).await);
    let text = |address, keys: &str| carrier("moves", address) + keys + &route_to("moves");
    let world = World::start(&text(from.address, "")).await;
    world.counts(&bound("moves"), 1.0).await;
    world.reload(&text(from.address, "binds = 4\n")).await.unwrap();
    world.counts(&bound("moves"), 4.0).await;
    assert_eq!((from.bound(), from.connections()), (4, 4), "the first one has stayed");
    world.reload(&text(to.address, "binds = 4\n")).await.unwrap();
    until("all have moved", || {
        assert!(from.bound() + to.bound() >= 3, "two are away at once");
        to.bound() == 4
    })
    .await;
    world.reload(&text(to.address, "binds = 1\nbind = \"pair\"\n")).await.unwrap();
    until("a pair is left", || to.bound() == 2).await;
    world.reload(&text(to.address, "binds = 2\n")).await.unwrap();
    world.counts(&bound("moves"), 2.0).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("x")).await;
    to.submitted(1).await;
}

#[tokio::test]
async fn what_waits_for_a_carrier_that_is_taken_out_goes_to_another_or_expires() {
    let (goes, spare) = (Smsc::with(|_| Reply::Keep).await, Smsc::with(|_| Reply::Take).await);
    let gone = carrier("goes", goes.address) + "window_max = 1\n";
    let text = carrier("spare", spare.address);
    let world = World::start(&(gone + &text + &route_to("goes"))).await;
    world.counts(&bound("goes"), 1.0).await;
    world.counts(&bound("spare"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    for one in ["out", "waits"] {
        esme.accepted(Submit { registered_delivery: 0, ..Submit::new(one) }).await;
    }
    let validity_period = "000000000002000R".to_owned();
    let to = Submit::to("49170000000");
    esme.accepted(Submit { validity_period, ..to }).await;
    goes.submitted(1).await;
    let route = "[[route]]\nname = \"all\"\nprefix = \"33\"\nto = [{ carrier = \"spare\" }]\n";
    let report = world.reload(&(text + route)).await.unwrap();
    assert_eq!((report.carriers.removed, report.carriers.untouched), (1, 1));
    assert_eq!(spare.submitted(1).await[0].text, b"waits");
    goes.take_kept();
    until("it is unbound once it was answered", || goes.bound() == 0).await;
    let (_, stat, err) = esme.delivered(1).await[0].receipt();
    assert_eq!((stat.as_str(), err), ("EXPIRED", 1), "nobody else may take it");
    assert_eq!((goes.submits().len(), goes.connections()), (1, 1));
    assert_eq!(world.metric("chappe_segments_in_doubt_total{carrier=\"goes\"}"), 0.0);
    until("nothing is queued", || world.engine.snapshots().take().queued == 0).await;
}

#[tokio::test]
async fn a_carrier_that_was_written_wrongly_is_mended_at_once() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let slow = "\n[dialect.slow]\nreconnect_min_ms = 60000\nreconnect_max_ms = 60000\n";
    let text = |address| carrier("smsc", address).replace("\"quick\"", "\"slow\"") + slow + ROUTE;
    let world = World::start(&text(nowhere().await)).await;
    let esme = Esme::bind(world.smpp()).await;
    esme.accepted(Submit::new("waits")).await;
    let closed = "chappe_carrier_sessions_closed_total{carrier=\"smsc\",reason=\"local\"}";
    assert_eq!(world.metric(closed), 0.0);
    world.reload(&text(smsc.address)).await.unwrap();
    assert_eq!(smsc.submitted(1).await[0].text, b"waits");
}

/// An SMSC that holds an old session and refuses every bind for it; how many it refused.
async fn full() -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, refused) = (listener.local_addr().unwrap(), Arc::<AtomicU32>::default());
    let count = Arc::clone(&refused);
    tokio::spawn(async move {
        while let Ok((mut link, _)) = listener.accept().await {
            let mut header = [0; 16];
            link.read_exact(&mut header).await.unwrap();
            // ESME_RALYBND, to the number that was asked under.
            let mut answer = *b"\0\0\0\x10\x80\0\0\x09\0\0\0\x05----";
            answer[12..].copy_from_slice(&header[12..]);
            link.write_all(&answer).await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (address, refused)
}

/// What an operator changes elsewhere must not lock a login for good that is locked for a while.
#[tokio::test]
async fn a_carrier_that_refuses_its_bind_is_left_alone_until_its_bind_is_another() {
    let (address, refused) = full().await;
    let text = |password: &str, keys: &str| {
        let keys = format!("\"slow\"\npassword = \"{password}\"\n{keys}");
        carrier("full", address).replace("\"quick\"", &keys)
            + "\n[dialect.slow]\nreconnect_refused_ms = 600000\n"
    };
    let count = || refused.load(Ordering::Relaxed);
    let world = World::start(&text("old", "")).await;
    let line = "chappe_carrier_sessions_closed_total{carrier=\"full\",reason=\"bind_refused\"}";
    world.counts(line, 1.0).await;
    let others = [
        text("old", "") + &account("new", ""),
        text("old", "window_max = 7\nsegments_per_second = 3\n"),
        "[smpp] response_timeout_ms = 5000\n".to_owned() + &text("old", ""),
    ];
    for other in others {
        world.reload(&other).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(count(), 1, "{other}");
    }
    world.reload(&text("new", "")).await.unwrap();
    until("its new password is tried at once", || count() == 2).await;
}

#[tokio::test]
async fn a_prefix_file_and_the_owner_of_a_number_are_read_anew() {
    let (one, other) = (Smsc::with(|_| Reply::Take).await, Smsc::with(|_| Reply::Take).await);
    let carriers = carrier("one", one.address) + &carrier("other", other.address);
    let common = carriers
        + "[[route]]\nname = \"all\"\nprefix_file = \"p.csv\"\n"
        + &account("a", "")
        + "[[number]]\naddress = \"12345\"\nkind = \"short_code\"\nowner = { account = ";
    let world = World::start("").await;
    let write = |line: &str| std::fs::write(world.directory().join("p.csv"), line).unwrap();
    write("336,one\n");
    world.reload(&(common.clone() + "\"acct\" }\n")).await.unwrap();
    world.counts(&bound("one"), 1.0).await;
    world.counts(&bound("other"), 1.0).await;
    let esme = Esme::bind(world.smpp()).await;
    let owner = Esme::bind_as(world.smpp(), TRX, "a", "p").await.unwrap();
    esme.accepted(Submit::new("first")).await;
    one.submitted(1).await;
    one.deliver("33612345678", "12345", 0, b"to the first");
    esme.delivered(1).await;
    write("336,other\n");
    world.reload(&(common + "\"a\" }\n")).await.unwrap();
    esme.accepted(Submit::new("second")).await;
    other.submitted(1).await;
    one.deliver("33612345678", "12345", 0, b"to the second");
    assert_eq!(owner.delivered(1).await[0].text, b"to the second");
    assert_eq!((esme.deliveries().len(), one.connections()), (1, 1));
}

#[tokio::test]
async fn messages_flow_while_a_configuration_is_read() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let directory = world.directory().to_owned();
    let text = configuration(&(carrier("smsc", smsc.address) + ROUTE + &account("new", "")));
    let read = move || {
        waits.recv().expect("a word");
        chappe::config::parse("test.toml", &text, &directory)
    };
    let reloader = world.engine.reloader();
    let reload = tokio::spawn(async move { reloader.reload(read).await });
    // All of this runs on one thread, which would wait for that word.
    esme.accepted(Submit::new("meanwhile")).await;
    smsc.submitted(1).await;
    go_on.send(()).unwrap();
    assert_eq!(reload.await.unwrap().unwrap().accounts.added, 1);
}

/// A certificate for localhost that signs itself, in `cert.pem`, and what trusts it and no other.
pub fn certify(directory: &Path) -> ConnectorTls {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = directory.join("cert.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    ConnectorTls::load(Some(&file), "localhost", None).unwrap()
}

#[tokio::test]
async fn certificates_are_read_anew_for_the_connections_to_come() {
    let world = World::start("").await;
    let plain = Esme::bind(world.smpp()).await;
    let address = world.smpp().to_string();
    let can_connect = async |tls| connect(&address, Some(tls), PATIENCE).await.is_ok();
    let tls = "[smpp.tls]\ncert_file = \"cert.pem\"\nkey_file = \"key.pem\"\n";
    let first = certify(world.directory());
    world.reload(tls).await.unwrap();
    assert!(can_connect(&first).await);
    let second = certify(world.directory());
    assert!(can_connect(&first).await && !can_connect(&second).await, "nobody asked for it yet");
    world.reload(tls).await.unwrap();
    assert!(can_connect(&second).await && !can_connect(&first).await);
    std::fs::write(world.directory().join("cert.pem"), "no certificate").unwrap();
    let error = world.reload(tls).await.unwrap_err();
    assert!(matches!(error, ReloadError::Tls(_)) && error.to_string().contains("cert.pem"));
    assert!(can_connect(&second).await, "the one that was good is served");
    assert_eq!(plain.closed(), None);
}
