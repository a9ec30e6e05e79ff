//! MO: put together where somebody needs it, to the owner of their number or of their first word.

use super::*;
use crate::mo::reassembly::{self, Why};

/// An account that takes segments as they come owns the number.
pub(super) fn owned_by(account: u32) -> Owner {
    Owner::of_all(Recipient::Account { account, segments: MoSegments::Each })
}

const EACH: Recipient = Recipient::Account { account: 0, segments: MoSegments::Each };
const PAYLOAD: Recipient = Recipient::Account { account: 1, segments: MoSegments::Payload };

impl World {
    /// A message from the handset on link 9, for a number of this owner.
    pub(super) fn mo(&mut self, owner: &Owner, message: MoMessage) {
        self.sequence += 1;
        let from = (&9, self.sequence);
        self.shard.mo(self.now, from, Some(owner.clone()), message, &mut self.notes);
        let answer = (9, self.sequence, CommandStatus::ESME_ROK);
        assert_eq!(self.notes.answered.last(), Some(&answer), "each segment is answered at once");
    }

    /// Whom the texts of MO went to, in order.
    fn heard(&self) -> Vec<(u32, String)> {
        let heard = self.notes.delivered.iter().filter_map(|(account, delivery)| match delivery {
            Delivery::Mo { message, .. } => {
                Some((*account, String::from_utf8(message.text().0.to_vec()).unwrap()))
            }
            Delivery::Receipt { .. } => None,
        });
        heard.collect()
    }
}

/// A segment of two.
pub(super) fn segment(sequence: u8, text: &str) -> MoMessage {
    let user_data = [&[5, 0, 3, 7, 2, sequence], text.as_bytes()].concat();
    MoMessage { esm_class: 0x40, short_message: user_data.into(), ..mo("") }
}

fn to(account: u32, texts: &[&str]) -> Vec<(u32, String)> {
    texts.iter().map(|text| (account, (*text).to_owned())).collect()
}

#[test]
fn an_account_that_takes_segments_gets_each_at_once_whatever_is_missing() {
    let mut world = World::new();
    let owner = owned_by(0);
    for sequence in [2, 2, 1] {
        world.mo(&owner, segment(sequence, &format!("part {sequence}")));
    }
    assert_eq!(world.heard(), to(0, &["part 2", "part 2", "part 1"]));
    assert_eq!(world.shard.held_segments(), 0);
}

#[test]
fn an_account_that_takes_payloads_gets_one_message() {
    let mut world = World::new();
    let owner = Owner::of_all(PAYLOAD);
    world.mo(&owner, segment(2, "world"));
    world.mo(&owner, segment(2, "world"));
    assert_eq!((world.heard(), world.shard.held_segments()), (vec![], 1));
    world.mo(&owner, mo("alone"));
    world.mo(&owner, segment(1, "hello "));
    assert_eq!(world.heard(), to(1, &["alone", "hello world"]));
    assert_eq!(world.shard.held_segments(), 0);
    let counted = [Counted::MoDuplicates(1), Counted::MoReassembled];
    assert_eq!(counted.map(|what| world.counts(what)), [1, 1]);
    let Delivery::Mo { message: whole, .. } = &world.notes.delivered[1].1 else {
        panic!("a receipt")
    };
    assert_eq!((whole.esm_class, &whole.short_message[..]), (0, &b"hello world"[..]));
}

#[test]
fn segments_without_the_others_go_on_untouched_after_their_time() {
    let age_max = Duration::from_secs(30);
    let reassembly = reassembly::Limits { age_max, ..reassembly::Limits::default() };
    let limits = Limits { reassembly, ..Rules::default().limits };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.mo(&Owner::of_all(PAYLOAD), segment(1, "half"));
    world.seconds(29);
    assert_eq!(world.heard(), []);
    world.seconds(2);
    assert_eq!(world.heard(), to(1, &["half"]));
    let Delivery::Mo { message: left, .. } = &world.notes.delivered[0].1 else {
        panic!("a receipt")
    };
    assert_eq!((left.esm_class, left.short_message.len()), (0x40, 10));
    assert_eq!(world.counts(Counted::MoIncomplete(Why::Expired)), 1);
}

#[test]
fn a_keyword_in_the_first_segment_owns_all_of_them_in_sequence() {
    let mut world = World::new();
    let owner = Owner::shared(Some(PAYLOAD), [("Vote", EACH)]);
    world.mo(&owner, segment(2, "vote here"));
    world.mo(&owner, segment(1, "VOTE for "));
    assert_eq!(world.heard(), to(0, &["VOTE for ", "vote here"]));
    world.mo(&owner, mo("vote 3"));
    world.mo(&owner, mo("hello"));
    assert_eq!(world.heard()[2..], [(0, "vote 3".to_owned()), (1, "hello".to_owned())]);
}

#[test]
fn a_word_in_another_segment_is_no_keyword() {
    let mut world = World::new();
    let owner = Owner::shared(None, [("vote", EACH)]);
    world.mo(&owner, segment(2, "vote"));
    world.shard.release(world.now, &mut world.notes);
    assert_eq!(world.heard(), []);
    assert_eq!(world.counts(Counted::MoUnowned), 1);
    world.mo(&owner, segment(2, "vote"));
    world.mo(&owner, segment(1, "vote"));
    assert_eq!((world.heard(), world.counts(Counted::MoUnowned)), (to(0, &["vote"]), 2));
}

#[test]
fn what_is_held_is_let_go_at_a_stop_and_nothing_is_held_after() {
    let mut world = World::new();
    let owner = Owner::of_all(PAYLOAD);
    world.mo(&owner, segment(2, "b"));
    world.shard.release(world.now, &mut world.notes);
    world.mo(&owner, segment(1, "a"));
    assert_eq!(world.heard(), to(1, &["b", "a"]));
    assert_eq!(world.counts(Counted::MoIncomplete(Why::Released)), 1);
}
