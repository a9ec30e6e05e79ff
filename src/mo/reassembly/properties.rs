//! What must hold for segments of any messages in any order, against a model that is slow and
//! plain.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::mo::message;

/// A segment of the message `of`, which is the `text`-th under its reference.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    of: u8,
    total: u8,
    sequence: u8,
    text: u8,
}

impl Piece {
    fn message(self) -> MoMessage {
        let Self { of, total, sequence, text } = self;
        message(0x40, &[5, 0, 3, of, total, sequence, text])
    }

    fn read(message: &MoMessage) -> Self {
        let [_, _, _, of, total, sequence, text] = message.user_data() else { panic!("cut") };
        Self { of: *of, total: *total, sequence: *sequence, text: *text }
    }
}

/// The same rules over plain lists: what is held and what was whole, the oldest first.
#[derive(Default)]
struct Model {
    held: Vec<(u64, Vec<Piece>, Option<Vec<Piece>>)>,
    whole: Vec<(u64, Vec<Piece>)>,
    out: Vec<(Vec<Piece>, Why)>,
    duplicates: u64,
}

/// What the model and the subject are limited to.
const MESSAGES_MAX: usize = 4;
const AGE_MAX: u64 = 20;

impl Model {
    fn arrive(&mut self, now: u64, piece: Piece) {
        let is_of = |pieces: &[Piece]| (pieces[0].of, pieces[0].total) == (piece.of, piece.total);
        let mut at = self.held.iter().position(|(_, pieces, _)| is_of(pieces));
        if let Some(found) = at {
            let (_, pieces, before) = &mut self.held[found];
            let before = before.clone().unwrap_or_default();
            if pieces.contains(&piece) {
                self.duplicates += 1;
                return;
            }
            if let Some(other) = pieces.iter().position(|one| one.sequence == piece.sequence) {
                if before.contains(&pieces[other]) {
                    self.duplicates += 1;
                    pieces[other] = piece;
                } else {
                    let gone = self.held.remove(found);
                    self.leave(gone.1, gone.2, Why::ReferenceReused);
                    at = None;
                }
            } else {
                pieces.push(piece);
            }
        }
        if at.is_none() {
            let before = self.whole.iter().position(|(_, pieces)| is_of(pieces));
            let before = before.map(|at| self.whole.remove(at).1);
            self.held.push((now + AGE_MAX, vec![piece], before));
            at = Some(self.held.len() - 1);
        }
        if let Some(at) = at.filter(|&at| self.held[at].1.len() == usize::from(piece.total)) {
            let (_, mut pieces, before) = self.held.remove(at);
            pieces.sort_by_key(|one| one.sequence);
            self.leave(pieces.clone(), before, Why::Whole);
            self.whole.push((now + AGE_MAX, pieces));
        }
        if self.whole.len() > MESSAGES_MAX {
            self.whole.remove(0);
        }
        if self.held.len() > MESSAGES_MAX {
            let (_, pieces, before) = self.held.remove(0);
            self.leave(pieces, before, Why::NoRoom);
        }
    }

    fn pass(&mut self, now: u64) {
        while self.held.first().is_some_and(|(until, ..)| *until <= now) {
            let (_, pieces, before) = self.held.remove(0);
            self.leave(pieces, before, Why::Expired);
        }
        self.whole.retain(|(until, _)| *until > now);
    }

    fn leave(&mut self, mut pieces: Vec<Piece>, before: Option<Vec<Piece>>, why: Why) {
        let before = before.unwrap_or_default();
        if pieces.iter().all(|piece| before.contains(piece)) {
            self.duplicates += pieces.len() as u64;
            return;
        }
        pieces.sort_by_key(|piece| piece.sequence);
        self.out.push((pieces, why));
    }
}

fn arrive(into: &mut Reassembly<()>, now: u64, piece: Piece) {
    let message = piece.message();
    let mark = Mark::of(&message).expect("a segment");
    into.arrive(Duration::from_secs(now), (), mark, message);
}

fn pieces(of: &Reassembled<()>) -> Vec<Piece> {
    of.segments.iter().map(Piece::read).collect()
}

/// Few references and texts, so that they meet.
fn piece() -> impl Strategy<Value = Piece> {
    (0..3_u8, 1..=3_u8, 0..3_u8, 0..2_u8).prop_map(|(of, total, sequence, text)| Piece {
        of,
        total,
        sequence: 1 + sequence % total,
        text,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_plain_lists_do(steps in vec((0..8_u64, piece()), 0..120)) {
        let age_max = Duration::from_secs(AGE_MAX);
        let limits = Limits { messages_max: MESSAGES_MAX, octets_max: 1 << 20, age_max };
        let (mut subject, mut model) = (Reassembly::new(limits), Model::default());
        let mut now = 0;
        for (wait, piece) in steps {
            now += wait;
            subject.handle_timeout(Duration::from_secs(now));
            model.pass(now);
            arrive(&mut subject, now, piece);
            model.arrive(now, piece);
            let out: Vec<_> = std::iter::from_fn(|| subject.poll()).collect();
            let out: Vec<_> = out.iter().map(|one| (pieces(one), one.why)).collect();
            prop_assert_eq!(out, std::mem::take(&mut model.out));
            prop_assert_eq!(subject.take_duplicates(), std::mem::take(&mut model.duplicates));
            prop_assert_eq!(subject.messages(), model.held.len());
            let held: usize = model.held.iter().map(|(_, pieces, _)| pieces.len()).sum();
            prop_assert_eq!(subject.segments(), held);
            let next = model.held.first().map(|(until, ..)| Duration::from_secs(*until));
            prop_assert_eq!(subject.poll_timeout(), next);
        }
    }
}

/// Segments of messages of their own references: which come, how often, and in what order.
fn shuffled() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, u8)>)> {
    let totals = vec(1..=5_u8, 1..20);
    totals.prop_flat_map(|totals| {
        let all: Vec<(usize, u8)> = totals
            .iter()
            .enumerate()
            .flat_map(|(of, total)| (1..=*total).map(move |sequence| (of, sequence)))
            .collect();
        // None is a loss, two or three have duplicates among them.
        let times = vec(
            prop_oneof![6 => Just(1_usize), 1 => Just(0), 1 => Just(2), 1 => Just(3)],
            all.len(),
        );
        let sent = times.prop_map(move |times| {
            let each = all.iter().zip(times);
            each.flat_map(|(one, times)| std::iter::repeat_n(*one, times)).collect::<Vec<_>>()
        });
        (Just(totals), sent.prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_gives_every_message_once_and_what_is_missing_alone_is_missing(
        (totals, sent) in shuffled()
    ) {
        let mut subject = Reassembly::new(Limits::default());
        for (of, sequence) in &sent {
            let (of, total) = (*of as u8, totals[*of]);
            arrive(&mut subject, 1, Piece { of, total, sequence: *sequence, text: of });
        }
        subject.handle_timeout(Duration::from_secs(3_600));
        let mut got = vec![None; totals.len()];
        for one in std::iter::from_fn(|| subject.poll()) {
            let pieces = pieces(&one);
            prop_assert!(pieces.is_sorted_by_key(|piece| piece.sequence));
            let place = &mut got[usize::from(pieces[0].of)];
            prop_assert!(place.is_none(), "twice: {pieces:?}");
            *place = Some((pieces.len(), one.why));
        }
        let mut kept = 0;
        for (of, total) in totals.iter().enumerate() {
            let came = (1..=*total).filter(|sequence| sent.contains(&(of, *sequence))).count();
            let why = if came == usize::from(*total) { Why::Whole } else { Why::Expired };
            prop_assert_eq!(got[of], (came > 0).then_some((came, why)), "message {}", of);
            kept += came;
        }
        prop_assert_eq!(subject.take_duplicates(), (sent.len() - kept) as u64);
        prop_assert_eq!((subject.segments(), subject.octets()), (0, 0));
    }
}
