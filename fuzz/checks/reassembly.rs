//! What must hold for segments of any messages, in any order, at any time, under any limits.
//!
//! The octets are read as a program: limits, then segments with the time that passes before each.
//! Whatever comes, each segment goes on exactly once or is counted as a duplicate, nothing is held
//! beyond the limits, and what is put together says what its segments said.

use std::collections::HashMap;
use std::time::Duration;

use chappe::mo::MoMessage;
use chappe::mo::keyword::first_word;
use chappe::mo::reassembly::{
    Limits, Mark, MarkKind, OVERHEAD_OCTETS, Reassembled, Reassembly, Why, join,
};
use chappe::text::DefaultAlphabet;
use chappe::wire::tlv::put_tlv;
use chappe::wire::{Address, TlvTag, Tlvs};

/// Octets a short_message may have.
const SHORT_MESSAGE_MAX: usize = 254;

/// Runs the octets as a program.
pub fn reassembly(data: &[u8]) {
    let mut program = Program(data);
    let limits = Limits {
        messages_max: usize::from(program.next() & 15),
        octets_max: usize::from(program.next()) * 64,
        age_max: Duration::from_millis(u64::from(program.next()) * 20),
    };
    let mut world = World {
        limits,
        now: Duration::ZERO,
        subject: Reassembly::new(limits),
        inside: HashMap::new(),
        arrived: 0,
        gone: 0,
    };
    while !program.0.is_empty() {
        world.step(&mut program);
    }
    world.subject.release();
    world.take_out(true);
    assert_eq!((world.subject.segments(), world.subject.messages()), (0, 0));
    assert_eq!((world.arrived, world.subject.poll_timeout()), (world.gone, None));
    // What was whole is forgotten in its time, and nothing else is left.
    world.subject.handle_timeout(Duration::MAX);
    assert_eq!(world.subject.octets(), 0);
}

/// What is left of the program.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    /// The next octet; zero after the end.
    fn next(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (front, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        front
    }
}

struct World {
    limits: Limits,
    now: Duration,
    subject: Reassembly<u32>,
    /// How often each segment went in and has not come out, by number.
    inside: HashMap<u32, ()>,
    arrived: u64,
    gone: u64,
}

impl World {
    fn step(&mut self, program: &mut Program<'_>) {
        let choice = program.next();
        if choice & 3 == 3 {
            self.now += Duration::from_millis(u64::from(program.next()) * 10);
            self.subject.handle_timeout(self.now);
            let next = self.subject.poll_timeout();
            assert!(next.is_none_or(|next| next > self.now), "due and not handled");
        } else if choice == 0xF0 {
            self.subject.release();
        } else {
            self.arrive(choice, program);
        }
        self.take_out(choice == 0xF0);
    }

    fn arrive(&mut self, choice: u8, program: &mut Program<'_>) {
        let message = message(choice, self.arrived as u32, program);
        let _ = first_word(&message, DefaultAlphabet::Gsm7);
        let Some(mark) = Mark::of(&message) else {
            let whole = join(std::slice::from_ref(&message));
            assert!(whole.is_none_or(|whole| whole.user_data().ends_with(message.text().0)));
            return;
        };
        assert!((1..=mark.total).contains(&mark.sequence));
        assert!(mark.kind != MarkKind::Udh8 || mark.reference < 256);
        self.inside.insert(self.arrived as u32, ());
        self.arrived += 1;
        self.subject.arrive(self.now, self.arrived as u32, mark, message);
    }

    fn take_out(&mut self, all: bool) {
        self.gone += self.subject.take_duplicates();
        while let Some(out) = self.subject.poll() {
            self.gone += out.segments.len() as u64;
            self.see(&out);
        }
        let subject = &self.subject;
        assert_eq!(self.arrived - self.gone, subject.segments() as u64, "lost or made up");
        assert!(subject.messages() <= self.limits.messages_max);
        assert!(subject.messages() <= subject.segments());
        assert!(subject.octets() <= self.limits.octets_max);
        assert!(subject.octets() >= subject.segments() * OVERHEAD_OCTETS);
        assert!(!all || subject.segments() == 0);
    }

    /// Segments of one message, in sequence, each for the first time.
    fn see(&mut self, out: &Reassembled<u32>) {
        let marks: Vec<Mark> = out.segments.iter().filter_map(Mark::of).collect();
        assert_eq!(marks.len(), out.segments.len(), "untouched");
        assert!(marks.is_sorted_by(|one, next| one.sequence < next.sequence));
        let first = marks[0];
        let is_one = |mark: &Mark| {
            (mark.kind, mark.reference, mark.total) == (first.kind, first.reference, first.total)
        };
        assert!(marks.iter().all(is_one));
        assert_eq!(out.why == Why::Whole, marks.len() == usize::from(first.total));
        assert!(u64::from(out.of) <= self.arrived);
        for segment in &out.segments {
            let number = number(segment);
            assert!(self.inside.remove(&number).is_some(), "segment {number} twice");
        }
        if let Some(whole) = join(&out.segments) {
            said_the_same(&out.segments, &whole);
        }
    }
}

/// The whole has all the text and none of the marks.
fn said_the_same(segments: &[MoMessage], whole: &MoMessage) {
    let texts: Vec<&[u8]> = segments.iter().map(|segment| segment.text().0).collect();
    let (text, shifts) = whole.text();
    assert_eq!(text, texts.concat());
    assert_eq!((Mark::of(whole), whole.data_coding), (None, segments[0].data_coding));
    assert_eq!(
        whole.short_message.is_empty(),
        !(1..=SHORT_MESSAGE_MAX).contains(&whole.user_data().len())
    );
    let (tlvs, taken) = Tlvs::take(&whole.tlvs);
    assert_eq!(taken, whole.tlvs.len());
    assert!(tlvs.find(TlvTag::SAR_MSG_REF_NUM).is_none());
    for segment in segments {
        assert_eq!(segment.text().1, shifts);
    }
    let again = join(std::slice::from_ref(whole)).expect("a whole");
    assert_eq!(again.user_data(), whole.user_data());
}

/// A message that is likely a segment, of few references so that they meet. Its number stands in
/// the protocol_id and the service_type, which nothing looks at.
fn message(choice: u8, number: u32, program: &mut Program<'_>) -> MoMessage {
    let (of, place) = (program.next(), program.next());
    let (total, sequence) = (1 + (place >> 4 & 7), 1 + (place & 7));
    let reference = of & 3;
    let text = program.take(usize::from(choice >> 4));
    let mut tlvs = Vec::new();
    let mut user_data = Vec::new();
    let mut esm_class = 0x40;
    match choice & 0x0C {
        0 => user_data.extend([5, 0, 3, reference, total, sequence]),
        4 => user_data.extend([6, 8, 4, of & 4, reference, total, sequence]),
        8 => {
            esm_class = 0;
            let marks = [
                (TlvTag::SAR_MSG_REF_NUM, &[0, reference][..]),
                (TlvTag::SAR_TOTAL_SEGMENTS, &[total]),
                (TlvTag::SAR_SEGMENT_SEQNUM, &[sequence]),
            ];
            for (tag, value) in marks {
                assert!(put_tlv(&mut tlvs, tag, value));
            }
        }
        // Any header: the text begins with it.
        _ => {}
    }
    user_data.extend_from_slice(text);
    let in_payload = choice & 3 == 2;
    if in_payload {
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, &user_data));
        user_data.clear();
    }
    MoMessage {
        carrier: u32::from(of >> 7),
        source: Address::new(1, of >> 6 & 1, if of & 32 == 0 { b"336" } else { b"+336" }),
        destination: Address::new(3, 0, b"36105"),
        service_type: number.to_be_bytes().into(),
        esm_class,
        protocol_id: 0,
        priority_flag: 0,
        data_coding: of & 8,
        short_message: user_data.into(),
        tlvs: tlvs.into(),
    }
}

fn number(segment: &MoMessage) -> u32 {
    u32::from_be_bytes(segment.service_type[..].try_into().expect("four octets"))
}
