//! What an account may do beside submit_sm.

use chappe::wire::CommandStatus;

use crate::esme::{Esme, Request, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

#[tokio::test]
async fn a_data_sm_goes_to_the_carrier_as_a_submit_sm_and_brings_its_receipt() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    // source_port: it travels on.
    let port = vec![0x02, 0x0a, 0, 2, 0x15, 0xb3];
    let said = esme.answered(Request::Data(Submit { tlvs: port, ..Submit::new("hello") })).await;
    assert_eq!((said.command, said.status), ("data_sm_resp", CommandStatus::ESME_ROK));
    let submitted = smsc.submitted(1).await;
    assert_eq!(submitted[0].text, b"hello");
    assert_eq!(submitted[0].tlvs, [0x02, 0x0a, 0, 2, 0x15, 0xb3]);
    let receipts = esme.delivered(1).await;
    assert_eq!(receipts[0].receipt(), (said.id, "DELIVRD".to_owned(), 0));

    let long = Request::Data(Submit::new("x".repeat(400)));
    assert_eq!(esme.answered(long).await.status, CommandStatus::ESME_ROK);
    smsc.submitted(4).await;
}

#[tokio::test]
async fn a_data_sm_is_refused_for_what_a_submit_sm_would_be() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let said = esme.answered(Request::Data(Submit::to("nobody"))).await;
    assert_eq!((said.status, said.id.as_str()), (CommandStatus::ESME_RINVDSTADR, ""));
    let line = "chappe_refused_total{account=\"acct\",reason=\"ESME_RINVDSTADR\"}";
    world.counts(line, 1.0).await;
}
