//! The repository reads itself: lengths, names, dead files, words that do not belong here, and
//! whether its documents, dependencies and configurations are what they say.
//!
//! An exemption stands in a list with its reason; one that is not needed any more is an error too.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

mod sources;

use sources::{Source, brace_end, modules, names, read, root};

const LINE_MAX: usize = 100;
const FILE_MAX: usize = 500;
const FUNCTION_MAX: usize = 70;

/// Files with longer lines: a row of a table stays on one line, as the tables of the standard do.
const WIDE: [(&str, &str); 2] = [
    ("src/telemetry/meanings.rs", "one metric a row"),
    ("src/telemetry/names.rs", "one metric a row"),
];

/// Files that are longer.
const LONG_FILES: [(&str, &str); 1] =
    [("src/text/gsm7/tables.rs", "the national tables of 3GPP TS 23.038")];

/// Functions that are longer.
const LONG_FUNCTIONS: [(&str, &str, &str); 2] = [
    ("src/cli/pdu/tests.rs", "what_cannot_be_a_pdu_is_refused_by_name", "one wrong line a row"),
    ("src/wire/tests/golden.rs", "submission", "one PDU a row"),
];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["common", concat!("hel", "pers"), "misc", "stuff", "util", "utils"];

/// What must not be left in code.
const LEFT_BEHIND: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// What must not be left in code or comments.
const MARKS: [&str; 2] = [concat!("FIX", "ME"), concat!("X", "XX")];

/// Words of the place where somebody worked, which mean nothing to a reader of the repository.
const FOREIGN: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("session", " number"), concat!("hel", "per")];

#[test]
fn a_line_has_at_most_100_columns() {
    let mut wrong = Vec::new();
    let mut wide = BTreeSet::new();
    for path in rust_files() {
        for (at, line) in read(&path).lines().enumerate() {
            if line.chars().count() <= LINE_MAX || line.contains("https://") {
                continue;
            }
            match WIDE.iter().find(|(file, _)| *file == path) {
                Some((file, _)) => drop(wide.insert(*file)),
                None => wrong.push(format!("{path}:{}", at + 1)),
            }
        }
    }
    assert!(wrong.is_empty(), "too long:\n{}", wrong.join("\n"));
    let needed: Vec<_> = WIDE.iter().map(|(file, _)| *file).collect();
    assert!(wide.iter().eq(&needed), "exempt without need: {needed:?}, needed: {wide:?}");
}

#[test]
fn a_file_has_at_most_500_lines() {
    let long = |path: &String| read(path).lines().count() > FILE_MAX;
    let found: Vec<String> = rust_files().into_iter().filter(long).collect();
    let exempt: Vec<_> = LONG_FILES.iter().map(|(file, _)| *file).collect();
    assert_eq!(found, exempt, "left: files of more than {FILE_MAX} lines; right: those exempt");
}

#[test]
fn a_function_has_at_most_70_lines() {
    let (mut wrong, mut needed) = (Vec::new(), Vec::new());
    for source in modules().values() {
        for (name, line, lines) in functions(source) {
            let path = source.path.as_str();
            let exempt =
                LONG_FUNCTIONS.iter().any(|(file, long, _)| (*file, *long) == (path, name));
            match lines > FUNCTION_MAX {
                true if exempt => needed.push(name.to_owned()),
                true => wrong.push(format!("{path}:{line}: {name} has {lines} lines")),
                false => {}
            }
        }
    }
    assert!(wrong.is_empty(), "too long:\n{}", wrong.join("\n"));
    assert_eq!(needed.len(), LONG_FUNCTIONS.len(), "exempt without need, but for {needed:?}");
}

#[test]
fn nothing_is_left_unfinished() {
    let mut wrong = Vec::new();
    for path in rust_files() {
        let text = read(&path);
        let code = sources::blanked(&text);
        let mut look = |text: &str, what: &str| {
            for (at, _) in text.match_indices(what) {
                let line = 1 + text[..at].matches('\n').count();
                wrong.push(format!("{path}:{line}: {what}"));
            }
        };
        LEFT_BEHIND.iter().for_each(|what| look(&code, what));
        MARKS.iter().for_each(|what| look(&text, what));
        // A test that is skipped is a promise nobody keeps.
        look(&code, concat!("#[", "ignore"));
    }
    assert!(wrong.is_empty(), "left behind:\n{}", wrong.join("\n"));
}

#[test]
fn every_source_file_is_a_module_with_a_name_that_says_something() {
    let reached = modules();
    let mut dead = files("src");
    dead.retain(|path| path.ends_with(".rs") && !reached.contains_key(path));
    assert!(dead.is_empty(), "no mod line reaches {dead:?}");
    for path in rust_files() {
        let names: Vec<&str> = path.split(['/', '.']).collect();
        let empty = EMPTY_NAMES.iter().find(|name| names.contains(name));
        assert_eq!(empty, None, "{path}");
    }
}

#[test]
fn the_repository_speaks_of_the_project_alone() {
    let mut wrong = Vec::new();
    for path in files(".") {
        // Lists that tools write: names of other people's packages are what they are.
        let listed = path.ends_with(".lock") || path.ends_with("package-lock.json");
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        for (at, line) in text.lines().enumerate().filter(|_| !listed) {
            let line = line.to_lowercase();
            let word = FOREIGN.iter().find(|word| line.contains(**word));
            if let Some(word) = word {
                wrong.push(format!("{path}:{}: {word}", at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "of no meaning to a reader:\n{}", wrong.join("\n"));
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let crates =
        ["", "fuzz/", "benches/peers/", "tests/models/", "tests/models/shim/", "tests/peers/"];
    for manifest in crates.map(|place| format!("{place}Cargo.toml")) {
        let text = read(&manifest);
        let (mut inside, mut before) = (false, "");
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.ends_with("dependencies]");
            } else if inside && line.contains(" = ") && !line.starts_with('#') {
                let why = line.split_once(" # ").map_or(before, |(_, why)| why);
                assert!(why.len() > 10, "{manifest}: no reason beside: {line}");
            }
            before = line.strip_prefix("# ").unwrap_or_default();
        }
    }
}

#[test]
fn every_manual_page_is_compiled_and_linked() {
    let (manual, readme) = (read("src/manual/mod.rs"), read("README.md"));
    let pages: Vec<String> =
        files("src/manual").into_iter().filter(|path| path.ends_with(".md")).collect();
    assert!(pages.len() >= 4, "{pages:?}");
    for page in pages {
        let name = page.strip_prefix("src/manual/").unwrap();
        let stem = name.strip_suffix(".md").unwrap();
        let compiled = format!("#[doc = include_str!(\"{name}\")]\npub mod {stem} {{}}");
        assert!(manual.contains(&compiled), "src/manual/mod.rs lacks: {compiled}");
        assert!(readme.contains(&format!("]({page})")), "README.md does not link {page}");
    }
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    for document in files(".").into_iter().filter(|path| path.ends_with(".md")) {
        let home = PathBuf::from(&document).parent().unwrap().to_owned();
        for target in links(&read(&document)) {
            let file = target.split('#').next().unwrap();
            let elsewhere = file.is_empty() || file.contains("://");
            assert!(elsewhere || root().join(&home).join(file).exists(), "{document}: {target}");
        }
    }
}

#[test]
fn the_changelog_tells_of_this_version() {
    let version = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    assert!(read("CHANGELOG.md").contains(version), "no heading {version}");
}

#[test]
fn every_test_and_key_that_the_manual_names_is_there() {
    let code: Vec<Source> = modules().into_values().collect();
    let outside: Vec<String> = rust_files().iter().map(|path| read(path)).collect();
    let inside = code.iter().map(|source| source.text.as_str());
    let all: BTreeSet<&str> = inside
        .chain(outside.iter().map(String::as_str))
        .flat_map(|text| names(text).map(|(_, name)| name))
        .collect();
    for page in ["architecture", "mistakes", "quirks"] {
        let text = read(&format!("src/manual/{page}.md"));
        for (at, quoted) in text.split('`').enumerate().filter(|(at, _)| at % 2 == 1) {
            let is_name = !quoted.is_empty()
                && quoted.bytes().all(|octet| octet == b'_' || octet.is_ascii_alphanumeric());
            // Three and more words in one name: a test, a key or a field of ours.
            let ours = is_name && quoted.matches('_').count() >= 2;
            assert!(!ours || all.contains(quoted), "{page}.md: {quoted} ({at}) is nowhere");
        }
    }
}

#[test]
fn the_list_of_quirks_is_whole_and_each_has_its_answer() {
    let text = read("src/manual/quirks.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| {
        let cells: Vec<&str> = row.trim_end_matches('|').split(" | ").map(str::trim).collect();
        Some((cells.first()?.parse::<usize>().ok()?, cells))
    });
    let mut numbers = Vec::new();
    for (number, cells) in rows {
        assert_eq!(cells.len(), 4, "quirk {number}: number, quirk, behaviour, test: {cells:?}");
        let proved = cells[3].starts_with('`') || cells[3] == "none yet";
        assert!(proved, "quirk {number}: a test in backticks, or none yet: {}", cells[3]);
        numbers.push(number);
    }
    assert!(numbers.iter().copied().eq(1..=67), "{numbers:?}");
}

#[cfg(feature = "runtime")]
#[test]
fn every_configuration_that_is_shipped_loads() {
    let shipped: Vec<String> =
        files("config").into_iter().filter(|path| path.ends_with(".toml")).collect();
    assert!(shipped.len() > 2, "{shipped:?}");
    for path in shipped {
        if path.starts_with("config/bots/") {
            let bot = chappe::config::bot::load(&root().join(&path));
            assert!(bot.is_ok(), "{path}: {}", bot.unwrap_err());
            continue;
        }
        let mut said = Vec::new();
        let asked = chappe::cli::check::Args { config: root().join(&path), route: None, at: None };
        let exit = chappe::cli::check::run(&asked, &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(exit, chappe::cli::Exit::Success, "{path}: {said}");
    }
}

/// Rust files of the repository, by path.
fn rust_files() -> Vec<String> {
    files(".").into_iter().filter(|path| path.ends_with(".rs")).collect()
}

/// Functions with a body: name, first line, lines.
fn functions(source: &Source) -> Vec<(&str, usize, usize)> {
    let words: Vec<_> = source.names().collect();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let [(at, "fn"), (name_at, name)] = *pair else { continue };
        // `fn $name` of a macro is followed by a name that does not stand right behind.
        if source.code[at + 2..name_at].trim() != "" {
            continue;
        }
        let Some(open) = body(&source.code, name_at) else { continue };
        let (first, last) = (source.line_of(at), source.line_of(brace_end(&source.code, open) - 1));
        found.push((name, first, last - first + 1));
    }
    found
}

/// Where the body of a function opens; `None` when a `;` comes first.
fn body(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, octet) in code.bytes().enumerate().skip(from) {
        match octet {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Targets of `[text](target)` outside of code.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split('`').step_by(2);
    let behind = prose.flat_map(|prose| prose.split("](").skip(1));
    behind.filter_map(|rest| rest.split(')').next()).collect()
}

/// Every file below a directory of the repository, by path; what is built or installed left out.
fn files(directory: &str) -> Vec<String> {
    const NOT_OURS: [&str; 7] =
        [".git", ".venv", "artifacts", "corpus", "data", "node_modules", "target"];
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(root().join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            let path = directory.join(&name);
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else {
                found.push(path.to_str().unwrap().trim_start_matches("./").to_owned());
            }
        }
    }
    found.sort_unstable();
    found
}
