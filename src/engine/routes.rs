//! Settings to the table of routes, and to the answer where a message would go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::settings::{self, Encoding, Number, Order, Pool, PrefixRow, Route, Settings, Target};
use super::world::{Account, World};
use crate::message::class::TrafficClass;
use crate::message::translation::{Form, Translator};
use crate::mo::reply::{Answering, Answers};
use crate::mo::{Owner, Owners, Recipient};
use crate::mt::ingress::{Admission, Languages, Recoding};
use crate::mt::policy::{Brands, Policies};
use crate::mt::pools::Pools;
use crate::mt::routing::{Action, Classes, Filter, Prefix, Routes, Table, Traits, Way};
use crate::mt::segmentation::addresses_fit;
use crate::wire::CommandStatus;
use crate::wire::table::SubmitSm;

/// Places by name.
pub type Places<'a> = HashMap<&'a str, u32>;

/// The table of routes, of accounts and carriers at these places.
#[must_use]
pub fn routes(settings: &Settings, accounts: &Places<'_>, carriers: &Places<'_>) -> Routes {
    let mut table = Table::default();
    let tags = tag(settings, accounts, &mut table);
    for route in &settings.routes {
        let named = route.accounts.iter();
        let place = table.route(Filter {
            senders: route.senders.clone(),
            accounts: named.filter_map(|name| accounts.get(name.as_str()).copied()).collect(),
            tags: route.tags.iter().filter_map(|tag| tags.get(tag.as_str()).copied()).collect(),
            class: route.class,
            hours: route.hours.clone(),
        });
        let action = match &route.action {
            settings::Action::Reject => Action::Reject,
            settings::Action::Send(targets) => Action::Send(way(route.order, targets, carriers)),
        };
        if route.prefixes.is_empty() && route.prefix_rows.is_empty() {
            table.entry(place, Prefix::default(), &action);
        }
        for prefix in &route.prefixes {
            table.entry(place, *prefix, &action);
        }
        // A file may give the carriers of a prefix anywhere in it, not side by side.
        let mut rows: Vec<&PrefixRow> = route.prefix_rows.iter().collect();
        rows.sort_by_key(|row| row.prefix);
        for alike in rows.chunk_by(|one, other| one.prefix == other.prefix) {
            let Some(first) = alike.first() else { continue };
            match &action {
                Action::Send(_) if first.carrier.is_some() => {
                    let targets: Vec<Target> =
                        alike.iter().filter_map(|row| target(row, &route.action)).collect();
                    let own = way(route.order, &targets, carriers);
                    table.entry(place, first.prefix, &Action::Send(own));
                }
                _ => table.entry(place, first.prefix, &action),
            }
        }
    }
    for carrier in &settings.carriers {
        let Some(&at) = carriers.get(carrier.name.as_str()) else { continue };
        for account in carrier.accounts.iter().filter_map(|name| accounts.get(name.as_str())) {
            table.same_peer(at, *account);
        }
    }
    table.finish()
}

/// Tells which accounts carry the tags that routes name, and numbers these.
fn tag<'a>(settings: &'a Settings, accounts: &Places<'_>, table: &mut Table) -> Places<'a> {
    let mut tags = Places::new();
    for tag in settings.routes.iter().flat_map(|route| &route.tags) {
        let next = tags.len() as u32;
        tags.entry(tag).or_insert(next);
    }
    for account in &settings.accounts {
        let Some(place) = accounts.get(account.system_id.as_str()) else { continue };
        for tag in account.tags.iter().filter_map(|tag| tags.get(tag.as_str())) {
            table.tag(*place, *tag);
        }
    }
    tags
}

/// What each route makes of texts; empty when all keep them.
#[must_use]
pub fn recodings(settings: &Settings) -> Box<[(Option<Recoding>, Languages)]> {
    let recoding = |route: &Route| match route.encoding {
        Encoding::Keep => None,
        Encoding::Auto => Some(Recoding::Auto),
        Encoding::Gsm7 => Some(Recoding::Gsm7),
        Encoding::Latin1 => Some(Recoding::Latin1),
        Encoding::Smart => Some(Recoding::Smart),
        Encoding::Ucs2 => Some(Recoding::Ucs2),
    };
    match settings.routes.iter().all(|route| route.encoding == Encoding::Keep) {
        true => Box::default(),
        false => settings.routes.iter().map(|route| (recoding(route), route.shifts)).collect(),
    }
}

/// Whether each route keeps its messages in strict order; empty when none does.
#[must_use]
pub fn strict(settings: &Settings) -> Box<[bool]> {
    match settings.routes.iter().any(|route| route.strict_order) {
        true => settings.routes.iter().map(|route| route.strict_order).collect(),
        false => Box::default(),
    }
}

/// Places of these, in their order.
#[must_use]
pub fn places<'a>(names: impl Iterator<Item = &'a str>) -> Places<'a> {
    names.zip(0..).collect()
}

/// A row as a target: what it leaves open, the route's target of its carrier says.
fn target(row: &PrefixRow, action: &settings::Action) -> Option<Target> {
    let carrier = row.carrier.as_deref()?;
    let targets = match action {
        settings::Action::Send(targets) => targets.as_slice(),
        settings::Action::Reject => &[],
    };
    let named = targets.iter().find(|target| target.carrier == carrier);
    Some(Target {
        carrier: carrier.to_owned(),
        weight: named.map_or(1, |target| target.weight),
        cost: row.cost.or_else(|| named?.cost),
    })
}

fn way(order: Order, targets: &[Target], carriers: &Places<'_>) -> Way {
    let known = targets
        .iter()
        .filter_map(|target| Some((carriers.get(target.carrier.as_str()).copied()?, target)));
    match order {
        Order::Failover => Way::failover(known.map(|(carrier, _)| carrier)),
        Order::Weight => Way::weighted(known.map(|(carrier, target)| (carrier, target.weight))),
        Order::Cost => Way::cheapest(known.map(|(carrier, target)| {
            // Promised to be there.
            (carrier, target.cost.map_or(u64::MAX, |cost| cost.micros))
        })),
    }
}

/// The classes of numbers.
#[must_use]
pub fn classes(settings: &Settings) -> Classes {
    let classes = settings.numbers.iter();
    Classes::new(classes.filter_map(|number| Some((number.address.clone(), number.class?))))
}

/// Senders by brand, and what each makes of a STOP; accounts by their places.
#[must_use]
pub fn brands(settings: &Settings, accounts: &[Arc<Account>]) -> Brands {
    let sender = |number: &Number| {
        let mut sender = number.sender.clone();
        if let (true, Some(settings::Owner::Account(name))) =
            (sender.brand.is_empty(), &number.owner)
        {
            sender.brand.clone_from(name);
        }
        (number.address.clone(), sender)
    };
    let accounts = accounts.iter().map(|account| account.settings.system_id.clone());
    Brands::new(settings.numbers.iter().map(sender), accounts)
}

/// Who gets what is sent to our numbers.
#[must_use]
pub fn owners(settings: &Settings, accounts: &HashMap<String, Arc<Account>>) -> Owners {
    let recipient = |owner: &settings::Owner| match owner {
        settings::Owner::Account(name) => {
            let account = accounts.get(name.as_str())?;
            let segments = account.settings.dialect.mo_segments;
            Some(Recipient::Account { account: account.index, segments })
        }
        settings::Owner::Bot(name) => {
            let bot = settings.bots.iter().find(|bot| bot.name() == name)?;
            Some(Recipient::Bot(Arc::clone(bot)))
        }
    };
    let owner = |number: &settings::Number| {
        let words = number.keywords.iter().flat_map(|keyword| {
            let owner = recipient(&keyword.owner);
            keyword.words.iter().filter_map(move |word| Some((word.as_str(), owner.clone()?)))
        });
        Owner::shared(number.owner.as_ref().and_then(recipient), words)
    };
    let owned = |number: &&settings::Number| number.owner.is_some() || !number.keywords.is_empty();
    let owned = settings.numbers.iter().filter(owned);
    Owners::new(owned.map(|number| (number.address.clone(), owner(number))))
}

/// What our numbers answer by themselves. The brand that people read is one that was written down,
/// never the name of an account.
#[must_use]
pub fn answering(settings: &Settings) -> Answering {
    let answers = |number: &Number| {
        let sender = number.kind.sender(&number.address);
        let (brand, texts) = (number.sender.brand.clone(), number.texts.clone());
        (number.address.clone(), Answers { sender, brand, texts })
    };
    Answering::new(settings.numbers.iter().map(answers))
}

/// What is asked of marketing; `None` is nothing. What has not changed is what it was before.
#[must_use]
pub fn policies(
    settings: &Settings,
    accounts: &[Arc<Account>],
    before: Option<&World>,
) -> Option<Arc<Policies>> {
    if let Some(before) = before.filter(|one| one.settings.policies == settings.policies) {
        return before.policies.clone();
    }
    let accounts = places(accounts.iter().map(|one| one.settings.system_id.as_str()));
    let row = |policy: &settings::Policy| {
        let named = policy.accounts.iter();
        let filter = Filter {
            senders: policy.senders.clone(),
            accounts: named.filter_map(|name| accounts.get(name.as_str()).copied()).collect(),
            ..Filter::default()
        };
        (filter, policy.prefixes.clone(), policy.terms.clone())
    };
    let rows = settings.policies.iter().map(row);
    (!settings.policies.is_empty()).then(|| Arc::new(Policies::new(rows)))
}

/// Whether the table of routes of one is that of the other: places are the same in both.
#[must_use]
pub fn has_same_routes(before: &Settings, now: &Settings) -> bool {
    let peers = |carrier: &settings::Carrier| {
        (!carrier.accounts.is_empty()).then(|| (carrier.name.clone(), carrier.accounts.clone()))
    };
    let (before_peers, now_peers) =
        (before.carriers.iter().filter_map(peers), now.carriers.iter().filter_map(peers));
    before_peers.eq(now_peers) && before.routes == now.routes
}

/// The pools of numbers.
#[must_use]
pub fn pools(settings: &Settings) -> Pools {
    let numbers: HashMap<&str, &Number> =
        settings.numbers.iter().map(|number| (number.address.as_str(), number)).collect();
    let sender =
        |address: &String| numbers.get(address.as_str()).map(|number| number.kind.sender(address));
    let pool = |pool: &Pool| (pool.name.clone(), pool.numbers.iter().filter_map(sender).collect());
    Pools::new(settings.pools.iter().map(pool))
}

/// What would become of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict<'a> {
    /// The sender as routes see it.
    pub sender: String,
    /// The destination as routes see it.
    pub destination: String,
    /// Why it would be sent.
    pub class: TrafficClass,
    /// The route it takes; `None` when none matches, or it is refused before.
    pub route: Option<&'a Route>,
    /// The carriers it may take, in the order they are tried; each only when it is up.
    pub carriers: Vec<&'a str>,
    /// What it would be answered when there is none.
    pub status: CommandStatus,
}

/// Where a message of this account, sender and destination would go at this time of the wall
/// clock; `None` when there is no such account.
#[must_use]
pub fn verdict<'a>(
    settings: &'a Settings,
    system_id: &str,
    sender: &str,
    destination: &str,
    wall: Duration,
) -> Option<Verdict<'a>> {
    let mut accounts = settings.accounts.iter().zip(0..);
    let (account, place) = accounts.find(|(account, _)| account.system_id == system_id)?;
    let classes = classes(settings);
    let mut verdict = Verdict {
        sender: sender.to_owned(),
        destination: destination.to_owned(),
        class: classes.of(sender.as_bytes()).unwrap_or(account.class),
        route: None,
        carriers: Vec::new(),
        status: CommandStatus::ESME_RINVDSTADR,
    };
    let admission = Admission {
        senders: account.senders.clone(),
        address_octets_max: usize::from(account.dialect.address_octets_max),
        ..Admission::default()
    };
    let submit = SubmitSm {
        source_addr: sender.into(),
        // International, as most are: a `+` or `00` before it is none of its digits.
        dest_addr_ton: 1,
        destination_addr: destination.into(),
        ..SubmitSm::default()
    };
    let mut translator = Translator::default();
    let submit = match Form::of(&account.dialect) {
        None => submit,
        Some(form) => translator.read_submit(&form, &submit),
    };
    let envelope = match admission.address(&submit) {
        Ok(envelope) => envelope,
        Err(status) => return Some(Verdict { status, ..verdict }),
    };
    let (pools, to) = (pools(settings), envelope.destination.octets());
    let source = pools.sender(envelope.source.octets(), to).unwrap_or(&envelope.source).octets();
    verdict.sender = String::from_utf8_lossy(source).into_owned();
    verdict.destination = String::from_utf8_lossy(to).into_owned();
    verdict.class = classes.of(source).unwrap_or(account.class);
    let accounts = places(settings.accounts.iter().map(|account| account.system_id.as_str()));
    let carriers = places(settings.carriers.iter().map(|carrier| carrier.name.as_str()));
    let routes = routes(settings, &accounts, &carriers);
    let class = verdict.class;
    let message = Traits { account: place, class, sender: source, destination: to, wall };
    let Some(found) = routes.find(message) else { return Some(verdict) };
    verdict.route = settings.routes.get(found.route as usize);
    if let Action::Send(way) = found.action {
        let carriers = routes.carriers(way, place, source, to);
        for carrier in carriers.filter_map(|at| settings.carriers.get(at as usize)) {
            let octets_max = usize::from(carrier.dialect.address_octets_max);
            match addresses_fit(source, to, octets_max) {
                Ok(()) => verdict.carriers.push(&carrier.name),
                Err(status) => verdict.status = status,
            }
        }
    }
    if !verdict.carriers.is_empty() {
        verdict.status = CommandStatus::ESME_ROK;
    }
    Some(verdict)
}
