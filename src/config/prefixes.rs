//! Prefix files: lines of `prefix,carrier,cost` to rows of a route.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::engine::settings::{Cost, PrefixRow};

use super::reader::{Reader, quoted};
use super::unique::Names;

/// The largest prefix file in octets. A million prefixes take a quarter of it.
const FILE_MAX_BYTES: u64 = 64 * 1_048_576;

/// A start of a destination: 1 to 15 digits, a `+` before them left out (ITU-T E.164 §6.2.1).
pub(super) fn digits(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let fits = (1..=15).contains(&digits.len());
    let numeric = digits.bytes().all(|octet| octet.is_ascii_digit());
    (fits && numeric).then(|| digits.to_owned())
}

/// The rows of the key `prefix_file`; `None` when there is no such key or the file cannot be read.
pub(super) fn file(table: &Reader<'_>, carriers: &Names) -> Option<Vec<PrefixRow>> {
    let path = table.file("prefix_file")?;
    let value = table.value("prefix_file")?;
    match read(&path) {
        Ok(text) => Some(rows(table, &path, &text, carriers)),
        Err(why) => {
            table.refuse_as(&value, format!("{}, {why}", quoted(&path.display().to_string())));
            None
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut octets = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX_BYTES + 1).read_to_end(&mut octets))
        .map_err(|error| format!("which cannot be read ({error})"))?;
    if octets.len() as u64 > FILE_MAX_BYTES {
        return Err(format!("which has more than {FILE_MAX_BYTES} octets"));
    }
    String::from_utf8(octets).map_err(|_| "which is not UTF-8".to_owned())
}

/// Reads line by line. Empty lines and lines that begin with `#` say nothing; nor does a first line
/// that begins with `prefix`, the heading that spreadsheets leave.
fn rows(table: &Reader<'_>, path: &Path, text: &str, carriers: &Names) -> Vec<PrefixRow> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let heading = index == 0 && line.starts_with("prefix");
        if line.is_empty() || line.starts_with('#') || heading {
            continue;
        }
        match row(line, carriers) {
            Ok(row) => rows.push(row),
            Err((key, found, expected)) => {
                table.sheet.fault_in_line(path, index + 1, key, &found, expected);
            }
        }
    }
    rows
}

type RowFault = (&'static str, String, &'static str);

fn row(line: &str, carriers: &Names) -> Result<PrefixRow, RowFault> {
    let fields: Vec<&str> = line.splitn(4, ',').map(str::trim).collect();
    let (prefix, carrier, cost) = match fields.as_slice() {
        [prefix] => (*prefix, "", ""),
        [prefix, carrier] => (*prefix, *carrier, ""),
        [prefix, carrier, cost] => (*prefix, *carrier, *cost),
        _ => return Err(("line", quoted(line), "prefix,carrier,cost")),
    };
    let prefix = digits(prefix).ok_or(("prefix", quoted(prefix), "1 to 15 digits"))?;
    if !carrier.is_empty() && !carriers.has(carrier) {
        return Err(("carrier", quoted(carrier), "the name of a carrier, or nothing"));
    }
    let cost = match cost {
        "" => Cost::default(),
        cost => cost.parse().map_err(|_| ("cost", quoted(cost), "a decimal number"))?,
    };
    let carrier = (!carrier.is_empty()).then(|| carrier.to_owned());
    Ok(PrefixRow { prefix, carrier, cost })
}
