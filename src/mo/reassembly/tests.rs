//! One promise a test, in virtual time.

use super::*;
use crate::mo::message;
use crate::wire::Address;

const SECOND: Duration = Duration::from_secs(1);

/// A segment with an 8-bit reference.
fn segment(reference: u8, total: u8, sequence: u8, text: &[u8]) -> MoMessage {
    message(0x40, &[&[5, 0, 3, reference, total, sequence], text].concat())
}

fn small() -> Reassembly<u8> {
    let limits = Limits { messages_max: 3, octets_max: 4_000, age_max: 10 * SECOND };
    Reassembly::new(limits)
}

fn arrive(into: &mut Reassembly<u8>, now: Duration, segment: MoMessage) {
    let mark = Mark::of(&segment).unwrap();
    into.arrive(now, mark.sequence, mark, segment);
}

/// What came out: the texts of each message, and why.
fn out(of: &mut Reassembly<u8>) -> Vec<(String, Why)> {
    std::iter::from_fn(|| of.poll())
        .map(|one| {
            let texts = one.segments.iter().map(|segment| segment.text().0);
            (String::from_utf8(texts.collect::<Vec<_>>().concat()).unwrap(), one.why)
        })
        .collect()
}

fn only(text: &str, why: Why) -> [(String, Why); 1] {
    [(text.to_owned(), why)]
}

#[test]
fn segments_come_out_in_sequence_when_the_last_one_is_there() {
    let mut all = small();
    arrive(&mut all, SECOND, segment(7, 3, 3, b"c"));
    arrive(&mut all, SECOND, segment(7, 3, 1, b"a"));
    assert_eq!((out(&mut all), all.segments(), all.messages()), (vec![], 2, 1));
    arrive(&mut all, SECOND, segment(7, 3, 2, b"b"));
    let one = all.poll().unwrap();
    assert_eq!((one.of, one.segments.len(), one.why), (2, 3, Why::Whole));
    assert_eq!((all.segments(), all.messages(), all.poll_timeout()), (0, 0, None));
}

#[test]
fn messages_of_one_reference_are_told_apart_by_everything_else() {
    let mut all = Reassembly::new(Limits::default());
    let mark = |total, sequence| segment(7, total, sequence, b"x");
    let from = |digits: &[u8], one| MoMessage { source: Address::new(1, 1, digits), ..one };
    let to = |digits: &[u8], one| MoMessage { destination: Address::new(1, 1, digits), ..one };
    let wide = message(0x40, &[6, 8, 4, 0, 7, 2, 1, b'x']);
    let firsts = [
        mark(2, 1),
        mark(3, 1),
        from(b"33600000000", mark(2, 1)),
        to(b"36106", mark(2, 1)),
        MoMessage { carrier: 1, ..mark(2, 1) },
        wide,
    ];
    for first in firsts {
        arrive(&mut all, SECOND, first);
    }
    assert_eq!((all.messages(), out(&mut all).len()), (6, 0));
    // Another bind may write the same handset with a plus and another type of number.
    let second = MoMessage { source: Address::new(0, 0, b"+33612345678"), ..mark(2, 2) };
    arrive(&mut all, SECOND, second);
    assert_eq!((all.messages(), out(&mut all).len()), (5, 1));
}

#[test]
fn a_duplicate_is_dropped_and_counted_before_and_after_the_message_is_whole() {
    let mut all = small();
    for sequence in [1, 1, 2, 1, 2] {
        arrive(&mut all, SECOND, segment(7, 2, sequence, &[b'a' + sequence]));
    }
    assert_eq!(out(&mut all), only("bc", Why::Whole));
    assert_eq!((all.take_duplicates(), all.segments()), (3, 0));
    // One that is alone waits for its time: it could be the first of another message.
    arrive(&mut all, 2 * SECOND, segment(7, 2, 2, b"c"));
    assert_eq!((all.take_duplicates(), all.segments()), (0, 1));
    all.handle_timeout(13 * SECOND);
    assert_eq!((out(&mut all), all.take_duplicates()), (vec![], 1));
    assert_eq!((all.segments(), all.octets()), (0, 0), "nothing is kept");
}

#[test]
fn other_octets_under_one_sequence_are_another_message() {
    let mut all = small();
    arrive(&mut all, SECOND, segment(7, 2, 1, b"old "));
    arrive(&mut all, SECOND, segment(7, 2, 1, b"new "));
    assert_eq!(out(&mut all), only("old ", Why::ReferenceReused));
    arrive(&mut all, SECOND, segment(7, 2, 2, b"one"));
    assert_eq!(out(&mut all), only("new one", Why::Whole));
    assert_eq!(all.take_duplicates(), 0);
}

#[test]
fn a_new_message_may_begin_like_the_one_that_had_its_reference() {
    let mut all = small();
    for text in [&b"monday"[..], b"friday"] {
        arrive(&mut all, SECOND, segment(7, 2, 1, b"see you on "));
        arrive(&mut all, SECOND, segment(7, 2, 2, text));
    }
    let whole = ["see you on monday", "see you on friday"].map(|text| (text.into(), Why::Whole));
    assert_eq!(out(&mut all), whole);
    assert_eq!(all.take_duplicates(), 0);
}

#[test]
fn a_late_repetition_gives_way_to_the_next_messages_segment() {
    let mut all = small();
    arrive(&mut all, SECOND, segment(7, 2, 1, b"a"));
    arrive(&mut all, SECOND, segment(7, 2, 2, b"b"));
    arrive(&mut all, SECOND, segment(7, 2, 2, b"b"));
    arrive(&mut all, SECOND, segment(7, 2, 2, b"d"));
    arrive(&mut all, SECOND, segment(7, 2, 1, b"c"));
    assert_eq!(out(&mut all), ["ab", "cd"].map(|text| (text.to_owned(), Why::Whole)));
    assert_eq!(all.take_duplicates(), 1);
}

#[test]
fn a_message_with_a_segment_missing_goes_on_as_it_is_after_its_time() {
    let mut all = small();
    arrive(&mut all, SECOND, segment(7, 3, 3, b"c"));
    arrive(&mut all, 5 * SECOND, segment(7, 3, 1, b"a"));
    assert_eq!(all.poll_timeout(), Some(11 * SECOND));
    all.handle_timeout(11 * SECOND - Duration::from_millis(1));
    assert_eq!(out(&mut all), []);
    all.handle_timeout(11 * SECOND);
    assert_eq!(out(&mut all), only("ac", Why::Expired));
}

#[test]
fn at_its_limits_the_oldest_goes_on_as_it_is() {
    let mut all = small();
    for reference in 0..4 {
        arrive(&mut all, SECOND, segment(reference, 2, 1, &[b'a' + reference]));
    }
    assert_eq!((out(&mut all), all.messages()), (only("a", Why::NoRoom).to_vec(), 3));
    let long = [b'x'; 3_300];
    arrive(&mut all, SECOND, segment(9, 2, 1, &long));
    let gone: Vec<String> = out(&mut all).into_iter().map(|(text, _)| text).collect();
    assert_eq!(gone, ["b", "c"], "for its octets");
    arrive(&mut all, SECOND, segment(10, 2, 1, &[b'y'; 5_000]));
    assert_eq!((out(&mut all).len(), all.messages(), all.octets()), (3, 0, 0), "itself too");
}

#[test]
fn memories_give_way_before_messages() {
    let mut all = small();
    for reference in 0..9 {
        arrive(&mut all, SECOND, segment(reference, 1, 1, b"x"));
    }
    assert_eq!((out(&mut all).len(), all.whole.len()), (9, 3));
    arrive(&mut all, SECOND, segment(20, 2, 1, &[b'x'; 3_600]));
    assert_eq!((out(&mut all), all.whole.len(), all.messages()), (vec![], 0, 1));
}

#[test]
fn all_that_is_held_can_be_released_the_oldest_first() {
    let mut all = small();
    arrive(&mut all, SECOND, segment(1, 2, 2, b"a"));
    arrive(&mut all, SECOND, segment(2, 2, 1, b"b"));
    all.release();
    assert_eq!(out(&mut all), ["a", "b"].map(|text| (text.to_owned(), Why::Released)));
    assert_eq!((all.segments(), all.octets()), (0, 0));
}

#[test]
fn a_limit_of_nothing_holds_nothing() {
    let mut all =
        Reassembly::new(Limits { messages_max: 0, octets_max: 0, age_max: Duration::ZERO });
    arrive(&mut all, SECOND, segment(1, 2, 1, b"a"));
    arrive(&mut all, SECOND, segment(1, 2, 2, b"b"));
    assert_eq!(out(&mut all), ["a", "b"].map(|text| (text.to_owned(), Why::NoRoom)));
    assert_eq!(all.octets(), 0);
}
