//! What people do with a conversation, and what is left of it then.

use super::{Conversation, Status, Turn, Why};
use crate::clock::Now;
use crate::mo::bot::{Bot, Text};

impl Conversation {
    /// It is over.
    pub fn end(&mut self) {
        self.status = Status::Ended;
        self.asked = None;
    }

    /// The bot goes on with this flow.
    pub fn lead(&mut self, bot: &Bot, now: Now, flow: usize) -> Turn {
        self.give_back();
        let mut turn = Turn { replies: Vec::new(), why: Why::Silence, handed_to: None };
        self.go(bot, now, flow, &mut turn);
        turn
    }

    /// What a text says in this conversation, in its language and with its values.
    #[must_use]
    pub fn said(&self, bot: &Bot, text: &Text) -> String {
        self.text(bot, text)
    }

    /// What of it does not depend on its bot's file: that people have it.
    #[must_use]
    pub fn with_people(self) -> Option<Self> {
        let Self { status: status @ Status::People(_), language, tags, heard, .. } = self else {
            return None;
        };
        Some(Self { status, language, tags, heard, ..Self::default() })
    }

    /// People give it back to the bot.
    pub fn give_back(&mut self) {
        self.status = Status::Bot;
        self.asked = None;
    }
}
