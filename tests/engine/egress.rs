//! Who goes first to a carrier, and how fast.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier, until};

#[tokio::test]
async fn a_code_passes_the_burst_of_another_account_and_marketing_waits() {
    let smsc = Smsc::with(|_| Reply::Keep).await;
    let account = |name, class| {
        format!(
            "[[account]]\nsystem_id = \"{name}\"\npassword = \"p\"\nwindow_max = 1000\n\
             class = \"{class}\"\n"
        )
    };
    let world = World::start(&format!(
        "{}window_max = 1\n{ROUTE}{}{}{}",
        carrier("smsc", smsc.address),
        account("burst", "transactional"),
        account("ads", "marketing"),
        account("codes", "transactional")
    ))
    .await;
    let bind = |name| Esme::bind_as(world.smpp(), BindKind::Transceiver, name, "p");
    let burst = bind("burst").await.unwrap();
    let ads = bind("ads").await.unwrap();
    let codes = bind("codes").await.unwrap();
    // The first takes the whole window, and all others wait for its answer.
    burst.accepted(Submit::new("first")).await;
    smsc.submitted(1).await;
    for (esme, text) in [(&burst, "burst"), (&ads, "ad")] {
        let responses = esme.burst((0..300).map(|_| Submit::new(text)).collect()).await;
        assert!(responses.iter().all(|response| response.0 == CommandStatus::ESME_ROK));
    }
    codes.accepted(Submit::new("code")).await;
    let waiting =
        |class| format!("chappe_carrier_queue_messages{{carrier=\"smsc\",class=\"{class}\"}}");
    world.counts(&waiting("transactional"), 301.0).await;
    world.counts(&waiting("marketing"), 300.0).await;
    smsc.script(|_| Reply::Take);
    smsc.take_kept();
    let submits = smsc.submitted(602).await;
    let place = |text: &str| submits.iter().position(|one| one.text == text.as_bytes()).unwrap();
    // What is left of the burst's turn goes before it.
    assert!(place("code") <= 10, "{}", place("code"));
    // A sixteenth is marketing's, however much else waits.
    let ads_before = submits.iter().take(290).filter(|one| one.text == b"ad").count();
    assert!((10..=20).contains(&ads_before), "{ads_before}");
    world.counts(&waiting("marketing"), 0.0).await;
}

#[tokio::test]
async fn a_carrier_that_throttles_above_500_a_second_gets_little_more_and_all_of_it_in_the_end() {
    const MESSAGES: usize = 2_500;
    let taken = Arc::new(AtomicUsize::new(0));
    // Refused in the first two seconds, and later.
    let refused = Arc::new(Mutex::new([0_usize; 2]));
    let (own_taken, own_refused) = (Arc::clone(&taken), Arc::clone(&refused));
    let (start, mut second, mut this_second) = (Instant::now(), 0, 0);
    let smsc = Smsc::with(move |_| {
        let elapsed = start.elapsed().as_secs();
        if elapsed != second {
            (second, this_second) = (elapsed, 0);
        }
        if this_second >= 500 {
            own_refused.lock().unwrap()[usize::from(elapsed >= 2)] += 1;
            return Reply::Refuse(CommandStatus::ESME_RTHROTTLED);
        }
        this_second += 1;
        own_taken.fetch_add(1, Ordering::Relaxed);
        Reply::Take
    })
    .await;
    let account = "[[account]]\nsystem_id = \"bulk\"\npassword = \"p\"\nwindow_max = 5000\n";
    let world = World::before(&smsc, account).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "bulk", "p").await.unwrap();
    let submits = (0..MESSAGES).map(|at| Submit::to(&format!("3361{at:07}"))).collect();
    let responses = esme.burst(submits).await;
    assert!(responses.iter().all(|response| response.0 == CommandStatus::ESME_ROK));
    until("half are taken", || taken.load(Ordering::Relaxed) > MESSAGES / 2).await;
    until("all are taken", || taken.load(Ordering::Relaxed) == MESSAGES).await;
    let pace = world.metric("chappe_bind_pace_segments{carrier=\"smsc\",bind=\"0\"}");
    assert!((200.0..=800.0).contains(&pace), "{pace}");
    let later = refused.lock().unwrap()[1];
    assert!(later < MESSAGES / 5, "{later} were refused after it had learnt");
    // A throttled answer is no attempt, and none was given up or sent twice.
    assert!(world.metric("chappe_retries_total").abs() < 0.5);
    world.counts("chappe_segments_accepted_total{carrier=\"smsc\"}", MESSAGES as f64).await;
}

#[tokio::test]
async fn a_number_that_its_carrier_throttles_slows_and_another_does_not_wait_for_it() {
    const SLOW: usize = 60;
    const FAST: usize = 1_500;
    const LIMIT: usize = 20;
    // The slow number's, by handset, in the order they were taken in.
    let taken = Arc::new(Mutex::new(Vec::new()));
    let fast = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let own = (Arc::clone(&taken), Arc::clone(&fast), Arc::clone(&refused));
    let (start, mut second, mut this_second) = (Instant::now(), 0, 0);
    let smsc = Smsc::with(move |submit| {
        let (taken, fast, refused) = &own;
        if submit.source == "16505550199" {
            fast.fetch_add(1, Ordering::Relaxed);
            return Reply::Take;
        }
        let elapsed = start.elapsed().as_secs();
        if elapsed != second {
            (second, this_second) = (elapsed, 0);
        }
        if this_second >= LIMIT {
            refused.fetch_add(1, Ordering::Relaxed);
            return Reply::Refuse(CommandStatus::ESME_RTHROTTLED);
        }
        this_second += 1;
        let text = String::from_utf8_lossy(&submit.text).into_owned();
        taken.lock().unwrap().push((submit.destination.clone(), text));
        Reply::Take
    })
    .await;
    let more = "[[account]]\nsystem_id = \"bulk\"\npassword = \"p\"\nwindow_max = 5000\n\
                [dialect.quick] throttled_slows = \"number\"\n";
    let world = World::before(&smsc, more).await;
    let esme = Esme::bind_as(world.smpp(), BindKind::Transceiver, "bulk", "p").await.unwrap();
    let from = |number: &str, handset: usize, text: String| Submit {
        source: number.into(),
        text: text.into_bytes(),
        ..Submit::to(&format!("3361{handset:07}"))
    };
    // Ten to each of a few handsets.
    let slow = (0..SLOW).map(|at| from("16505550100", at % 6, format!("{at:03}")));
    let responses = esme.burst(slow.collect()).await;
    assert!(responses.iter().all(|response| response.0 == CommandStatus::ESME_ROK));
    let slowed = "chappe_carrier_numbers_slowed{carrier=\"smsc\"}";
    world.counts(slowed, 1.0).await;
    // The other number's are through while most of the first's wait for theirs.
    let burst = (0..FAST).map(|at| from("16505550199", at, "code".to_owned()));
    esme.burst(burst.collect()).await;
    until("the other's are taken", || fast.load(Ordering::Relaxed) == FAST).await;
    until("all are taken", || taken.lock().unwrap().len() == SLOW).await;
    let taken = taken.lock().unwrap().clone();
    for handset in 0..6 {
        let to = format!("3361{handset:07}");
        let own: Vec<&String> = taken.iter().filter(|one| one.0 == to).map(|one| &one.1).collect();
        assert!(own.len() == 10, "{own:?}");
    }
    assert!(refused.load(Ordering::Relaxed) > 0);
    assert!(world.metric("chappe_bind_pace_segments{carrier=\"smsc\",bind=\"0\"}").abs() < 0.5);
    // A throttled answer is no attempt, and none was given up or sent twice.
    assert!(world.metric("chappe_retries_total").abs() < 0.5);
    let accepted = (SLOW + FAST) as f64;
    world.counts("chappe_segments_accepted_total{carrier=\"smsc\"}", accepted).await;
    world.counts("chappe_messages_queued", 0.0).await;
}

#[tokio::test]
async fn what_stands_behind_a_throttled_message_of_its_lane_waits_for_it() {
    const WINDOW: usize = 5;
    let taken = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&taken);
    let mut refusals = 0;
    let smsc = Smsc::with(move |submit| {
        if submit.text == b"03" && refusals < 6 {
            refusals += 1;
            return Reply::Refuse(CommandStatus::ESME_RTHROTTLED);
        }
        own.lock().unwrap().push(String::from_utf8_lossy(&submit.text).into_owned());
        Reply::Take
    })
    .await;
    let carrier = carrier("smsc", smsc.address);
    let world = World::start(&format!("{carrier}window_max = {WINDOW}\n{ROUTE}")).await;
    let esme = Esme::bind(world.smpp()).await;
    let texts: Vec<String> = (1..=40).map(|at| format!("{at:02}")).collect();
    let responses = esme.burst(texts.iter().map(Submit::new).collect()).await;
    assert!(responses.iter().all(|response| response.0 == CommandStatus::ESME_ROK));
    until("all are taken", || taken.lock().unwrap().len() == texts.len()).await;
    let taken = taken.lock().unwrap().clone();
    let place = taken.iter().position(|text| text == "03").unwrap();
    // Two before it, and what was on the wire behind it.
    assert!(place <= 2 + WINDOW, "{taken:?}");
    assert!(taken[place..].is_sorted(), "{taken:?}");
    world.counts("chappe_messages_queued", 0.0).await;
}

#[tokio::test]
async fn in_strict_order_a_message_waits_until_the_one_before_it_was_taken() {
    let smsc = Smsc::start().await;
    let mut busy = 2;
    smsc.script(move |submitted| {
        if submitted.text == b"first" && busy > 0 {
            busy -= 1;
            return Reply::Refuse(CommandStatus::ESME_RSYSERR);
        }
        Reply::Take
    });
    let table = carrier("smsc", smsc.address);
    let route = ROUTE.replace("[[route]]", "[[route]]\nstrict_order = true");
    let quick = "[dialect.quick] status.0x08 = { retry_ms = 100 }";
    let world = World::start(&format!("{table}{route}{quick}")).await;
    until("it is bound", || smsc.bound() == 1).await;
    let esme = Esme::bind(world.smpp()).await;
    for text in ["first", "second", "third"] {
        esme.accepted(Submit::new(text)).await;
    }
    esme.accepted(Submit { source: "Other".to_owned(), ..Submit::new("other") }).await;
    let submitted = smsc.submitted(6).await;
    let of_lane = submitted.iter().filter(|one| one.source == "Shop");
    let texts: Vec<_> = of_lane.map(|one| String::from_utf8_lossy(&one.text)).collect();
    assert_eq!(texts, ["first", "first", "first", "second", "third"]);
}

#[tokio::test]
async fn a_number_keeps_its_rate_over_all_carriers_and_nobody_waits_behind_it() {
    let smsc = Smsc::start().await;
    let (north, south) = (carrier("north", smsc.address), carrier("south", smsc.address));
    let number =
        "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\nsegments_per_second = 5\n";
    let routes = "[[route]]\nname = \"one\"\nprefix = \"331\"\nto = [{ carrier = \"north\" }]\n\
                  [[route]]\nname = \"two\"\nprefix = \"332\"\nto = [{ carrier = \"south\" }]\n";
    let world = World::start(&format!("{north}{south}{number}{routes}")).await;
    until("both are bound", || smsc.bound() == 2).await;
    let esme = Esme::bind(world.smpp()).await;
    for destination in ["33100000001", "33200000001", "33100000002", "33200000002"] {
        for _ in 0..2 {
            let submit = Submit { source: "36105".to_owned(), ..Submit::to(destination) };
            esme.accepted(submit).await;
        }
    }
    esme.accepted(Submit::to("33100000003")).await;
    let submitted = smsc.submitted(9).await;
    let other = submitted.iter().position(|one| one.source == "Shop").unwrap();
    assert!(other < 8, "it waits for nobody");
    let of_number: Vec<_> = submitted.iter().filter(|one| one.source == "36105").collect();
    let took = of_number[7].at - of_number[0].at;
    // Seven fifths of a second, less a tenth of a second's worth that may go at once.
    assert!(took >= Duration::from_millis(1_200), "eight in {took:?}");
}

#[tokio::test]
async fn a_reload_gives_a_number_another_rate() {
    let smsc = Smsc::start().await;
    let rate = |rate: &str| {
        let number = "[[number]]\naddress = \"36105\"\nkind = \"short_code\"\n";
        format!("{}{ROUTE}{number}segments_per_second = {rate}\n", carrier("smsc", smsc.address))
    };
    let world = World::start(&rate("0.001")).await;
    until("it is bound", || smsc.bound() == 1).await;
    let esme = Esme::bind(world.smpp()).await;
    for _ in 0..2 {
        esme.accepted(Submit { source: "36105".to_owned(), ..Submit::new("slow") }).await;
    }
    smsc.submitted(1).await;
    world.counts("chappe_carrier_waiting_for_numbers{carrier=\"smsc\"}", 1.0).await;
    world.reload(&rate("1000")).await.unwrap();
    for _ in 0..3 {
        let quick = Submit { source: "36105".to_owned(), ..Submit::new("quick") };
        esme.accepted(quick).await;
    }
    smsc.submitted(5).await;
}
