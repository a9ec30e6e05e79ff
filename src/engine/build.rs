//! Settings to what runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicUsize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use dashmap::DashMap;

use super::account_record::AccountRecord;
use super::batches::Batches;
use super::bind_record::BindRecord;
use super::connector::sessions;
use super::quota::Quota;
use super::routes::{classes, routes};
use super::settings::{self, Secret, Settings};
use super::shard::{CarrierRules, InDoubtPolicy, Limits, SHARDS_MAX};
use super::shared::{Account, Carrier, DISPATCHER_QUEUE, SHARD_QUEUE, Shared};
use crate::link::Clock;
use crate::message::dialect::{AcceptedState, Dialect, IdFormat, UnknownState};
use crate::message::envelope::ServiceType;
use crate::message::translation::Form;
use crate::mo::{Owner, Owners, Recipient, reassembly};
use crate::mt::ingress::Admission;
use crate::mt::receipts::{Notations, Reading, ReceiptStyle};
use crate::mt::segmentation::{Cutting, Writing};
use crate::mt::throttle::Rate;
use crate::telemetry::{CarrierMetrics, EngineMetrics, Registry};
use crate::text::{DefaultAlphabet, Reference};

/// `interface_version` from which a peer knows TLVs (SMPP 3.4 §5.2.4).
const VERSION_WITH_TLVS: u8 = 0x34;

/// The shared state of an engine of these settings.
#[must_use]
pub fn shared(settings: Settings) -> Shared {
    let registry = Registry::new();
    let validity_max = Duration::from_secs(3600 * u64::from(settings.node.validity_max_hours));
    let accounts: Vec<Arc<Account>> = settings
        .accounts
        .iter()
        .enumerate()
        .map(|(at, account)| Arc::new(self::account(&registry, at, account, validity_max)))
        .collect();
    let carriers: Vec<Arc<Carrier>> = settings
        .carriers
        .iter()
        .enumerate()
        .map(|(at, carrier)| Arc::new(self::carrier(&registry, at, carrier)))
        .collect();
    let places: HashMap<&str, u32> = accounts
        .iter()
        .map(|account| (account.settings.system_id.as_str(), account.index))
        .collect();
    let routes = routes(&settings);
    let owners = owners(&settings, &places);
    let classes = classes(&settings);
    let shards = settings.node.shards_resolved().clamp(1, SHARDS_MAX);
    let by_system_id = accounts
        .iter()
        .map(|account| (account.settings.system_id.clone(), Arc::clone(account)))
        .collect();
    // Ids of this process begin at the present microsecond, above all that an earlier process of
    // this node can have given out: none accepts a million messages a second for its whole life.
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Shared {
        ids_from: u64::try_from(wall.as_micros()).unwrap_or(0),
        clock: Clock::start(),
        metrics: EngineMetrics::new(&registry),
        accounts,
        by_system_id,
        bound: DashMap::default(),
        carriers,
        routes,
        classes,
        owners,
        shards: std::iter::repeat_with(|| Batches::new(SHARD_QUEUE)).take(shards).collect(),
        releasing: AtomicBool::new(false),
        released: AtomicUsize::new(0),
        stopping: AtomicBool::new(false),
        stopping_carriers: AtomicBool::new(false),
        nobody: Secret::nobody(),
        registry,
        settings,
    }
}

fn account(
    registry: &Registry,
    at: usize,
    settings: &settings::Account,
    validity_max: Duration,
) -> Account {
    let dialect = &settings.dialect;
    Account {
        index: at as u32,
        admission: Admission {
            account: at as u32,
            senders: settings.senders.clone(),
            validity_max,
        },
        style: ReceiptStyle {
            format: dialect.receipt_format,
            zone_minutes: dialect.receipt_zone_minutes,
            decimal_ids: dialect.message_id_format == IdFormat::Decimal,
            no_tlvs: false,
        },
        form: Form::of(dialect),
        rate: Rate::per_second(settings.segments_per_second),
        queued: Quota::new(settings.queue_max_messages),
        receivers: ArcSwap::default(),
        backlog: AtomicIsize::new(0),
        starving: AtomicBool::new(false),
        record: AccountRecord::default(),
        metrics: registry.account(&settings.system_id),
        settings: settings.clone(),
    }
}

fn carrier(registry: &Registry, at: usize, settings: &settings::Carrier) -> Carrier {
    let dialect = &settings.dialect;
    let kinds = sessions(settings.bind, settings.binds);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let record = |kind| Arc::new(BindRecord::new(kind, wall));
    Carrier {
        index: at as u32,
        cutting: cutting(dialect),
        writing: Writing {
            reference: dialect.segmentation,
            reference_max: dialect.reference_max,
            esm_class_mode: dialect.esm_class_mode,
            service_type: ServiceType::new(dialect.service_type.as_bytes()),
            no_tlvs: dialect.interface_version < VERSION_WITH_TLVS,
        },
        reading: Reading {
            carrier: at as u32,
            notations: Notations {
                response: dialect.message_id_response,
                receipt: dialect.message_id_receipt,
            },
            zone_minutes: dialect.receipt_zone_minutes,
            unmarked: dialect.receipt_without_esm_class,
        },
        form: Form::of(dialect),
        queued: Quota::new(settings.queue_max_messages),
        dispatcher: Batches::new(DISPATCHER_QUEUE),
        links: std::iter::repeat_with(ArcSwapOption::empty).take(kinds.len()).collect(),
        links_changed: AtomicU32::new(0),
        binds: AtomicU32::new(0),
        records: kinds.into_iter().map(record).collect(),
        metrics: CarrierMetrics::new(registry, &settings.name),
        settings: settings.clone(),
    }
}

fn owners(settings: &Settings, accounts: &HashMap<&str, u32>) -> Owners {
    let recipient = |settings::Owner::Account(name): &settings::Owner| {
        let account = *accounts.get(name.as_str())?;
        let segments = settings.accounts.get(account as usize)?.dialect.mo_segments;
        Some(Recipient { account, segments })
    };
    let owner = |number: &settings::Number| {
        let words = number.keywords.iter().flat_map(|keyword| {
            let owner = recipient(&keyword.owner);
            keyword.words.iter().filter_map(move |word| Some((word.as_str(), owner?)))
        });
        Owner::shared(number.owner.as_ref().and_then(recipient), words)
    };
    let owned = |number: &&settings::Number| number.owner.is_some() || !number.keywords.is_empty();
    let owned = settings.numbers.iter().filter(owned);
    Owners::new(owned.map(|number| (number.address.clone(), owner(number))))
}

/// How much longer than its response a receipt is waited with, at least.
const DOUBT_MARGIN: Duration = Duration::from_secs(1);

/// The limits of one of so many shards.
#[must_use]
pub fn shard_limits(settings: &Settings) -> Limits {
    let shards = settings.node.shards_resolved().clamp(1, SHARDS_MAX);
    let node = &settings.node;
    let share = |limit: u32| (limit as usize).div_ceil(shards);
    let waiting = settings.accounts.iter().map(|account| share(account.receipts_waiting_max));
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
        correlations_max: share(node.correlations_max),
        correlation_max_age: Duration::from_secs(3600 * u64::from(node.correlation_hours)),
        parked_max: share(node.receipts_parked_max),
        parked_max_age,
        ended_max: share(node.ended_max_messages),
        waiting_max: waiting.collect(),
        reassembly: reassembly::Limits {
            messages_max: share(node.reassembly_max_messages),
            octets_max: share(node.reassembly_max_bytes),
            age_max: Duration::from_millis(u64::from(node.reassembly_max_age_ms)),
        },
        ..Limits::default()
    }
}

/// What shards know of the carriers.
#[must_use]
pub fn carrier_rules(settings: &Settings) -> Vec<CarrierRules> {
    let rules = |carrier: &settings::Carrier| CarrierRules {
        attempts_max: u16::try_from(carrier.attempts_max).unwrap_or(u16::MAX),
        in_doubt: match carrier.in_doubt {
            settings::InDoubt::Hold => InDoubtPolicy::Hold,
            settings::InDoubt::Resend => InDoubtPolicy::Resend,
            settings::InDoubt::WaitThenResend => InDoubtPolicy::WaitThenResend,
        },
        in_doubt_wait: Duration::from_millis(u64::from(carrier.in_doubt_wait_ms)),
        accepted_is_final: carrier.dialect.receipt_accepted == AcceptedState::Final,
        one_per_destination: carrier.dialect.one_per_destination,
        unknown_is_final: carrier.dialect.receipt_unknown == UnknownState::Final,
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
    settings.carriers.iter().map(rules).collect()
}

/// How long messages to this carrier are cut.
fn cutting(dialect: &Dialect) -> Cutting {
    Cutting { zero: zero(dialect), reference: dialect.segmentation }
}

/// What `data_coding` 0 means in what is sent to this peer, and in what it sends.
fn zero(dialect: &Dialect) -> DefaultAlphabet {
    match dialect.data_coding_gsm7 {
        0 => dialect.data_coding_0,
        // GSM 7-bit under a number of its own is what a text of data_coding 0 is sent as.
        _ => DefaultAlphabet::Gsm7,
    }
}
