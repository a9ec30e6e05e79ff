//! Prefix files: CSV of `prefix,carrier,cost` to rows of a route.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use csv_core::ReadRecordResult;

use crate::engine::settings::{Cost, PrefixRow, Target};
use crate::mt::routing::{Prefix, Way};

use super::error::Errors;
use super::nearest::nearest;
use super::reader::{Reader, quoted};
use super::sheet::Spot;
use super::unique::Names;

/// The largest prefix file in octets: as many rows as there may be, with room for names.
const FILE_MAX_BYTES: u64 = 128 * 1_048_576;

/// Rows a prefix file may have. Full plans of the world's networks have some hundred thousand.
const ROWS_MAX: usize = 4_000_000;

/// The columns, as a heading names them.
const COLUMNS: [&str; 3] = ["prefix", "carrier", "cost"];

/// Whether a row must say what it costs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Costs<'a> {
    /// It may.
    Optional,
    /// It or its carrier among these must.
    Needed(&'a [Target]),
}

/// A start of a destination: 1 to 15 digits, a `+` before them left out (ITU-T E.164 §6.2.1).
pub(super) fn digits(text: &str) -> Option<Prefix> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    Prefix::parse(digits).filter(|_| !digits.is_empty())
}

/// The prefixes that stand in the table itself, and the set of them; notes one that is said twice.
pub(super) fn listed(table: &Reader<'_>) -> (Vec<(Spot, Prefix)>, HashSet<Prefix>) {
    let (read, mut seen) = (table.several("prefix", digits), HashSet::new());
    for (spot, prefix) in &read {
        if !seen.insert(*prefix) {
            let found = format!("{}, which stands there already", quoted(&prefix.to_string()));
            table.sheet.fault(spot, found, "each prefix once");
        }
    }
    (read, seen)
}

/// The rows of the key `prefix_file`; `None` when there is no such key or the file cannot be read.
pub(super) fn file(
    table: &Reader<'_>,
    carriers: &Names,
    costs: Costs<'_>,
) -> Option<Vec<PrefixRow>> {
    let path = table.file("prefix_file")?;
    let value = table.value("prefix_file")?;
    let mut sheet =
        PrefixSheet { table, path: &path, carriers, costs, known: HashMap::new(), unknown: 0 };
    match sheet.read() {
        Ok(rows) => Some(rows),
        Err(why) => {
            table.refuse_as(&value, format!("{}, {why}", quoted(&path.display().to_string())));
            None
        }
    }
}

/// A prefix file under reading.
struct PrefixSheet<'a> {
    table: &'a Reader<'a>,
    path: &'a Path,
    carriers: &'a Names,
    costs: Costs<'a>,
    /// The names met so far, each kept once, and whether the route says what they cost.
    known: HashMap<Arc<str>, bool>,
    /// How many names were met that are none.
    unknown: usize,
}

/// What is wrong with a row: its column, what stands there, what should.
type RowFault = (&'static str, String, String);

/// Where a row stands, for the search for rows that say the same.
struct Stand {
    prefix: Prefix,
    row: u32,
    line: u32,
}

impl PrefixSheet<'_> {
    /// Reads line by line. Empty lines and lines that begin with `#` say nothing; nor does a
    /// heading.
    fn read(&mut self) -> Result<Vec<PrefixRow>, String> {
        let unreadable = |error: std::io::Error| format!("which cannot be read ({error})");
        let file = File::open(self.path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.len() > FILE_MAX_BYTES {
            return Err(format!("which has more than {FILE_MAX_BYTES} octets"));
        }
        let mut file = BufReader::new(file.take(FILE_MAX_BYTES));
        let (mut rows, mut stands) = (Vec::new(), Vec::new());
        let (mut line, mut fields) = (Vec::new(), Fields::new());
        let mut first = true;
        for number in 1_u32.. {
            line.clear();
            if file.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let split = fields.split(line);
            if std::mem::take(&mut first) && is_heading(fields.get(0)) {
                self.check_heading(number, line, &fields);
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(format!("which has more than {ROWS_MAX} rows"));
            }
            match split.and_then(|()| self.row(&fields)) {
                Ok(row) => {
                    stands.push(Stand { prefix: row.prefix, row: rows.len() as u32, line: number });
                    rows.push(row);
                }
                Err((key, found, expected)) => self.fault(number, key, &found, &expected),
            }
        }
        rows.shrink_to_fit();
        self.check_alike(&rows, stands);
        Ok(rows)
    }

    fn row(&mut self, fields: &Fields) -> Result<PrefixRow, RowFault> {
        let field = |at: usize| std::str::from_utf8(fields.get(at));
        let (Ok(prefix), Ok(carrier), Ok(cost)) = (field(0), field(1), field(2)) else {
            let found = "octets that are not UTF-8".to_owned();
            return Err(("line", found, COLUMNS.join(",")));
        };
        let prefix = digits(prefix)
            .ok_or_else(|| ("prefix", quoted(prefix), "1 to 15 digits".to_owned()))?;
        if carrier.is_empty() {
            return match cost.is_empty() {
                true => Ok(PrefixRow { prefix, carrier: None, cost: None }),
                false => Err(("carrier", "a cost of nobody".to_owned(), expected_carrier(None))),
            };
        }
        let (carrier, has_cost) = self.carrier(carrier)?;
        let cost = match cost {
            "" if has_cost => None,
            "" => {
                let expected = "a decimal number, which order = \"cost\" goes by".to_owned();
                return Err(("cost", "nothing".to_owned(), expected));
            }
            cost => match cost.parse::<Cost>() {
                Ok(cost) => Some(cost),
                Err(_) => return Err(("cost", quoted(cost), "a decimal number".to_owned())),
            },
        };
        Ok(PrefixRow { prefix, carrier: Some(carrier), cost })
    }

    /// The carrier of this name, and whether a row of it may leave its cost out.
    fn carrier(&mut self, name: &str) -> Result<(Arc<str>, bool), RowFault> {
        if let Some((known, has_cost)) = self.known.get_key_value(name) {
            return Ok((Arc::clone(known), *has_cost));
        }
        if !self.carriers.has(name) {
            self.unknown += 1;
            // To compare each of a million with each carrier would take minutes.
            let near = (self.unknown <= Errors::MAX).then(|| self.carriers.sorted());
            let near = nearest(name, near.unwrap_or_default());
            return Err(("carrier", quoted(name), expected_carrier(near)));
        }
        let has_cost = match self.costs {
            Costs::Optional => true,
            Costs::Needed(targets) => targets.iter().any(|target| target.carrier == name),
        };
        let name: Arc<str> = name.into();
        self.known.insert(Arc::clone(&name), has_cost);
        Ok((name, has_cost))
    }

    fn check_heading(&self, number: u32, line: &[u8], fields: &Fields) {
        let agrees = |at: usize| fields.get(at).eq_ignore_ascii_case(COLUMNS[at].as_bytes());
        let named = (0..COLUMNS.len()).filter(|at| !fields.get(*at).is_empty());
        if fields.count > COLUMNS.len() || !named.into_iter().all(agrees) {
            let found = quoted(&String::from_utf8_lossy(line));
            self.fault(number, "heading", &found, &COLUMNS.join(","));
        }
    }

    /// Notes rows that say the same as one before them, or something else of the same.
    fn check_alike(&self, rows: &[PrefixRow], mut stands: Vec<Stand>) {
        let carrier = |stand: &Stand| rows.get(stand.row as usize)?.carrier.as_deref();
        // A prefix that is left to the route comes before the carriers it is given to.
        stands.sort_unstable_by(|one, other| {
            let by_carrier = carrier(one).cmp(&carrier(other));
            one.prefix.cmp(&other.prefix).then(by_carrier).then(one.row.cmp(&other.row))
        });
        for alike in stands.chunk_by(|one, other| one.prefix == other.prefix) {
            let [first, others @ ..] = alike else { continue };
            let mut before = first;
            for stand in others {
                let same = carrier(before) == carrier(stand);
                if same || carrier(first).is_none() {
                    let earlier = if same { before } else { first };
                    let lines = (earlier.line.min(stand.line), earlier.line.max(stand.line));
                    let prefix = quoted(&stand.prefix.to_string());
                    let found = format!("{prefix}, which line {} has too", lines.0);
                    let expected = "a prefix once, or once for each of its carriers";
                    self.fault(lines.1, "prefix", &found, expected);
                }
                before = stand;
            }
            if alike.len() > Way::CARRIERS_MAX {
                let found = format!("{} carriers for {}", alike.len(), first.prefix);
                let expected = format!("at most {}", Way::CARRIERS_MAX);
                self.fault(first.line, "prefix", &found, &expected);
            }
        }
    }

    fn fault(&self, line: u32, key: &str, found: &str, expected: &str) {
        self.table.sheet.fault_in_line(self.path, line as usize, key, found, expected);
    }
}

/// The fields of one line.
struct Fields {
    reader: csv_core::Reader,
    /// The fields without their quotes, one behind the other, and where each ends.
    text: Vec<u8>,
    ends: [usize; COLUMNS.len()],
    count: usize,
}

impl Fields {
    fn new() -> Self {
        // Its `Default` knows no state to begin in.
        let reader = csv_core::Reader::new();
        Self { reader, text: Vec::new(), ends: [0; COLUMNS.len()], count: 0 }
    }

    /// Takes the fields of a line that holds no line break.
    fn split(&mut self, line: &[u8]) -> Result<(), RowFault> {
        // An end for each field, and one for the first that is too many.
        let mut ends = [0; COLUMNS.len() + 1];
        self.text.resize(line.len() + 1, 0);
        self.reader.reset();
        let (mut result, read, written, mut count) =
            self.reader.read_record(line, &mut self.text, &mut ends);
        if result == ReadRecordResult::InputEmpty && read == line.len() {
            let (text, ends) = (&mut self.text[written..], &mut ends[count..]);
            let (last, _, _, more) = self.reader.read_record(b"\n", text, ends);
            (result, count) = (last, count + more);
        }
        self.count = count.min(COLUMNS.len());
        self.ends.copy_from_slice(&ends[..COLUMNS.len()]);
        let found = match result {
            ReadRecordResult::Record if count <= COLUMNS.len() => return Ok(()),
            ReadRecordResult::InputEmpty => "a quote that does not end".to_owned(),
            _ => quoted(&String::from_utf8_lossy(line)),
        };
        Err(("line", found, COLUMNS.join(",")))
    }

    /// A field without the blanks around it; empty when there is none.
    fn get(&self, at: usize) -> &[u8] {
        let Some(end) = self.ends.get(at).filter(|_| at < self.count) else { return &[] };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        self.text.get(*start..*end).unwrap_or_default().trim_ascii()
    }
}

fn is_heading(field: &[u8]) -> bool {
    field.eq_ignore_ascii_case(COLUMNS[0].as_bytes())
}

fn expected_carrier(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("the name of a carrier, perhaps {}, or nothing", quoted(near)),
        None => "the name of a carrier, or nothing".to_owned(),
    }
}
