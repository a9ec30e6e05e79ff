//! What the engine has been told, as one value that a reload replaces, and what of it goes on.
//!
//! ```text
//!   World 7 --accounts--> Account (settings) --+
//!   World 8 --accounts--> Account (settings) --+--state--> AccountState (sessions, quota, counts)
//! ```
//!
//! A reload makes a new [`World`] beside the old one and puts it in its place. Each owner keeps the
//! world it works with and looks once a wake-up whether there is a newer one
//! ([`Shared::refresh`](super::shared::Shared::refresh)), so a message costs nothing more for it,
//! and what one wake-up does it does by one configuration.
//!
//! The place of an account or a carrier is its identity: messages, queues and metrics name it by
//! that. It keeps its place over reloads, new ones are appended, and one that is taken out leaves
//! its place behind, marked as removed, for what is still under way.

mod links;
mod replies;
mod texts;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Semaphore;

use super::account_record::AccountRecord;
use super::batches::Batches;
use super::bind_record::BindRecord;
use super::connector::kind_of;
use super::handles::{AccountHandle, CarrierHandle};
use super::leases::Leases;
use super::quota::Quota;
use super::settings::{self, Settings};
use super::shard::Stays;
use super::shared::ToDispatcher;
use super::starving::Starving;
use crate::link::tls::{ConnectorTls, ListenerTls};
use crate::message::class::TrafficClass;
use crate::message::dialect::Dialect;
use crate::message::envelope::Message;
use crate::message::translation::Form;
use crate::mo::Owners;
use crate::mt::carried::Carried;
use crate::mt::egress::SlowedNumber;
use crate::mt::ingress::{Admission, Languages, Recoding};
use crate::mt::policy::Policies;
use crate::mt::pools::Pools;
use crate::mt::receipts::{Reading, ReceiptStyle};
use crate::mt::routing::{Action, Classes, Found, Routes, Traits};
use crate::mt::segmentation::{Cutting, Writing, addresses_fit, can_be_marked, fits};
use crate::mt::throttle::Rate;
use crate::planted::{Bug, is_planted};
use crate::session;
use crate::telemetry::{AccountMetrics, CarrierMetrics};
use crate::wire::CommandStatus;

/// The place of each number that has, or had, a rate of its own, by its address.
pub type NumberPlaces = HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>;

/// By how much a window is exceeded where that is planted.
const MORE: usize = 3;

/// What the engine has been told.
#[derive(Debug)]
pub struct World {
    /// Counts worlds from 0.
    pub generation: u64,
    /// The settings it was made of.
    pub settings: Settings,
    /// Accounts by place, removed ones among them.
    pub accounts: Vec<Arc<Account>>,
    /// Accounts that may bind, by system_id.
    pub by_system_id: HashMap<String, Arc<Account>>,
    /// Carriers by place, removed ones among them.
    pub carriers: Vec<Arc<Carrier>>,
    /// Routes.
    pub routes: Arc<Routes>,
    /// What each route makes of texts, in the order of the settings; empty when all keep them.
    pub recodings: Box<[(Option<Recoding>, Languages)]>,
    /// Whether each route keeps its messages in strict order; empty when none does.
    pub strict: Box<[bool]>,
    /// Classes of numbers.
    pub classes: Classes,
    /// Rates of numbers by place, those that have none any more among them.
    pub number_rates: Vec<Arc<Rate>>,
    /// The place of each number that has or had a rate.
    pub number_places: NumberPlaces,
    /// Senders that stand for one of several numbers.
    pub pools: Pools,
    /// What is asked of marketing; `None` is nothing.
    pub policies: Option<Arc<Policies>>,
    /// Owners of numbers.
    pub owners: Owners,
    /// The certificate of the SMPP listener.
    pub tls: Option<ListenerTls>,
}

/// An account as it is now. What goes on over reloads is its [`AccountState`].
#[derive(Debug)]
pub struct Account {
    /// Its place.
    pub index: u32,
    /// Whether it is in the settings no more.
    pub is_removed: bool,
    /// Its settings, the last it had.
    pub settings: settings::Account,
    /// What its messages must be.
    pub admission: Admission,
    /// How its receipts look.
    pub style: ReceiptStyle,
    /// How it writes what it does not write as we do.
    pub form: Option<Form>,
    /// What goes on.
    pub state: Arc<AccountState>,
}

/// What of an account goes on over reloads.
#[derive(Debug)]
pub struct AccountState {
    /// Its segments a second.
    pub rate: Rate,
    /// Its messages that are queued.
    pub queued: Quota,
    /// Their octets.
    pub queued_octets: Quota,
    /// Sessions bound to receive.
    pub receivers: ArcSwap<Vec<Arc<AccountHandle>>>,
    /// Deliveries that wait in shards.
    pub backlog: AtomicIsize,
    /// Set while deliveries wait in a shard because no session had room.
    pub starving: Starving,
    /// Its sessions, and what happened to them.
    pub record: AccountRecord,
    /// What is counted.
    pub metrics: Arc<AccountMetrics>,
}

/// A carrier as it is now. What goes on over reloads is its [`CarrierState`].
#[derive(Debug)]
pub struct Carrier {
    /// Its place.
    pub index: u32,
    /// Whether it is in the settings no more.
    pub is_removed: bool,
    /// Its settings, the last it had.
    pub settings: settings::Carrier,
    /// How it wants long messages.
    pub cutting: Cutting,
    /// How it wants segments written.
    pub writing: Writing,
    /// How its receipts are read.
    pub reading: Reading,
    /// How it writes what it does not write as we do.
    pub form: Option<Form>,
    /// How connections to it are secured.
    pub tls: Option<ConnectorTls>,
    /// What goes on.
    pub state: Arc<CarrierState>,
}

/// What of a carrier goes on over reloads.
#[derive(Debug)]
pub struct CarrierState {
    /// Messages queued for it.
    pub queued: Quota,
    /// Its dispatcher.
    pub dispatcher: Batches<ToDispatcher>,
    /// Its sessions bound to transmit, each at the place of its bind: as many places as it ever had
    /// binds.
    pub links: ArcSwap<Vec<Arc<LinkPlace>>>,
    /// Counts changes of `links`.
    pub links_changed: AtomicU32,
    /// How each bind stands, and what happened to it, at the same places.
    pub records: ArcSwap<Vec<Arc<BindRecord>>>,
    /// How many sessions are bound to transmit and not held.
    pub binds: AtomicU32,
    /// Held by the bind that makes way for a new configuration, until it stands again: the others
    /// carry the traffic meanwhile.
    pub rebinding: Arc<Semaphore>,
    /// How often its dispatcher has told shards what it is about to send, see
    /// [`super::checkpointer`].
    pub told_sent: AtomicU64,
    /// Whether what it has taught holds something of what is sent to it back.
    pub is_paced: AtomicBool,
    /// The numbers that it has slowed, as of a second ago at most.
    pub slowed: ArcSwap<SlowedNumbers>,
    /// Sessions that take nothing more and may have answers due.
    pub leaving: Mutex<Vec<Arc<CarrierHandle>>>,
    /// What is counted.
    pub metrics: CarrierMetrics,
}

/// Numbers that a carrier has slowed.
#[derive(Debug, Default)]
pub struct SlowedNumbers {
    /// How many.
    pub count: usize,
    /// Some of them, those for which the most waits.
    pub worst: Vec<SlowedNumber>,
}

/// Where the session of one bind stands while it is bound to transmit.
pub type LinkPlace = ArcSwapOption<CarrierHandle>;

/// The way of a message.
#[derive(Debug)]
pub struct Chosen<'a> {
    /// The carrier it is for.
    pub carrier: &'a Arc<Carrier>,
    /// How it is cut.
    pub cutting: Cutting,
    /// Whether it waits until the one before it was taken.
    pub strict_order: bool,
}

impl World {
    /// Of the carriers that a message may take, in its lane's order, the first that takes its
    /// addresses, is up and whose queue has room; the first with room when none is up: its messages
    /// wait. With it, what the route wants of the message. `wall` is the time at which routes are
    /// to be open, `leases` are the link's.
    ///
    /// # Errors
    /// ESME_RINVDSTADR when there is no way for it, that or ESME_RINVSRCADR when an address is too
    /// long for every carrier, ESME_RMSGQFUL when no queue has room.
    pub fn choose(
        &self,
        (account, class): (&Account, TrafficClass),
        source: &[u8],
        destination: &[u8],
        wall: Duration,
        leases: &Leases,
    ) -> Result<Chosen<'_>, CommandStatus> {
        let found = self.route((account, class), source, destination, wall);
        let Some((Action::Send(way), route)) = found.map(|found| (found.action, found.route))
        else {
            return Err(CommandStatus::ESME_RINVDSTADR);
        };
        let carriers = self.routes.carriers(way, account.index, source, destination);
        let mut roomy = None;
        let mut none = CommandStatus::ESME_RINVDSTADR;
        let mut any = false;
        for carrier in carriers.filter_map(|index| self.carriers.get(index as usize)) {
            if let Err(status) = takes_addresses(carrier, source, destination) {
                none = status;
                continue;
            }
            any = true;
            if leases.has_room(carrier) {
                if carrier.binds.load(Ordering::Relaxed) > 0 {
                    return Ok(self.chosen(carrier, route));
                }
                roomy = roomy.or(Some(carrier));
            }
        }
        let status = match any {
            true => CommandStatus::ESME_RMSGQFUL,
            false => none,
        };
        roomy.map(|carrier| self.chosen(carrier, route)).ok_or(status)
    }

    /// What a message is to be that goes by this route to this carrier.
    fn chosen<'a>(&self, carrier: &'a Arc<Carrier>, route: u32) -> Chosen<'a> {
        Chosen {
            carrier,
            cutting: self.cutting(carrier, route),
            strict_order: self.strict.get(route as usize).is_some_and(|strict| *strict),
        }
    }

    /// How a message is cut that goes by this route to this carrier.
    fn cutting(&self, carrier: &Carrier, route: u32) -> Cutting {
        match self.recodings.get(route as usize) {
            Some(&(recoding, languages)) => Cutting { recoding, languages, ..carrier.cutting },
            None => carrier.cutting,
        }
    }

    /// The route that a message takes by now.
    fn route_of<B: ?Sized>(&self, message: &Message<B>, wall: Duration) -> Option<Found<'_>> {
        let (sender, destination) = (message.source.octets(), message.destination.octets());
        // What the engine says is of no account.
        let (account, class) = (message.account, message.class);
        self.routes.find(Traits { account, class, sender, destination, wall })
    }

    fn route(
        &self,
        (account, class): (&Account, TrafficClass),
        sender: &[u8],
        destination: &[u8],
        wall: Duration,
    ) -> Option<Found<'_>> {
        self.routes.find(Traits { account: account.index, class, sender, destination, wall })
    }

    /// Another carrier that a queued message may take at this time of the wall clock, the first in
    /// its lane's order that is up, has room, and can take it as it was planned; it is `to` if that
    /// is given.
    ///
    /// # Errors
    /// Why there is none.
    pub fn elsewhere(
        &self,
        message: &Carried,
        from: u32,
        to: Option<u32>,
        wall: Duration,
    ) -> Result<&Arc<Carrier>, Stays> {
        let found = self.route_of(message, wall).ok_or(Stays::NoOther)?;
        let (source, destination) = (message.source.octets(), message.destination.octets());
        let Action::Send(way) = found.action else { return Err(Stays::NoOther) };
        let carriers = self.routes.carriers(way, message.account, source, destination);
        let wanted = |carrier: &&Arc<Carrier>| {
            carrier.index != from && to.is_none_or(|to| to == carrier.index)
        };
        let mut nearest = Stays::NoOther;
        for carrier in carriers.filter_map(|at| self.carriers.get(at as usize)).filter(wanted) {
            match takes(carrier, message) {
                Ok(()) => return Ok(carrier),
                Err(stays) => nearest = nearest.max(stays),
            }
        }
        Err(nearest)
    }

    /// The place of a sender that has a rate of its own.
    #[must_use]
    pub fn rated_number(&self, sender: &[u8]) -> Option<u32> {
        if self.number_places.is_empty() {
            return None;
        }
        self.number_places.get(sender).copied()
    }

    /// Why a message of this account and sender is sent: its number says it, or the account.
    #[must_use]
    pub fn class_of(&self, account: &Account, sender: &[u8]) -> TrafficClass {
        self.classes.of(sender).unwrap_or(account.settings.class)
    }
}

/// Whether a carrier takes addresses of this length.
fn takes_addresses(
    carrier: &Carrier,
    source: &[u8],
    destination: &[u8],
) -> Result<(), CommandStatus> {
    addresses_fit(source, destination, carrier.writing.address_octets_max)
}

/// Whether a carrier can take a message as it was planned, and marked, for another one.
fn takes_text(carrier: &Carrier, message: &Message) -> bool {
    fits(message, carrier.cutting) && can_be_marked(message, &carrier.writing)
}

/// Whether a carrier can take a message that was planned for another one, now.
fn takes(carrier: &Carrier, message: &Carried) -> Result<(), Stays> {
    let (source, destination) = (message.source.octets(), message.destination.octets());
    match () {
        () if carrier.binds.load(Ordering::Relaxed) == 0 => Err(Stays::Down),
        () if carrier.queued.is_full() => Err(Stays::Full),
        () if takes_addresses(carrier, source, destination).is_err() => Err(Stays::Unfit),
        () if !takes_text(carrier, &message.read()) => Err(Stays::Unfit),
        () => Ok(()),
    }
}

impl Deref for Account {
    type Target = AccountState;

    fn deref(&self) -> &AccountState {
        &self.state
    }
}

impl Deref for Carrier {
    type Target = CarrierState;

    fn deref(&self) -> &CarrierState {
        &self.state
    }
}

impl AccountState {
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

impl Carrier {
    /// How each bind stands that there is to be.
    #[must_use]
    pub fn bind_records(&self) -> Vec<Arc<BindRecord>> {
        let records = self.records.load();
        let wanted = (0..).zip(records.iter()).filter(|(bind, _)| self.kind_of(*bind).is_some());
        wanted.map(|(_, record)| Arc::clone(record)).collect()
    }

    /// Whether what it is given now is sent at once, as far as its queue and its binds tell.
    #[must_use]
    pub fn has_window(&self) -> bool {
        let window = self.binds.load(Ordering::Relaxed).saturating_mul(self.settings.window_max);
        let is_paced =
            self.settings.segments_per_second > 0 || self.is_paced.load(Ordering::Relaxed);
        !is_paced && self.queued.used() < window
    }

    /// What the session of this bind is for; `None` where there is to be none.
    #[must_use]
    pub fn kind_of(&self, bind: u32) -> Option<session::BindKind> {
        let kind = kind_of(self.settings.bind, self.settings.binds, bind);
        kind.filter(|_| !self.is_removed)
    }
}

/// What a session with this carrier is told. It is never unbound for being idle: that is for
/// accounts, whose places are few.
#[must_use]
pub fn carrier_session(engine: &Settings, carrier: &Carrier) -> session::Settings {
    let settings = &carrier.settings;
    session::Settings {
        window_max: settings.window_max as usize
            + usize::from(is_planted(Bug::WindowIgnored)) * MORE,
        inactivity: None,
        ..session_settings(engine, &settings.timers, &settings.dialect)
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
