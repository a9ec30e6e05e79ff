//! `[[route]]`: which messages go where.

use crate::engine::settings::{Action, Cost, Encoding, Order, PrefixRow, Route, Target};

use super::account::patterns;
use super::prefixes;
use super::reader::Reader;
use super::unique::Names;

/// The routes that could be read. `accounts` and `carriers` are the names there are.
pub(super) fn routes(root: &Reader<'_>, accounts: &Names, carriers: &Names) -> Vec<Route> {
    let (mut routes, mut names) = (Vec::new(), Names::default());
    for table in root.tables("route") {
        let name = table.text_or_none("name");
        if let (Some(name), Some(value)) = (&name, table.value("name")) {
            names.add(&table, &value.spot, name, "name");
        }
        let route = route(&table, accounts, carriers);
        if let (Some(name), Some(route)) = (name, route) {
            routes.push(Route { name, ..route });
        }
    }
    routes
}

/// A route without its name.
fn route(table: &Reader<'_>, accounts: &Names, carriers: &Names) -> Option<Route> {
    let prefixes = table.several("prefix", prefixes::digits);
    let prefix_rows = prefixes::file(table, carriers);
    let senders = patterns(table, "sender");
    let named = table.several("account", |text| Some(text.to_owned()));
    let what = "the system_id of an account";
    let known = |(spot, name): &(_, String)| accounts.check(table, spot, name, what);
    let named = named.into_iter().filter(known).map(|(_, name)| name).collect();
    let (mut order, mut encoding, mut strict_order) =
        (Order::default(), Encoding::default(), false);
    table.word("order", &mut order);
    table.word("encoding", &mut encoding);
    table.flag("strict_order", &mut strict_order);
    let class = table.word_or_none("class");
    let action = action(table, carriers, prefix_rows.as_deref())?;
    Some(Route {
        name: String::new(),
        prefixes: prefixes.into_iter().map(|(_, prefix)| prefix).collect(),
        prefix_rows: prefix_rows.unwrap_or_default(),
        senders,
        accounts: named,
        class,
        order,
        action,
        encoding,
        strict_order,
    })
}

/// What becomes of what matches; exactly one thing must be said.
fn action(table: &Reader<'_>, carriers: &Names, rows: Option<&[PrefixRow]>) -> Option<Action> {
    let mut reject = false;
    table.flag("reject", &mut reject);
    let mut targets = Vec::new();
    for target in table.tables("to") {
        targets.extend(read_target(&target, carriers));
    }
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

fn read_target(table: &Reader<'_>, carriers: &Names) -> Option<Target> {
    let (mut weight, mut cost) = (1, Cost::default());
    table.integer("weight", &mut weight);
    table.cost("cost", &mut cost);
    let carrier = table.text_or_none("carrier")?;
    let value = table.value("carrier")?;
    let known = carriers.check(table, &value.spot, &carrier, "the name of a carrier");
    known.then_some(Target { carrier, weight, cost })
}
