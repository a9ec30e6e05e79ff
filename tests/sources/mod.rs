//! The crate's own sources, for tests that read them: each file with its place in the module tree,
//! and its code with comments and literals blanked so that a search finds code alone.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

mod mask;

pub use mask::blanked;

/// One Rust file.
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// The same octets, those of comments, strings and characters replaced by blanks.
    pub code: String,
    /// The module it is, below the crate: `["wire", "tlv"]`; empty for lib.rs and main.rs.
    pub module: Vec<String>,
    /// Whether all of it is compiled for tests only.
    pub is_test: bool,
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that lib.rs and main.rs reach by `mod` lines, by path.
pub fn modules() -> BTreeMap<String, Source> {
    let mut found = BTreeMap::new();
    for root in ["src/lib.rs", "src/main.rs"] {
        reach(root.to_owned(), Vec::new(), false, &mut found);
    }
    found
}

fn reach(path: String, module: Vec<String>, is_test: bool, found: &mut BTreeMap<String, Source>) {
    let text = read(&path);
    let source = Source { code: blanked(&text), path, text, module, is_test };
    for declared in source.declarations() {
        let is_test = is_test || source.is_test_at(declared.at);
        let mut below = source.module.clone();
        below.push(declared.name.clone());
        let path = source.file_of(&declared);
        reach(path, below, is_test, found);
    }
    found.insert(source.path.clone(), source);
}

/// A `mod name;` line.
struct Declared {
    name: String,
    /// Where its `mod` stands.
    at: usize,
}

impl Source {
    /// The line of an offset, from 1.
    pub fn line_of(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at].iter().filter(|&&octet| octet == b'\n').count()
    }

    /// Whether the code at this offset is compiled for tests only.
    pub fn is_test_at(&self, at: usize) -> bool {
        self.is_test || self.test_items().iter().any(|item| item.contains(&at))
    }

    /// Items that `#[cfg(test)]` or `#[test]` stands before.
    fn test_items(&self) -> Vec<Range<usize>> {
        let found =
            self.code.match_indices("#[cfg(test)]").chain(self.code.match_indices("#[test]"));
        found.map(|(at, _)| at..item_end(&self.code, at)).collect()
    }

    /// Names in the code, each with its offset.
    pub fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        names(&self.code)
    }

    fn declarations(&self) -> Vec<Declared> {
        let words: Vec<_> = self.names().collect();
        let declared = words.windows(2).filter_map(|pair| {
            let [(at, "mod"), (name_at, name)] = *pair else { return None };
            let after = self.code[name_at + name.len()..].trim_start();
            after.starts_with(';').then(|| Declared { name: name.to_owned(), at })
        });
        declared.collect()
    }

    fn file_of(&self, declared: &Declared) -> String {
        let path = Path::new(&self.path);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let home = match stem {
            "lib" | "main" | "mod" => path.parent().unwrap().to_owned(),
            stem => path.with_file_name(stem),
        };
        let name = &declared.name;
        let candidates = [home.join(format!("{name}.rs")), home.join(name).join("mod.rs")];
        let found = candidates.iter().find(|file| root().join(file).is_file());
        let found = found.unwrap_or_else(|| panic!("{}: no file for mod {name}", self.path));
        found.to_str().unwrap().to_owned()
    }
}

/// Names in code, each with its offset.
pub fn names(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = code[rest..].find(is_name)? + rest;
        let len = code[start..].find(|c| !is_name(c)).unwrap_or(code.len() - start);
        rest = start + len;
        Some((start, &code[start..rest]))
    })
}

/// The end of the item that an attribute at `at` belongs to: its first `;` or closed `{ .. }`
/// outside of brackets.
fn item_end(code: &str, at: usize) -> usize {
    let mut depth = 0;
    for (offset, octet) in code.bytes().enumerate().skip(at) {
        match octet {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b';' if depth == 0 => return offset + 1,
            b'{' if depth == 0 => return brace_end(code, offset),
            _ => {}
        }
    }
    code.len()
}

/// The offset behind the `}` that closes the `{` at `open`.
pub fn brace_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (offset, octet) in code.bytes().enumerate().skip(open) {
        match octet {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return offset + 1;
        }
    }
    code.len()
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
