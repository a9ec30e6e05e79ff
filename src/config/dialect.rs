//! `[dialect.NAME]` and the bundled profiles: deviations, each profile on the ground of its base.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::message::dialect::{Dialect, StateName, StatusRule, TlvDefinition, TlvKind, Tolerance};
use crate::message::encodings::{Encodings, TextEncoding};
use crate::message::sar;
use crate::message::words::Word;
use crate::text::Reference;
use crate::wire::TlvTag;
use crate::wire::address::STANDARD_ADDRESS_OCTETS;

use super::error::{Errors, Faults};
use super::nearest::nearest;
use super::reader::{Reader, is_name, quoted};
use super::sheet::{Sheet, Spot, Surroundings};

/// Profiles that come with the program, by name. A table of a file hides the one of its name.
pub const BUNDLED: &[(&str, &str)] = &[
    ("billing", include_str!("../../config/dialects/billing.toml")),
    ("cheapglobalsms", include_str!("../../config/dialects/cheapglobalsms.toml")),
    ("clickatell", include_str!("../../config/dialects/clickatell.toml")),
    ("cloudhopper", include_str!("../../config/dialects/cloudhopper.toml")),
    ("hex-text-ids", include_str!("../../config/dialects/hex-text-ids.toml")),
    ("hub", include_str!("../../config/dialects/hub.toml")),
    ("india-dlt", include_str!("../../config/dialects/india-dlt.toml")),
    ("infobip", include_str!("../../config/dialects/infobip.toml")),
    ("jasmin", include_str!("../../config/dialects/jasmin.toml")),
    ("kannel", include_str!("../../config/dialects/kannel.toml")),
    ("last-receipt", include_str!("../../config/dialects/last-receipt.toml")),
    ("latin1", include_str!("../../config/dialects/latin1.toml")),
    ("little-endian", include_str!("../../config/dialects/little-endian.toml")),
    ("local-dates", include_str!("../../config/dialects/local-dates.toml")),
    ("odd-tlvs", include_str!("../../config/dialects/odd-tlvs.toml")),
    ("operator-tlvs", include_str!("../../config/dialects/operator-tlvs.toml")),
    ("oracle", include_str!("../../config/dialects/oracle.toml")),
    ("packed-gsm7", include_str!("../../config/dialects/packed-gsm7.toml")),
    ("plus", include_str!("../../config/dialects/plus.toml")),
    ("restcomm", include_str!("../../config/dialects/restcomm.toml")),
    ("sar", include_str!("../../config/dialects/sar.toml")),
    ("short-codes", include_str!("../../config/dialects/short-codes.toml")),
    ("smpp33", include_str!("../../config/dialects/smpp33.toml")),
    ("strict", include_str!("../../config/dialects/strict.toml")),
    ("telenor", include_str!("../../config/dialects/telenor.toml")),
    ("udh16", include_str!("../../config/dialects/udh16.toml")),
    ("unmarked-receipts", include_str!("../../config/dialects/unmarked-receipts.toml")),
    ("vibes", include_str!("../../config/dialects/vibes.toml")),
    ("vonage", include_str!("../../config/dialects/vonage.toml")),
    ("yo", include_str!("../../config/dialects/yo.toml")),
];

/// The name of what has no deviations.
const DEFAULT: &str = "default";

/// The profile that comes with the program under this name.
#[must_use]
pub fn bundled(name: &str) -> Option<Dialect> {
    let (name, text) = BUNDLED.iter().find(|(known, _)| *known == name)?;
    let profiles = profiles(name, text);
    debug_assert!(profiles.is_ok(), "{profiles:?}");
    profiles.ok()?.into_iter().find(|dialect| dialect.name == *name)
}

/// The profiles of a file called `name` that holds `text`, by their names.
///
/// # Errors
/// Every fault of them.
pub(super) fn profiles(name: &str, text: &str) -> Result<Vec<Dialect>, Errors> {
    let faults = Faults::default();
    let around = Surroundings { base_dir: Path::new(""), env: &|_| None };
    let sheet = Sheet::new(name, text, &faults, &around);
    let own = sheet.tables().map(|tables| Dialects::read(&sheet.root(&tables)).own);
    drop(sheet);
    if let Some(errors) = faults.into_errors() {
        return Err(errors);
    }
    let mut profiles: Vec<Dialect> =
        own.into_iter().flatten().map(|(_, dialect)| Dialect::clone(&dialect)).collect();
    profiles.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(profiles)
}

/// The profiles that accounts and carriers of one file may name, each there once however many do.
pub(super) struct Dialects {
    own: HashMap<String, Arc<Dialect>>,
    /// The bundled ones that were asked for, and the one without deviations.
    others: RefCell<HashMap<String, Arc<Dialect>>>,
}

impl Dialects {
    /// Reads all profiles of a file.
    pub(super) fn read(root: &Reader<'_>) -> Self {
        let mut tables = HashMap::new();
        for (name, spot, table) in root.named("dialect") {
            if name == DEFAULT || !is_name(name) {
                let found = format!("the name {}", quoted(name));
                let expected = "another name of 1 to 64 letters, digits, '.', '_' or '-'";
                table.sheet.fault(&spot, found, expected);
            }
            tables.insert(name, table);
        }
        let mut dialects = Self { own: HashMap::new(), others: RefCell::default() };
        let mut names: Vec<&str> = tables.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            dialects.resolve(name, &tables, &mut Vec::new());
        }
        dialects
    }

    /// The profile that the key `dialect` of an account or a carrier names.
    pub(super) fn of(&self, table: &Reader<'_>) -> Arc<Dialect> {
        let name = table.text_or_none("dialect").unwrap_or_else(|| DEFAULT.to_owned());
        if let Some(own) = self.own.get(&name) {
            return Arc::clone(own);
        }
        let mut others = self.others.borrow_mut();
        if let Some(other) = others.get(&name) {
            return Arc::clone(other);
        }
        let found = if name == DEFAULT { Some(Dialect::default()) } else { bundled(&name) };
        let Some(found) = found.map(Arc::new) else {
            unknown(table, "dialect", &name, self.own.keys().map(String::as_str));
            return Arc::default();
        };
        others.insert(name, Arc::clone(&found));
        found
    }

    /// Reads the profile `name` on the ground of its base. `above` are the profiles being read
    /// whose base, by any number of steps, this one is.
    fn resolve<'n>(
        &mut self,
        name: &'n str,
        tables: &HashMap<&'n str, Reader<'_>>,
        above: &mut Vec<&'n str>,
    ) -> Arc<Dialect> {
        if let Some(done) = self.own.get(name) {
            return Arc::clone(done);
        }
        let Some(table) = tables.get(name) else { return Arc::default() };
        above.push(name);
        let base = self.base(name, table, tables, above);
        above.pop();
        let dialect = Arc::new(read(table, name, base));
        self.own.insert(name.to_owned(), Arc::clone(&dialect));
        dialect
    }

    fn base<'n>(
        &mut self,
        name: &'n str,
        table: &Reader<'_>,
        tables: &HashMap<&'n str, Reader<'_>>,
        above: &mut Vec<&'n str>,
    ) -> Dialect {
        let Some(base) = table.text_or_none("base") else { return Dialect::default() };
        if base == DEFAULT {
            return Dialect::default();
        }
        // A profile may extend the bundled one that it hides.
        let own = tables.keys().find(|own| **own == base && **own != name);
        let Some(own) = own else {
            return bundled(&base).unwrap_or_else(|| {
                let others = tables.keys().copied().filter(|own| *own != name);
                unknown(table, "base", &base, others);
                Dialect::default()
            });
        };
        if above.contains(own) {
            if let Some(value) = table.value("base") {
                let found = format!("{}, which is based on this profile", quoted(&base));
                table.sheet.fault(&value.spot, found, "a profile that is not");
            }
            return Dialect::default();
        }
        // At most as deep as the file has profiles, and their number is bounded by its size; a
        // chain this long would be a file made to exhaust the stack.
        if above.len() > BASES_MAX {
            if let Some(value) = table.value("base") {
                let found = format!("a chain of more than {BASES_MAX} profiles");
                table.sheet.fault(&value.spot, found, "a shorter one");
            }
            return Dialect::default();
        }
        Dialect::clone(&self.resolve(own, tables, above))
    }
}

/// How many profiles may stand on each other.
const BASES_MAX: usize = 16;

fn unknown<'n>(table: &Reader<'_>, key: &str, name: &str, own: impl Iterator<Item = &'n str>) {
    let Some(value) = table.value(key) else { return };
    let bundled = BUNDLED.iter().map(|(name, _)| *name);
    let mut known: Vec<&str> = own.chain(bundled).chain([DEFAULT]).collect();
    known.sort_unstable();
    known.dedup();
    let expected = match nearest(name, known.iter().copied()) {
        Some(near) => format!("a known profile, perhaps {}", quoted(near)),
        None => format!("one of {}", known.join(", ")),
    };
    table.sheet.fault(&value.spot, quoted(name), expected);
}

fn read(table: &Reader<'_>, name: &str, base: Dialect) -> Dialect {
    let mut dialect = Dialect { name: name.to_owned(), ..base };
    session(table, &mut dialect);
    octets(table, &mut dialect);
    no_tlvs_in_3_3(table, &dialect);
    long_addresses(table, &dialect);
    ids_and_receipts(table, &mut dialect);
    tlvs(table, &mut dialect.tlvs);
    statuses(table, &mut dialect);
    dialect
}

fn session(table: &Reader<'_>, dialect: &mut Dialect) {
    table.integer("interface_version", &mut dialect.interface_version);
    table.text("system_type", &mut dialect.system_type);
    table.text("address_range", &mut dialect.address_range);
    table.flag("honour_address_range", &mut dialect.honour_address_range);
    table.integer("addr_ton", &mut dialect.addr_ton);
    table.integer("addr_npi", &mut dialect.addr_npi);
    let enquire_link_ms = table.integer_or_none("enquire_link_ms");
    dialect.enquire_link_ms = enquire_link_ms.or(dialect.enquire_link_ms);
    let response_timeout_ms = table.integer_or_none("response_timeout_ms");
    dialect.response_timeout_ms = response_timeout_ms.or(dialect.response_timeout_ms);
    table.integer("reconnect_min_ms", &mut dialect.reconnect_min_ms);
    table.integer("reconnect_max_ms", &mut dialect.reconnect_max_ms);
    table.integer("reconnect_refused_ms", &mut dialect.reconnect_refused_ms);
    table.integer("messages_per_bind", &mut dialect.messages_per_bind);
    table.integer("unanswered_max", &mut dialect.unanswered_max);
    table.integer("unanswered_per_destination", &mut dialect.unanswered_per_destination);
    table.word("throttled_slows", &mut dialect.throttled_slows);
    if dialect.reconnect_min_ms > dialect.reconnect_max_ms {
        let named = ["reconnect_min_ms", "reconnect_max_ms"];
        if let Some(value) = named.iter().find_map(|name| table.value(name)) {
            let found = format!(
                "{} ms at least and {} ms at most",
                dialect.reconnect_min_ms, dialect.reconnect_max_ms
            );
            table.sheet.fault(&value.spot, found, "reconnect_max_ms of at least reconnect_min_ms");
        }
    }
}

fn octets(table: &Reader<'_>, dialect: &mut Dialect) {
    table.word("long_c_strings", &mut dialect.long_c_strings);
    table.integer("address_octets_max", &mut dialect.address_octets_max);
    table.word("missing_nul", &mut dialect.missing_nul);
    table.word("trailing_octets", &mut dialect.trailing_octets);
    table.word("invalid_tlv", &mut dialect.invalid_tlv);
    table.word("times_in_deliver", &mut dialect.times_in_deliver);
    table.word("error_body", &mut dialect.error_body);
    table.word("address_prefix", &mut dialect.address_prefix);
    table.word("address_alphabet", &mut dialect.address_alphabet);
    table.word("data_coding_0", &mut dialect.data_coding_0);
    table.integer("data_coding_gsm7", &mut dialect.data_coding_gsm7);
    if table.has("encodings") {
        dialect.encodings = encodings(table);
    }
    table.word("gsm7_packing", &mut dialect.gsm7_packing);
    table.word("ucs2_order", &mut dialect.ucs2_order);
    table.word("segmentation", &mut dialect.segmentation);
    table.flag("convert_segments", &mut dialect.convert_segments);
    table.integer("reference_max", &mut dialect.reference_max);
    table.integer("esm_class_mode", &mut dialect.esm_class_mode);
    table.integer("esm_class_bits", &mut dialect.esm_class_bits);
    dialect.priority_flag = table.integer_or_none("priority_flag").or(dialect.priority_flag);
    table.text("service_type", &mut dialect.service_type);
}

/// Segments cannot be tied together by what a carrier of version 3.3 does not know.
fn no_tlvs_in_3_3(table: &Reader<'_>, dialect: &Dialect) {
    let in_tlvs = matches!(dialect.segmentation, Reference::Payload | Reference::Sar);
    if dialect.interface_version >= 0x34 || !in_tlvs {
        return;
    }
    let named = ["segmentation", "interface_version"];
    if let Some(value) = named.iter().find_map(|name| table.value(name)) {
        let found = format!(
            "segmentation = \"{}\" with interface_version = {:#x}",
            dialect.segmentation, dialect.interface_version
        );
        let expected = "udh8 or udh16 below 0x34, which has no TLVs";
        table.sheet.fault(&value.spot, found, expected);
    }
}

/// Addresses longer than the standard's are neither read nor written where the letter holds.
fn long_addresses(table: &Reader<'_>, dialect: &Dialect) {
    let long = dialect.address_octets_max > STANDARD_ADDRESS_OCTETS;
    if !long || dialect.long_c_strings == Tolerance::Accept {
        return;
    }
    if let Some(value) =
        ["address_octets_max", "long_c_strings"].iter().find_map(|name| table.value(name))
    {
        let found = format!(
            "address_octets_max = {} with long_c_strings = \"refuse\"",
            dialect.address_octets_max
        );
        let expected = format!("at most {STANDARD_ADDRESS_OCTETS}, or long_c_strings = \"accept\"");
        table.sheet.fault(&value.spot, found, expected);
    }
}

fn ids_and_receipts(table: &Reader<'_>, dialect: &mut Dialect) {
    table.word("message_id_response", &mut dialect.message_id_response);
    table.word("message_id_receipt", &mut dialect.message_id_receipt);
    table.word("message_id_format", &mut dialect.message_id_format);
    table.word("receipt_format", &mut dialect.receipt_format);
    table.integer("receipt_zone", &mut dialect.receipt_zone_minutes);
    table.word("receipt_without_esm_class", &mut dialect.receipt_without_esm_class);
    table.word("receipt_as_acknowledgement", &mut dialect.receipt_as_acknowledgement);
    table.word("receipt_accepted", &mut dialect.receipt_accepted);
    table.word("receipt_unknown", &mut dialect.receipt_unknown);
    table.word("receipt_segments", &mut dialect.receipt_segments);
    table.integer("receipt_segments_wait_ms", &mut dialect.receipt_segments_wait_ms);
    table.word("receipt_tlvs", &mut dialect.receipt_tlvs);
    for (word, spot, state) in table.named("receipt_state") {
        if !(1..=STATE_OCTETS_MAX).contains(&word.len())
            || !word.bytes().all(|o| o.is_ascii_graphic())
        {
            let expected = "1 to 16 signs of ASCII, without white space";
            table.sheet.fault(&spot, quoted(word), expected);
        }
        let means: Option<StateName> = state.word_or_none("means");
        dialect.receipt_states.extend(means.map(|means| (word.to_ascii_uppercase(), means.into())));
    }
    table.word("mo_segments", &mut dialect.mo_segments);
}

/// The TLVs of this profile in place of those of its base that have the same name or tag.
fn tlvs(table: &Reader<'_>, tlvs: &mut Vec<TlvDefinition>) {
    let mut own: Vec<TlvDefinition> = Vec::new();
    for (name, spot, tlv) in table.named("tlv") {
        let mut tag = 0_u16;
        tlv.integer("tag", &mut tag);
        let kind: Option<TlvKind> = tlv.word_or_none("type");
        if !is_name(name) {
            let expected = "1 to 64 letters, digits, '.', '_' or '-'";
            table.sheet.fault(&spot, format!("the name {}", quoted(name)), expected);
        }
        if let Some(other) = own.iter().find(|other| other.tag == tag && tag != 0) {
            let found = format!("the tag {tag:#06X}, which {} has too", other.name);
            table.sheet.fault(&spot, found, "a tag of its own");
        }
        if let Some(kind) = kind {
            let value = tlv_value(&tlv, kind);
            let drop = tlv_drop(&tlv, tag);
            own.push(TlvDefinition { name: name.to_owned(), tag, kind, value, drop });
        }
    }
    tlvs.retain(|base| own.iter().all(|own| own.name != base.name && own.tag != base.tag));
    tlvs.append(&mut own);
    tlvs.sort_by(|one, other| one.name.cmp(&other.name));
}

/// Octets of a word that a receipt has for a state, at most.
const STATE_OCTETS_MAX: usize = 16;

/// Whether a TLV is left out. That is not for those without which a message is another: its text,
/// and its place in a longer one.
fn tlv_drop(table: &Reader<'_>, tag: u16) -> bool {
    let mut drop = false;
    table.flag("drop", &mut drop);
    if let Some(value) = table.value("drop").filter(|_| drop) {
        let tag = TlvTag(tag);
        if tag == TlvTag::MESSAGE_PAYLOAD || sar::TAGS.contains(&tag) {
            let found = format!("true of {tag:?}");
            table.sheet.fault(&value.spot, found, "a tag that no text is lost with");
        }
        if table.has("value") {
            table.sheet.fault(&value.spot, "true beside a value", "one of the two");
        }
    }
    drop
}

fn tlv_value(table: &Reader<'_>, kind: TlvKind) -> Option<Box<[u8]>> {
    let text = table.text_or_none("value")?;
    let octets = TlvDefinition::octets_of(kind, &text);
    if let (None, Some(value)) = (&octets, table.value("value")) {
        let expected = match kind {
            TlvKind::CString | TlvKind::Octets => "a text, or pairs of hexadecimal digits after 0x",
            TlvKind::U8 => "a number from 0 to 255 in quotes",
            TlvKind::U16 => "a number from 0 to 65535 in quotes",
            TlvKind::U32 => "a number from 0 to 4294967295 in quotes",
        };
        table.sheet.fault(&value.spot, quoted(&text), expected);
    }
    octets
}

fn statuses(table: &Reader<'_>, dialect: &mut Dialect) {
    let mut own = HashMap::new();
    for (name, spot, status) in table.named("status") {
        let number = name.strip_prefix("0x").filter(|digits| (1..=8).contains(&digits.len()));
        let number = number.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let rule = status_rule(&status, &spot);
        let Some(number) = number.filter(|number| *number != 0) else {
            table.sheet.fault(&spot, quoted(name), "an error of command_status such as 0x58");
            continue;
        };
        if let Some(other) = own.insert(number, name) {
            let found = format!("{}, which is {} again", quoted(name), quoted(other));
            table.sheet.fault(&spot, found, "each command_status once");
        }
        dialect.statuses.extend(rule.map(|rule| (number, rule)));
    }
}

/// The alphabets a peer takes, each once.
fn encodings(table: &Reader<'_>) -> Encodings {
    let mut seen: Vec<TextEncoding> = Vec::new();
    for (spot, encoding) in table.several("encodings", TextEncoding::from_word) {
        if seen.contains(&encoding) {
            let found = format!("{:?}, which stands there already", encoding.word());
            table.sheet.fault(&spot, found, "each alphabet once");
        } else {
            seen.push(encoding);
        }
    }
    Encodings::new(seen)
}

fn status_rule(table: &Reader<'_>, spot: &Spot) -> Option<StatusRule> {
    let retry_ms: Option<u32> = table.integer_or_none("retry_ms");
    let (mut fail, mut pause_bind) = (false, false);
    table.flag("fail", &mut fail);
    table.flag("pause_bind", &mut pause_bind);
    match (retry_ms, fail, pause_bind) {
        (after_ms, false, true) => {
            Some(StatusRule::PauseBind { for_ms: after_ms.unwrap_or(1_000) })
        }
        (Some(after_ms), false, false) => Some(StatusRule::Retry { after_ms }),
        (None, true, false) => Some(StatusRule::Fail),
        (None, false, false) if table.has("retry_ms") => None,
        (found, fail, pause_bind) => {
            let named = [("retry_ms", found.is_some()), ("fail", fail), ("pause_bind", pause_bind)];
            let named = named.iter().filter(|(_, there)| *there).map(|(name, _)| *name);
            let found = match named.collect::<Vec<_>>().join(" and ") {
                none if none.is_empty() => "no rule".to_owned(),
                several => several,
            };
            let expected = "retry_ms = N, fail = true or pause_bind = true";
            table.sheet.fault(spot, found, expected);
            None
        }
    }
}
