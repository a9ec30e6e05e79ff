//! Senders that stand for one of several numbers.

use std::collections::BTreeMap;

use chappe::wire::CommandStatus;

use crate::esme::{Esme, Request, Submit};
use crate::smsc::{Reply, Smsc};
use crate::world::World;

/// A pool of three, and an account that may use nothing else.
const POOL: &str = "[[number]]\naddress = \"33700000001\"\nkind = \"long_number\"\n\
                    owner = { account = \"acct\" }\n\
                    [[number]]\naddress = \"33700000002\"\nkind = \"long_number\"\n\
                    [[number]]\naddress = \"36105\"\nkind = \"short_code\"\n\
                    [[pool]]\nname = \"shop\"\n\
                    numbers = [\"33700000001\", \"33700000002\", \"36105\"]\n\
                    [[account]]\nsystem_id = \"pooled\"\npassword = \"p\"\nsenders = \"shop\"\n";

fn from_pool(handset: u32) -> Submit {
    Submit { source: "shop".to_owned(), ..Submit::to(&format!("3361234{handset:04}")) }
}

#[tokio::test]
async fn a_handset_always_hears_from_the_same_number_of_a_pool_and_its_receipts_name_it() {
    let smsc = Smsc::start().await;
    smsc.script(|_| Reply::Report("DELIVRD"));
    let world = World::before(&smsc, POOL).await;
    let esme = Esme::bind(world.smpp()).await;
    for _ in 0..2 {
        for handset in 0..30 {
            esme.accepted(from_pool(handset)).await;
        }
    }
    let mut senders = BTreeMap::new();
    for submitted in smsc.submitted(60).await {
        let sender = senders.entry(submitted.destination).or_insert(submitted.source.clone());
        assert_eq!(*sender, submitted.source);
    }
    let used: std::collections::BTreeSet<_> = senders.values().cloned().collect();
    let used: Vec<_> = used.into_iter().collect();
    assert_eq!(used, ["33700000001", "33700000002", "36105"], "each has its share");
    for receipt in esme.delivered(60).await {
        assert_eq!(Some(&receipt.destination), senders.get(&receipt.source));
    }
}

#[tokio::test]
async fn a_pool_is_used_by_who_may_write_its_name() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, POOL).await;
    let kind = chappe::session::BindKind::Transceiver;
    let pooled = Esme::bind_as(world.smpp(), kind, "pooled", "p").await.unwrap();
    assert_eq!(pooled.submit(from_pool(1)).await.0, CommandStatus::ESME_ROK);
    let own = Submit { source: "33700000001".to_owned(), ..Submit::new("x") };
    assert_eq!(pooled.submit(own).await.0, CommandStatus::ESME_RINVSRCADR);
    assert_ne!(smsc.submitted(1).await[0].source, "shop");
}

#[tokio::test]
async fn a_message_of_a_pool_is_taken_back_under_its_name() {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, POOL).await;
    let esme = Esme::bind(world.smpp()).await;
    let later = |handset| Submit { schedule: "000001000000000R".to_owned(), ..from_pool(handset) };
    for handset in 0..10 {
        esme.accepted(later(handset)).await;
        let other = Submit { source: "Shop".to_owned(), ..later(handset) };
        let said = esme.answered(Request::CancelLike(other)).await;
        assert_eq!(said.status, CommandStatus::ESME_RCANCELFAIL);
        let said = esme.answered(Request::CancelLike(later(handset))).await;
        assert_eq!(said.status, CommandStatus::ESME_ROK);
    }
    let deleted = esme.delivered(10).await;
    assert!(deleted.iter().all(|one| one.receipt().1 == "DELETED"));
}
