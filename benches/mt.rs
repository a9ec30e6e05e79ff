//! Stages of a message's way toward the handset, alone.
//!
//! `cargo bench --bench mt` measures time with criterion. Time on a shared machine cannot rank
//! close variants, so each operation also runs bare with `--only NAME --iterations N`: the
//! instructions that callgrind counts for two values of N differ by those of the operation alone.
//! `--load` prints what a table of each size costs to make and to keep.
//!
//! A dispatcher row takes a hundred messages in, hands their segments to binds and hears of the
//! answers, as a wake-up of its task does. There are one account or a thousand in no order, one
//! bind or 64, one class or marketing among the others.
//!
//! A routing row looks up the route of one message and the first carrier of its lane. Prefixes have
//! five to eight digits, as those of networks do; destinations are spread over all of them, more
//! than any cache holds of the largest table.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

use chappe::clock::{Change, Zone};
use chappe::message::class::TrafficClass;
use chappe::message::envelope::{Message, UserData};
use chappe::mt::egress::{Dispatcher, Flow, Next, Outgoing};
use chappe::mt::routing::{Action, Days, Filter, Hours, Prefix, Routes, Span, Table, Traits, Way};
use chappe::wire::Address;

/// Tables by how many prefixes they have.
const SIZES: [(&str, usize); 3] = [
    ("mt/routing/prefixes_10", 10),
    ("mt/routing/prefixes_30000", 30_000),
    ("mt/routing/prefixes_1000000", 1_000_000),
];
/// Destinations that take turns; a power of two.
const DESTINATIONS: usize = 1 << 18;

/// An operation, and how to do it so many times.
struct Case {
    name: &'static str,
    run: Box<dyn FnMut(usize)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value_of = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    if arguments.iter().any(|argument| argument == "--load") {
        return SIZES.iter().for_each(|(_, prefixes)| print_load(*prefixes));
    }
    let only = value_of("--only");
    let cases = NAMES.into_iter().filter(|name| only.is_none_or(|only| only == name)).map(case);
    if only.is_some() {
        let iterations = value_of("--iterations").and_then(|n| n.parse().ok()).unwrap_or(1_000);
        return cases.for_each(|mut case| (case.run)(iterations));
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for mut case in cases {
        criterion.bench_function(case.name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                (case.run)(times as usize);
                start.elapsed()
            });
        });
    }
    criterion.final_summary();
}

/// Every row.
const NAMES: [&str; 11] = [
    SIZES[0].0,
    SIZES[1].0,
    SIZES[2].0,
    "mt/routing/weights_of_4",
    "mt/routing/accounts_1000",
    "mt/routing/tags_1000",
    "mt/routing/hours",
    "mt/dispatch/one_account",
    "mt/dispatch/binds_64",
    "mt/dispatch/accounts_1000",
    "mt/dispatch/marketing_too",
];

fn case(name: &'static str) -> Case {
    match name {
        "mt/dispatch/one_account" => dispatch(name, 1, 1, false),
        "mt/dispatch/binds_64" => dispatch(name, 1, 64, false),
        "mt/dispatch/accounts_1000" => dispatch(name, 1_000, 1, false),
        "mt/dispatch/marketing_too" => dispatch(name, 1, 1, true),
        _ => routing(name),
    }
}

/// Messages in flight at once: as many as a round of wake-ups brings.
const ROUND: usize = 100;

/// A dispatcher whose every message is answered in the wake-up after its own.
fn dispatch(name: &'static str, accounts: u32, binds: u32, marketing: bool) -> Case {
    let messages: Vec<Outgoing> =
        (0..ROUND as u64 * 32).map(|order| one(order, accounts, marketing)).collect();
    let mut dispatcher = Dispatcher::new(0, binds as usize);
    (0..binds).for_each(|bind| dispatcher.bind_up(Duration::ZERO, bind, 1_000));
    let mut at = 0;
    let run = move |times: usize| {
        let mut sent = vec![0; binds as usize];
        for _ in 0..times.div_ceil(ROUND) {
            for _ in 0..ROUND {
                at = (at + 1) % messages.len();
                dispatcher.push(messages[at].clone());
            }
            while let Next::Send { bind, outgoing } = dispatcher.next(Duration::from_secs(1)) {
                sent[bind as usize] += 1;
                black_box(outgoing);
            }
            for (bind, sent) in sent.iter_mut().enumerate().filter(|(_, sent)| **sent > 0) {
                dispatcher.credit(Duration::from_secs(1), bind as u32, std::mem::take(sent));
            }
        }
    };
    Case { name, run: Box::new(run) }
}

/// A message of some account.
fn one(order: u64, accounts: u32, marketing: bool) -> Outgoing {
    let dice = next(order + 1);
    let class = match marketing && dice & 1 == 1 {
        true => TrafficClass::Marketing,
        false => TrafficClass::Transactional,
    };
    let message = Message {
        account: (dice >> 20) as u32 % accounts,
        class,
        source: Address::new(5, 0, b"Shop"),
        destination: Address::new(1, 1, b"33612345678"),
        registered_delivery: 1,
        user_data: UserData::new(b"hello"),
        ..Message::default()
    };
    let flow = Flow::of(&message);
    let message = message.into();
    Outgoing { message, order, ticket: order, flow, reference: 0, segment: 0, segments: 1 }
}

fn routing(name: &'static str) -> Case {
    let size = SIZES.iter().find(|(sized, _)| *sized == name);
    let prefixes = prefixes(size.map_or(10, |(_, prefixes)| *prefixes));
    let routes = match name {
        "mt/routing/weights_of_4" => by_weight(&prefixes),
        "mt/routing/accounts_1000" => by_account(&prefixes),
        "mt/routing/tags_1000" => by_tag(&prefixes),
        "mt/routing/hours" => by_hours(&prefixes),
        _ => by_prefix(&prefixes),
    };
    let destinations = destinations(&prefixes);
    let mut at = 0;
    let run = move |times| {
        for _ in 0..times {
            // They stand in no order, so that only the table makes a cache miss.
            at = (at + 1) % DESTINATIONS;
            let (account, to) = (at as u32 % 1_000, &destinations[at]);
            black_box(look_up(black_box(&routes), account, black_box(to)));
        }
    };
    Case { name, run: Box::new(run) }
}

#[inline(never)]
fn look_up(routes: &Routes, account: u32, destination: &[u8]) -> Option<u32> {
    let class = TrafficClass::Transactional;
    let wall = Duration::from_secs(1_795_703_924);
    let message = Traits { account, class, sender: b"Shop", destination, wall };
    let Action::Send(way) = routes.find(message)?.action else { return None };
    routes.carriers(way, account, b"Shop", destination).next()
}

/// One route of a file with these prefixes, each of one of eight carriers, and one for the rest.
fn by_prefix(prefixes: &[String]) -> Routes {
    let mut table = Table::default();
    let route = table.route(Filter::default());
    for (prefix, at) in prefixes.iter().zip(0_u32..) {
        let action = Action::Send(Way::failover([at % 8, (at + 1) % 8]));
        table.entry(route, Prefix::parse(prefix).unwrap(), &action);
    }
    with_rest(table)
}

/// The same with four carriers by weight.
fn by_weight(prefixes: &[String]) -> Routes {
    let mut table = Table::default();
    let route = table.route(Filter::default());
    for prefix in prefixes {
        let action = Action::Send(Way::weighted([(0, 40), (1, 30), (2, 20), (3, 10)]));
        table.entry(route, Prefix::parse(prefix).unwrap(), &action);
    }
    with_rest(table)
}

/// The same prefixes, and a route of every prefix for each of a thousand accounts.
fn by_account(prefixes: &[String]) -> Routes {
    let mut table = Table::default();
    for account in 0..1_000 {
        let route = table.route(Filter { accounts: vec![account], ..Filter::default() });
        for prefix in prefixes {
            let action = Action::Send(Way::failover([account % 8]));
            table.entry(route, Prefix::parse(prefix).unwrap(), &action);
        }
    }
    with_rest(table)
}

/// The same prefixes, and a route of every prefix for each of a thousand tags, of which each
/// account carries two.
fn by_tag(prefixes: &[String]) -> Routes {
    let mut table = Table::default();
    for tag in 0..1_000 {
        table.tag(tag, tag);
        table.tag(tag, (tag + 500) % 1_000);
        let route = table.route(Filter { tags: vec![tag], ..Filter::default() });
        for prefix in prefixes {
            let action = Action::Send(Way::failover([tag % 8]));
            table.entry(route, Prefix::parse(prefix).unwrap(), &action);
        }
    }
    with_rest(table)
}

/// The same prefixes, each with a route of the night and one of the day, by clocks that change
/// twice a year.
fn by_hours(prefixes: &[String]) -> Routes {
    let half = 182 * 86_400;
    let clocks = (1..260).map(|at| Change { at: at * half, offset: 3_600 * (at % 2 + 1) as i32 });
    let zone = Zone::new(3_600, clocks);
    let mut table = Table::default();
    for (span, carrier) in [("20:00-08:00", 0), ("08:00-20:00", 1)] {
        let (span, zone) = (Span::parse(span).unwrap(), zone.clone());
        let hours = Some(Hours { span, days: Days::ALL, zone });
        let route = table.route(Filter { hours, ..Filter::default() });
        for prefix in prefixes {
            let action = Action::Send(Way::failover([carrier]));
            table.entry(route, Prefix::parse(prefix).unwrap(), &action);
        }
    }
    with_rest(table)
}

fn with_rest(mut table: Table) -> Routes {
    let rest = table.route(Filter::default());
    table.entry(rest, Prefix::default(), &Action::Send(Way::failover([9])));
    table.finish()
}

/// So many prefixes, each once, the same in every run.
fn prefixes(count: usize) -> Vec<String> {
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut prefixes = std::collections::BTreeSet::new();
    while prefixes.len() < count {
        dice = next(dice);
        // Most of a large plan is of the longer ones.
        let (digits, spread) = match dice >> 60 {
            0 => (5, 90_000),
            1..4 => (6, 900_000),
            4..9 => (7, 9_000_000),
            _ => (8, 90_000_000),
        };
        let least = 10_u64.pow(digits - 1);
        prefixes.insert((least + (dice >> 8) % spread).to_string());
    }
    prefixes.into_iter().collect()
}

/// Numbers of eleven digits that begin with these prefixes.
fn destinations(prefixes: &[String]) -> Vec<[u8; 11]> {
    let mut dice = 1;
    let mut destination = || {
        dice = next(dice);
        let prefix = &prefixes[(dice >> 16) as usize % prefixes.len()];
        let number = format!("{prefix}{:06}", dice % 1_000_000);
        std::array::from_fn(|at| number.as_bytes()[at])
    };
    std::iter::repeat_with(&mut destination).take(DESTINATIONS).collect()
}

/// Xorshift64*, which is enough for numbers that look spread.
fn next(mut dice: u64) -> u64 {
    dice ^= dice >> 12;
    dice ^= dice << 25;
    dice ^= dice >> 27;
    dice.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// What a table costs to make and to keep.
fn print_load(count: usize) {
    let prefixes = prefixes(count);
    let start = Instant::now();
    let routes = by_prefix(&prefixes);
    let took = start.elapsed();
    println!("{count} prefixes: {} ms to make, {} octets", took.as_millis(), routes.octets());
}
