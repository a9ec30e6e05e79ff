//! `[[pool]]`: numbers of ours that are sent from under one name.

use crate::engine::settings::{Number, Pool};

use super::reader::{Reader, quoted};
use super::unique::Names;

/// Numbers of one pool: each message looks at all of them.
const NUMBERS_MAX: usize = 256;
/// Octets that a sender with letters may have.
const NAME_MAX: usize = 11;

/// The pools that could be read. `numbers` are those there are.
pub(super) fn pools(root: &Reader<'_>, numbers: &[Number]) -> Vec<Pool> {
    let tables = root.tables("pool");
    let (mut pools, mut names) = (Vec::new(), Names::default());
    let known = Names::known(numbers.iter().map(|number| number.address.as_str()));
    for table in &tables {
        let name = table.text_or_none("name");
        if let (Some(name), Some(value)) = (&name, table.value("name")) {
            names.add(table, &value.spot, name, "name");
            if name.len() > NAME_MAX {
                let expected = format!("at most {NAME_MAX} characters, as a sender has");
                table.sheet.fault(&value.spot, quoted(name), expected);
            }
            if known.has(name) {
                let expected = "a name that is no number of yours";
                table.sheet.fault(&value.spot, quoted(name), expected);
            }
        }
        let numbers = numbers_of(table, &known);
        if let Some(name) = name {
            pools.push(Pool { name, numbers });
        }
    }
    pools
}

fn numbers_of(table: &Reader<'_>, known: &Names) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for (spot, written) in table.several("numbers", |text| Some(text.to_owned())) {
        let address = written.strip_prefix('+').unwrap_or(&written).to_owned();
        if !known.check(table, &spot, &address, "the address of a [[number]]") {
            continue;
        }
        if numbers.contains(&address) {
            let found = format!("{}, which stands there already", quoted(&written));
            table.sheet.fault(&spot, found, "each number once");
        }
        numbers.push(address);
    }
    if numbers.len() > NUMBERS_MAX
        && let Some(value) = table.value("numbers")
    {
        let expected = format!("at most {NUMBERS_MAX}");
        table.sheet.fault(&value.spot, format!("{} numbers", numbers.len()), expected);
    }
    numbers
}
