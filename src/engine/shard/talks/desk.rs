//! Conversations that people have: who waits, who has which, what is said meanwhile.
//!
//! ```text
//!   handed over --> waiting --claim, reply--> with agent --return--> bot
//!                    | ^  |                    |    |
//!      patience, then| |  +--snooze--> snoozed <----+--close--> closed
//!      the bot again <-+--the time is over, or the handset writes
//! ```

use std::time::Duration;

use super::conversations::{By, Key, Line, Talk};
use crate::clock::Now;
use crate::engine::shard::{Effects, Shard};
use crate::mo::bot::{Priority, Queue};
use crate::mo::conversation::{Status, show};
use crate::mo::reply::Reply;
use crate::mt::policy::Handset;

/// Conversations that one shard lists at most.
pub const LISTED_MAX: usize = 1_000;

/// What there is of a conversation while people have it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Desk {
    /// Since when it waits, or is with its agent.
    pub since: Duration,
    /// Who has it; empty is nobody.
    pub agent: Box<str>,
    /// Until when nobody is to see to it; zero is not so.
    pub snoozed_until: Duration,
    /// How soon it is to be seen to.
    pub priority: Priority,
    /// How often whoever waits was asked for patience.
    pub told: u8,
}

/// What somebody of ours wants of conversations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Those that people have; with `all` those of bots too.
    List {
        /// See there.
        all: bool,
    },
    /// All of one.
    Show(Key),
    /// It is this agent's.
    Claim(Key, Box<str>),
    /// This agent says this.
    Reply(Key, Box<str>, Box<str>),
    /// The bot has it again.
    Return(Key),
    /// It is over.
    Close(Key),
    /// Nobody sees to it before that moment.
    Snooze(Key, Duration),
    /// Nothing more is known of those of this handset.
    Forget(Handset),
}

/// What comes of it.
#[derive(Clone, Debug)]
pub enum Granted {
    /// Those that there are, and whether there are more.
    List(Vec<Told>, bool),
    /// The one that was meant, as it stands now.
    One(Box<Told>),
    /// There is none such.
    Unknown,
    /// It cannot be.
    Refused(String),
}

/// What is told of a conversation.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number and its handset, in digits.
    pub of: (String, String),
    /// Its bot.
    pub bot: String,
    /// `bot`, `waiting`, `with agent`, `snoozed`, `closed` or `machine`.
    pub state: &'static str,
    /// The queue that it was handed to.
    pub queue: String,
    /// Who has it, and since when.
    pub desk: Desk,
    /// When the handset wrote last.
    pub heard: Duration,
    /// What it was marked with.
    pub tags: Vec<String>,
    /// What was asked for, and the answers.
    pub slots: Vec<(String, String)>,
    /// What was said.
    pub lines: Vec<Line>,
}

impl Desk {
    /// When something is due at it.
    pub fn due(&self, queue: Option<&Queue>) -> Option<Duration> {
        if !self.snoozed_until.is_zero() {
            return Some(self.snoozed_until);
        }
        let queue = queue.filter(|_| self.agent.is_empty())?;
        let patience = queue.patience.as_ref().filter(|_| self.told < queue.times);
        let next = queue.after.saturating_mul(u32::from(self.told) + 1);
        let patience = patience.map(|_| self.since.saturating_add(next));
        let gives_up = queue.gives_up.map(|after| self.since.saturating_add(after));
        patience.into_iter().chain(gives_up).min()
    }

    fn state(&self) -> &'static str {
        match () {
            () if !self.snoozed_until.is_zero() => "snoozed",
            () if self.agent.is_empty() => "waiting",
            () => "with agent",
        }
    }
}

impl Talk {
    /// What its bot says of the queue that it was handed to.
    pub fn queue(&self) -> Option<&Queue> {
        let Status::People(name) = self.state.status() else { return None };
        self.bot.bot().draft().queues.iter().find(|queue| queue.name == *name)
    }

    /// It was handed over just now.
    pub fn hand_over(&mut self, now: Now) {
        let priority = self.queue().map(|queue| queue.priority).unwrap_or_default();
        self.desk = Desk { since: now.wall, priority, ..Desk::default() };
    }

    fn told(&self) -> Told {
        let draft = self.bot.bot().draft();
        let language = draft.languages.first().copied().unwrap_or_default();
        let slots = draft.slots.iter().enumerate().filter_map(|(at, slot)| {
            let value = self.state.value(at)?;
            Some((slot.name.clone(), show(value, &slot.takes, language)))
        });
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let (state, queue) = match self.state.status() {
            Status::Bot => ("bot", ""),
            Status::People(queue) => (self.desk.state(), queue.as_str()),
            Status::Ended => ("closed", ""),
            Status::Machine => ("machine", ""),
        };
        Told {
            of: (text(self.number.octets()), text(self.handset.octets())),
            bot: self.bot.name().to_owned(),
            state,
            queue: queue.to_owned(),
            desk: self.desk.clone(),
            heard: self.heard,
            tags: self.state.tags().to_vec(),
            slots: slots.collect(),
            lines: self.lines.iter().cloned().collect(),
        }
    }
}

impl<L: Clone> Shard<L> {
    /// Does what somebody of ours wants, and says how it stands then.
    pub fn converse<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        wish: Wish,
        effects: &mut E,
    ) -> Granted {
        let key = match &wish {
            Wish::List { all } => return self.list_talks(*all),
            Wish::Forget(handset) => return self.forget_talks_of(*handset),
            Wish::Show(key) | Wish::Claim(key, _) | Wish::Reply(key, _, _) => *key,
            Wish::Return(key) | Wish::Close(key) | Wish::Snooze(key, _) => *key,
        };
        let Some(talk) = self.talks.conversations.of(key) else { return Granted::Unknown };
        if matches!(wish, Wish::Show(_)) {
            return Granted::One(Box::new(talk.told()));
        }
        if !matches!(talk.state.status(), Status::People(_)) {
            return Granted::Refused(format!("it is not with people: {}", talk.told().state));
        }
        if let Wish::Claim(_, agent) | Wish::Reply(_, agent, _) = &wish
            && !talk.desk.agent.is_empty()
            && talk.desk.agent != *agent
        {
            return Granted::Refused(format!("{} has it", talk.desk.agent));
        }
        let Some(mut talk) = self.talks.conversations.take(key) else { return Granted::Unknown };
        let done = self.grant(now, &mut talk, wish, effects);
        let told = talk.told();
        self.keep_talk(talk, effects);
        match done {
            Ok(()) => Granted::One(Box::new(told)),
            Err(why) => Granted::Refused(why.to_owned()),
        }
    }

    fn grant<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        talk: &mut Talk,
        wish: Wish,
        effects: &mut E,
    ) -> Result<(), &'static str> {
        match wish {
            Wish::Claim(_, agent) => talk.claim(now, agent),
            Wish::Reply(_, agent, text) => {
                let (from, to, carrier) = (&talk.number, &talk.handset, talk.carrier);
                let said = self.say(now, &Reply { from, to, text: &text, carrier }, effects);
                let id = said.ok_or("it cannot be sent: no route, no room, or too many")?;
                talk.said = Some(id);
                talk.note(now.wall, By::Agent, &text);
                talk.claim(now, agent);
            }
            Wish::Return(_) => {
                talk.state.give_back();
                talk.desk = Desk::default();
            }
            Wish::Close(_) => {
                talk.state.end();
                talk.desk = Desk::default();
            }
            Wish::Snooze(_, until) => talk.desk.snoozed_until = until,
            Wish::List { .. } | Wish::Show(_) | Wish::Forget(_) => {}
        }
        Ok(())
    }

    fn forget_talks_of(&mut self, handset: Handset) -> Granted {
        let talks = (0..self.talks.places()).filter_map(|place| {
            let key = self.talks.at(u32::try_from(place).ok()?)?.key()?;
            (key.0 == handset).then_some(key)
        });
        let keys: Vec<Key> = talks.collect();
        keys.into_iter().for_each(|key| self.forget_talk(key));
        Granted::List(Vec::new(), false)
    }

    fn list_talks(&self, all: bool) -> Granted {
        let talks = (0..self.talks.conversations.places()).filter_map(|place| {
            let talk = self.talks.at(u32::try_from(place).ok()?)?;
            let is_meant = all || matches!(talk.state.status(), Status::People(_));
            is_meant.then_some(talk)
        });
        let mut list: Vec<Told> = talks.take(LISTED_MAX + 1).map(Talk::told).collect();
        let has_more = list.len() > LISTED_MAX;
        list.truncate(LISTED_MAX);
        Granted::List(list, has_more)
    }

    /// Something is due in a conversation that people have.
    pub(super) fn desk_due<E: Effects<Link = L>>(
        &mut self,
        now: Now,
        mut talk: Talk,
        effects: &mut E,
    ) {
        if !talk.desk.snoozed_until.is_zero() {
            talk.wake(now);
            return self.keep_talk(talk, effects);
        }
        let Some(queue) = talk.queue().cloned() else { return self.keep_talk(talk, effects) };
        let gives_up = queue.gives_up.map(|after| talk.desk.since.saturating_add(after));
        if gives_up.is_some_and(|at| at <= now.wall) {
            talk.desk = Desk::default();
            let bot = std::sync::Arc::clone(&talk.bot);
            let turn = talk.state.lead(bot.bot(), now, queue.otherwise);
            return self.end_turn(now, talk, turn, effects);
        }
        talk.desk.told = talk.desk.told.saturating_add(1);
        if let Some(patience) = &queue.patience {
            let text = talk.state.said(talk.bot.bot(), patience);
            let (from, to, carrier) = (&talk.number, &talk.handset, talk.carrier);
            if self.say(now, &Reply { from, to, text: &text, carrier }, effects).is_some() {
                talk.note(now.wall, By::Bot, &text);
            }
        }
        self.keep_talk(talk, effects);
    }
}

impl Talk {
    fn claim(&mut self, now: Now, agent: Box<str>) {
        if self.desk.agent != agent {
            self.desk.since = now.wall;
            self.desk.agent = agent;
        }
        self.desk.snoozed_until = Duration::ZERO;
    }

    /// It waits again, with whoever had it.
    pub fn wake(&mut self, now: Now) {
        if !self.desk.snoozed_until.is_zero() {
            self.desk.snoozed_until = Duration::ZERO;
            self.desk.since = now.wall;
        }
    }
}
