//! A conversation as octets, to be written down with the reply that made it so.

use std::fmt;
use std::time::Duration;

use super::{Asked, Conversation, Status, TAGS_MAX};
use crate::clock::Date;
use crate::mo::bot::Language;
use crate::mo::slot::{ANSWER_MAX, Value};

/// Values of one conversation: of more, those that were given first are forgotten.
pub(super) const VALUES_MAX: usize = 32;

/// Octets of the name of a queue or a tag; of longer ones no more is kept.
pub const NAME_MAX: usize = 64;

/// The most octets of one conversation.
pub const STATE_OCTETS_MAX: usize =
    128 + VALUES_MAX * (ANSWER_MAX * 4 + 12) + (TAGS_MAX + 1) * (NAME_MAX + 2);

/// The form that is written. One that is read by another number is no conversation of this build.
const VERSION: u8 = 1;

/// Octets that are no conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreadable {
    /// They are of another form, by its number.
    Version(u8),
    /// They end early, go on too long, or say what no conversation is.
    Malformed,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(found) => write!(f, "a conversation of form {found}; known is {VERSION}"),
            Self::Malformed => f.write_str("octets that are no conversation"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl Conversation {
    /// All of it, in at most [`STATE_OCTETS_MAX`] octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut to = vec![VERSION];
        match &self.status {
            Status::Bot => to.push(0),
            Status::People(queue) => {
                to.push(1);
                put_text(&mut to, cut(queue));
            }
            Status::Ended => to.push(2),
            Status::Machine => to.push(3),
        }
        to.push(match self.language {
            None => 0,
            Some(Language::French) => 1,
            Some(Language::English) => 2,
        });
        put(&mut to, u64::from(self.asked.is_some()));
        if let Some(asked) = &self.asked {
            [asked.flow, asked.step, asked.slot].iter().for_each(|at| put(&mut to, *at as u64));
            to.extend([asked.tries, asked.reminded]);
            put_time(&mut to, asked.due);
        }
        put(&mut to, u64::from(self.offered.is_some()));
        self.offered.iter().flatten().for_each(|flow| put(&mut to, *flow as u64));
        let values = self.values.get(self.values.len().saturating_sub(VALUES_MAX)..);
        let values = values.unwrap_or_default();
        put(&mut to, values.len() as u64);
        for (slot, value) in values {
            put(&mut to, *slot as u64);
            put_value(&mut to, value);
        }
        put(&mut to, self.tags.len() as u64);
        self.tags.iter().for_each(|tag| put_text(&mut to, cut(tag)));
        to.extend([self.missed, self.stuck, self.last.1, self.pace.1]);
        put(&mut to, self.last.0);
        put_time(&mut to, self.pace.0);
        put_time(&mut to, self.heard);
        to
    }

    /// The conversation that was written so.
    ///
    /// # Errors
    /// When the octets are none.
    pub fn from_octets(octets: &[u8]) -> Result<Self, Unreadable> {
        match octets.split_first() {
            Some((&VERSION, rest)) => {
                let mut from = From(rest);
                let read = from.conversation().filter(|_| from.0.is_empty());
                read.ok_or(Unreadable::Malformed)
            }
            Some((version, _)) => Err(Unreadable::Version(*version)),
            None => Err(Unreadable::Malformed),
        }
    }
}

fn cut(name: &str) -> &str {
    let end = (0..=NAME_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Seven bits an octet, lowest first.
fn put(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn put_signed(to: &mut Vec<u8>, number: i64) {
    put(to, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_time(to: &mut Vec<u8>, time: Duration) {
    put(to, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
}

fn put_text(to: &mut Vec<u8>, text: &str) {
    put(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

fn put_value(to: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            to.push(0);
            put_text(to, text);
        }
        Value::Number(number) => {
            to.push(1);
            put_signed(to, *number);
        }
        Value::Date(date) => {
            to.push(2);
            put_signed(to, date.days());
        }
        Value::Time(minutes) => {
            to.push(3);
            put(to, u64::from(*minutes));
        }
        Value::Yes(yes) => to.extend([4, u8::from(*yes)]),
        Value::Choice(at) => {
            to.push(5);
            put(to, *at as u64);
        }
    }
}

/// What is still to be read.
struct From<'o>(&'o [u8]);

impl From<'_> {
    fn conversation(&mut self) -> Option<Conversation> {
        let status = match self.octet()? {
            0 => Status::Bot,
            1 => Status::People(self.text(NAME_MAX)?),
            2 => Status::Ended,
            3 => Status::Machine,
            _ => return None,
        };
        let language = match self.octet()? {
            0 => None,
            1 => Some(Language::French),
            2 => Some(Language::English),
            _ => return None,
        };
        let mut read = Conversation { status, language, ..Conversation::default() };
        if self.flag()? {
            let (flow, step, slot) = (self.place()?, self.place()?, self.place()?);
            let (tries, reminded, due) = (self.octet()?, self.octet()?, self.time()?);
            read.asked = Some(Asked { flow, step, slot, tries, reminded, due });
        }
        if self.flag()? {
            read.offered = Some([self.place()?, self.place()?]);
        }
        for _ in 0..self.count(VALUES_MAX)? {
            read.values.push((self.place()?, self.value()?));
        }
        for _ in 0..self.count(TAGS_MAX)? {
            read.tags.push(self.text(NAME_MAX)?);
        }
        (read.missed, read.stuck) = (self.octet()?, self.octet()?);
        let (times, paced) = (self.octet()?, self.octet()?);
        read.last = (self.number()?, times);
        read.pace = (self.time()?, paced);
        read.heard = self.time()?;
        Some(read)
    }

    fn octet(&mut self) -> Option<u8> {
        let (octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*octet)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let part = u64::from(octet & 0x7F);
            // The tenth octet has one bit; a last one of zero says nothing.
            let sound = (part << shift) >> shift == part && (octet != 0 || shift == 0);
            number |= Some(part << shift).filter(|_| sound)?;
            if octet & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn count(&mut self, max: usize) -> Option<usize> {
        self.place().filter(|count| *count <= max)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<Duration> {
        self.number().map(Duration::from_millis)
    }

    fn text(&mut self, max: usize) -> Option<String> {
        let length = self.count(max)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok().map(str::to_owned)
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.octet()? {
            0 => Value::Text(self.text(ANSWER_MAX * 4)?),
            1 => Value::Number(self.signed()?),
            2 => Value::Date(Date::from_days(self.signed()?)),
            3 => Value::Time(u16::try_from(self.number()?).ok().filter(|time| *time < 1440)?),
            4 => Value::Yes(self.flag()?),
            5 => Value::Choice(self.place()?),
            _ => return None,
        })
    }
}
