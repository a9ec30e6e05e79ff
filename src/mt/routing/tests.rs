//! What a table of routes promises.

use proptest::prelude::*;

use super::*;
use crate::clock::{Weekday, Zone};

/// The class of every message, unless a test says otherwise.
const SENT: TrafficClass = TrafficClass::Transactional;

/// A route of one prefix to one carrier.
#[derive(Clone, Debug)]
struct Row {
    prefix: String,
    filter: Filter,
    carrier: u32,
}

fn row(prefix: &str, carrier: u32) -> Row {
    Row { prefix: prefix.into(), filter: Filter::default(), carrier }
}

fn table(rows: &[Row]) -> Routes {
    tagged_table(rows, &[])
}

/// The same, of accounts that carry these tags.
fn tagged_table(rows: &[Row], tags: &[(u32, u32)]) -> Routes {
    let mut table = Table::default();
    for (account, tag) in tags {
        table.tag(*account, *tag);
    }
    for row in rows {
        let route = table.route(row.filter.clone());
        let action = Action::Send(Way::failover([row.carrier]));
        table.entry(route, Prefix::parse(&row.prefix).unwrap(), &action);
    }
    table.finish()
}

fn carrier_of(routes: &Routes, message: Traits<'_>) -> Option<u32> {
    let Traits { account, sender, destination, .. } = message;
    let Action::Send(way) = routes.find(message)?.action else { panic!("a carrier") };
    routes.carriers(way, account, sender, destination).next()
}

fn message<'a>(account: u32, sender: &'a str, destination: &'a str) -> Traits<'a> {
    let (sender, destination) = (sender.as_bytes(), destination.as_bytes());
    Traits { account, class: SENT, sender, destination, wall: Duration::ZERO }
}

fn carrier(routes: &Routes, account: u32, sender: &str, destination: &str) -> Option<u32> {
    carrier_of(routes, message(account, sender, destination))
}

#[test]
fn the_longest_prefix_wins_whatever_the_order() {
    let routes = table(&[row("", 0), row("33", 1), row("336", 2), row("0033", 3)]);
    assert_eq!(carrier(&routes, 0, "x", "33612345678"), Some(2));
    assert_eq!(carrier(&routes, 0, "x", "33112345678"), Some(1));
    assert_eq!(carrier(&routes, 0, "x", "0033612"), Some(3));
    assert_eq!(carrier(&routes, 0, "x", "49123"), Some(0));
    assert_eq!(carrier(&routes, 0, "x", "33"), Some(1));
}

#[test]
fn more_filters_win_then_the_first_in_the_file() {
    let mut filtered = row("33", 2);
    filtered.filter.senders = vec![AddressPattern::StartsWith("Shop".into())];
    let mut both = row("33", 3);
    both.filter.senders = vec![AddressPattern::Exact("ShopX".into())];
    both.filter.accounts = vec![7];
    let routes = table(&[row("33", 0), row("33", 1), filtered, both]);
    assert_eq!(carrier(&routes, 7, "ShopX", "336"), Some(3));
    assert_eq!(carrier(&routes, 8, "ShopX", "336"), Some(2));
    assert_eq!(carrier(&routes, 8, "Other", "336"), Some(0));
}

#[test]
fn a_filter_that_does_not_match_falls_back_to_a_shorter_prefix() {
    let mut filtered = row("336", 1);
    filtered.filter.accounts = vec![1];
    let routes = table(&[row("33", 0), filtered]);
    assert_eq!(carrier(&routes, 2, "x", "33612"), Some(0));
    assert_eq!(carrier(&routes, 2, "x", "4412"), None);
}

#[test]
fn a_route_for_one_class_takes_no_other() {
    let mut marketing = row("33", 1);
    marketing.filter.class = Some(TrafficClass::Marketing);
    let routes = table(&[row("33", 0), marketing]);
    let of = |class| carrier_of(&routes, Traits { class, ..message(0, "x", "336") });
    assert_eq!(of(TrafficClass::Marketing), Some(1));
    assert_eq!(of(TrafficClass::Transactional), Some(0));
}

/// From 20:00 of each Thursday for ten hours: the first second of 1970 is one.
fn nights() -> Hours {
    let days = [Weekday::parse("thu").unwrap()].into_iter().collect();
    Hours { span: Span::parse("20:00-06:00").unwrap(), days, zone: Zone::default() }
}

#[test]
fn a_route_is_passed_over_while_it_is_closed() {
    let mut night = row("336", 1);
    night.filter.hours = Some(nights());
    let routes = table(&[row("33", 0), night]);
    let of = |hour: u64| {
        let wall = Duration::from_secs(hour * 3_600);
        carrier_of(&routes, Traits { wall, ..message(0, "x", "33612") })
    };
    assert_eq!([0, 19, 20, 29, 30].map(of), [0, 0, 1, 1, 0].map(Some));
}

#[test]
fn hours_and_a_tag_count_as_a_filter_each() {
    let (mut open, mut tagged, mut both) = (row("33", 1), row("33", 2), row("33", 3));
    open.filter.hours = Some(nights());
    tagged.filter.tags = vec![5, 9];
    both.filter = Filter { tags: vec![5], ..open.filter.clone() };
    let rows = [row("33", 0), open, tagged, both];
    let routes = tagged_table(&rows, &[(1, 5), (1, 7), (2, 9)]);
    let of = |account: u32, hour: u64| {
        let wall = Duration::from_secs(hour * 3_600);
        carrier_of(&routes, Traits { wall, ..message(account, "x", "33612") })
    };
    assert_eq!([0, 1, 2, 3].map(|account| of(account, 12)), [0, 2, 2, 0].map(Some));
    assert_eq!([0, 1, 2, 3].map(|account| of(account, 21)), [1, 3, 1, 1].map(Some));
}

#[test]
fn a_message_is_never_sent_back_to_the_peer_it_came_from() {
    let mut table = Table::default();
    let route = table.route(Filter::default());
    table.entry(route, Prefix::default(), &Action::Send(Way::failover([4, 5])));
    table.same_peer(4, 1);
    let routes = table.finish();
    assert_eq!(carrier(&routes, 0, "x", "336"), Some(4));
    assert_eq!(carrier(&routes, 1, "x", "336"), Some(5));
}

#[test]
fn a_table_says_which_route_it_was() {
    let mut table = Table::default();
    for prefixes in [&["33", "44"][..], &["336"]] {
        let route = table.route(Filter::default());
        for prefix in prefixes {
            table.entry(route, Prefix::parse(prefix).unwrap(), &Action::Reject);
        }
    }
    let routes = table.finish();
    let route = |to| routes.find(message(0, "x", to)).map(|found| found.route);
    assert_eq!((route("4412"), route("33612"), route("12")), (Some(0), Some(1), None));
}

#[test]
fn prefixes_take_less_than_forty_octets_each() {
    let mut table = Table::default();
    let route = table.route(Filter::default());
    // Six digits each, in no order, of four carriers.
    for at in 0..100_000_u64 {
        let prefix = format!("{:06}", at * 791_931 % 1_000_000);
        let action = Action::Send(Way::failover([at as u32 % 4]));
        table.entry(route, Prefix::parse(&prefix).unwrap(), &action);
    }
    let routes = table.finish();
    assert_eq!((routes.rules.len(), routes.actions.len()), (4, 4));
    assert!(routes.octets() < 4_000_000, "{}", routes.octets());
    assert_eq!(carrier(&routes, 0, "x", "00000001234"), Some(0));
}

#[test]
fn a_number_says_why_its_messages_are_sent() {
    let classes = Classes::new([("36105".to_owned(), TrafficClass::Marketing)]);
    assert_eq!(classes.of(b"36105"), Some(TrafficClass::Marketing));
    assert_eq!(classes.of(b"3610"), None);
    assert_eq!(Classes::default().of(b"36105"), None);
}

#[test]
fn letters_and_plus_are_no_prefix() {
    let routes = table(&[row("", 0), row("33", 1)]);
    assert_eq!(carrier(&routes, 0, "x", "+336"), Some(0));
    assert_eq!(carrier(&routes, 0, "x", "Name"), Some(0));
}

fn any_row() -> impl Strategy<Value = Row> {
    let sender = prop_oneof!["[AB]{1,2}", "[AB]{0,1}\\*"];
    let senders = proptest::collection::vec(sender, 0..3);
    let accounts = proptest::collection::vec(0_u32..3, 0..2);
    let tags = proptest::collection::vec(0_u32..3, 0..2);
    let class = proptest::option::of(any_class());
    let parts = ("[01]{0,4}", senders, accounts, tags, class, any::<bool>(), any::<u32>());
    parts.prop_map(|(prefix, senders, accounts, tags, class, closes, carrier)| {
        let senders = senders.iter().filter_map(|text| AddressPattern::parse(text)).collect();
        let hours = closes.then(nights);
        Row { prefix, filter: Filter { senders, accounts, tags, class, hours }, carrier }
    })
}

fn any_class() -> impl Strategy<Value = TrafficClass> {
    prop_oneof![Just(TrafficClass::Marketing), Just(TrafficClass::Transactional)]
}

proptest! {
    /// The model looks at every row.
    #[test]
    fn the_choice_is_that_of_who_looks_at_every_row(
        rows in proptest::collection::vec(any_row(), 0..40),
        (account, class, sender) in (0_u32..4, any_class(), "[AB]{1,3}"),
        (destination, hour) in ("[01]{0,6}", 0_u64..48),
    ) {
        let wall = Duration::from_secs(hour * 3_600);
        let message = Traits { class, wall, ..message(account, &sender, &destination) };
        let tags: &[u32] = [&[][..], &[0], &[2, 1], &[]][account as usize];
        let matching = rows.iter().filter(|row| {
            destination.starts_with(&row.prefix) && row.filter.matches(message, tags)
        });
        // Of equal keys the first is kept.
        let expected = matching.min_by_key(|row| {
            (Reverse(row.prefix.len()), Reverse(row.filter.count()))
        });
        let found = carrier_of(&tagged_table(&rows, &[(1, 0), (2, 2), (2, 1)]), message);
        prop_assert_eq!(found, expected.map(|row| row.carrier));
    }
}
