//! What every part of a running engine sees: the world it works by and the queues between owners.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use tokio::sync::{mpsc, oneshot};

use super::batches::Batches;
use super::gate::Gate;
use super::handles::{CarrierHandle, LinkHandle};
use super::settings::Secret;
use super::shard::{
    Cancellation, CarrierSays, Delivery, Filter, Findings, Granted, SegmentResult, Shard,
    Submission, TalkWish, Trace, Wish, id_step,
};
use super::strangers::Strangers;
use super::vital::Vital;
use super::world::{Carrier, World};
use crate::link::{Clock, Network};
use crate::message::message_id::MessageId;
use crate::mo::{MoMessage, Owner};
use crate::mt::egress::Outgoing;
use crate::mt::ingress::Replacement;
use crate::mt::policy::{Chosen, Handset, Scope};
use crate::mt::receipts::{CarrierReceipt, tail};
use crate::store::spill::Spill;
use crate::store::{Batch, FileJournal, Journal, Progress, Relay, Store};
use crate::telemetry::{EngineMetrics, Registry};
use crate::wire::SequenceNumber;

/// Items a shard's queue holds before it takes no further buffer; a link that finds it full reads
/// no more until there is room.
pub const SHARD_QUEUE: usize = 16_384;
/// Items a dispatcher's queue holds before it takes no further buffer; a shard keeps the others
/// until there is room.
pub const DISPATCHER_QUEUE: usize = 16_384;

/// What a shard is told.
#[derive(Debug)]
pub enum ToShard {
    /// A message to admit.
    Submit(Submission<LinkHandle>),
    /// Messages to admit, of one submit_multi.
    SubmitMulti {
        /// The id that they share with those of other shards.
        id: MessageId,
        /// Them, at most 254.
        submissions: Vec<Submission<LinkHandle>>,
    },
    /// How a message stands, which an account asks.
    Query {
        /// Who is to be answered.
        link: LinkHandle,
        /// With which number.
        sequence: SequenceNumber,
        /// Who asks.
        account: u32,
        /// Which message.
        id: MessageId,
    },
    /// Messages that an account takes back.
    Cancel {
        /// Who is to be answered.
        link: LinkHandle,
        /// With which number.
        sequence: SequenceNumber,
        /// Which.
        wanted: Box<Cancellation>,
    },
    /// A message that an account changes.
    Replace {
        /// Who is to be answered.
        link: LinkHandle,
        /// With which number.
        sequence: SequenceNumber,
        /// Which.
        id: MessageId,
        /// What of it.
        replacement: Box<Replacement>,
    },
    /// A segment's fate.
    Done {
        /// The message.
        ticket: u64,
        /// The segment, from 0.
        segment: u8,
        /// What happened.
        result: SegmentResult,
        /// Whether it had been called in doubt before.
        late: bool,
    },
    /// The id that a carrier gives a segment, where it may be asked for it; before [`Self::Done`].
    Named {
        /// The message.
        ticket: u64,
        /// The segment, from 0.
        segment: u8,
        /// As the carrier wrote it.
        id: Box<[u8]>,
    },
    /// What a carrier says of a segment it was asked for.
    CarrierSays {
        /// The message.
        ticket: u64,
        /// The segment, from 0.
        segment: u8,
        /// What it says.
        says: CarrierSays,
    },
    /// A message that no bind has had, of a carrier that has none any more: to be sent by another.
    Elsewhere(u64),
    /// A receipt of a carrier.
    Receipt {
        /// Who is to be answered.
        link: Arc<CarrierHandle>,
        /// With which number.
        sequence: SequenceNumber,
        /// What it says.
        receipt: CarrierReceipt,
    },
    /// A message from a handset.
    Mo {
        /// Who is to be answered.
        link: Arc<CarrierHandle>,
        /// With which number.
        sequence: SequenceNumber,
        /// Who owns the number.
        owner: Option<Owner>,
        /// The message.
        message: Box<MoMessage>,
    },
    /// Deliveries that a session gave back.
    Undelivered {
        /// Whose.
        account: u32,
        /// What, the oldest first.
        deliveries: Vec<Delivery>,
        /// How long they wait at least.
        pause: Duration,
    },
    /// What was owed to an account under this number has come to its end.
    Settled(u64),
    /// An account can take deliveries (again).
    AccountReady(u32),
    /// A session of this account has bound to receive.
    AccountBound(u32),
    /// Something that an operator wants of messages, and who is told what came of it.
    Operate(Box<(Wish, Filter, oneshot::Sender<Findings>)>),
    /// A segment was sent and is not answered, which is to be written down again.
    StillSent {
        /// The message.
        ticket: u64,
        /// The segment, from 0.
        segment: u8,
    },
    /// All that the shard holds is to be written there, a part at a time.
    Walk(mpsc::Sender<Part>),
    /// Whoever sent this wants to know when all that was told before is done, and durable.
    Passed(oneshot::Sender<()>),
    /// What somebody of ours wants of conversations; answered when it is durable.
    Converse(Box<(TalkWish, oneshot::Sender<Granted>)>),
    /// What handsets chose elsewhere, and who is told how much of it was news.
    Choices(Box<(Vec<Chosen>, oneshot::Sender<usize>)>),
    /// A question about what handsets chose.
    AskChoices(Box<ChoicesAsked>),
    /// What is known of the messages of an id, and who is told.
    Trace(Box<(MessageId, oneshot::Sender<Vec<Trace>>)>),
}

/// What is asked of what handsets chose, and who is told.
#[derive(Debug)]
pub enum ChoicesAsked {
    /// So many from this place on.
    From(usize, usize, oneshot::Sender<(Vec<Chosen>, Option<usize>)>),
    /// What a handset chose of these scopes.
    Of(Handset, Vec<Scope>, oneshot::Sender<Vec<Chosen>>),
}

impl ChoicesAsked {
    /// Tells what this shard knows. Who has gone meanwhile wants no answer.
    pub fn answer<L: Clone>(self, shard: &Shard<L>) {
        match self {
            Self::From(place, count, operator) => {
                let _ = operator.send(shard.choices_from(place, count));
            }
            Self::Of(handset, scopes, operator) => {
                let _ = operator.send(shard.choices_of(handset, &scopes));
            }
        }
    }
}

/// What a carrier answers, with its id in full, takes no more room than what its receipts say: a
/// queue has the same octets with either.
const _: () = assert!(size_of::<SegmentResult>() + 16 <= size_of::<CarrierReceipt>());

/// What shards tell a dispatcher. What becomes of its binds it sees in the `links` of its carrier.
#[derive(Debug)]
pub enum ToDispatcher {
    /// A message to send.
    Message {
        /// It.
        outgoing: Outgoing,
        /// Before the others.
        first: bool,
    },
    /// A message its shard has given up.
    Withdraw(u64),
    /// An operator asks which segments of messages no bind has had.
    Find {
        /// The messages' tickets, sorted.
        tickets: Vec<u64>,
        /// Who is told: each segment by its message's ticket.
        answer: oneshot::Sender<Vec<(u64, u8)>>,
    },
}

/// The engine's shared state.
#[derive(Debug)]
pub struct Shared {
    /// The clocks.
    pub clock: Clock,
    /// Where connections to carriers lead.
    pub network: Network,
    /// What everything that is left to chance depends on.
    pub seed: u64,
    /// What it has been told, replaced as a whole by a reload.
    pub(super) world: ArcSwap<World>,
    /// [`World::generation`] of the newest.
    pub(super) generation: AtomicU64,
    /// 0 to 1023; in every id.
    pub node_id: u16,
    /// How many sessions each account has bound, by its place.
    pub bound: DashMap<u32, u32, foldhash::fast::FixedState>,
    /// The counter of the first id that this process gives; each shard takes every n-th from there,
    /// see [`id_step`].
    pub ids_from: u64,
    /// Ids that were given to submit_multi.
    pub multi_ids: AtomicU64,
    /// Shards' queues.
    pub shards: Vec<Batches<ToShard>>,
    /// What was promised is written down here; `None` where it is kept in memory alone.
    pub journal: Option<Kept>,
    /// How often everybody was asked what is sent and not answered.
    pub checkpoint: AtomicU64,
    /// Whether messages of earlier processes may be there.
    pub has_earlier: AtomicBool,
    /// Runs what nothing goes on without.
    pub vital: Vital,
    /// Set when shards hold no MO for its other segments any more.
    pub releasing: AtomicBool,
    /// Shards that have let go of what they held.
    pub released: AtomicUsize,
    /// Set while accounts wind down.
    pub stopping: AtomicBool,
    /// Set while carriers wind down.
    pub stopping_carriers: AtomicBool,
    /// What a password is compared with when nobody has that name, so that it takes as long.
    pub nobody: Secret,
    /// Who tried to bind under a name that no account has.
    pub strangers: Strangers,
    /// Metrics and their text.
    pub registry: Registry,
    /// What is counted as a whole.
    pub metrics: EngineMetrics,
}

/// A part of what a shard holds.
#[derive(Debug)]
pub struct Part {
    /// Its records.
    pub batch: Batch,
    /// Whether it is the shard's last.
    pub is_last: bool,
}

/// A journal, and how it is watched.
#[derive(Clone)]
pub struct Kept {
    /// It.
    pub journal: Arc<dyn Store>,
    /// How far it has come.
    pub progress: Arc<Progress>,
    /// Where the engine's tasks watch that.
    pub relay: Relay,
    /// Octets of records that it was given.
    pub octets: Arc<AtomicU64>,
    /// Held by a reload from when it writes down places until all see them.
    pub places: Arc<Mutex<()>>,
    /// Octets of records that were read from it at the start, behind the checkpoint.
    pub replayed: u64,
    /// Set while a checkpoint is being written.
    pub is_at_checkpoint: Arc<AtomicBool>,
    /// The same where it is one in files.
    pub files: Option<Arc<FileJournal>>,
    /// Where texts go that are not to be in memory.
    pub spill: Option<Arc<Spill>>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.progress.fmt(f)
    }
}

/// Which shards know an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keeper {
    /// Any: it is a submit_multi's, whose messages are where their handsets' are.
    All,
    /// The one that gave it.
    Shard(usize),
}

impl Shared {
    /// What is in force now.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// The carrier at this place, as it is now.
    #[must_use]
    pub fn carrier(&self, index: u32) -> Option<Arc<Carrier>> {
        self.world.load().carriers.get(index as usize).cloned()
    }

    /// Puts a newer world in its place; whether there was one.
    #[inline]
    pub fn refresh(&self, world: &mut Arc<World>) -> bool {
        if self.generation.load(Ordering::Acquire) == world.generation {
            return false;
        }
        *world = self.world();
        true
    }

    /// Puts this world in force; the one before.
    pub fn replace(&self, world: Arc<World>) -> Arc<World> {
        let generation = world.generation;
        let before = self.world.swap(world);
        self.generation.store(generation, Ordering::Release);
        before
    }

    /// The shard that owns everything about a handset's number: told by the digits that every way
    /// of writing it shares.
    #[must_use]
    pub fn shard_of(&self, number: &[u8]) -> usize {
        use std::hash::{BuildHasher, Hasher};
        if self.shards.len() == 1 {
            return 0;
        }
        let mut hasher = foldhash::fast::FixedState::default().build_hasher();
        hasher.write(tail(number));
        (hasher.finish() % self.shards.len() as u64) as usize
    }

    /// What one owner holds back until the journal has it; `None` where nothing is written down.
    #[must_use]
    pub fn gate<A>(&self) -> Option<Gate<A>> {
        let Kept { journal, relay, octets, .. } = self.journal.as_ref()?;
        // There are more places than shards and carriers may be.
        let watcher = relay.watch()?;
        let journal = Arc::clone(journal) as Arc<dyn Journal>;
        Some(Gate::new(journal, watcher, Arc::clone(octets)))
    }

    /// Asks everybody what is sent and not answered: the number of the question, and the carriers
    /// whose dispatchers are to tell first that they have (`told_sent`).
    #[must_use]
    pub fn ask_what_is_sent(&self) -> (u64, Vec<Arc<Carrier>>) {
        let asked = self.checkpoint.fetch_add(1, Ordering::AcqRel) + 1;
        let carriers = self.world().carriers.clone();
        carriers.iter().for_each(|carrier| carrier.dispatcher.wake());
        (asked, carriers)
    }

    /// Who knows an id; its messages may be gone.
    #[must_use]
    pub fn keeper_of(&self, id: MessageId) -> Option<Keeper> {
        let Some(beyond_first) = id.counter().checked_sub(self.ids_from) else {
            let may_be = self.has_earlier.load(Ordering::Relaxed) && id.node() == self.node_id;
            return may_be.then_some(Keeper::All);
        };
        let shard = beyond_first.checked_rem(id_step(self.shards.len()))? as usize;
        let keeper = if shard < self.shards.len() { Keeper::Shard(shard) } else { Keeper::All };
        (id.node() == self.node_id).then_some(keeper)
    }

    /// An id for all messages of one submit_multi: none that a shard gives.
    #[must_use]
    pub fn multi_id(&self) -> MessageId {
        let number = self.multi_ids.fetch_add(1, Ordering::Relaxed);
        let shards = self.shards.len();
        let counter = self.ids_from + shards as u64 + number * id_step(shards);
        MessageId::new(self.node_id, counter)
    }

    /// Waits until a text cannot be read that is not in memory.
    pub async fn lost_text(&self) {
        match self.journal.as_ref().and_then(|kept| kept.spill.as_ref()) {
            Some(spill) => spill.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Messages accepted that their carrier has not answered.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.world.load().accounts.iter().map(|account| account.queued.used() as usize).sum()
    }

    /// Whether it takes no more messages.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether it sends no more messages.
    #[must_use]
    pub fn is_stopping_carriers(&self) -> bool {
        self.stopping_carriers.load(Ordering::Relaxed)
    }
}
