//! Settings to what runs.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use tokio::sync::Semaphore;

use super::account_record::AccountRecord;
use super::batches::Batches;
use super::ground::Ground;
use super::quota::Quota;
use super::routes::{
    answering, brands, classes, has_same_routes, owners, places as places_of, policies, pools,
    recodings, routes, strict,
};
use super::settings::{self, Endpoint, Secret, Settings};
use super::shard::{CarrierRules, InDoubtPolicy, Limits, SHARDS_MAX};
use super::shared::{DISPATCHER_QUEUE, Kept, SHARD_QUEUE, Shared};
use super::starving::Starving;
use super::strangers::Strangers;
use super::vital::Vital;
use super::world::{Account, AccountState, Carrier, CarrierState, NumberPlaces, World};
use crate::link::tls::{ConnectorTls, ListenerTls, TlsError};
use crate::message::dialect::{AcceptedState, Dialect, IdFormat, UnknownState};
use crate::message::envelope::ServiceType;
use crate::message::translation::Form;
use crate::mo::reassembly;
use crate::mt::ingress::Admission;
use crate::mt::receipts::{Reading, ReceiptStyle};
use crate::mt::segmentation::{Cutting, Writing};
use crate::mt::throttle::Rate;
use crate::planted::{Bug, is_planted};
use crate::telemetry::{CarrierMetrics, EngineMetrics, Registry};
use crate::text::{DefaultAlphabet, Reference};
use crate::wire::TlvTag;

/// `interface_version` from which a peer knows TLVs (SMPP 3.4 §5.2.4).
const VERSION_WITH_TLVS: u8 = 0x34;

/// The shared state of an engine of these settings.
///
/// # Errors
/// When a certificate or key cannot be used.
pub fn shared(settings: Settings) -> Result<Shared, TlsError> {
    shared_with(settings, Ground::default(), &Places::default(), None)
}

/// The same of an engine that goes on where earlier processes ended: who had which place, the first
/// id that none of them gave, and where it writes down what it promises.
///
/// # Errors
/// As [`shared`].
pub fn shared_with(
    settings: Settings,
    ground: Ground,
    places: &Places<'_>,
    kept: Option<Kept>,
) -> Result<Shared, TlsError> {
    let registry = Registry::new();
    let shards = settings.node.shards_resolved().clamp(1, SHARDS_MAX);
    // Ids of this process begin at the present microsecond, above all that an earlier process of
    // this node can have given out: none accepts a million messages a second for its whole life.
    let wall = ground.clock.now().wall;
    let world = new_world(&registry, settings, None, places)?;
    Ok(Shared {
        ids_from: match is_planted(Bug::IdsReused) {
            true => 1,
            false => u64::try_from(wall.as_micros()).unwrap_or(0).max(places.ids_from),
        },
        node_id: world.settings.node.id,
        multi_ids: AtomicU64::new(0),
        checkpoint: AtomicU64::new(0),
        has_earlier: AtomicBool::new(kept.is_some()),
        journal: kept,
        clock: ground.clock,
        network: ground.network,
        seed: ground.seed,
        metrics: EngineMetrics::new(&registry),
        world: ArcSwap::from_pointee(world),
        generation: AtomicU64::new(0),
        bound: DashMap::default(),
        shards: std::iter::repeat_with(|| Batches::new(SHARD_QUEUE)).take(shards).collect(),
        vital: Vital::default(),
        releasing: AtomicBool::new(false),
        released: AtomicUsize::new(0),
        stopping: AtomicBool::new(false),
        stopping_carriers: AtomicBool::new(false),
        nobody: Secret::nobody(),
        strangers: Strangers::default(),
        registry,
    })
}

/// The world of these settings, behind the one `before`: who was there keeps its place and what
/// goes on of it, and what has not changed is used again. Nothing runs by it yet.
///
/// # Errors
/// When a certificate or key cannot be used.
pub fn world(
    registry: &Registry,
    settings: Settings,
    before: Option<&World>,
) -> Result<World, TlsError> {
    new_world(registry, settings, before, &Places::default())
}

/// Who had which place in earlier processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// Accounts, by place.
    pub accounts: &'a [String],
    /// Carriers, by place.
    pub carriers: &'a [String],
    /// A counter above that of every id given.
    pub ids_from: u64,
}

fn new_world(
    registry: &Registry,
    settings: Settings,
    before: Option<&World>,
    places: &Places<'_>,
) -> Result<World, TlsError> {
    let tls = listener_tls(&settings)?;
    // What can fail goes first: an account that is counted stays so.
    let carriers = carriers(registry, &settings, (before, places.carriers))?;
    let accounts = accounts(registry, &settings, (before, places.accounts));
    let present = accounts.iter().filter(|account| !account.is_removed);
    let by_system_id: HashMap<String, Arc<Account>> =
        present.map(|account| (account.settings.system_id.clone(), Arc::clone(account))).collect();
    let same_routes = before.filter(|before| has_same_routes(&before.settings, &settings));
    let routes = match same_routes {
        Some(before) => Arc::clone(&before.routes),
        None => {
            let of_accounts = accounts.iter().map(|one| one.settings.system_id.as_str());
            let of_carriers = carriers.iter().map(|one| one.settings.name.as_str());
            let (of_accounts, of_carriers) = (places_of(of_accounts), places_of(of_carriers));
            Arc::new(routes(&settings, &of_accounts, &of_carriers))
        }
    };
    let (number_places, number_rates) = number_rates(&settings, before);
    Ok(World {
        number_rates,
        number_places,
        generation: before.map_or(0, |before| before.generation + 1),
        recodings: recodings(&settings),
        strict: strict(&settings),
        classes: classes(&settings),
        pools: pools(&settings),
        policies: policies(&settings, &accounts, before),
        owners: owners(&settings, &by_system_id),
        accounts,
        by_system_id,
        carriers,
        routes,
        tls,
        settings,
    })
}

/// Accounts by place: those of before, or of an earlier process, keep theirs, whether they are
/// still there or not.
fn accounts(
    registry: &Registry,
    settings: &Settings,
    (before, named): (Option<&World>, &[String]),
) -> Vec<Arc<Account>> {
    let validity_max = Duration::from_secs(3600 * u64::from(settings.node.validity_max_hours));
    let known = before.map_or(&[][..], |before| &before.accounts);
    let wanted: HashMap<&str, &settings::Account> =
        settings.accounts.iter().map(|one| (one.system_id.as_str(), one)).collect();
    let again = |known: &Arc<Account>| {
        let wanted = wanted.get(known.settings.system_id.as_str()).copied();
        let same = match wanted {
            None => known.is_removed,
            Some(wanted) => {
                let alike = known.settings == *wanted && !known.is_removed;
                alike && known.admission.validity_max == validity_max
            }
        };
        if same {
            return Arc::clone(known);
        }
        let state = Arc::clone(&known.state);
        let settings = wanted.unwrap_or(&known.settings);
        let account = account(known.index, settings, validity_max, state);
        Arc::new(Account { is_removed: wanted.is_none(), ..account })
    };
    let mut accounts: Vec<Arc<Account>> = known.iter().map(again).collect();
    let mut add = |settings: &settings::Account, is_removed| {
        let at = accounts.len() as u32;
        let state = account_state(registry, settings);
        let account = account(at, settings, validity_max, Arc::new(state));
        accounts.push(Arc::new(Account { is_removed, ..account }));
    };
    for name in named {
        match wanted.get(name.as_str()) {
            Some(settings) => add(settings, false),
            None => add(&settings::Account::new(name, Secret::nobody()), true),
        }
    }
    let known = known.iter().map(|account| account.settings.system_id.as_str());
    let known: HashSet<&str> = known.chain(named.iter().map(String::as_str)).collect();
    for settings in settings.accounts.iter().filter(|one| !known.contains(one.system_id.as_str())) {
        add(settings, false);
    }
    accounts
}

fn account_state(registry: &Registry, settings: &settings::Account) -> AccountState {
    AccountState {
        rate: Rate::per_second(settings.segments_per_second),
        queued: Quota::new(settings.queue_max_messages),
        queued_octets: Quota::new(settings.queue_max_bytes),
        receivers: ArcSwap::default(),
        backlog: AtomicIsize::new(0),
        starving: Starving::default(),
        record: AccountRecord::default(),
        metrics: registry.account(&settings.system_id),
    }
}

fn account(
    at: u32,
    settings: &settings::Account,
    validity_max: Duration,
    state: Arc<AccountState>,
) -> Account {
    let dialect = &settings.dialect;
    Account {
        index: at,
        is_removed: false,
        admission: Admission {
            account: at,
            senders: settings.senders.clone(),
            validity_max,
            address_octets_max: usize::from(dialect.address_octets_max),
            class_tlv: (settings.class_tlv > 0).then_some(TlvTag(settings.class_tlv)),
        },
        style: ReceiptStyle {
            format: dialect.receipt_format,
            zone_minutes: dialect.receipt_zone_minutes,
            decimal_ids: dialect.message_id_format == IdFormat::Decimal,
            no_tlvs: false,
            zero: dialect.data_coding_0,
        },
        form: Form::of(dialect),
        settings: settings.clone(),
        state,
    }
}

/// Carriers by place, like accounts.
fn carriers(
    registry: &Registry,
    settings: &Settings,
    (before, named): (Option<&World>, &[String]),
) -> Result<Vec<Arc<Carrier>>, TlsError> {
    let known = before.map_or(&[][..], |before| &before.carriers);
    let wanted: HashMap<&str, &settings::Carrier> =
        settings.carriers.iter().map(|one| (one.name.as_str(), one)).collect();
    let again = |known: &Arc<Carrier>| {
        let wanted = wanted.get(known.settings.name.as_str()).copied();
        let same = match wanted {
            None => known.is_removed,
            // The files of certificates may have changed though their names have not.
            Some(wanted) => !known.is_removed && known.settings == *wanted && wanted.tls.is_none(),
        };
        if same {
            return Ok(Arc::clone(known));
        }
        let state = Arc::clone(&known.state);
        let carrier = match wanted {
            Some(wanted) => carrier(known.index, wanted, connector_tls(wanted)?, state),
            None => {
                let gone = carrier(known.index, &known.settings, None, state);
                Carrier { is_removed: true, ..gone }
            }
        };
        Ok(Arc::new(carrier))
    };
    let mut carriers: Vec<Arc<Carrier>> = known.iter().map(again).collect::<Result<_, _>>()?;
    let mut add = |settings: &settings::Carrier, is_removed| {
        let at = carriers.len() as u32;
        let state = Arc::new(carrier_state(registry, settings));
        let carrier = carrier(at, settings, connector_tls(settings)?, state);
        carriers.push(Arc::new(Carrier { is_removed, ..carrier }));
        Ok(())
    };
    for name in named {
        match wanted.get(name.as_str()) {
            Some(settings) => add(settings, false)?,
            None => add(&settings::Carrier::new(name, Endpoint::nowhere(), ""), true)?,
        }
    }
    let known = known.iter().map(|carrier| carrier.settings.name.as_str());
    let known: HashSet<&str> = known.chain(named.iter().map(String::as_str)).collect();
    for settings in settings.carriers.iter().filter(|one| !known.contains(one.name.as_str())) {
        add(settings, false)?;
    }
    Ok(carriers)
}

fn carrier_state(registry: &Registry, settings: &settings::Carrier) -> CarrierState {
    CarrierState {
        queued: Quota::new(settings.queue_max_messages),
        dispatcher: Batches::new(DISPATCHER_QUEUE),
        links: ArcSwap::default(),
        records: ArcSwap::default(),
        links_changed: AtomicU32::new(0),
        binds: AtomicU32::new(0),
        rebinding: Arc::new(Semaphore::new(1)),
        told_sent: AtomicU64::new(0),
        is_paced: AtomicBool::new(false),
        slowed: ArcSwap::default(),
        leaving: Mutex::default(),
        metrics: CarrierMetrics::new(registry, &settings.name),
    }
}

fn carrier(
    at: u32,
    settings: &settings::Carrier,
    tls: Option<ConnectorTls>,
    state: Arc<CarrierState>,
) -> Carrier {
    let dialect = &settings.dialect;
    Carrier {
        index: at,
        is_removed: false,
        cutting: cutting(dialect),
        writing: Writing {
            zero: zero(dialect),
            reference: dialect.segmentation,
            converts: dialect.convert_segments,
            reference_max: dialect.reference_max,
            esm_class_mode: dialect.esm_class_mode,
            esm_class_bits: dialect.esm_class_bits,
            priority_flag: dialect.priority_flag,
            service_type: ServiceType::new(dialect.service_type.as_bytes()),
            address_octets_max: usize::from(dialect.address_octets_max),
            no_tlvs: dialect.interface_version < VERSION_WITH_TLVS,
        },
        reading: Reading::of(at, dialect),
        form: Form::of(dialect),
        tls,
        settings: settings.clone(),
        state,
    }
}

fn listener_tls(settings: &Settings) -> Result<Option<ListenerTls>, TlsError> {
    let Some(tls) = &settings.smpp.tls else { return Ok(None) };
    ListenerTls::load(&tls.cert_file, &tls.key_file, tls.client_ca_file.as_deref()).map(Some)
}

fn connector_tls(carrier: &settings::Carrier) -> Result<Option<ConnectorTls>, TlsError> {
    let Some(tls) = &carrier.tls else { return Ok(None) };
    let name = tls.server_name.clone().unwrap_or_else(|| carrier.address.host.clone());
    let own = tls.cert_file.as_deref().zip(tls.key_file.as_deref());
    ConnectorTls::load(tls.ca_file.as_deref(), &name, own).map(Some)
}

/// The places of numbers with a rate, and their rates. One that had a place before keeps it, with
/// its rate as it is: a world that is not in force yet changes nothing that the one in force goes
/// by.
fn number_rates(settings: &Settings, before: Option<&World>) -> (NumberPlaces, Vec<Arc<Rate>>) {
    let (mut places, mut rates) = before.map_or_else(Default::default, |before| {
        (before.number_places.clone(), before.number_rates.clone())
    });
    for number in settings.numbers.iter().filter(|number| number.millionths_per_second > 0) {
        places.entry(number.address.as_bytes().into()).or_insert_with(|| {
            rates.push(Arc::new(Rate::even(number.millionths_per_second)));
            rates.len() as u32 - 1
        });
    }
    (places, rates)
}

/// How much longer than its response a receipt is waited with, at least.
const DOUBT_MARGIN: Duration = Duration::from_secs(1);

/// The limits of one of so many shards.
#[must_use]
pub fn shard_limits(world: &World) -> Limits {
    let settings = &world.settings;
    let shards = settings.node.shards_resolved().clamp(1, SHARDS_MAX);
    let node = &settings.node;
    let share = |limit: u32| (limit as usize).div_ceil(shards);
    let waiting = world.accounts.iter().map(|account| share(account.settings.receipts_waiting_max));
    let one_receipt = world
        .accounts
        .iter()
        .map(|account| account.settings.multipart_receipts == settings::MultipartReceipts::One);
    let multipart_state = world.accounts.iter().map(|account| account.settings.multipart_state);
    let millis = |ms: u32| Duration::from_millis(u64::from(ms));
    // A receipt whose response never comes is to be there when its message comes to be in doubt.
    let timers = settings.carriers.iter().map(|carrier| carrier.timers.response_timeout_ms);
    let doubt = millis(timers.max().unwrap_or(0)) + DOUBT_MARGIN;
    let parked_max_age = match node.receipt_parked_ms {
        0 => Duration::ZERO,
        ms => millis(ms).max(doubt),
    };
    Limits {
        queue_max: share(node.queue_max_messages),
        queue_octets_max: share(node.queue_max_bytes),
        here_octets_max: settings.store.here_octets_max().div_ceil(shards),
        correlations_max: share(node.correlations_max),
        correlation_max_age: Duration::from_secs(3600 * u64::from(node.correlation_hours)),
        parked_max: share(node.receipts_parked_max),
        parked_max_age,
        ended_max: share(node.ended_max_messages),
        waiting_max: waiting.collect(),
        one_receipt: one_receipt.collect(),
        multipart_state: multipart_state.collect(),
        reassembly: reassembly::Limits {
            messages_max: share(node.reassembly_max_messages),
            octets_max: share(node.reassembly_max_bytes),
            age_max: Duration::from_millis(u64::from(node.reassembly_max_age_ms)),
        },
        brands: Arc::new(brands(settings, &world.accounts)),
        answering: Arc::new(answering(settings)),
        conversations_max: share(node.conversations_max),
        policies: world.policies.clone(),
        ..Limits::default()
    }
}

/// What shards know of the carriers.
#[must_use]
pub fn carrier_rules(world: &World) -> Vec<CarrierRules> {
    let rules = |carrier: &settings::Carrier| CarrierRules {
        attempts_max: u16::try_from(carrier.attempts_max).unwrap_or(u16::MAX),
        in_doubt: match carrier.in_doubt {
            settings::InDoubt::Hold => InDoubtPolicy::Hold,
            settings::InDoubt::Resend => InDoubtPolicy::Resend,
            settings::InDoubt::WaitThenResend => InDoubtPolicy::WaitThenResend,
        },
        in_doubt_wait: Duration::from_millis(u64::from(carrier.in_doubt_wait_ms)),
        accepted_is_final: carrier.dialect.receipt_accepted == AcceptedState::Final,
        unanswered_per_destination: carrier.dialect.unanswered_per_destination,
        unknown_is_final: carrier.dialect.receipt_unknown == UnknownState::Final,
        query_after: Duration::from_millis(u64::from(carrier.query_after_ms)),
        receipt_segments: carrier.dialect.receipt_segments,
        receipt_segments_wait: Duration::from_millis(u64::from(
            carrier.dialect.receipt_segments_wait_ms,
        )),
        reference_max: match carrier.dialect.segmentation {
            Reference::Udh8 => carrier.dialect.reference_max.min(0xff),
            _ => carrier.dialect.reference_max,
        },
        cutting: cutting(&carrier.dialect),
    };
    world.carriers.iter().map(|carrier| rules(&carrier.settings)).collect()
}

/// How long messages to this carrier are cut.
fn cutting(dialect: &Dialect) -> Cutting {
    Cutting {
        zero: zero(dialect),
        reference: dialect.segmentation,
        encodings: dialect.encodings,
        ..Cutting::default()
    }
}

/// What `data_coding` 0 means in what is sent to this peer.
fn zero(dialect: &Dialect) -> DefaultAlphabet {
    match dialect.data_coding_gsm7 {
        0 => dialect.data_coding_0,
        // GSM 7-bit under a number of its own is what a text of data_coding 0 is sent as.
        _ => DefaultAlphabet::Gsm7,
    }
}
