//! `[[route]]`: which messages go where.

use std::collections::HashSet;

use crate::engine::settings::{Action, Encoding, Order, PrefixRow, Route, Target};
use crate::mt::ingress::Languages;
use crate::mt::routing::{Prefix, Way};
use crate::text::Language;

use super::account::patterns;
use super::hours::{Zones, hours};
use super::prefixes::{self, Costs};
use super::reader::{Reader, quoted};
use super::unique::Names;

/// What routes may refer to.
pub(super) struct Named {
    /// system_ids.
    pub accounts: Names,
    /// Tags of accounts.
    pub tags: Names,
    /// Carriers.
    pub carriers: Names,
}

/// The routes that could be read.
pub(super) fn routes(root: &Reader<'_>, named: &Named) -> Vec<Route> {
    let (mut routes, mut names, mut zones) = (Vec::new(), Names::default(), Zones::default());
    for table in root.tables("route") {
        let name = table.text_or_none("name");
        if let (Some(name), Some(value)) = (&name, table.value("name")) {
            names.add(&table, &value.spot, name, "name");
        }
        let route = route(&table, named, &mut zones);
        if let (Some(name), Some(route)) = (name, route) {
            routes.push(Route { name, ..route });
        }
    }
    routes
}

/// A route without its name.
fn route(table: &Reader<'_>, named: &Named, zones: &mut Zones) -> Option<Route> {
    let (mut order, mut encoding, mut strict_order) =
        (Order::default(), Encoding::default(), false);
    table.word("order", &mut order);
    table.word("encoding", &mut encoding);
    table.flag("strict_order", &mut strict_order);
    let shifts = shifts(table, encoding);
    let targets = targets(table, &named.carriers, order);
    let costs = match order {
        Order::Cost => Costs::Needed(&targets),
        Order::Failover | Order::Weight => Costs::Optional,
    };
    let prefix_rows = prefixes::file(table, &named.carriers, costs);
    let prefixes = prefixes(table, prefix_rows.as_deref().unwrap_or_default());
    let senders = patterns(table, "sender");
    let accounts = named.accounts.accounts_of(table, "account");
    let tags = named.tags.named(table, "tag", "a tag of an account");
    let class = table.word_or_none("class");
    let hours = hours(table, zones);
    let action = action(table, targets, prefix_rows.as_deref())?;
    Some(Route {
        name: String::new(),
        prefixes,
        prefix_rows: prefix_rows.unwrap_or_default(),
        senders,
        accounts,
        tags,
        class,
        hours,
        order,
        action,
        encoding,
        shifts,
        strict_order,
    })
}

/// The national tables of a route; notes an encoding that never makes GSM-7 of a text.
fn shifts(table: &Reader<'_>, encoding: Encoding) -> Languages {
    let read = table.several("shifts", Language::named);
    if let Some(value) = table.value("shifts")
        && !matches!(encoding, Encoding::Auto | Encoding::Gsm7 | Encoding::Smart)
    {
        let found = format!("shifts beside encoding = \"{encoding}\"");
        let expected = "encoding = \"auto\", \"gsm7\" or \"smart\", which make GSM-7 of texts";
        table.sheet.fault(&value.spot, found, expected);
    }
    Languages::new(read.into_iter().map(|(_, language)| language))
}

/// The prefixes that stand in the configuration itself; notes one that is said twice.
fn prefixes(table: &Reader<'_>, rows: &[PrefixRow]) -> Vec<Prefix> {
    let (read, seen) = prefixes::listed(table);
    let twice: HashSet<_> =
        rows.iter().map(|row| row.prefix).filter(|prefix| seen.contains(prefix)).collect();
    for (spot, prefix) in read.iter().filter(|(_, prefix)| twice.contains(prefix)) {
        let found = format!("{}, which prefix_file has too", quoted(&prefix.to_string()));
        table.sheet.fault(spot, found, "each prefix once");
    }
    read.into_iter().map(|(_, prefix)| prefix).collect()
}

/// What becomes of what matches; exactly one thing must be said.
fn action(table: &Reader<'_>, targets: Vec<Target>, rows: Option<&[PrefixRow]>) -> Option<Action> {
    let mut reject = false;
    table.flag("reject", &mut reject);
    if reject {
        let both = ["to", "prefix_file"].iter().find_map(|name| table.value(name));
        if let Some(value) = both.filter(|value| value.key.name == "to" || has_carrier(rows)) {
            table.sheet.fault(&value.spot, "carriers beside reject = true", "one of the two");
        }
        return Some(Action::Reject);
    }
    if let Some(value) = table.value("to") {
        if value.value.as_array().is_some_and(|array| array.is_empty()) {
            table.refuse(&value);
        }
        return Some(Action::Send(targets));
    }
    let all_rows_say = !table.has("prefix")
        && rows.is_some_and(|rows| rows.iter().all(|row| row.carrier.is_some()));
    // A prefix file that could not be read says nothing about what it would have said.
    if !all_rows_say && (rows.is_some() || !table.has("prefix_file")) {
        let expected = "to = [{ carrier = \"..\" }] or reject = true";
        table.sheet.fault(table.spot(), "a route to nowhere", expected);
    }
    Some(Action::Send(targets))
}

fn has_carrier(rows: Option<&[PrefixRow]>) -> bool {
    rows.is_some_and(|rows| rows.iter().any(|row| row.carrier.is_some()))
}

/// The carriers of a route; notes what its order cannot choose by.
fn targets(table: &Reader<'_>, carriers: &Names, order: Order) -> Vec<Target> {
    let (mut targets, mut named) = (Vec::new(), HashSet::new());
    let tables = table.tables("to");
    for target in &tables {
        let Some(read) = read_target(target, carriers, order) else { continue };
        if !named.insert(read.carrier.clone())
            && let Some(value) = target.value("carrier")
        {
            let found = format!("{}, which stands there already", quoted(&read.carrier));
            table.sheet.fault(&value.spot, found, "each carrier once");
        }
        targets.push(read);
    }
    let Some(value) = table.value("to") else { return targets };
    if targets.len() > Way::CARRIERS_MAX {
        let expected = format!("at most {}", Way::CARRIERS_MAX);
        table.sheet.fault(&value.spot, format!("{} carriers", targets.len()), expected);
    }
    let all_read = targets.len() == tables.len() && !targets.is_empty();
    if order == Order::Weight && all_read && targets.iter().all(|target| target.weight == 0) {
        let expected = "a weight above 0 for at least one";
        table.sheet.fault(&value.spot, "weight = 0 for every carrier", expected);
    }
    targets
}

fn read_target(table: &Reader<'_>, carriers: &Names, order: Order) -> Option<Target> {
    let mut weight = 1;
    table.integer("weight", &mut weight);
    let cost = table.cost("cost");
    if order == Order::Cost && !table.has("cost") {
        let expected = "a decimal number such as 0.045, which order = \"cost\" goes by";
        table.sheet.fault(&table.spot_of("cost"), "nothing", expected);
    }
    let carrier = table.text_or_none("carrier")?;
    let value = table.value("carrier")?;
    let known = carriers.check(table, &value.spot, &carrier, "the name of a carrier");
    known.then_some(Target { carrier, weight, cost })
}
