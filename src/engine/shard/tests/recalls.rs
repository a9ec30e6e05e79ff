//! Messages that their accounts take back.

use super::*;

const DELETED: MessageState = MessageState::DELETED;
const FAILED: Result<(), CommandStatus> = Err(CommandStatus::ESME_RCANCELFAIL);

impl World {
    /// Asks for messages back; the number of the request.
    pub(super) fn cancel(&mut self, wanted: Cancellation) -> SequenceNumber {
        self.sequence += 1;
        self.shard.cancel(self.now, wanted, (ASKING, self.sequence), &mut self.notes);
        self.sequence
    }

    /// Asks for one message back.
    fn cancel_one(&mut self, id: MessageId) -> SequenceNumber {
        self.cancel(Cancellation { id: Some(id), ..any(0) })
    }

    /// What a request was answered; `None` while it is not.
    fn answer(&self, request: SequenceNumber) -> Option<Result<(), CommandStatus>> {
        let mut own = self.notes.asked.iter().filter(|(sequence, _)| *sequence == request);
        let answer = own.next().map(|(_, answer)| *answer);
        assert!(own.next().is_none(), "one answer");
        answer
    }
}

/// Whatever the account has.
pub(super) fn any(account: u32) -> Cancellation {
    Cancellation {
        account,
        id: None,
        service_type: ServiceType::default(),
        source: Address::new(0, 0, b""),
        destination: Address::new(0, 0, b""),
    }
}

#[test]
fn a_message_that_waits_for_its_moment_is_taken_back_at_once_and_its_account_hears_of_it() {
    let mut world = World::new();
    let send_at = START + Duration::from_secs(600);
    let id = world.submit(Message { send_at, ..message() }).unwrap();
    let request = world.cancel_one(id);
    assert_eq!(world.answer(request), Some(Ok(())));
    assert_eq!(world.told(), [(0, id, DELETED, 0)]);
    world.seconds(3600);
    assert!(world.sent().is_none());
    let again = world.cancel_one(id);
    assert_eq!(world.answer(again), Some(FAILED));
    world.assert_empty();
}

#[test]
fn what_its_dispatcher_still_has_is_taken_back_when_it_came_back() {
    let mut world = World::new();
    let id = world.submit(long_message(3)).unwrap();
    let request = world.cancel_one(id);
    assert_eq!(world.answer(request), None);
    let second = world.cancel_one(id);
    assert_eq!(world.answer(second), Some(FAILED), "it is being taken back already");
    world.seconds(1);
    assert_eq!(world.answer(request), Some(Ok(())));
    assert_eq!(world.told(), [(0, id, DELETED, 0)]);
    world.assert_empty();
}

#[test]
fn what_a_bind_has_goes_on_if_the_carrier_takes_it() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let request = world.cancel_one(id);
    world.seconds(5);
    assert_eq!(world.answer(request), None);
    world.take(&sent, "a1");
    assert_eq!(world.answer(request), Some(FAILED));
    world.receipt("a1", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn what_the_carrier_throttles_meanwhile_is_taken_back() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let request = world.cancel_one(id);
    world.refuse(&sent, CommandStatus::ESME_RTHROTTLED);
    assert_eq!(world.answer(request), Some(Ok(())));
    assert!(world.sent().is_none());
    assert_eq!(world.told(), [(0, id, DELETED, 0)]);
    world.assert_empty();
}

#[test]
fn a_message_sent_in_part_is_finished() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let first = world.sent().unwrap();
    world.take(&first, "a1");
    let late = world.cancel_one(id);
    assert_eq!(world.answer(late), Some(FAILED));
    let second = world.sent().unwrap();
    world.take(&second, "a2");

    // Its second segment comes back from the dispatcher, and goes again.
    let id = world.submit(long_message(2)).unwrap();
    let first = world.sent().unwrap();
    let request = world.cancel_one(id);
    world.take(&first, "b1");
    world.seconds(1);
    assert_eq!(world.answer(request), Some(FAILED));
    let second = world.sent().unwrap();
    assert_eq!((second.ticket, second.segment), (first.ticket, 1));
}

#[test]
fn a_message_in_doubt_is_refused_and_goes_again_when_its_wait_is_over() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let request = world.cancel_one(id);
    world.done(&sent, SegmentResult::InDoubt);
    assert_eq!(world.answer(request), Some(FAILED));
    world.seconds(61);
    assert!(world.sent().is_some());
    let again = world.cancel_one(id);
    assert_eq!(world.answer(again), Some(FAILED), "the first copy may be there");
}

#[test]
fn a_message_whose_validity_ends_meanwhile_ends_expired() {
    let mut world = World::new();
    let expires_at = START + Duration::from_secs(10);
    let id = world.submit(Message { expires_at, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    let request = world.cancel_one(id);
    world.seconds(11);
    world.done(&sent, SegmentResult::NotSent);
    assert_eq!(world.answer(request), Some(FAILED));
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
    world.assert_empty();
}

#[test]
fn a_message_of_another_account_sender_or_handset_stays() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let one = |account| Cancellation { id: Some(id), ..any(account) };
    let other = |octets| Address::new(0, 0, octets);
    let wrong = [
        one(1),
        Cancellation { source: other(b"Bank"), ..one(0) },
        Cancellation { destination: other(b"33600000000"), ..one(0) },
        Cancellation { service_type: ServiceType::new(b"WAP"), ..one(0) },
        Cancellation { id: Some(MessageId::new(7, 5)), ..any(0) },
    ];
    for wanted in wrong {
        let request = world.cancel(wanted);
        assert_eq!(world.answer(request), Some(FAILED));
    }
    assert!(world.sent().is_some());
}

#[test]
fn all_that_an_account_has_for_a_handset_is_taken_back_together() {
    let mut world = World::new();
    let of = |account, handset| Message { account, ..message_to(handset) };
    let gone = world.submit(of(0, HANDSET)).unwrap();
    let on_its_way = world.sent().unwrap();
    world.take(&on_its_way, "a1");
    let own: Vec<_> = (0..3).map(|_| world.submit(of(0, HANDSET)).unwrap()).collect();
    let kept = [world.submit(of(1, HANDSET)), world.submit(of(0, "33687654321"))];
    let to = Address::new(0, 0, HANDSET.as_bytes());
    let request = world.cancel(Cancellation { destination: to.clone(), ..any(0) });
    world.seconds(1);
    assert_eq!(world.answer(request), Some(Ok(())));
    let deleted: Vec<_> = world.told().iter().map(|told| (told.1, told.2)).collect();
    assert_eq!(deleted, own.iter().map(|&id| (id, DELETED)).collect::<Vec<_>>());
    let rest: Vec<_> = std::iter::from_fn(|| world.sent()).map(|one| one.order).collect();
    assert_eq!(rest, kept.map(|id| id.unwrap().number()));
    assert!(!deleted.iter().any(|(id, _)| *id == gone));

    let none = world.cancel(Cancellation { destination: to, ..any(0) });
    assert_eq!(world.answer(none), Some(FAILED));
}

#[test]
fn a_look_through_many_messages_takes_turns_and_leaves_what_came_later() {
    let mut world = World::new();
    for _ in 0..40_000 {
        world.submit(message_to("33687654321")).unwrap();
    }
    let id = world.submit(message()).unwrap();
    let to = Address::new(0, 0, HANDSET.as_bytes());
    let request = world.cancel(Cancellation { destination: to, ..any(0) });
    let later = world.submit(message()).unwrap();
    assert_eq!(world.answer(request), None);
    for _ in 0..5 {
        world.pass(Duration::from_millis(100));
    }
    assert_eq!(world.answer(request), Some(Ok(())));
    assert_eq!(world.told(), [(0, id, DELETED, 0)]);
    assert!(std::iter::from_fn(|| world.sent()).any(|one| one.order == later.number()));
}
