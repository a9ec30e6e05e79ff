//! `[[number]]`: numbers of ours.

use crate::engine::settings::{Keyword, Number, NumberKind, Owner};
use crate::mo::keyword::keyword;
use crate::mo::reply::Texts;
use crate::mt::policy::Sender;

use super::bots::Bots;
use super::reader::{Reader, quoted};
use super::unique::Names;

/// The numbers that could be read. `accounts` are the system_ids there are.
pub(super) fn numbers(root: &Reader<'_>, accounts: &Names, bots: &Bots) -> Vec<Number> {
    let (mut numbers, mut names) = (Vec::new(), Names::default());
    for table in root.tables("number") {
        if let Some(number) = number(&table, (accounts, bots), &mut names) {
            numbers.push(number);
        }
    }
    numbers
}

/// Who may own a number.
type Owning<'a> = (&'a Names, &'a Bots);

fn number(table: &Reader<'_>, owning: Owning<'_>, names: &mut Names) -> Option<Number> {
    let kind: Option<NumberKind> = table.word_or_none("kind");
    let written = table.text_or_none("address");
    let owner = table.table("owner").and_then(|owner| owner_of(&owner, owning));
    let keywords = keywords(table, owning);
    let class = table.word_or_none("class");
    let sender = sender(table);
    let texts = Texts {
        stop: table.words_or_none("stop_text"),
        help: table.words_or_none("help_text"),
        start: table.words_or_none("start_text"),
    };
    let rate = table.cost("segments_per_second").map_or(0, |rate| rate.micros);
    let (kind, written, value) = (kind?, written?, table.value("address")?);
    let Some(address) = address_of(kind, &written) else {
        let expected = expected_address(kind);
        table.sheet.fault(
            &value.spot,
            quoted(&written),
            format!("{expected} for kind = \"{kind}\""),
        );
        return None;
    };
    names.add(table, &value.spot, &address, "address");
    let owners = [("owner", "an owner"), ("keyword", "owners by keyword")];
    for (key, found) in owners.iter().filter(|_| kind == NumberKind::Alphanumeric) {
        let expected = "none: nobody can answer an alphanumeric sender";
        if let Some(value) = table.value(key) {
            table.sheet.fault(&value.spot, *found, expected);
        }
    }
    let millionths_per_second = rate;
    Some(Number { address, kind, class, millionths_per_second, owner, keywords, sender, texts })
}

/// What is said of it as a sender that people opt out of.
fn sender(table: &Reader<'_>) -> Sender {
    let mut sender = Sender::default();
    table.word("stop", &mut sender.stop);
    table.flag("pass_stop", &mut sender.pass_stop);
    table.word("opt_out_scope", &mut sender.reach);
    sender.brand = table.text_or_none("brand").unwrap_or_default();
    sender.service = table.text_or_none("service").unwrap_or_default();
    sender
}

/// The keywords of a number; each word decides once, however it is written.
fn keywords(table: &Reader<'_>, owning: Owning<'_>) -> Vec<Keyword> {
    let (mut keywords, mut words) = (Vec::new(), Names::default());
    for table in table.tables("keyword") {
        let own = table.several("words", |word| Some((word.to_owned(), keyword(word)?)));
        for (spot, (_, folded)) in &own {
            words.add(&table, spot, folded, "keyword");
        }
        let owner = table.table("owner").and_then(|owner| owner_of(&owner, owning));
        let words = own.into_iter().map(|(_, (word, _))| word).collect();
        keywords.extend(owner.map(|owner| Keyword { words, owner }));
    }
    keywords
}

fn owner_of(table: &Reader<'_>, (accounts, bots): Owning<'_>) -> Option<Owner> {
    let (account, bot) = (table.text_or_none("account"), table.text_or_none("bot"));
    match (account, bot) {
        (Some(account), None) => {
            let value = table.value("account")?;
            accounts
                .check(table, &value.spot, &account, "the system_id of an account")
                .then_some(Owner::Account(account))
        }
        (None, Some(bot)) => {
            let value = table.value("bot")?;
            bots.check(table, &value.spot, &bot).then_some(Owner::Bot(bot))
        }
        (Some(_), Some(bot)) => {
            let value = table.value("bot")?;
            table.sheet.fault(
                &value.spot,
                format!("{} beside an account", quoted(&bot)),
                "one owner",
            );
            None
        }
        (None, None) => {
            // A value that is no text was told already.
            if !["account", "bot", "webhook"].iter().any(|key| table.has(key)) {
                table.sheet.fault(table.spot(), "no owner", "account = \"..\" or bot = \"..\"");
            }
            None
        }
    }
}

/// The address as it is kept: digits without `+`, or the characters of a name.
fn address_of(kind: NumberKind, written: &str) -> Option<String> {
    if kind == NumberKind::Alphanumeric {
        // `@` is 0 in GSM-7 and ends the field on the way (quirk 61); `*` would read as a pattern.
        let fits = (1..=11).contains(&written.len()) && !written.contains(['@', '*', '`']);
        let named = written.bytes().any(|octet| octet.is_ascii_alphabetic());
        return (fits && named).then(|| written.to_owned());
    }
    let digits = written.strip_prefix('+').unwrap_or(written);
    let lengths = match kind {
        NumberKind::ShortCode => 2..=8,
        _ => 5..=15,
    };
    let numeric = digits.bytes().all(|octet| octet.is_ascii_digit());
    (numeric && lengths.contains(&digits.len())).then(|| digits.to_owned())
}

fn expected_address(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Alphanumeric => "1 to 11 characters with a letter, without '@', '*' and '`',",
        NumberKind::LongNumber | NumberKind::TollFree => "5 to 15 digits",
        NumberKind::ShortCode => "2 to 8 digits",
    }
}
