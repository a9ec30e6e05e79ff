//! What is said of wrong configurations, word for word: `golden.txt` beside this file.

use std::fmt::Write;

use super::*;

#[test]
fn each_wrong_configuration_is_answered_word_for_word() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/tests/golden.txt");
    let golden = std::fs::read_to_string(&path).expect("golden.txt");
    let mut said = String::new();
    let mut cases = 0;
    for (index, case) in golden.split_inclusive("\n--\n").enumerate() {
        // What stands before the first case is the heading; behind the answers of a case may
        // stand the heading of the next group.
        let (answered, rest) = match index {
            0 => (String::new(), case),
            _ => {
                let end = case.find("\n\n").unwrap_or(case.len() - 1) + 1;
                let (case, rest) = case.split_at(end);
                cases += 1;
                (answer(case), rest)
            }
        };
        said.push_str(&answered);
        said.push_str(rest);
    }
    if std::env::var_os("CHAPPE_BLESS").is_some() {
        std::fs::write(&path, said).expect("golden.txt to write");
    } else {
        assert_eq!(golden, said);
        assert!(cases > 50, "{cases} cases");
    }
}

/// A case with what is said of it now.
fn answer(case: &str) -> String {
    let file = case.lines().filter(|line| !line.starts_with("=> "));
    let mut answered = file.fold(String::new(), |file, line| file + line + "\n");
    let faults = faults(&answered, Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(!faults.is_empty(), "this is sound:\n{answered}");
    for fault in faults {
        let _ = writeln!(answered, "=> {fault}");
    }
    answered
}
