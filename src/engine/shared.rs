//! What every part of a running engine sees: accounts, carriers, routes and the queues between
//! owners.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use dashmap::DashMap;

use super::account_record::AccountRecord;
use super::batches::Batches;
use super::bind_record::BindRecord;
use super::handles::{AccountHandle, CarrierHandle, LinkHandle};
use super::leases::Leases;
use super::quota::Quota;
use super::settings::{self, Secret, Settings};
use super::shard::{Cancellation, Delivery, SegmentResult, Submission};
use crate::link::Clock;
use crate::message::class::TrafficClass;
use crate::message::dialect::Dialect;
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::message::translation::Form;
use crate::mo::{MoMessage, Owner, Owners};
use crate::mt::egress::Outgoing;
use crate::mt::ingress::{Admission, Replacement};
use crate::mt::receipts::{CarrierReceipt, Reading, ReceiptStyle, tail};
use crate::mt::routing::{Action, Classes, Routes};
use crate::mt::segmentation::{Cutting, Writing, fits};
use crate::mt::throttle::Rate;
use crate::session;
use crate::telemetry::{AccountMetrics, CarrierMetrics, EngineMetrics, Registry};
use crate::wire::{CommandStatus, SequenceNumber};

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
    /// An account can take deliveries (again).
    AccountReady(u32),
}

/// What shards tell a dispatcher. What becomes of its binds it sees in [`Carrier::links`].
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
}

/// An account while the engine runs.
#[derive(Debug)]
pub struct Account {
    /// Its place in the settings.
    pub index: u32,
    /// Its settings.
    pub settings: settings::Account,
    /// What its messages must be.
    pub admission: Admission,
    /// How its receipts look.
    pub style: ReceiptStyle,
    /// How it writes what it does not write as we do.
    pub form: Option<Form>,
    /// Its segments a second.
    pub rate: Rate,
    /// Its messages that are queued.
    pub queued: Quota,
    /// Sessions bound to receive.
    pub receivers: ArcSwap<Vec<Arc<AccountHandle>>>,
    /// Deliveries that wait in shards.
    pub backlog: AtomicIsize,
    /// Set while deliveries wait in a shard because no session had room.
    pub starving: AtomicBool,
    /// Its sessions, and what happened to them.
    pub record: AccountRecord,
    /// What is counted.
    pub metrics: Arc<AccountMetrics>,
}

/// A carrier while the engine runs.
#[derive(Debug)]
pub struct Carrier {
    /// Its place in the settings.
    pub index: u32,
    /// Its settings.
    pub settings: settings::Carrier,
    /// How it wants long messages.
    pub cutting: Cutting,
    /// How it wants segments written.
    pub writing: Writing,
    /// How its receipts are read.
    pub reading: Reading,
    /// How it writes what it does not write as we do.
    pub form: Option<Form>,
    /// Messages queued for it.
    pub queued: Quota,
    /// Its dispatcher.
    pub dispatcher: Batches<ToDispatcher>,
    /// Its sessions bound to transmit, each at the place of its bind.
    pub links: Vec<ArcSwapOption<CarrierHandle>>,
    /// Counts changes of `links`.
    pub links_changed: AtomicU32,
    /// How many sessions are bound to transmit and not held.
    pub binds: AtomicU32,
    /// How each bind stands, and what happened to it.
    pub records: Vec<Arc<BindRecord>>,
    /// What is counted.
    pub metrics: CarrierMetrics,
}

/// The engine's shared state.
#[derive(Debug)]
pub struct Shared {
    /// The clocks.
    pub clock: Clock,
    /// The settings it was started with.
    pub settings: Settings,
    /// Accounts by place.
    pub accounts: Vec<Arc<Account>>,
    /// Accounts by system_id.
    pub by_system_id: HashMap<String, Arc<Account>>,
    /// How many sessions each system_id has bound.
    pub bound: DashMap<u32, u32, foldhash::fast::FixedState>,
    /// Carriers by place.
    pub carriers: Vec<Arc<Carrier>>,
    /// Routes.
    pub routes: Routes,
    /// Classes of numbers.
    pub classes: Classes,
    /// Owners of numbers.
    pub owners: Owners,
    /// The counter of the first id that this process gives; each shard takes every n-th from there.
    pub ids_from: u64,
    /// Shards' queues.
    pub shards: Vec<Batches<ToShard>>,
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
    /// Metrics and their text.
    pub registry: Registry,
    /// What is counted as a whole.
    pub metrics: EngineMetrics,
}

impl Shared {
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

    /// The shard that gave this id, if one of this process did; its message may be gone.
    #[must_use]
    pub fn shard_of_id(&self, id: MessageId) -> Option<usize> {
        let beyond_first = id.counter().checked_sub(self.ids_from)?;
        let shard = beyond_first.checked_rem(self.shards.len() as u64)?;
        (id.node() == self.settings.node.id).then_some(shard as usize)
    }

    /// Of the carriers that a message may take, in its lane's order, the first that is up and whose
    /// queue has room; the first with room when none is up: its messages wait. `leases` are the
    /// link's.
    ///
    /// # Errors
    /// ESME_RINVDSTADR when there is no way for it, ESME_RMSGQFUL when no queue has room.
    pub fn choose(
        &self,
        account: &Account,
        source: &[u8],
        destination: &[u8],
        leases: &Leases,
    ) -> Result<&Arc<Carrier>, CommandStatus> {
        let class = self.class_of(account, source);
        let found = self.routes.find(account.index, class, source, destination);
        let Some(Action::Send(way)) = found.map(|found| found.action) else {
            return Err(CommandStatus::ESME_RINVDSTADR);
        };
        let carriers = self.routes.carriers(way, account.index, source, destination);
        let mut roomy = None;
        let mut any = false;
        for carrier in carriers.filter_map(|index| self.carriers.get(index as usize)) {
            any = true;
            if leases.has_room(carrier) {
                if carrier.binds.load(Ordering::Relaxed) > 0 {
                    return Ok(carrier);
                }
                roomy = roomy.or(Some(carrier));
            }
        }
        let status = match any {
            true => CommandStatus::ESME_RMSGQFUL,
            false => CommandStatus::ESME_RINVDSTADR,
        };
        roomy.ok_or(status)
    }

    /// Another carrier that a queued message may take, the first in its lane's order that is up,
    /// has room, and can take it as it was planned.
    #[must_use]
    pub fn elsewhere(&self, message: &Message, from: u32) -> Option<&Arc<Carrier>> {
        let account = self.accounts.get(message.account as usize)?;
        let (source, destination) = (message.source.octets(), message.destination.octets());
        let class = self.class_of(account, source);
        let found = self.routes.find(account.index, class, source, destination)?;
        let Action::Send(way) = found.action else { return None };
        let carriers = self.routes.carriers(way, account.index, source, destination);
        let takes = |carrier: &&Arc<Carrier>| {
            let up = carrier.index != from && carrier.binds.load(Ordering::Relaxed) > 0;
            up && !carrier.queued.is_full() && fits(message, carrier.cutting)
        };
        carriers.filter_map(|index| self.carriers.get(index as usize)).find(takes)
    }

    /// Why a message of this account and sender is sent: its number says it, or the account.
    #[must_use]
    pub fn class_of(&self, account: &Account, sender: &[u8]) -> TrafficClass {
        self.classes.of(sender).unwrap_or(account.settings.class)
    }

    /// Messages accepted that their carrier has not answered.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.accounts.iter().map(|account| account.queued.used() as usize).sum()
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

impl Carrier {
    /// Enters or, with `None`, takes out the session of a bind, and tells the dispatcher.
    pub fn set_link(&self, bind: u32, handle: Option<Arc<CarrierHandle>>) {
        let Some(link) = self.links.get(bind as usize) else { return };
        let sends = |handle: &Arc<CarrierHandle>| !handle.is_held();
        let stands = handle.as_ref().is_some_and(sends);
        let stood = link.swap(handle).as_ref().is_some_and(sends);
        self.count_bind(stood, stands);
    }

    /// Holds messages back from a session, or lets them go to it again.
    pub fn hold_link(&self, handle: &CarrierHandle, held: bool) {
        let was_held = handle.held.swap(held, Ordering::Relaxed);
        self.count_bind(!was_held, !held);
    }

    fn count_bind(&self, stood: bool, stands: bool) {
        match (stood, stands) {
            (false, true) => self.binds.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.binds.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        self.links_changed.fetch_add(1, Ordering::Release);
        self.dispatcher.wake();
    }
}

impl Account {
    /// Enters a session that can receive.
    pub fn add_receiver(&self, handle: &Arc<AccountHandle>) {
        self.receivers.rcu(|receivers| {
            let mut receivers = Vec::clone(receivers);
            receivers.push(Arc::clone(handle));
            receivers
        });
    }

    /// Takes it out.
    pub fn remove_receiver(&self, handle: &Arc<AccountHandle>) {
        self.receivers.rcu(|receivers| {
            let mut receivers = Vec::clone(receivers);
            receivers.retain(|other| !Arc::ptr_eq(other, handle));
            receivers
        });
    }
}

/// What a session with this carrier is told. It is never unbound for being idle: that is for
/// accounts, whose places are few.
#[must_use]
pub fn carrier_session(shared: &Shared, carrier: &Carrier) -> session::Settings {
    let settings = &carrier.settings;
    session::Settings {
        window_max: settings.window_max as usize,
        inactivity: None,
        ..session_settings(&shared.settings, &settings.timers, &settings.dialect)
    }
}

/// What a session of these timers and dialect is told; the engine's own where they say nothing.
#[must_use]
pub fn session_settings(
    settings: &Settings,
    timers: &settings::Timers,
    dialect: &Dialect,
) -> session::Settings {
    let millis = |ms: u32| Duration::from_millis(u64::from(ms));
    session::Settings {
        max_pdu_bytes: settings.smpp.max_pdu_bytes as usize,
        rules: dialect.rules(),
        session_init: millis(timers.session_init_ms),
        enquire_link: match timers.enquire_link_ms {
            0 => NEVER,
            ms => millis(ms),
        },
        inactivity: match timers.inactivity_ms {
            0 => None,
            ms => Some(millis(ms)),
        },
        response_timeout: millis(timers.response_timeout_ms),
        drain: millis(settings.node.drain_ms),
        ..session::Settings::default()
    }
}

/// A time no process lives to see.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
