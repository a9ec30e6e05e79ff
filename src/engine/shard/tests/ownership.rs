//! What each account may ask of a message, in whatever state it is.

use super::multi::SHARED;
use super::recalls::any;
use super::replaces::replacement;
use super::*;

/// A state a message may be in, and how it gets there.
struct Case {
    name: &'static str,
    message: fn() -> Message,
    arrive: fn(&mut World, &mut Option<Outgoing>),
    state: MessageState,
    /// Whether it can be taken back or changed; where something is out, once it is settled.
    is_ours: bool,
}

fn nowhere(_: &mut World, _: &mut Option<Outgoing>) {}

fn send(world: &mut World, out: &mut Option<Outgoing>) {
    *out = world.sent();
}

fn refuse(world: &mut World, status: CommandStatus) {
    let sent = world.sent().unwrap();
    world.refuse(&sent, status);
}

fn lose(world: &mut World) {
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
}

fn give(world: &mut World) {
    let sent = world.sent().unwrap();
    world.take(&sent, "a1");
}

fn later() -> Message {
    Message { send_at: START + Duration::from_secs(600), ..message() }
}

fn short() -> Message {
    Message { expires_at: START + Duration::from_secs(10), ..message() }
}

const ENROUTE: MessageState = MessageState::ENROUTE;

const CASES: &[Case] = &[
    Case { name: "scheduled", message: later, arrive: nowhere, state: ENROUTE, is_ours: true },
    Case { name: "queued", message, arrive: nowhere, state: ENROUTE, is_ours: true },
    Case {
        name: "refused for now",
        message,
        arrive: |world, _| refuse(world, CommandStatus::ESME_RSYSERR),
        state: ENROUTE,
        is_ours: true,
    },
    Case { name: "with a bind", message, arrive: send, state: ENROUTE, is_ours: false },
    Case {
        name: "in doubt",
        message,
        arrive: |world, _| lose(world),
        state: ENROUTE,
        is_ours: false,
    },
    Case {
        name: "in doubt and to be sent again",
        message,
        arrive: |world, _| {
            lose(world);
            world.seconds(61);
        },
        state: ENROUTE,
        is_ours: false,
    },
    Case {
        name: "sent in part",
        message: || long_message(2),
        arrive: |world, _| give(world),
        state: ENROUTE,
        is_ours: false,
    },
    Case {
        name: "with its carrier",
        message,
        arrive: |world, _| give(world),
        state: ENROUTE,
        is_ours: false,
    },
    Case {
        name: "expired while a bind has it",
        message: short,
        arrive: |world, out| {
            send(world, out);
            world.seconds(11);
        },
        state: ENROUTE,
        is_ours: false,
    },
    Case {
        name: "delivered",
        message,
        arrive: |world, _| {
            give(world);
            world.receipt("a1", DELIVERED);
        },
        state: DELIVERED,
        is_ours: false,
    },
    Case {
        name: "taken, and no receipt wanted",
        message: || Message { registered_delivery: 0, ..message() },
        arrive: |world, _| give(world),
        state: MessageState::ACCEPTED,
        is_ours: false,
    },
    Case {
        name: "rejected",
        message,
        arrive: |world, _| refuse(world, CommandStatus::ESME_RINVDSTADR),
        state: REJECTED,
        is_ours: false,
    },
    Case {
        name: "expired",
        message: short,
        arrive: |world, _| {
            refuse(world, CommandStatus::ESME_RSYSERR);
            world.seconds(11);
        },
        state: MessageState::EXPIRED,
        is_ours: false,
    },
    Case {
        name: "ended in doubt",
        message: short,
        arrive: |world, _| {
            lose(world);
            world.seconds(11);
        },
        state: UNKNOWN,
        is_ours: false,
    },
    Case {
        name: "taken back",
        message: later,
        arrive: |world, _| {
            world.cancel(any(0));
        },
        state: MessageState::DELETED,
        is_ours: false,
    },
];

/// A message in the state of a case, alone or of a submit_multi; its id, and what a bind has of it.
fn arrived(case: &Case, is_multi: bool) -> (World, MessageId, Option<Outgoing>) {
    let mut world = World::new();
    let id = match is_multi {
        true => {
            world.submit_multi(vec![(case.message)()]);
            SHARED
        }
        false => world.submit((case.message)()).unwrap(),
    };
    let mut out = None;
    (case.arrive)(&mut world, &mut out);
    (world, id, out)
}

/// What comes of a request once all that was out is known.
fn outcome(
    world: &mut World,
    request: SequenceNumber,
    out: Option<&Outgoing>,
) -> Option<Result<(), CommandStatus>> {
    world.give_back_unsent();
    if let Some(out) = out {
        world.take(out, "a1");
    }
    let mut own = world.notes.asked.iter().filter(|(sequence, _)| *sequence == request);
    let answer = own.next().map(|(_, answer)| *answer);
    assert!(own.next().is_none(), "one answer");
    answer
}

/// Each case, alone and of a submit_multi.
fn cases() -> impl Iterator<Item = (&'static Case, bool)> {
    CASES.iter().flat_map(|case| [(case, false), (case, true)])
}

#[test]
fn its_account_is_told_how_it_stands_and_no_other_is() {
    for (case, is_multi) in cases() {
        let (mut world, id, _) = arrived(case, is_multi);
        world.shard.query(1, id, (&ASKING, 77), &mut world.notes);
        let refused = (77, Err(CommandStatus::ESME_RQUERYFAIL));
        assert_eq!(world.notes.asked.last(), Some(&refused), "{}", case.name);
        assert!(world.notes.stands.is_empty(), "{}", case.name);
        world.shard.query(0, id, (&ASKING, 78), &mut world.notes);
        let standing = world.notes.stands.pop().unwrap();
        assert_eq!((standing.id, standing.state), (id, case.state), "{}", case.name);
        assert_eq!(standing.done_s == 0, case.state == ENROUTE, "{}", case.name);
    }
}

#[test]
fn it_is_taken_back_by_its_account_alone_and_only_while_no_carrier_can_have_it() {
    for (case, is_multi) in cases() {
        let (mut world, id, out) = arrived(case, is_multi);
        let of = |account| Cancellation { id: Some(id), ..any(account) };
        let failed = Some(Err(CommandStatus::ESME_RCANCELFAIL));
        let foreign = world.cancel(of(1));
        assert_eq!(outcome(&mut world, foreign, None), failed, "{}", case.name);
        let before = world.told().len();
        let own = world.cancel(of(0));
        let expected = if case.is_ours { Some(Ok(())) } else { failed };
        assert_eq!(outcome(&mut world, own, out.as_ref()), expected, "{}", case.name);
        let deleted = (0, id, MessageState::DELETED, 0);
        let told = world.told().split_off(before);
        assert_eq!(told.contains(&deleted), case.is_ours, "{}", case.name);
    }
}

#[test]
fn it_is_changed_by_its_account_alone_and_only_while_no_carrier_can_have_it() {
    for (case, is_multi) in cases() {
        let (mut world, id, out) = arrived(case, is_multi);
        let failed = Some(Err(CommandStatus::ESME_RREPLACEFAIL));
        let foreign = world.replace(id, replacement(1, b"foreign", ["", ""]));
        assert_eq!(outcome(&mut world, foreign, None), failed, "{}", case.name);
        let own = world.replace(id, replacement(0, b"new", ["", ""]));
        let expected = if case.is_ours { Some(Ok(())) } else { failed };
        assert_eq!(outcome(&mut world, own, out.as_ref()), expected, "{}", case.name);
        world.pass(Duration::from_secs(700));
        while let Some(sent) = world.sent() {
            let message = sent.message.read();
            let text = message.user_data.octets();
            assert_eq!(text == b"new", case.is_ours, "{}", case.name);
            assert_ne!(text, b"foreign", "{}", case.name);
            world.take(&sent, "b1");
        }
    }
}
