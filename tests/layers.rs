//! The house's map, enforced: a module imports only modules listed before it, and the pure half
//! knows no socket, file, clock, task or logger. Tests inside the modules count like the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

mod sources;

use sources::{Source, blanked, brace_end, modules, names, read};

/// Every module there may be, in the order data flows. A new one is entered here first.
const HOUSE: [&str; 20] = [
    "clock",
    "wire",
    "text",
    "session",
    "message",
    "mt",
    "mo",
    "exchange",
    "planted",
    "telemetry",
    "store",
    "cdr",
    "link",
    "engine",
    "api",
    "console",
    "config",
    "sim",
    "cli",
    "manual",
];

/// Those that are all there is with `--no-default-features`.
const PURE: [&str; 8] = ["clock", "wire", "text", "session", "message", "mt", "mo", "exchange"];

/// What no pure module names, with what it should do instead.
const IMPURE: [(&str, &str); 9] = [
    ("Instant::now", "take the time as an argument"),
    ("SystemTime", "take the time as an argument"),
    ("std::env", "take settings as an argument"),
    ("std::fs", "take octets as an argument"),
    ("std::io", "take octets as an argument"),
    ("std::net", "leave sockets to link"),
    ("std::process", "return what was decided"),
    ("std::thread", "leave threads to engine"),
    ("println!", "return what is to be said"),
];

/// Of these, what the tests of a pure module may name: shared vectors are files, found by an
/// environment variable.
const IN_TESTS: [&str; 2] = ["std::env", "std::fs"];

#[test]
fn every_module_is_in_the_house_and_the_crate_lists_them_in_its_order() {
    let lib = blanked(&read("src/lib.rs"));
    let words: Vec<&str> = names(&lib).map(|(_, name)| name).collect();
    let listed: Vec<&str> =
        words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1]).collect();
    let places: Vec<Option<usize>> = listed.iter().map(|name| place(name)).collect();
    assert!(places.iter().all(Option::is_some), "not in the house: {listed:?}, {places:?}");
    assert!(places.is_sorted(), "in another order than the house: {listed:?}");
}

#[test]
fn a_module_imports_only_what_stands_before_it() {
    let mut wrong = Vec::new();
    for source in modules().values() {
        let Some(importer) = source.module.first() else { continue };
        for (at, imported) in imports(source) {
            let allowed = imported == *importer
                || place(&imported).is_some_and(|imported| Some(imported) < place(importer));
            if !allowed {
                wrong.push(format!("{}: {importer} imports {imported}", spot(source, at)));
            }
        }
    }
    assert!(wrong.is_empty(), "against the order of the house:\n{}", wrong.join("\n"));
}

#[test]
fn nobody_but_cli_imports_config_and_nobody_but_main_imports_cli() {
    let mut wrong = Vec::new();
    for source in modules().values() {
        let importer = source.module.first().map_or("main", String::as_str);
        for (at, imported) in imports(source) {
            let allowed = match imported.as_str() {
                "config" => matches!(importer, "cli" | "config"),
                "cli" => matches!(importer, "main" | "cli"),
                _ => importer != "main",
            };
            if !allowed {
                wrong.push(format!("{}: {importer} imports {imported}", spot(source, at)));
            }
        }
    }
    assert!(wrong.is_empty(), "a module owns its Settings and its Error:\n{}", wrong.join("\n"));
}

#[test]
fn pure_modules_know_no_clock_task_socket_file_or_logger() {
    let runtime = runtime_crates();
    assert!(["tokio", "tracing", "metrics"].iter().all(|name| runtime.contains(*name)));
    let mut wrong = Vec::new();
    for source in modules().values().filter(|source| is_pure(source)) {
        for (at, name) in source.names() {
            // A path's first name: `tokio::spawn` is the crate, `super::metrics` is not.
            let behind = source.code[at + name.len()..].starts_with("::");
            let path_or_use = behind || source.code[..at].ends_with("use ");
            let inside = source.code[..at].ends_with("::") || source.code[..at].ends_with('.');
            if runtime.contains(name) && path_or_use && !inside && !source.is_test_at(at) {
                wrong.push(format!("{}: {name} belongs to the runtime", spot(source, at)));
            }
        }
        for (what, instead) in IMPURE {
            for (at, _) in source.code.match_indices(what) {
                if !(IN_TESTS.contains(&what) && source.is_test_at(at)) {
                    wrong.push(format!("{}: {what}: {instead}", spot(source, at)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not pure:\n{}", wrong.join("\n"));
}

#[test]
fn the_pure_half_stands_without_the_runtime_feature() {
    let lib = blanked(&read("src/lib.rs"));
    let lines: Vec<&str> = lib.lines().map(str::trim).collect();
    for pair in lines.windows(2) {
        let Some(module) = pair[1].strip_prefix("pub mod ") else { continue };
        let module = module.trim_end_matches(';');
        let gated = pair[0].starts_with("#[cfg(feature =");
        let free = PURE.contains(&module) || module == "manual";
        assert!(gated != free, "{module}: pure modules have no cfg line, the others have one");
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let cases = [
        ("use crate::wire::Pdu;", vec!["wire"]),
        ("use crate::{clock::Now, link::{Link, Pace}};", vec!["clock", "link"]),
        ("fn f() -> crate::mt::Next { super::super::engine::run() }", vec!["mt", "engine"]),
        ("mod tests { use super::super::super::cli; }", vec!["cli"]),
        ("use super::shard; // crate::cli\nconst C: &str = \"crate::cli\";", vec![]),
        ("pub(in crate::text) fn f() {}", vec!["text"]),
    ];
    for (code, expected) in cases {
        let found: Vec<String> = imports(&source(code)).into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = r##"a /* b /* c */ d */ "e\"f" 'g' '\'' b"h" r#"i"j"# <'life> // k
l"##;
    let code = blanked(text);
    let left: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(left, ["a", "<'life>", "l"]);
    assert_eq!((code.len(), code.find('l')), (text.len(), text.find("life")));
}

/// A file `src/engine/shard.rs` of this code.
fn source(text: &str) -> Source {
    Source {
        path: "src/engine/shard.rs".to_owned(),
        text: text.to_owned(),
        code: blanked(text),
        module: vec!["engine".to_owned(), "shard".to_owned()],
        is_test: false,
    }
}

fn place(module: &str) -> Option<usize> {
    HOUSE.iter().position(|name| *name == module)
}

fn is_pure(source: &Source) -> bool {
    source.module.first().is_some_and(|module| PURE.contains(&module.as_str()))
}

fn spot(source: &Source, at: usize) -> String {
    format!("{}:{}", source.path, source.line_of(at))
}

/// Top modules that this file names, by `crate::` or by as many `super::` as lead to the crate;
/// each with its place.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let inline = inline_modules(source);
    let mut found = Vec::new();
    let mut supers = 0;
    for (at, name) in source.names() {
        let behind = &source.code[at + name.len()..];
        let Some(path) = behind.strip_prefix("::") else {
            supers = 0;
            continue;
        };
        let follows = source.code[..at].ends_with("::");
        supers = match name {
            "super" if follows => supers + 1,
            "super" => 1,
            _ => 0,
        };
        let depth = source.module.len() + inline.iter().filter(|body| body.contains(&at)).count();
        // In main.rs, which is a crate of its own, the library goes by its name.
        let is_main = source.path == "src/main.rs" && name == "chappe";
        if (name == "crate" && !follows) || is_main || (name == "super" && supers == depth) {
            found.extend(heads(path).into_iter().map(|head| (at, head)));
        }
    }
    found
}

/// Inline modules, `mod name { .. }`: the range of each body.
fn inline_modules(source: &Source) -> Vec<Range<usize>> {
    let words: Vec<_> = source.names().collect();
    let inline = words.windows(2).filter_map(|pair| {
        let [(_, "mod"), (at, name)] = *pair else { return None };
        let after = at + name.len();
        let body = source.code[after..].find(|c: char| !c.is_whitespace())? + after;
        source.code[body..].starts_with('{').then(|| body..brace_end(&source.code, body))
    });
    inline.collect()
}

/// The first names of a path: one, or those between its braces.
fn heads(path: &str) -> Vec<String> {
    if !path.starts_with('{') {
        return names(path).next().into_iter().map(|(_, name)| name.to_owned()).collect();
    }
    let mut depth = 0;
    let mut heads = vec![String::new()];
    for c in path.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(String::new()),
            c if depth == 1 => heads.last_mut().unwrap().push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let first = |head: &String| names(head).next().map(|(_, name)| name.to_owned());
    heads.iter().filter_map(first).collect()
}

/// Crates that come with the runtime feature, as code names them.
fn runtime_crates() -> BTreeSet<String> {
    let text = read("Cargo.toml");
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut section = "";
    for line in text.lines() {
        match line.strip_prefix('[') {
            Some(name) => section = name,
            None => sections.entry(section).or_default().push(line),
        }
    }
    let optional = sections["dependencies]"].iter().filter(|line| line.contains("optional = true"));
    optional
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .collect()
}
