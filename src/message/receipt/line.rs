//! The values of our own receipt to its text, as accounts read it (`SMPP 3.4 Appendix B`).

use std::time::Duration;

use super::{ReceiptError, error::three_digits};
use crate::{
    message::{state::MessageState, words::words},
    wire::time::{civil::Civil, civil_units, two_digits},
};

words! {
    /// How the dates of our receipts are written.
    #[derive(Default)]
    pub enum ReceiptFormat {
        /// `YYMMDDhhmmss`, as many SMSCs write them.
        Seconds = "seconds",
        /// `YYMMDDhhmm`, as the specification has it.
        #[default]
        Standard = "standard",
    }
}

/// What a receipt of ours says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiptLine<'a> {
    /// Our id of the message; without white space.
    pub id: &'a [u8],
    /// How many segments were submitted; shown up to 999.
    pub sub: u16,
    /// How many of them were delivered; shown up to 999.
    pub dlvrd: u16,
    /// When the account submitted it: wall time since 1970-01-01T00:00:00Z.
    pub submitted: Duration,
    /// When it reached its state: wall time since 1970-01-01T00:00:00Z.
    pub done: Duration,
    /// The state.
    pub state: MessageState,
    /// The error beside it; `ReceiptError::Number(0)` for none.
    pub error: ReceiptError<'a>,
    /// The message's user data, of which the first [`ReceiptLine::TEXT_OCTETS`] are quoted; empty
    /// if none is to be.
    pub text: &'a [u8],
}

impl ReceiptLine<'_> {
    /// How many octets of the message are quoted.
    pub const TEXT_OCTETS: usize = 20;

    /// Octets of a text beside its id, with seconds and an error of the longest.
    const FIXED_OCTETS: usize = 160;

    /// Appends the text to `out`, its dates in the zone `offset_minutes` ahead of UTC. Nothing is
    /// allocated while `out` has room.
    pub fn write(&self, format: ReceiptFormat, offset_minutes: i16, out: &mut Vec<u8>) {
        self.write_after(&mut LastDates::default(), format, offset_minutes, out);
    }

    /// As [`ReceiptLine::write`], with the dates of the line before at hand.
    pub fn write_after(
        &self,
        last: &mut LastDates,
        format: ReceiptFormat,
        offset_minutes: i16,
        out: &mut Vec<u8>,
    ) {
        out.reserve(self.id.len() + Self::FIXED_OCTETS);
        out.extend_from_slice(b"id:");
        out.extend_from_slice(self.id);
        out.extend_from_slice(b" sub:");
        out.extend_from_slice(&three_digits(self.sub.min(999)));
        out.extend_from_slice(b" dlvrd:");
        out.extend_from_slice(&three_digits(self.dlvrd.min(999)));
        out.extend_from_slice(b" submit date:");
        last.submitted.write(self.submitted, format, offset_minutes, out);
        out.extend_from_slice(b" done date:");
        last.done.write(self.done, format, offset_minutes, out);
        out.extend_from_slice(b" stat:");
        out.extend_from_slice(self.state.stat().as_bytes());
        out.extend_from_slice(b" err:");
        self.error.write(out);
        out.extend_from_slice(b" text:");
        out.extend_from_slice(self.text.get(..Self::TEXT_OCTETS).unwrap_or(self.text));
    }
}

/// The dates of the line that was written last: those of the next are mostly of the same second,
/// and the calendar is a fifth of what a receipt costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastDates {
    submitted: LastDate,
    done: LastDate,
}

#[derive(Clone, Copy, Debug, Default)]
struct LastDate {
    /// Seconds since 1970 and the zone it was written for; `None` before the first.
    of: Option<(u64, i16)>,
    /// `YYMMDDhhmmss`.
    digits: [u8; 12],
}

impl LastDate {
    fn write(&mut self, at: Duration, format: ReceiptFormat, zone: i16, out: &mut Vec<u8>) {
        let of = Some((at.as_secs(), zone));
        if self.of != of {
            let units = civil_units(Civil::from_wall(at, zone)).map(two_digits);
            for (kept, digit) in self.digits.iter_mut().zip(units.as_flattened()) {
                *kept = *digit;
            }
            self.of = of;
        }
        let [minutes @ .., _, _] = &self.digits;
        out.extend_from_slice(match format {
            ReceiptFormat::Seconds => &self.digits,
            ReceiptFormat::Standard => minutes,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::receipt::ReceiptText;

    /// 2026-11-20T18:46:05Z.
    const NOW: Duration = Duration::from_secs(1_795_200_365);

    const LINE: ReceiptLine<'_> = ReceiptLine {
        id: b"0040000000000017",
        sub: 1,
        dlvrd: 1,
        submitted: NOW,
        done: NOW,
        state: MessageState::DELIVERED,
        error: ReceiptError::Number(0),
        text: b"Your code is 123456. Do not share it.",
    };

    fn written(line: &ReceiptLine<'_>, format: ReceiptFormat, offset_minutes: i16) -> String {
        let mut out = Vec::new();
        line.write(format, offset_minutes, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_text_is_the_specification_s() {
        assert_eq!(
            written(&LINE, ReceiptFormat::Standard, 0),
            "id:0040000000000017 sub:001 dlvrd:001 submit date:2611201846 done date:2611201846 \
             stat:DELIVRD err:000 text:Your code is 123456."
        );
        assert_eq!(
            written(&LINE, ReceiptFormat::Seconds, 330),
            "id:0040000000000017 sub:001 dlvrd:001 submit date:261121001605 \
             done date:261121001605 stat:DELIVRD err:000 text:Your code is 123456."
        );
    }

    #[test]
    fn a_line_is_the_same_whatever_dates_were_written_before_it() {
        let mut last = LastDates::default();
        for seconds in [0, 0, 1, 60, 1, 86_400] {
            for zone in [0, 330] {
                let done = NOW + Duration::from_secs(seconds);
                let line = ReceiptLine { done, ..LINE };
                let mut out = Vec::new();
                line.write_after(&mut last, ReceiptFormat::Seconds, zone, &mut out);
                assert_eq!(out, written(&line, ReceiptFormat::Seconds, zone).as_bytes());
            }
        }
    }

    #[test]
    fn a_buffer_with_room_is_not_moved() {
        let mut out = Vec::with_capacity(LINE.id.len() + ReceiptLine::FIXED_OCTETS);
        let before = out.as_ptr();
        let error = ReceiptError::Text(&[b'x'; 99]);
        ReceiptLine { error, ..LINE }.write(ReceiptFormat::Seconds, 0, &mut out);
        assert_eq!((out.as_ptr(), out.capacity()), (before, LINE.id.len() + 160));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_the_same(
            id in "[0-9a-zA-Z-]{1,64}",
            sub in 0_u16..=999, dlvrd in 0_u16..=999,
            submitted in 0_u64..2_000_000_000, done in 0_u64..2_000_000_000,
            state in 1_u8..=9, error in 0_u32..=70_000,
            text: Vec<u8>, seconds: bool, offset_minutes in -720_i16..=720,
        ) {
            // From 1973 on; the two digits of a year mean 1938 to 2037.
            let [submitted, done] =
                [submitted, done].map(|past| Duration::from_secs(100_000_000 + past));
            let state = MessageState(state);
            let error = ReceiptError::Number(error);
            let (id, text) = (id.as_bytes(), text.as_slice());
            let line = ReceiptLine { id, sub, dlvrd, submitted, done, state, error, text };
            let format = if seconds { ReceiptFormat::Seconds } else { ReceiptFormat::Standard };
            let mut out = Vec::new();
            line.write(format, offset_minutes, &mut out);
            let read = ReceiptText::parse(&out);
            prop_assert_eq!(read.id, Some(id));
            prop_assert_eq!(read.sub_count(), Some(u32::from(sub)));
            prop_assert_eq!(read.dlvrd_count(), Some(u32::from(dlvrd)));
            prop_assert_eq!(read.state(), Some(state));
            prop_assert_eq!(read.err_number(), error.number());
            let step = if seconds { 1 } else { 60 };
            for (date, wall) in [(read.submitted(), submitted), (read.done(), done)] {
                let read = date.unwrap().to_wall(offset_minutes);
                prop_assert_eq!(read.as_secs(), wall.as_secs() / step * step);
            }
            let quoted = text.get(..ReceiptLine::TEXT_OCTETS).unwrap_or(text);
            prop_assert!(quoted.starts_with(read.text.unwrap()));
        }
    }
}
