//! Conversations, to octets and back.

use std::sync::Arc;
use std::time::Duration;

use super::octets::{Reader, Writer};
use super::{kind, record};
use crate::engine::shard::talks::{By, Desk, Key, Line, Talk, key};
use crate::message::message_id::MessageId;
use crate::mo::bot::{Priority, Version};
use crate::mo::conversation::Conversation;
use crate::mt::policy::Handset;
use crate::store::Batch;
use crate::wire::Address;

/// A conversation as an earlier process wrote it down.
#[derive(Clone, Debug)]
pub struct WasTalk {
    pub number: Address,
    pub handset: Address,
    carrier: u32,
    /// The name of its bot, and which reading of the file it was.
    bot: (String, u64),
    pub state: Vec<u8>,
    said: Option<MessageId>,
    print: u64,
    desk: Desk,
    heard: Duration,
    pub lines: Vec<Line>,
}

/// A conversation stands so.
pub fn talk(batch: &mut Batch, talk: &Talk) {
    let was = WasTalk {
        number: talk.number.clone(),
        handset: talk.handset.clone(),
        carrier: talk.carrier,
        bot: (talk.bot.name().to_owned(), talk.bot.print()),
        state: talk.state.to_octets(),
        said: talk.said,
        print: talk.print,
        desk: talk.desk.clone(),
        heard: talk.heard,
        lines: talk.lines.iter().cloned().collect(),
    };
    record(batch, kind::TALK, |to| put(to, &was));
}

/// There is none any more.
pub fn talk_ended(batch: &mut Batch, (handset, number): Key) {
    record(batch, kind::TALK_ENDED, |to| {
        to.u64(handset.number());
        to.u64(number.number());
    });
}

pub fn put(to: &mut Writer<'_>, was: &WasTalk) {
    to.address(&was.number);
    to.address(&was.handset);
    to.u32(was.carrier);
    to.short(was.bot.0.as_bytes());
    to.u64(was.bot.1);
    to.long(&was.state);
    to.u64(was.said.map_or(0, MessageId::number));
    to.u64(was.print);
    let Desk { since, agent, snoozed_until, priority, told } = &was.desk;
    to.time(*since);
    to.short(agent.as_bytes());
    to.time(*snoozed_until);
    to.u8(*priority as u8);
    to.u8(*told);
    to.time(was.heard);
    // At most LINES_MAX.
    to.u8(was.lines.len() as u8);
    for line in &was.lines {
        to.u32(line.at_s);
        to.u8(match line.by {
            By::Person => 0,
            By::Bot => 1,
            By::Agent => 2,
        });
        to.long(line.text.as_bytes());
    }
}

pub fn read(from: &mut Reader<'_>) -> Option<WasTalk> {
    let text = |octets: &[u8]| std::str::from_utf8(octets).ok().map(str::to_owned);
    let mut was = WasTalk {
        number: from.address()?,
        handset: from.address()?,
        carrier: from.u32()?,
        bot: (text(from.short()?)?, from.u64()?),
        state: from.long()?.to_vec(),
        said: Some(from.u64()?).filter(|said| *said != 0).map(MessageId::from_number),
        print: from.u64()?,
        desk: Desk {
            since: from.time()?,
            agent: text(from.short()?)?.into(),
            snoozed_until: from.time()?,
            priority: Priority::NAMED.get(usize::from(from.u8()?))?.1,
            told: from.u8()?,
        },
        heard: from.time()?,
        lines: Vec::new(),
    };
    for _ in 0..from.u8()? {
        let at_s = from.u32()?;
        let by = match from.u8()? {
            0 => By::Person,
            1 => By::Bot,
            2 => By::Agent,
            _ => return None,
        };
        was.lines.push(Line { at_s, by, text: text(from.long()?)?.into() });
    }
    Some(was)
}

/// The key of one that ended.
pub fn read_key(from: &mut Reader<'_>) -> Option<Key> {
    Some((Handset::from_number(from.u64()?), Handset::from_number(from.u64()?)))
}

impl WasTalk {
    /// What it is known by.
    pub fn key(&self) -> Option<Key> {
        key(&self.handset, &self.number)
    }

    /// It goes on with the bot of its name; from its beginning where that is another by now. `None`
    /// where there is no such bot.
    pub fn with(self, bots: &[Arc<Version>]) -> Option<Talk> {
        let (name, print) = &self.bot;
        let bot = bots.iter().find(|bot| bot.name() == name)?;
        let state = Conversation::from_octets(&self.state).ok();
        let state = match bot.print() == *print {
            true => state,
            false => state.and_then(Conversation::with_people),
        };
        Some(Talk {
            carrier: self.carrier,
            said: self.said.filter(|_| state.is_some()),
            state: state.unwrap_or_default(),
            print: self.print,
            desk: self.desk,
            heard: self.heard,
            lines: self.lines.into(),
            ..Talk::new((&self.number, &self.handset), Arc::clone(bot))
        })
    }
}
