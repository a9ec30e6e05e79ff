//! What is known after a restart of what was over before it.

use super::super::records::image::Image;
use super::super::records::past::{Event, Past};
use super::super::records::{self};
use super::mo::segment;
use super::*;
use crate::store::{Batch, Records};

impl World {
    /// Writes down what happened.
    fn write_to(&mut self, image: &mut Image) {
        self.shard.write_down(self.now.wall, |batch| {
            image.take_batch(batch.octets()).unwrap();
            batch.clear();
        });
    }

    /// The world of the process that goes on so much later with what this one has written down.
    fn restarted(mut self, mut image: Image, after: Duration) -> Self {
        self.write_to(&mut image);
        let mut next = Self::kept();
        next.now.wall = self.now.wall + after;
        next.shard.restore_heard(image.heard);
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
