//! Messages that their accounts change.

use super::*;
use crate::mt::ingress::{Admission, Replacement};
use crate::wire::COctetString;
use crate::wire::table::ReplaceSm;

const FAILED: Result<(), CommandStatus> = Err(CommandStatus::ESME_RREPLACEFAIL);

/// A new text, to be sent at this time and valid for so long, of account 0 or 1.
pub(super) fn replacement(account: u32, text: &[u8], times: [&str; 2]) -> Replacement {
    let admission = Admission { account, validity_max: VALID, ..Admission::default() };
    let replace = ReplaceSm {
        schedule_delivery_time: COctetString::from(times[0]),
        validity_period: COctetString::from(times[1]),
        registered_delivery: 1,
        short_message: text,
        ..ReplaceSm::default()
    };
    admission.replacement(&replace, Address::new(0, 0, b""), START).unwrap()
}

impl World {
    /// Asks for a change; the number of the request.
    pub(super) fn replace(&mut self, id: MessageId, by: Replacement) -> SequenceNumber {
        self.sequence += 1;
        self.shard.replace(self.now, id, by, (ASKING, self.sequence), &mut self.notes);
        self.sequence
    }

    pub(super) fn changed(&mut self, id: MessageId, text: &[u8]) -> SequenceNumber {
        self.replace(id, replacement(0, text, ["", ""]))
    }

    pub(super) fn answer_to(&self, request: SequenceNumber) -> Option<Result<(), CommandStatus>> {
        let own = self.notes.asked.iter().find(|(sequence, _)| *sequence == request);
        own.map(|(_, answer)| *answer)
    }
}

fn texts(sent: &[Outgoing]) -> Vec<Vec<u8>> {
    sent.iter().map(|one| one.message.read().segment(one.segment).to_vec()).collect()
}

#[test]
fn a_message_that_waits_for_its_moment_is_sent_then_with_its_new_text_and_plan() {
    let mut world = World::new();
    let send_at = START + Duration::from_secs(60);
    let id = world.submit(Message { send_at, ..message() }).unwrap();
    let long = [b'y'; 200];
    let request = world.changed(id, &long);
    assert_eq!(world.answer_to(request), Some(Ok(())));
    world.seconds(59);
    assert!(world.sent().is_none());
    world.seconds(2);
    let sent: Vec<_> = std::iter::from_fn(|| world.sent()).collect();
    assert_eq!(texts(&sent), [&long[..153], &long[153..]]);
    assert!(sent[0].reference > 0);
    world.take(&sent[0], "a1");
    world.take(&sent[1], "a2");
    world.receipt("a1", DELIVERED);
    world.receipt("a2", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_new_moment_and_a_new_validity_are_kept() {
    let mut world = World::new();
    let send_at = START + Duration::from_secs(60);
    let id = world.submit(Message { send_at, ..message() }).unwrap();
    let later = replacement(0, b"later", ["000000000500000R", "000000000600000R"]);
    world.replace(id, later);
    world.seconds(299);
    assert!(world.sent().is_none());
    world.seconds(2);
    let sent = world.sent().unwrap();
    assert_eq!(texts(std::slice::from_ref(&sent)), [b"later"]);
    world.refuse(&sent, CommandStatus::ESME_RSYSERR);
    world.seconds(29);
    assert!(world.told().is_empty());
    let sooner = replacement(0, b"x", ["", "000000000001000R"]);
    let request = world.replace(id, sooner);
    assert_eq!(world.answer_to(request), Some(Err(CommandStatus::ESME_RINVEXPIRY)));
    world.seconds(60);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 1)]);
}

#[test]
fn what_its_dispatcher_still_has_is_changed_when_it_came_back() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let request = world.changed(id, b"new");
    assert_eq!(world.answer_to(request), None);
    let second = world.changed(id, b"newer");
    assert_eq!(world.answer_to(second), Some(FAILED), "it is being changed already");
    world.seconds(1);
    assert_eq!(world.answer_to(request), Some(Ok(())));
    let sent: Vec<_> = std::iter::from_fn(|| world.sent()).collect();
    assert_eq!(texts(&sent), [b"new"]);
}

#[test]
fn what_left_meanwhile_stays_as_it_was() {
    let mut world = World::new();
    let id = world.submit(long_message(2)).unwrap();
    let first = world.sent().unwrap();
    let request = world.changed(id, b"new");
    world.take(&first, "a1");
    world.seconds(1);
    assert_eq!(world.answer_to(request), Some(FAILED));
    let second = world.sent().unwrap();
    assert_eq!((second.segment, texts(std::slice::from_ref(&second))), (1, vec![b"x".to_vec()]));
    world.take(&second, "a2");
    let late = world.changed(id, b"new");
    assert_eq!(world.answer_to(late), Some(FAILED));
}

#[test]
fn a_message_whose_turn_has_not_come_waits_for_it_once_more() {
    let rules = Rules::default();
    let carrier = CarrierRules { unanswered_per_destination: 1, ..rules.carrier };
    let mut world = World::with(Rules { carrier, ..rules });
    world.submit(message()).unwrap();
    let id = world.submit(message()).unwrap();
    let third = world.submit(message()).unwrap();
    let request = world.changed(id, b"new");
    assert_eq!(world.answer_to(request), Some(Ok(())));
    let mut order = Vec::new();
    while let Some(sent) = world.sent() {
        order.push((sent.order, sent.message.read().user_data.octets().to_vec()));
        world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    }
    assert_eq!(order[1], (third.number(), b"hello".to_vec()));
    assert_eq!(order[2], (id.number(), b"new".to_vec()));
    assert_eq!(order.len(), 3);
    world.assert_empty();
}

#[test]
fn a_message_of_another_account_is_one_that_nobody_knows() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let foreign = world.replace(id, replacement(1, b"new", ["", ""]));
    let unknown = world.changed(MessageId::new(7, 5), b"new");
    assert_eq!((world.answer_to(foreign), world.answer_to(unknown)), (Some(FAILED), Some(FAILED)));
    let sent: Vec<_> = std::iter::from_fn(|| world.sent()).collect();
    assert_eq!(texts(&sent), [b"hello"]);
}

#[test]
fn a_longer_text_needs_room_for_its_octets_and_a_shorter_one_gives_some_back() {
    let rules = Rules::default();
    let limits = Limits { queue_octets_max: 20, ..rules.limits };
    let mut world = World::with(Rules { limits, ..rules });
    let send_at = START + Duration::from_secs(60);
    let id = world.submit(Message { send_at, ..message() }).unwrap();
    let full = Some(Err(CommandStatus::ESME_RMSGQFUL));
    let long = world.changed(id, &[b'y'; 21]);
    assert_eq!(world.answer_to(long), full);
    let fits = world.changed(id, &[b'y'; 20]);
    assert_eq!(world.answer_to(fits), Some(Ok(())));
    assert!(world.submit(message()).is_none());
    let short = world.changed(id, b"y");
    assert_eq!(world.answer_to(short), Some(Ok(())));
    let other = world.submit(Message { send_at, ..message() }).unwrap();
    // The queue of its account is full, if the shard's is not.
    world.notes.is_full = true;
    let refused = world.changed(other, b"longer");
    assert_eq!(world.answer_to(refused), full);
    world.seconds(61);
    let sent: Vec<_> = std::iter::from_fn(|| world.sent()).collect();
    let mut kept = texts(&sent);
    kept.sort_unstable();
    assert_eq!(kept, [&b"hello"[..], b"y"]);
    for sent in sent {
        world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    }
    world.assert_empty();
}
