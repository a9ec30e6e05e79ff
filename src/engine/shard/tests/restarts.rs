//! What is known after a restart of what was over before it.

use super::super::ledger::Walk;
use super::super::records::image::Image;
use super::super::records::past::{Event, Past};
use super::super::records::{self};
use super::mo::segment;
use super::*;
use crate::engine::shard::CarrierSays;
use crate::store::{Batch, Records};

impl World {
    /// Writes down what happened.
    pub(super) fn write_to(&mut self, image: &mut Image) {
        self.shard.write_down(self.now.wall, |batch| {
            image.take_batch(batch.octets()).unwrap();
            batch.clear();
        });
    }

    /// All that it has to say of itself, as a checkpoint holds it.
    fn checkpoint(&mut self) -> Image {
        self.write_to(&mut Image::new(1000));
        let (mut image, mut at) = (Image::new(1000), Walk::START);
        while at != Walk::Done {
            let mut batch = Batch::new();
            at = self.shard.walk(at, &mut batch);
            image.take_batch(batch.octets()).unwrap();
        }
        let mut batch = Batch::new();
        records::at(&mut batch, self.now.wall);
        image.take_batch(batch.octets()).unwrap();
        image
    }

    /// The world of the process that goes on so much later with what this one has written down.
    fn restarted(mut self, mut image: Image, after: Duration) -> Self {
        self.write_to(&mut image);
        let wall = self.now.wall + after;
        self.goes_on(image, wall)
    }

    /// The same, of the same rules, by a clock at this moment.
    fn goes_on(self, mut image: Image, wall: Duration) -> Self {
        let mut next = Self::kept();
        next.now.wall = wall;
        image.at_clock_of(wall);
        next.shard.carriers = self.shard.carriers;
        for (_, _, prints) in image.heard_lately {
            next.shard.restore_heard(prints);
        }
        next.shard.restore_heard(image.heard);
        for was in image.live.into_values() {
            next.shard.restore_live(next.now, was, &mut next.notes);
        }
        for (wall, memory) in image.whole {
            next.shard.restore_whole(next.now, wall, memory);
        }
        next
    }

    /// One that writes down what happens.
    fn kept() -> Self {
        let mut world = Self::new();
        world.shard.keep_ledger();
        world
    }
}

#[test]
fn a_receipt_that_comes_again_after_a_restart_is_known_for_what_it_is() {
    let (mut world, mut image) = (World::kept(), Image::new(1000));
    world.submit(message()).unwrap();
    world.write_to(&mut image);
    let sent = world.sent().unwrap();
    world.take(&sent, "id1");
    world.write_to(&mut image);
    world.receipt("id1", MessageState::DELIVERED);
    let mut world = world.restarted(image, Duration::from_secs(1));
    world.receipt("id1", MessageState::DELIVERED);
    assert_eq!(world.notes.counted, [Counted::ReceiptDuplicate]);
    // One of a message that nobody knows is no repetition.
    world.receipt("id2", MessageState::DELIVERED);
    assert_eq!(world.counts(Counted::ReceiptDuplicate), 1);
}

#[test]
fn a_segment_of_a_message_that_was_whole_is_no_second_one_after_a_restart() {
    let owner = Owner::of_all(Recipient::Account { account: 1, segments: MoSegments::Payload });
    let age_max = Limits::default().reassembly.age_max;
    let minute = Duration::from_secs(60);
    // A repetition within the time, one after it, and a message whose other segment never came.
    for (both, after, is_known) in
        [(true, minute, true), (true, age_max + minute, false), (false, minute, false)]
    {
        let mut world = World::kept();
        if both {
            world.mo(&owner, segment(1, "hello "));
        }
        world.mo(&owner, segment(2, "world"));
        let mut world = world.restarted(Image::new(1000), after);
        world.mo(&owner, segment(2, "world"));
        world.pass(age_max + minute);
        assert_eq!(world.notes.delivered.is_empty(), is_known, "{both} {after:?}");
        let duplicates = world.notes.counted.contains(&Counted::MoDuplicates(1));
        assert_eq!(duplicates, is_known);
        assert_eq!(world.shard.held_segments(), 0);
    }
}

#[test]
fn what_is_written_down_again_for_a_checkpoint_is_sent_and_no_sending() {
    let (mut world, mut image) = (World::kept(), Image::new(0));
    let id = world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    let mut batch = Batch::new();
    records::sent(&mut batch, id.number(), sent.segment);
    let sendings = |batch: &Batch| {
        let told = Records::new(batch.octets()).filter_map(records::past::read);
        told.filter(|past| matches!(past, Past::Of(_, Event::Sent(0)))).count()
    };
    assert_eq!(sendings(&batch), 1);
    world.write_to(&mut image);
    world.shard.still_sent(sent.ticket, sent.segment);
    world.shard.write_down(world.now.wall, |batch| {
        assert_eq!(sendings(batch), 0);
        image.take_batch(batch.octets()).unwrap();
        batch.clear();
    });
    assert_eq!(image.live[&id.number()].sent, [0], "a start has it in doubt");
}

/// A receipt whose id the next process did not know would be taken for that of another message to
/// the handset which is in doubt by then, and which would not be sent again.
#[test]
fn a_receipt_that_was_heard_before_the_checkpoint_settles_no_doubt_after_a_restart() {
    let mut world = World::kept();
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.take(&sent, "id1");
    world.receipt("id1", DELIVERED);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    let (image, wall) = (world.checkpoint(), world.now.wall);
    let mut world = world.goes_on(image, wall);
    world.receipt("id1", DELIVERED);
    assert_eq!(world.notes.counted, [Counted::ReceiptDuplicate]);
    world.seconds(61);
    assert!(world.sent().is_some(), "it goes again");
    assert_eq!(world.told(), []);
}

#[test]
fn a_message_is_asked_for_after_a_restart() {
    for is_checkpoint in [false, true] {
        let mut world = World::kept();
        let query_after = Duration::from_secs(60);
        world.shard.carriers[0].query_after = query_after;
        let mut image = Image::new(1000);
        let id = world.submit(message()).unwrap();
        world.write_to(&mut image);
        let sent = world.sent().unwrap();
        world.shard.named(sent.ticket, sent.segment, (*b"C0ffee").into());
        world.take(&sent, "C0ffee");
        world.write_to(&mut image);
        let wall = world.now.wall;
        if is_checkpoint {
            image = world.checkpoint();
        }
        let mut world = world.goes_on(image, wall);
        world.seconds(59);
        assert!(world.notes.questions.is_empty());
        world.seconds(2);
        let question = world.notes.questions.pop().expect("it is asked for");
        assert_eq!((&*question.id, question.segment), (&b"C0ffee"[..], 0));
        let says = CarrierSays { state: DELIVERED, error: 0, done: None };
        let of = (question.ticket, question.segment);
        world.shard.told_by_carrier(world.now, of, says, &mut world.notes);
        assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    }
}

/// Waits are written in wall time. A clock that was set back by a day before a start is no reason
/// for a day more.
#[test]
fn a_clock_that_was_set_back_before_a_start_delays_nothing_but_what_has_a_moment_of_its_own() {
    let day = Duration::from_secs(86_400);
    let mut world = World::kept();
    let mut image = Image::new(1000);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.refuse(&sent, CommandStatus::ESME_RSYSERR);
    world.submit(message()).unwrap();
    let sent = world.sent().unwrap();
    world.done(&sent, SegmentResult::InDoubt);
    let send_at = world.now.wall + Duration::from_secs(600);
    world.submit(Message { send_at, ..message() }).unwrap();
    world.write_to(&mut image);
    let wall = world.now.wall - day;
    let mut world = world.goes_on(image, wall);
    world.seconds(120);
    assert_eq!(world.notes.out.len(), 2, "what was refused and what was in doubt");
    world.pass(day);
    assert_eq!(world.notes.out.len(), 2);
    world.seconds(600);
    assert_eq!(world.notes.out.len(), 3);
}
