//! What an account hears of what a carrier's receipt says.

use crate::esme::{Delivered, Esme, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

const RECEIPT: u8 = 0x04;
const HANDSET: &str = "33612345678";

/// The text of the carrier's receipt for the message that it took as the `number`-th.
fn text(number: usize, state_and_error: &str) -> String {
    let id = 0xabc0_0000 + number;
    format!("id:{id:x} submit date:2611201846 done date:2611201847 {state_and_error} text:x")
}

fn said(receipt: &Delivered) -> String {
    String::from_utf8_lossy(&receipt.text).into_owned()
}

/// Interop quirk 22.
#[tokio::test]
async fn an_error_with_letters_reaches_the_account_as_it_is_written() {
    let smsc = Smsc::with(|_| Reply::Take).await;
    let world = World::before(&smsc, "").await;
    let esme = Esme::bind(world.smpp()).await;
    let cases = [
        ("4A6", " err:4A6 "),
        ("00B", " err:00B "),
        ("0032", " err:032 "),
        ("NoCredit-of-the-subscriber", " err:NoCredit-of-the- "),
        ("a:b", " err:ab "),
    ];
    for (at, (written, told)) in cases.into_iter().enumerate() {
        esme.accepted(Submit::new("x")).await;
        world.counts("chappe_messages_awaiting_receipt", 1.0).await;
        let receipt = text(at + 1, &format!("stat:UNDELIV err:{written}"));
        smsc.deliver(HANDSET, "Shop", RECEIPT, receipt.as_bytes());
        let receipts = esme.delivered(at + 1).await;
        let told_of = said(&receipts[at]);
        assert!(told_of.contains(&format!("stat:UNDELIV{told}")), "{written}: {told_of}");
    }
    // The error is that of the segment that failed, whichever receipt comes last.
    esme.accepted(Submit::new("long ".repeat(40))).await;
    world.counts("chappe_messages_awaiting_receipt", 1.0).await;
    let at = cases.len();
    let first = text(at + 1, "stat:UNDELIV err:4A6");
    smsc.deliver(HANDSET, "Shop", RECEIPT, first.as_bytes());
    smsc.deliver(HANDSET, "Shop", RECEIPT, text(at + 2, "stat:DELIVRD err:000").as_bytes());
    let receipts = esme.delivered(at + 1).await;
    let told_of = said(&receipts[at]);
    assert!(told_of.contains("stat:UNDELIV err:4A6 "), "{told_of}");
}
