//! What every message went through, as those outside saw it, and what of that may not be.
//!
//! ```text
//!   ESME: submitted, answered ------+                       +--- SMSC: copies taken, their answers
//!                                   +--> Message by serial <+
//!   ESME: receipts, their answers --+
//! ```

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::FixedState;

use super::core::Core;
use super::counts::What;
use super::plan::Doubt;
use crate::message::state::MessageState;
use crate::sim::smsc::ReceiptForm;
use crate::wire::{CommandStatus, SequenceNumber};

/// A request on a connection.
pub type Request = (usize, SequenceNumber);

/// Frames after which what was read before them has been written down: what nobody waits for may
/// be written a few frames later.
const FRAMES: u64 = 4;
/// How long after it was read something is written down at the latest, where the disk is well.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// How soon an account's answer is one; what is written may have waited for others before.
const IN_TIME: Duration = super::life::ACCOUNT_TIMEOUT.saturating_sub(Duration::from_secs(1));

/// When the engine read something.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub at: Duration,
    pub life: u32,
    pub frames: u64,
}

/// How a life of the engine ended.
#[derive(Clone, Copy, Debug)]
pub struct LifeEnd {
    pub at: Duration,
    pub frames: u64,
    /// Whether the disk took what it was given.
    pub was_well: bool,
}

/// What an ESME was told of a message it submitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    Waiting,
    Accepted,
    Refused(CommandStatus),
    Lost,
}

/// A segment that an SMSC took.
#[derive(Clone, Copy, Debug)]
pub struct Copy {
    pub segment: u8,
    pub carrier: usize,
    pub written_at: Duration,
    pub outcome: MessageState,
    pub response: Option<Mark>,
}

/// A receipt that an ESME got.
#[derive(Clone, Copy, Debug)]
pub struct Got {
    pub written_at: Duration,
    /// When its answer was read.
    pub answer: Option<Mark>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    pub lane: u64,
    pub segments: u8,
    pub is_asked: bool,
    pub submitted_at: Duration,
    pub answer: Answer,
    pub id: Option<Box<[u8]>>,
    pub copies: Vec<Copy>,
    pub refusals: u32,
    pub receipts: Vec<Got>,
}

/// What a delivery to an ESME was.
#[derive(Clone, Copy, Debug)]
pub enum Delivered {
    Receipt { account: usize, number: u64, at: usize },
    Mo,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By account and number.
    pub messages: Vec<Vec<Message>>,
    copies: HashMap<Request, (usize, u64, usize), FixedState>,
    deliveries: HashMap<Request, Delivered, FixedState>,
    ids: HashMap<Box<[u8]>, (usize, u64), FixedState>,
    /// The newest message of each lane that a carrier has taken.
    lanes: HashMap<(usize, u64), u64, FixedState>,
    /// When something last went wrong in a lane, and for all of them.
    disturbed: HashMap<(usize, u64), Duration, FixedState>,
    pub disturbed_at: Duration,
    /// How often each segment from a handset came, by whose it was and what it said.
    pub mo: HashMap<(usize, Vec<u8>), u32, FixedState>,
    pub ends: Vec<LifeEnd>,
    awaited: u64,
}

impl Ledger {
    pub fn message(&mut self, account: usize, number: u64) -> Option<&mut Message> {
        self.messages.get_mut(account)?.get_mut(number as usize)
    }

    /// Whether an SMSC has something whose receipt has not come.
    pub const fn awaits_receipts(&self) -> bool {
        self.awaited > 0
    }

    pub fn disturb(&mut self, account: usize, lane: u64, now: Duration) {
        self.disturbed.insert((account, lane), now);
    }

    pub fn note_delivery(&mut self, request: Request, delivered: Delivered) {
        self.deliveries.insert(request, delivered);
    }

    /// Whether what was read then has been written down, if ever it is.
    pub fn is_settled(&self, mark: Mark) -> bool {
        let Some(end) = self.ends.get(mark.life as usize - 1) else { return true };
        let frames = end.frames.saturating_sub(mark.frames);
        frames >= FRAMES || (end.was_well && end.at.saturating_sub(mark.at) > PATIENCE)
    }

    /// Every message that was accepted or may have been.
    pub fn all(&self) -> impl Iterator<Item = (usize, u64, &Message)> {
        self.messages.iter().enumerate().flat_map(|(account, messages)| {
            let numbered = (0..).zip(messages);
            numbered.map(move |(number, message)| (account, number, message))
        })
    }
}

impl Core {
    pub fn mark(&self) -> Mark {
        Mark { at: self.now, life: self.life.number, frames: self.life.syncs }
    }

    /// A message was answered.
    pub fn answered(&mut self, (account, number): (usize, u64), status: CommandStatus, id: &[u8]) {
        let is_ok = status.is_ok();
        let Some(message) = self.ledger.message(account, number) else { return };
        if message.answer == Answer::Accepted {
            return;
        }
        if is_ok {
            message.answer = Answer::Accepted;
            let known = message.id.get_or_insert_with(|| id.into());
            if **known != *id {
                self.fail((account, number), "it was given one id, and told of under another");
            }
            self.counts.add(What::Accepted);
            self.name(account, number, id);
        } else {
            message.answer = Answer::Refused(status);
            self.counts.add(What::Refused);
        }
    }

    /// An id belongs to one message.
    pub fn name(&mut self, account: usize, number: u64, id: &[u8]) {
        let owner = *self.ledger.ids.entry(id.into()).or_insert((account, number));
        if owner != (account, number) {
            let (other, its) = owner;
            self.fail((account, number), &format!("its id is that of message {other}/{its}"));
        }
    }

    /// An SMSC took a segment.
    pub fn taken(&mut self, request: Request, (account, number): (usize, u64), copy: Copy) {
        self.counts.add(What::Taken);
        let Some(message) = self.ledger.message(account, number) else {
            return self.fail((account, number), "nobody submitted what an SMSC got");
        };
        let lane = (account, message.lane);
        let is_first = message.copies.is_empty();
        let submitted_at = message.submitted_at;
        if matches!(message.answer, Answer::Refused(_)) {
            self.fail((account, number), "it was refused, and sent");
        }
        let Some(message) = self.ledger.message(account, number) else { return };
        let before = message.copies.iter().rfind(|one| one.segment == copy.segment).copied();
        message.copies.push(copy);
        let at = message.copies.len() - 1;
        self.ledger.copies.insert(request, (account, number, at));
        if let Some(before) = before {
            self.counts.add(What::TakenTwice);
            if let Some(wrong) = self.is_unexplained(before, copy) {
                let segment = copy.segment;
                self.fail((account, number), &format!("segment {segment} went twice: {wrong}"));
            }
        }
        if is_first {
            self.check_lane(lane, number, submitted_at);
        }
    }

    /// Why a second copy should not be; `None` when it may.
    fn is_unexplained(&self, before: Copy, copy: Copy) -> Option<String> {
        let carrier = &self.plan.carriers[before.carrier];
        if carrier.in_doubt == Doubt::Hold {
            return Some("what is in doubt is held".to_owned());
        }
        let read = before.response?;
        let was_in_doubt = read.at.saturating_sub(before.written_at) >= carrier.response_timeout;
        // One that was is on its way again when its answer comes late.
        if read.at >= copy.written_at || was_in_doubt || !self.ledger.is_settled(read) {
            return None;
        }
        Some(format!("its answer was read at {:?}, it was sent at {:?}", read.at, copy.written_at))
    }

    fn check_lane(&mut self, lane: (usize, u64), number: u64, submitted_at: Duration) {
        let newest = self.ledger.lanes.entry(lane).or_insert(number);
        if *newest <= number {
            *newest = number;
            return;
        }
        let newest = *newest;
        let own = self.ledger.disturbed.get(&lane).copied().unwrap_or_default();
        let is_calm = own.max(self.ledger.disturbed_at) < submitted_at;
        let has_one_way = self.plan.carriers.len() == 1 && self.plan.carriers[0].binds == 1;
        if self.plan.strict_order || (is_calm && has_one_way) {
            self.fail((lane.0, number), &format!("message {newest} of its lane went before it"));
        }
    }

    /// The engine has read the answer to a segment.
    pub fn response_is_read(&mut self, request: Request) {
        let mark = self.mark();
        let Some(&(account, number, at)) = self.ledger.copies.get(&request) else { return };
        let Some(message) = self.ledger.message(account, number) else { return };
        let (is_asked, has_none) = (message.is_asked, message.receipts.is_empty());
        let copy = &mut message.copies[at];
        if copy.response.is_none() {
            copy.response = Some(mark);
            self.ledger.awaited += u64::from(is_asked && has_none);
        }
    }

    /// An ESME got a receipt.
    pub fn receipted(
        &mut self,
        request: Request,
        (account, number): (usize, u64),
        (id, state): (&[u8], Option<MessageState>),
        written_at: Duration,
    ) {
        self.counts.add(What::Receipts);
        let Some(message) = self.ledger.message(account, number) else {
            return self.fail((account, number), "a receipt for what nobody submitted");
        };
        if !message.is_asked {
            self.fail((account, number), "a receipt that nobody asked for");
        }
        let Some(message) = self.ledger.message(account, number) else { return };
        if matches!(message.answer, Answer::Refused(_)) {
            self.fail((account, number), "it was refused, and has a receipt");
        }
        let Some(message) = self.ledger.message(account, number) else { return };
        let known = message.id.get_or_insert_with(|| id.into());
        let is_known = **known == *id;
        // An answer that is late is none: the receipt goes again.
        let in_time = |got: &Got| got.answer.filter(|read| read.at < got.written_at + IN_TIME);
        let answers: Vec<Mark> = message.receipts.iter().filter_map(in_time).collect();
        message.receipts.push(Got { written_at, answer: None });
        let at = message.receipts.len() - 1;
        let is_again = at > 0;
        self.ledger.awaited = self.ledger.awaited.saturating_sub(u64::from(at == 0));
        self.ledger.note_delivery(request, Delivered::Receipt { account, number, at });
        if !is_known {
            self.fail((account, number), "its receipt has another id");
        }
        self.name(account, number, id);
        if is_again {
            self.counts.add(What::ReceiptsTwice);
        }
        if answers.iter().any(|answer| self.ledger.is_settled(*answer)) {
            self.fail((account, number), "its receipt came again, though it was answered");
        }
        if let Some(wrong) = self.is_wrong_state(account, number, state) {
            self.fail((account, number), &wrong);
        }
    }

    /// What is wrong with a receipt of this state.
    fn is_wrong_state(
        &self,
        account: usize,
        number: u64,
        state: Option<MessageState>,
    ) -> Option<String> {
        let message = &self.ledger.messages[account][number as usize];
        let had = |state| {
            let is_it = |copy: &Copy| copy.outcome == state;
            message.copies.iter().any(is_it) || self.is_anothers(account, message.lane, state)
        };
        let Some(state) = state else { return Some("its receipt has no state".to_owned()) };
        let is_right = match state {
            MessageState::DELIVERED => had(state),
            // An ending of ours as well.
            MessageState::UNDELIVERABLE | MessageState::REJECTED => {
                had(state) || message.refusals > 0
            }
            MessageState::EXPIRED | MessageState::UNKNOWN => {
                let validity_s = self.plan.accounts[account].validity_s;
                let ended = validity_s.map(|validity| {
                    message.submitted_at + Duration::from_secs(u64::from(validity)) / 4
                });
                // A start sees all of a jump of the clock at once.
                let wall = self.now + Duration::from_secs(self.wall_ahead.max(0).unsigned_abs());
                had(state) || ended.is_some_and(|ended| wall >= ended)
            }
            _ => false,
        };
        (!is_right).then(|| format!("its receipt says {}, which no carrier said", state.stat()))
    }

    /// Whether another message to the same handset ended so, whose id the engine cannot know (ids
    /// of what has ended are not kept over a start), at a carrier whose receipts say nothing else:
    /// it is a guess then which one is meant.
    fn is_anothers(&self, account: usize, lane: u64, state: MessageState) -> bool {
        let is_it = |copy: &Copy| {
            let form = self.plan.carriers[copy.carrier].smsc.receipts;
            let life_began = self.ledger.ends.last().map_or(Duration::ZERO, |end| end.at);
            let is_known = copy.response.is_some_and(|read| read.at > life_began);
            form == ReceiptForm::Tlv && copy.outcome == state && !is_known
        };
        let others = self.ledger.messages[account].iter().filter(|other| other.lane == lane);
        others.flat_map(|other| &other.copies).any(is_it)
    }

    /// The engine has read an ESME's answer to a delivery.
    pub fn answer_is_read(&mut self, request: Request, status: CommandStatus) {
        let mark = self.mark();
        let Some(&delivered) = self.ledger.deliveries.get(&request) else { return };
        self.note(|| format!("answer read: {delivered:?} {status}"));
        if let Delivered::Receipt { account, number, at } = delivered
            && status.is_ok()
            && let Some(message) = self.ledger.message(account, number)
        {
            message.receipts[at].answer.get_or_insert(mark);
        }
    }

    /// Something is not as it has to be.
    pub fn fail(&mut self, (account, number): (usize, u64), what: &str) {
        self.note(|| format!("FAILURE message {account}/{number}: {what}"));
        self.failures.push(format!("message {account}/{number}: {what}"));
    }
}
