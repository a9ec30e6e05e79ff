//! What the codec promises, row by row.

mod facts;
mod framing;
mod golden;
mod properties;
mod refusals;
mod tlvs;

use std::path::PathBuf;

/// A file of the shared facts and vectors, found beside the repository or by `CHAPPE_SHARED`.
fn shared(name: &str) -> String {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = [here.join("../shared"), here.join("../../shared")];
    let named = std::env::var_os("CHAPPE_SHARED").map(PathBuf::from);
    let path = named
        .into_iter()
        .chain(beside)
        .map(|directory| directory.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is not there: set CHAPPE_SHARED to its directory"));
    std::fs::read_to_string(path).unwrap()
}

/// Octets of a hex dump; `#` begins a comment.
fn octets(dump: &str) -> Vec<u8> {
    let digits: Vec<u8> = dump
        .lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    assert_eq!(digits.len() % 2, 0, "half an octet in {dump}");
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}
