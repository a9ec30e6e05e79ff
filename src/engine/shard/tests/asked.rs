//! What accounts ask of their messages.

use super::*;

const ENROUTE: MessageState = MessageState::ENROUTE;
const ACCEPTED: MessageState = MessageState::ACCEPTED;

impl World {
    /// How a message stands, if this account may know it: its state, error, and when it ended.
    fn query(&mut self, account: u32, id: MessageId) -> Option<(MessageState, u8, u32)> {
        self.sequence += 1;
        self.shard.query(account, id, (&ASKING, self.sequence), &mut self.notes);
        if let Some(refused) = self.notes.asked.pop() {
            assert_eq!(refused, (self.sequence, Err(CommandStatus::ESME_RQUERYFAIL)));
            return None;
        }
        let standing = self.notes.stands.pop().unwrap();
        assert_eq!(standing.id, id);
        Some((standing.state, standing.error, standing.done_s))
    }
}

#[test]
fn a_message_is_en_route_until_it_has_ended_and_then_in_its_state() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    assert_eq!(world.query(0, id), Some((ENROUTE, 0, 0)));
    let sent = world.sent().unwrap();
    world.take(&sent, "a1");
    assert_eq!(world.query(0, id), Some((ENROUTE, 0, 0)));
    world.seconds(5);
    world.receipt("a1", UNDELIVERABLE);
    let done_s = START.as_secs() as u32 + 5;
    assert_eq!(world.query(0, id), Some((UNDELIVERABLE, 99, done_s)));
    world.assert_empty();
}

#[test]
fn a_message_whose_carrier_has_it_and_that_wants_no_receipt_is_accepted() {
    let mut world = World::new();
    let id = world.submit(Message { registered_delivery: 0, ..message() }).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "a1");
    assert_eq!(world.query(0, id), Some((ACCEPTED, 0, START.as_secs() as u32)));
}

#[test]
fn an_error_that_an_octet_does_not_hold_is_255() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus(0x0401));
    world.seconds(3600);
    while let Some(sent) = world.sent() {
        world.refuse(&sent, CommandStatus(0x0401));
        world.seconds(3600);
    }
    let (state, error, _) = world.query(0, id).unwrap();
    assert!(state == REJECTED || state == UNDELIVERABLE, "{state}");
    assert_eq!(error, 255);
}

#[test]
fn a_message_of_another_account_is_one_that_nobody_knows() {
    let mut world = World::new();
    let id = world.submit(message()).unwrap();
    assert_eq!(world.query(1, id), None);
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    assert_eq!(world.query(1, id), None);
    assert!(world.query(0, id).is_some());
    for other in [id.counter() + 1, id.counter() - 1, 0, u64::MAX] {
        assert_eq!(world.query(0, MessageId::new(7, other)), None, "{other}");
    }
    assert_eq!(world.query(0, MessageId::new(8, id.counter())), None);
}

#[test]
fn how_a_message_ended_is_known_while_it_is_among_the_newest() {
    let rules = Rules::default();
    let limits = Limits { ended_max: 2, ..rules.limits };
    let mut world = World::with(Rules { limits, ..rules });
    let ids: Vec<_> = (0..4).map(|_| world.submit(message()).unwrap()).collect();
    assert!(ids.iter().all(|&id| world.query(0, id) == Some((ENROUTE, 0, 0))));
    while let Some(sent) = world.sent() {
        world.refuse(&sent, CommandStatus::ESME_RINVDSTADR);
    }
    let known: Vec<_> = ids.iter().map(|&id| world.query(0, id).is_some()).collect();
    assert_eq!(known, [false, false, true, true]);
}
