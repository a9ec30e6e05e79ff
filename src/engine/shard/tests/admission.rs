//! Taking messages: ids, the limit of the queue, the order of sending, scheduled ones.

use super::*;

#[test]
fn a_message_gets_its_id_once_and_is_sent() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    assert_eq!(world.notes.accepted, [(1, 1, id)]);
    assert_eq!(id, MessageId::new(7, 1000));
    let sent = world.sent().unwrap();
    assert_eq!((sent.segment, sent.message.read().user_data.octets()), (0, &b"hello"[..]));
    assert!(world.sent().is_none());
    assert_eq!(world.shard.queued(), 1);
}

#[test]
fn ids_of_all_shards_of_a_node_differ() {
    let mut ids = std::collections::HashSet::new();
    for index in 0..3 {
        let mut world = World::new();
        let limits = Limits::default();
        world.shard = Shard::new((index, 3), 7, (1000, 0), limits, vec![Rules::default().carrier]);
        for _ in 0..100 {
            assert!(ids.insert(world.submit(message()).unwrap()));
        }
    }
    assert_eq!(ids.len(), 300);
}

#[test]
fn a_full_queue_answers_that_it_is_full_and_takes_again_when_it_is_not() {
    let limits = Limits { queue_max: 2, ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    assert!(world.submit(message()).is_some());
    assert!(world.submit(message()).is_some());
    assert!(world.submit(message()).is_none());
    assert_eq!(world.notes.refused, [(1, 3, CommandStatus::ESME_RMSGQFUL)]);
    assert_eq!((world.shard.queued(), world.notes.released), (2, 1));
    let sent = world.sent().unwrap();
    world.take(&sent, "1");
    assert!(world.submit(message()).is_some(), "a sent message is in no queue");
}

#[test]
fn a_scheduled_message_is_sent_when_it_is_due_and_not_before() {
    let mut world = World::new();
    let send_at = START + Duration::from_secs(3600);
    world.submit(Message { send_at, ..message() }).unwrap();
    world.seconds(3599);
    assert!(world.sent().is_none());
    assert_eq!(world.shard.queued(), 1);
    world.seconds(2);
    assert!(world.sent().is_some());
    world.seconds(3600);
    assert!(world.sent().is_none(), "once");
}

#[test]
fn a_message_whose_schedule_is_past_is_sent_at_once_and_held_like_any_other() {
    let carrier = CarrierRules { in_doubt: InDoubtPolicy::Hold, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    let send_at = START - Duration::from_secs(1);
    world.submit(Message { send_at, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    world.seconds(3600);
    assert!(world.sent().is_none());
}

#[test]
fn segments_go_together_in_their_order() {
    let mut world = World::new();
    world.submit(long_message(5)).unwrap();
    let (run, first) = world.notes.out.front().unwrap();
    assert_eq!((run.segment, run.segments, *first), (0, 5, false));
    let segments: Vec<u8> = std::iter::from_fn(|| world.sent()).map(|sent| sent.segment).collect();
    assert_eq!(segments, [0, 1, 2, 3, 4]);
}

#[test]
fn a_message_may_have_as_many_segments_as_a_reference_can_count() {
    let mut world = World::new();
    let id = world.submit(long_message(255)).unwrap();
    for segment in 0..255_u32 {
        let sent = world.sent().unwrap();
        assert_eq!(u32::from(sent.segment), segment);
        world.take(&sent, &segment.to_string());
    }
    for segment in 0..255_u32 {
        world.receipt(&segment.to_string(), DELIVERED);
    }
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn references_differ_between_neighbours_and_are_not_spent_on_single_segments() {
    let mut world = World::new();
    world.submit(long_message(2)).unwrap();
    world.submit(message()).unwrap();
    world.submit(long_message(2)).unwrap();
    let references: Vec<u16> = world.notes.out.iter().map(|(out, _)| out.reference).collect();
    assert_eq!((references[0], references[2]), (1, 2));
}

#[test]
fn a_message_gets_no_reference_that_an_account_gave_the_same_handset() {
    let mut world = World::new();
    let cut = |reference| Message {
        esm_class: 0x40,
        user_data: UserData::new(&[5, 0, 3, reference, 2, 1, b'x']),
        // As another of its accounts writes the number.
        destination: Address::new(0, 0, b"0033612345678"),
        ..message()
    };
    world.submit(cut(1)).unwrap();
    world.submit(cut(2)).unwrap();
    world.submit(long_message(2)).unwrap();
    let sar = Message { tlvs: Box::from([0x02, 0x0c, 0, 2, 0, 4]), ..message() };
    world.submit(sar).unwrap();
    world.submit(long_message(2)).unwrap();
    let references: Vec<u16> = world.notes.out.iter().map(|(out, _)| out.reference).collect();
    assert_eq!((references[2], references[4]), (3, 5));
}

#[test]
fn references_stay_within_what_the_carrier_takes() {
    let carrier = CarrierRules { reference_max: 3, ..Rules::default().carrier };
    let mut world = World::with(Rules { carrier, ..Rules::default() });
    let references: Vec<u16> = (0..7)
        .map(|_| {
            world.submit(long_message(2)).unwrap();
            world.notes.out.back().unwrap().0.reference
        })
        .collect();
    assert_eq!(references, [1, 2, 3, 1, 2, 3, 1]);
}

#[test]
fn octets_of_the_queue_are_bounded_whatever_the_number_of_its_messages() {
    let limits = Limits { queue_octets_max: 300, ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    let of = |octets: usize| Message { user_data: UserData::new(&vec![b'x'; octets]), ..message() };
    let tlvs = Message { tlvs: vec![0; 100].into(), ..of(100) };
    assert!(world.submit(tlvs).is_some() && world.submit(of(100)).is_some());
    assert!(world.submit(of(1)).is_none());
    assert_eq!(world.notes.refused, [(1, 3, CommandStatus::ESME_RMSGQFUL)]);
    assert!(world.submit(of(0)).is_some(), "an empty one takes no room");
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    assert!(world.submit(of(200)).is_some());
    while let Some(sent) = world.sent() {
        world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    }
    world.assert_empty();
}
