//! What the engine says to handsets by itself, and the conversations that it holds.
//!
//! ```text
//!   MO: STOP, HELP, START --answer--> say --> a message of no account, written down in the same
//!   MO for a bot --> its conversation  ^      batch as what it answers; its receipt ends here
//!        silence, not delivered --> turn
//! ```
//!
//! A reply is bounded by handset and time, so that two machines that answer each other come to an
//! end, and never goes to a number of ours. What a turn says and how the conversation stands then
//! are written down together: either both are there after a crash, or the carrier brings the
//! message again.

mod bounds;
mod conversations;
mod desk;
mod turn;

use std::sync::Arc;

use super::{Counted, Effects, Shard};
use crate::clock::Now;
use crate::message::message_id::MessageId;
use crate::mo::MoMessage;
use crate::mo::intent::Scratch;
use crate::mo::keyword::Heard;
use crate::mo::reply::{Fate, Reply};
use crate::mt::policy::Handset;
use bounds::Bounds;
pub(in crate::engine) use conversations::Talk;
pub(super) use conversations::{By, Conversations, Key, Line, key};
pub use conversations::{Key as TalkKey, Line as TalkLine};
pub(super) use desk::Desk;
pub use desk::{Granted, Told as TalkTold, Wish as TalkWish};
pub(super) use turn::text_of;

/// Digits of the shortest number that is a handset's: what is shorter is a service, and a machine.
const HANDSET_DIGITS_MIN: usize = 7;

/// What there is of conversations.
#[derive(Debug, Default)]
pub(super) struct Talks {
    bounds: Bounds,
    conversations: Conversations,
    scratch: Scratch,
}

impl Talks {
    /// The conversation at a place.
    pub fn at(&self, place: u32) -> Option<&Talk> {
        self.conversations.at(place)
    }

    /// Places there are, taken or not.
    pub fn places(&self) -> usize {
        self.conversations.places()
    }
}

impl<L: Clone> Shard<L> {
    /// Conversations that bots and people hold.
    #[must_use]
    pub fn conversations(&self) -> usize {
        self.talks.conversations.len()
    }

    /// Answers what a message asked of the engine itself; whether its number answers that, and
    /// nobody else is to.
    pub(super) fn answer_request<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        message: &MoMessage,
        heard: &Heard,
        effects: &mut E,
    ) -> bool {
        let answering = Arc::clone(&self.limits.answering);
        let Some(answers) = answering.of(message.destination.octets()) else { return false };
        let handset = message.source.octets();
        let Some(text) = answers.text(heard.request, heard.language, handset) else {
            return false;
        };
        let (from, to, carrier) = (&answers.sender, &message.source, message.carrier);
        self.say(now, &Reply { from, to, text: &text, carrier }, effects);
        true
    }

    /// Says something, if it may be said and there is room for it; the id of the message.
    pub(super) fn say<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        reply: &Reply<'_>,
        effects: &mut E,
    ) -> Option<MessageId> {
        if !self.may_say(now, reply) {
            effects.count(Counted::Reply(Fate::Looped));
            return None;
        }
        let planned = match self.is_full(0) {
            false => effects.reply(reply, now.wall).ok(),
            true => None,
        };
        let Some((message, carrier)) = planned else {
            effects.count(Counted::Reply(Fate::Refused));
            return None;
        };
        // Such are few and short: where there is no room for its text elsewhere, it is in memory.
        let away = self.queued.place(&self.limits, &message, None, effects).unwrap_or_default();
        let id = self.next_id();
        let ticket = self.enter(id, Arc::new(message), away, carrier);
        self.go(now, ticket, effects);
        self.note_now(ticket);
        effects.count(Counted::Reply(Fate::Said));
        Some(id)
    }

    fn may_say(&mut self, now: Now, reply: &Reply<'_>) -> bool {
        let digits = reply.to.octets();
        let is_ours = self.limits.answering.of(digits).is_some();
        let Some(handset) = Handset::of(digits).filter(|_| !is_ours) else { return false };
        handset.digits().len() >= HANDSET_DIGITS_MIN && self.talks.bounds.take(now.wall, handset)
    }
}
