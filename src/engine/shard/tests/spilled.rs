//! Texts that are not in memory.

use std::sync::Mutex;

use super::*;
use crate::mt::carried::{Away, Spot, Texts};
use crate::store::Batch;

/// Where texts are put, as far as there is room.
#[derive(Debug, Default)]
pub struct Elsewhere {
    texts: Mutex<Vec<Vec<u8>>>,
    pub reads: Mutex<usize>,
}

impl Texts for Elsewhere {
    fn read(&self, spot: &Spot, to: &mut Vec<u8>) {
        *self.reads.lock().unwrap() += 1;
        to.extend_from_slice(&self.texts.lock().unwrap()[spot.offset as usize]);
    }
}

impl Elsewhere {
    pub fn put(self: &Arc<Self>, message: &Message) -> Away {
        let mut texts = self.texts.lock().unwrap();
        let spot = Spot { offset: texts.len() as u32, octets: message.octets(), nonce: [0; 12] };
        texts.push([message.user_data.octets(), &message.tlvs].concat());
        Away::new(message, Arc::clone(self) as _, spot)
    }
}

/// A world with room for so many octets in memory, and for others elsewhere.
fn world(here_octets_max: usize) -> (World, Arc<Elsewhere>) {
    let elsewhere = Arc::new(Elsewhere::default());
    (world_over(here_octets_max, &elsewhere), elsewhere)
}

fn world_over(here_octets_max: usize, elsewhere: &Arc<Elsewhere>) -> World {
    let rules = Rules::default();
    let limits = Limits { here_octets_max, queue_octets_max: 1000, ..rules.limits };
    let mut world = World::with(Rules { limits, ..rules });
    world.notes.spill = Some(Arc::clone(elsewhere));
    world
}

fn saying(text: &str) -> Message {
    Message { user_data: UserData::new(text.as_bytes()), ..message() }
}

fn is_here(one: &Outgoing) -> bool {
    matches!(one.message, Carried::Here(_))
}

fn text(one: &Outgoing) -> String {
    String::from_utf8(one.message.read().user_data.octets().to_vec()).unwrap()
}

#[test]
fn what_exceeds_the_limit_goes_elsewhere_and_all_is_sent_as_it_came() {
    let (mut world, elsewhere) = world(10);
    for text in ["first", "other", "third", "4th"] {
        world.submit(saying(text)).unwrap();
    }
    assert_eq!(world.shard.octets_here(), 10);
    let sent: Vec<_> = std::iter::from_fn(|| world.sent()).collect();
    let found: Vec<_> = sent.iter().map(|one| (is_here(one), text(one))).collect();
    let expected = [(true, "first"), (true, "other"), (false, "third"), (false, "4th")];
    assert_eq!(found, expected.map(|(here, text)| (here, text.to_owned())));
    // Flows, lanes and lengths are told without their texts.
    assert_eq!(*elsewhere.reads.lock().unwrap(), 2);
    world.take(&sent[0], "1");
    assert_eq!(world.shard.octets_here(), 5);
    world.submit(saying("again")).unwrap();
    assert!(is_here(&world.sent().unwrap()), "there is room again");
}

#[test]
fn where_there_is_room_nowhere_a_message_is_refused_and_what_is_there_stays() {
    let (mut world, _) = world(10);
    world.submit(saying("hello you")).unwrap();
    world.notes.spill = None;
    assert!(world.submit(saying("more")).is_none());
    assert_eq!(world.notes.refused, [(1, 2, CommandStatus::ESME_RMSGQFUL)]);
    assert!(world.submit(saying("!")).is_some(), "what fits into memory is taken");
    assert_eq!((world.shard.queued(), world.notes.released), (2, 1));
}

#[test]
fn the_limit_of_all_octets_counts_those_elsewhere() {
    let (mut world, _) = world(10);
    world.submit(saying(&"x".repeat(995))).unwrap();
    assert!(world.submit(saying("123456")).is_none());
    assert!(world.submit(saying("12345")).is_some());
}

#[test]
fn receipts_say_the_same_of_a_message_whose_text_is_elsewhere() {
    let own_segment = Message {
        esm_class: 0x40,
        user_data: UserData::new(b"\x05\x00\x03\x07\x02\x01first of two"),
        ..message()
    };
    let in_tlvs = Message {
        tlvs: Box::from([0x02, 0x0e, 0, 1, 2, 0x02, 0x0f, 0, 1, 1]),
        ..saying("first of two")
    };
    for message in [saying("a text that is longer than its quote"), own_segment, in_tlvs] {
        let elsewhere = Arc::new(Elsewhere::default());
        let here = Carried::from(message.clone());
        let away = Carried::new(Arc::new(message.clone()), Some(elsewhere.put(&message)));
        assert_eq!(here.subject(), away.subject());
        assert_eq!(*elsewhere.reads.lock().unwrap(), 0);
        assert_eq!(here.octets(), away.octets());
        assert_eq!((here.octets_here(), away.octets_here()), (message.octets(), 0));
        assert_eq!(format!("{:?}", *here.read()), format!("{:?}", *away.read()));
    }
}

#[test]
fn a_message_is_changed_whose_text_is_elsewhere() {
    let (mut world, _) = world(4);
    let send_at = START + Duration::from_secs(60);
    let id = world.submit(Message { send_at, ..saying("before") }).unwrap();
    assert_eq!(world.shard.octets_here(), 0);
    let short = world.changed(id, b"now");
    assert_eq!(world.answer_to(short), Some(Ok(())));
    assert_eq!(world.shard.octets_here(), 3);
    let long = world.changed(id, b"and longer");
    assert_eq!(world.answer_to(long), Some(Ok(())));
    assert_eq!(world.shard.octets_here(), 0);
    world.notes.spill = None;
    let refused = world.changed(id, b"another");
    assert_eq!(world.answer_to(refused), Some(Err(CommandStatus::ESME_RMSGQFUL)));
    world.seconds(61);
    assert_eq!(text(&world.sent().unwrap()), "and longer");
}

#[test]
fn a_checkpoint_holds_texts_that_are_elsewhere() {
    let (mut world, elsewhere) = world(5);
    world.shard.keep_ledger();
    let ids = ["first", "other"].map(|text| world.submit(saying(text)).unwrap());
    let (mut batch, mut at) = (Batch::new(), super::super::Walk::START);
    while at != super::super::Walk::Done {
        at = world.shard.walk(at, &mut batch);
    }
    assert_eq!(*elsewhere.reads.lock().unwrap(), 1);
    let mut image = super::super::records::image::Image::new(0);
    image.take_batch(batch.octets()).unwrap();
    let texts = ids.map(|id| {
        let was = &image.live[&id.number()];
        was.live.message.read().user_data.octets().to_vec()
    });
    assert_eq!(texts, [&b"first"[..], b"other"]);
}
