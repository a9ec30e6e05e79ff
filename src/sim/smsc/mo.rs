//! Messages from handsets that do not exist: a number to a message, its segments in some order.

use super::settings::{MoOrder, MoSettings};
use crate::sim::dice::{Dice, mixed};
use crate::sim::digits::decimal8;
use crate::sim::serial::Serial;
use crate::text::{TextOptions, TextPlan};
use crate::wire::table::DeliverSm;
use crate::wire::{COctetString, Tlvs, UDHI};

/// Characters of GSM-7 in a segment beside an eight-bit reference (3GPP TS 23.038 §6.1.2.1.1,
/// 3GPP TS 23.040 §9.2.3.24.1).
const SEGMENT_TEXT: usize = 153;
/// Messages whose segments are mixed when they are shuffled.
const SHUFFLED_MESSAGES: usize = 32;
/// What handsets' numbers begin with; eight digits follow.
const HANDSETS: &[u8; 3] = b"467";
/// TON and NPI of an international number (SMPP 3.4 §5.2.5, §5.2.6).
const INTERNATIONAL: (u8, u8) = (1, 1);

/// One segment of one message, by its place in the run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MoSegment {
    /// Which message, from 0.
    pub message: u64,
    /// Which segment of it, from 0.
    pub segment: u8,
}

/// All the messages from handsets of a run.
#[derive(Debug)]
pub struct MoSource {
    settings: MoSettings,
    seed: u64,
    dice: Dice,
    /// The next message that is in no batch yet.
    next: u64,
    /// Segments that are due now, last one first.
    batch: Vec<MoSegment>,
    user_data: Vec<u8>,
    source: [u8; 11],
}

impl MoSource {
    /// The messages of these settings.
    #[must_use]
    pub fn new(settings: MoSettings, seed: u64) -> Self {
        Self {
            settings,
            seed,
            dice: Dice::new(seed ^ mixed(1)),
            next: 0,
            batch: Vec::new(),
            user_data: Vec::new(),
            source: [b'0'; 11],
        }
    }

    /// Whether every segment has been taken.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.batch.is_empty() && self.next == self.settings.messages
    }

    /// The next segment to send.
    pub fn take(&mut self) -> Option<MoSegment> {
        if self.batch.is_empty() {
            self.fill();
        }
        self.batch.pop()
    }

    /// A segment that was taken and not answered comes next again.
    pub fn put_back(&mut self, segment: MoSegment) {
        self.batch.push(segment);
    }

    /// The deliver_sm of a segment; the same one however often it is asked for.
    pub fn print(&mut self, segment: MoSegment) -> DeliverSm<'_> {
        let MoSegment { message, segment } = segment;
        if !self.settings.texts.is_empty() {
            return self.print_text(message);
        }
        let total = self.settings.segments;
        self.user_data.clear();
        let mut esm_class = 0;
        if total > 1 {
            esm_class = UDHI;
            // Concatenation with an eight-bit reference: the same for all segments of a message.
            let header = [5, 0, 3, message as u8, total, segment + 1];
            self.user_data.extend_from_slice(&header);
        }
        let digits = decimal8((mixed(self.seed ^ message) % 100_000_000) as u32);
        self.source[..3].copy_from_slice(HANDSETS);
        self.source[3..].copy_from_slice(&digits);
        self.write_text(message, segment);
        DeliverSm {
            source_addr_ton: INTERNATIONAL.0,
            source_addr_npi: INTERNATIONAL.1,
            source_addr: COctetString::new(&self.source),
            destination_addr: COctetString::from(self.settings.to.as_str()),
            esm_class,
            short_message: &self.user_data,
            tlvs: Tlvs::NONE,
            ..DeliverSm::default()
        }
    }

    /// What the handset says that says something.
    fn print_text(&mut self, message: u64) -> DeliverSm<'_> {
        let texts = &self.settings.texts;
        let text = usize::try_from(message).ok().and_then(|at| texts.get(at % texts.len()));
        // One that fits no message is empty.
        let plan = TextPlan::of(text.map_or("", String::as_str), &TextOptions::default()).ok();
        let data_coding = plan.as_ref().map_or(0, |plan| plan.alphabet().data_coding());
        self.user_data.clear();
        self.user_data.extend(plan.into_iter().flat_map(|plan| plan.user_data));
        DeliverSm {
            source_addr_ton: INTERNATIONAL.0,
            source_addr_npi: INTERNATIONAL.1,
            source_addr: COctetString::from(self.settings.from.as_str()),
            destination_addr: COctetString::from(self.settings.to.as_str()),
            data_coding,
            short_message: &self.user_data,
            tlvs: Tlvs::NONE,
            ..DeliverSm::default()
        }
    }

    fn fill(&mut self) {
        let shuffled = self.settings.order == MoOrder::Shuffled;
        let messages = if shuffled { SHUFFLED_MESSAGES as u64 } else { 1 };
        let end = self.settings.messages.min(self.next + messages);
        let (first, segments) = (self.next, self.settings.segments);
        self.next = end;
        self.batch.extend(
            (first..end).flat_map(|message| {
                (0..segments).map(move |segment| MoSegment { message, segment })
            }),
        );
        if shuffled {
            self.dice.shuffle(&mut self.batch);
        } else {
            self.batch.reverse();
        }
    }

    /// The serial begins the whole text; each segment says which one it is.
    fn write_text(&mut self, message: u64, segment: u8) {
        let total = self.settings.segments;
        let end = self.user_data.len() + SEGMENT_TEXT;
        if segment == 0 {
            let serial = Serial::new(mixed(self.seed) as u32 & 0x00ff_ffff, message);
            self.user_data.extend_from_slice(&serial.octets());
        }
        let words = format!(" segment {} of {total}.", segment + 1);
        self.user_data.extend_from_slice(words.as_bytes());
        if segment + 1 < total {
            self.user_data.resize(end, b'.');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn source(messages: u64, segments: u8, order: MoOrder) -> MoSource {
        MoSource::new(MoSettings { messages, segments, order, ..MoSettings::default() }, 7)
    }

    #[test]
    fn every_segment_comes_once_in_order_or_mixed() {
        for order in [MoOrder::Straight, MoOrder::Shuffled] {
            let mut source = source(100, 3, order);
            let taken: Vec<MoSegment> = std::iter::from_fn(|| source.take()).collect();
            let straight: Vec<MoSegment> = (0..100)
                .flat_map(|message| (0..3).map(move |segment| MoSegment { message, segment }))
                .collect();
            assert_eq!(taken == straight, order == MoOrder::Straight);
            assert_eq!(taken.len(), 300);
            let distinct: HashSet<(u64, u8)> =
                taken.iter().map(|taken| (taken.message, taken.segment)).collect();
            assert_eq!((distinct.len(), source.is_done()), (300, true));
        }
    }

    #[test]
    fn segments_carry_their_header_and_the_first_one_the_serial() {
        let mut source = source(1, 3, MoOrder::Straight);
        for segment in 0..3 {
            let deliver = source.print(MoSegment { message: 0, segment });
            let (header, text) = deliver.short_message.split_at(6);
            assert_eq!(header, [5, 0, 3, 0, 3, segment + 1]);
            assert_eq!(deliver.esm_class, 0x40);
            assert_eq!(Serial::read(text).is_some(), segment == 0);
            assert_eq!(text.len() == 153, segment < 2);
            assert!(deliver.source_addr.octets().starts_with(b"467"));
        }
    }

    #[test]
    fn a_short_message_has_no_header_and_what_is_put_back_comes_again() {
        let mut source = source(2, 1, MoOrder::Straight);
        let first = source.take().unwrap();
        source.put_back(first);
        assert_eq!(source.take(), Some(first));
        let deliver = source.print(first);
        assert_eq!(deliver.esm_class, 0);
        assert_eq!(Serial::read(deliver.short_message).unwrap().number(), 0);
    }
}
