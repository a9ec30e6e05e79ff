//! Who goes first to a carrier, and how fast.

use chappe::session::BindKind;
use chappe::wire::CommandStatus;

use crate::esme::{Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::{ROUTE, World, carrier};

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
