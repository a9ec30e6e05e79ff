//! A turn of a conversation: what came, what the bot makes of it, what is said and written down.

use std::sync::Arc;
use std::time::Duration;

use super::conversations::{By, Key, Talk, key};
use crate::clock::Now;
use crate::engine::shard::{Counted, Effects, Shard, TALK_TICKETS};
use crate::message::message_id::MessageId;
use crate::message::state::MessageState;
use crate::mo::MoMessage;
use crate::mo::bot::Version;
use crate::mo::conversation::{Event, Turn};
use crate::mo::intent::Scratch;
use crate::mo::reassembly::join;
use crate::mo::reply::Reply;
use crate::text::{Alphabet, DefaultAlphabet, decode_lossy};
use crate::wire::Address;

/// How long after the start of a process a carrier may bring what the one before did not answer.
const AGAIN: Duration = Duration::from_secs(600);

impl<L: Clone> Shard<L> {
    /// A message for a bot, with its segments in order.
    pub(in crate::engine::shard) fn mo_to_bot<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        bot: &Arc<Version>,
        segments: &[MoMessage],
        effects: &mut E,
    ) {
        let Some(first) = segments.first() else { return };
        let answering = Arc::clone(&self.limits.answering);
        let number = answering.of(first.destination.octets()).map(|answers| &answers.sender);
        let known = number.and_then(|number| Some((number, key(&first.source, number)?)));
        let Some((number, key)) = known else {
            // Who is no number cannot be answered.
            effects.count(Counted::MoUnowned);
            return;
        };
        let (print, text) = (print_of(segments), text_of(segments));
        let talk = self.talks.conversations.take(key);
        let mut talk = talk.unwrap_or_else(|| Talk::new((number, &first.source), Arc::clone(bot)));
        if talk.may_come_again_until > now.wall && talk.print == print {
            // Once: a person may say the same again.
            talk.may_come_again_until = Duration::ZERO;
            self.talks.conversations.enter(talk);
            effects.count(Counted::Turn("again"));
            return;
        }
        if talk.state.is_over(talk.bot.bot(), now) {
            talk.lines.clear();
            if talk.bot != *bot {
                let fresh = Talk::new((number, &first.source), Arc::clone(bot));
                talk = Talk { heard: talk.heard, ..fresh };
            }
        }
        (talk.carrier, talk.print, talk.heard) = (first.carrier, print, now.wall);
        talk.may_come_again_until = Duration::ZERO;
        talk.note(now.wall, By::Person, &text);
        talk.wake(now);
        let turn = step(&mut talk, &mut self.talks.scratch, now, Event::Message(&text));
        self.end_turn(now, talk, turn, effects);
    }

    /// Whether a bot, or people, may wait for this handset's answer.
    pub(in crate::engine::shard) fn has_open_question(&self, message: &MoMessage) -> bool {
        let key = key(&message.source, &message.destination);
        let talk = key.and_then(|key| self.talks.conversations.of(key));
        talk.is_some_and(|talk| talk.state.awaits_answer())
    }

    /// Nothing more is said in the conversation of these two.
    pub(in crate::engine::shard) fn end_talk(&mut self, message: &MoMessage) {
        if let Some(key) = key(&message.source, &message.destination) {
            self.forget_talk(key);
        }
    }

    /// A message of ours has come to its end.
    pub(in crate::engine::shard) fn reply_ended(
        &mut self,
        (number, handset): (&Address, &Address),
        (id, state): (MessageId, MessageState),
    ) {
        let Some(key) = key(handset, number) else { return };
        let Some((place, talk)) = self.talks.conversations.of_mut(key) else { return };
        if talk.said != Some(id) {
            return;
        }
        talk.said = None;
        let did_not_arrive = [
            MessageState::DELETED,
            MessageState::EXPIRED,
            MessageState::REJECTED,
            MessageState::UNDELIVERABLE,
        ];
        if did_not_arrive.contains(&state) {
            talk.is_lost = true;
            self.due.push(talk.due(), TALK_TICKETS | u64::from(place));
        }
    }

    /// Something may be due in the conversation at this place.
    pub(in crate::engine::shard) fn talk_due<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        place: u32,
        effects: &mut E,
    ) {
        let talk = self.talks.conversations.at(place).filter(|talk| talk.due() <= now.wall);
        let Some(key) = talk.and_then(Talk::key) else { return };
        let Some(mut talk) = self.talks.conversations.take(key) else { return };
        let is_ours = self.limits.answering.of(talk.number.octets()).is_some();
        if is_ours
            && talk.has_people()
            && talk.desk.due(talk.queue()).is_some_and(|at| at <= now.wall)
        {
            return self.desk_due(now, talk, effects);
        }
        let event = match () {
            () if !is_ours => None,
            () if std::mem::take(&mut talk.is_lost) => Some(Event::Undelivered),
            () => talk.state.due().filter(|due| *due <= now.wall).map(|_| Event::Timer),
        };
        let Some(event) = event else {
            self.note_talk_ended(key);
            return;
        };
        let turn = step(&mut talk, &mut self.talks.scratch, now, event);
        self.end_turn(now, talk, turn, effects);
    }

    /// Says what comes of a turn, and writes all of it down together.
    pub(super) fn end_turn<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        mut talk: Talk,
        turn: Turn,
        effects: &mut E,
    ) {
        effects.count(Counted::Turn(turn.why.name()));
        for text in &turn.replies {
            let (from, to, carrier) = (&talk.number, &talk.handset, talk.carrier);
            if let Some(id) = self.say(now, &Reply { from, to, text, carrier }, effects) {
                talk.said = Some(id);
                talk.note(now.wall, By::Bot, text);
            }
        }
        if turn.handed_to.is_some() {
            talk.hand_over(now);
        }
        self.keep_talk(talk, effects);
    }

    /// Writes a conversation down as it stands, and keeps it.
    pub(super) fn keep_talk<E: Effects<Link = L>>(&mut self, talk: Talk, effects: &mut E) {
        if let Some(ledger) = &mut self.ledger {
            ledger.talk(&talk);
        }
        let due = talk.due();
        if let Some(place) = self.talks.conversations.enter(talk) {
            self.due.push(due, TALK_TICKETS | u64::from(place));
        }
        while self.talks.conversations.len() > self.limits.conversations_max {
            let Some(oldest) = self.talks.conversations.oldest() else { return };
            self.forget_talk(oldest);
            effects.count(Counted::TalkDropped);
        }
    }

    /// Takes over a conversation of an earlier process.
    pub fn restore_talk(&mut self, now: Now, mut talk: Talk) {
        talk.may_come_again_until = now.wall + AGAIN;
        let due = talk.due();
        if let Some(place) = self.talks.conversations.enter(talk) {
            self.due.push(due, TALK_TICKETS | u64::from(place));
        }
    }

    pub(super) fn forget_talk(&mut self, key: Key) {
        if self.talks.conversations.take(key).is_some() {
            self.note_talk_ended(key);
        }
    }

    fn note_talk_ended(&mut self, key: Key) {
        if let Some(ledger) = &mut self.ledger {
            ledger.talk_ended(key);
        }
    }
}

fn step(talk: &mut Talk, scratch: &mut Scratch, now: Now, event: Event<'_>) -> Turn {
    let bot = Arc::clone(&talk.bot);
    talk.state.step(bot.bot(), now, event, scratch)
}

/// What a person wrote. What its carrier calls data_coding 0 has been translated.
pub(in crate::engine::shard) fn text_of(segments: &[MoMessage]) -> String {
    let text = |message: &MoMessage| {
        let (octets, shifts) = message.text();
        decode_lossy(octets, Alphabet::of(message.data_coding, DefaultAlphabet::Gsm7), shifts)
    };
    match join(segments) {
        Some(whole) => text(&whole),
        None => segments.iter().map(text).collect(),
    }
}

/// What stands for a message that a carrier may bring again.
fn print_of(segments: &[MoMessage]) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    for segment in segments {
        hasher.write_u8(segment.data_coding);
        hasher.write(&segment.short_message);
        hasher.write(&segment.tlvs);
    }
    hasher.finish()
}
