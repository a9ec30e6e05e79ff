//! How an engine stands at one moment, for who looks at it.
//!
//! It is put together from the metrics' text and the shared handles when somebody asks; messages
//! pay nothing for it.

use std::sync::Arc;

use super::connector::sessions;
use super::shared::Shared;
use super::world::Carrier;
use crate::message::state::MessageState;
use crate::telemetry::{Reading, names};

/// The figures of one moment; those of messages count from the start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// Accounts with at least one session bound.
    pub accounts: u64,
    /// Sessions they have bound.
    pub sessions: u64,
    /// Messages accepted.
    pub accepted: u64,
    /// Messages refused at submit.
    pub refused: u64,
    /// Messages that ended, by state; states without any are left out.
    pub ended: Vec<(MessageState, u64)>,
    /// Receipts that accounts have taken.
    pub receipts: u64,
    /// Messages accepted that their carrier has not answered.
    pub queued: u64,
    /// Messages sent that await their receipt.
    pub awaiting_receipt: u64,
    /// Receipts and MO that wait for an account.
    pub waiting: u64,
    /// Conversations that are held with handsets.
    pub conversations: u64,
    /// Carriers, in the order of the settings.
    pub carriers: Vec<CarrierSnapshot>,
}

/// One carrier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CarrierSnapshot {
    /// Its name.
    pub name: String,
    /// How it is to be reached.
    pub state: CarrierState,
    /// Sessions bound.
    pub binds_up: u64,
    /// Sessions it should have.
    pub binds: u64,
    /// Messages that wait at its dispatcher.
    pub waiting: u64,
    /// Segments sent and unanswered.
    pub in_flight: u64,
}

/// Whether a carrier takes messages; the worse first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum CarrierState {
    /// No session is bound.
    Down,
    /// Each session that could send was told to slow down, or is paused by its operator.
    Paused,
    /// Some sessions are not bound.
    Partly,
    /// All are.
    Up,
}

impl CarrierState {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Paused => "paused",
            Self::Partly => "partly",
            Self::Up => "up",
        }
    }
}

/// Where snapshots come from, for as long as the engine runs.
#[derive(Clone, Debug)]
pub struct Snapshots {
    pub(super) shared: Arc<Shared>,
}

impl Snapshots {
    /// How the engine stands now.
    #[must_use]
    pub fn take(&self) -> Snapshot {
        let shared = &self.shared;
        let world = shared.world();
        let carriers = world.carriers.iter().filter(|carrier| !carrier.is_removed);
        let reading = Reading::of(shared.registry.render());
        let total = |name| whole(reading.total(name));
        let bound = || shared.bound.iter().map(|bound| u64::from(*bound)).filter(|&one| one > 0);
        let ended = MessageState::NAMED.iter().filter_map(|state| {
            let ended = whole(reading.labelled(names::ENDED, &[("state", state.name()?)]));
            (ended > 0).then_some((*state, ended))
        });
        Snapshot {
            accounts: bound().count() as u64,
            sessions: bound().sum(),
            accepted: total(names::ACCEPTED),
            refused: total(names::REFUSED),
            ended: ended.collect(),
            receipts: total(names::RECEIPTS_OUT),
            queued: shared.queued() as u64,
            awaiting_receipt: total(names::AWAITING_RECEIPT),
            waiting: total(names::DELIVERIES_WAITING),
            conversations: total(names::TALKS),
            carriers: carriers.map(|one| self.carrier(one, &reading)).collect(),
        }
    }

    fn carrier(&self, carrier: &Carrier, reading: &Reading) -> CarrierSnapshot {
        let name = &carrier.settings.name;
        let own = |metric: &str| reading.labelled(metric, &[("carrier", name)]);
        // What was sent was answered in time, is in doubt, or is in flight still.
        let answered = own(&format!("{}_count", names::RESPONSE_SECONDS));
        let in_flight = own(names::SEGMENTS_SENT) - answered - own(names::SEGMENTS_IN_DOUBT);
        let binds = u64::from(sessions(carrier.settings.bind, carrier.settings.binds));
        let binds_up = whole(own(names::CARRIER_BINDS));
        let now = self.shared.clock.now().monotonic;
        let links = carrier.links.load();
        let mut senders = links.iter().filter_map(|link| link.load_full()).peekable();
        let sends = senders.peek().is_some();
        let state = match () {
            () if binds_up == 0 => CarrierState::Down,
            () if sends && senders.all(|link| link.is_throttled(now) || link.is_held()) => {
                CarrierState::Paused
            }
            () if binds_up < binds => CarrierState::Partly,
            () => CarrierState::Up,
        };
        CarrierSnapshot {
            name: name.clone(),
            state,
            binds_up,
            binds,
            waiting: whole(own(names::CARRIER_WAITING)),
            in_flight: whole(in_flight),
        }
    }
}

/// A figure that counts things; counters read one after the other may disagree by a few.
fn whole(figure: f64) -> u64 {
    figure.max(0.0) as u64
}
