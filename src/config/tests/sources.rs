//! Secrets and prefixes from elsewhere than the file itself.

use crate::engine::settings::{Action, Cost, PrefixRow, Secret};

use super::*;

fn account(password: &str) -> String {
    format!("[[account]]\nsystem_id = \"a\"\npassword = {password}\n")
}

/// Nobody else may read a secret's file.
fn private(files: &Files, name: &str) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(files.dir.join(name), mode).unwrap();
    }
}

#[test]
fn a_secret_may_stand_in_the_file_the_environment_or_a_file_of_its_own() {
    let files = Files::new("secrets", &[("unix", "hunter2\n"), ("dos", "hunter2\r\n")]);
    private(&files, "unix");
    private(&files, "dos");
    let sources =
        [r#""hunter2""#, r#"{ env = "PASSWORD" }"#, r#"{ file = "unix" }"#, r#"{ file = "dos" }"#];
    for source in sources {
        let settings = sound(&account(source), &files.dir);
        assert!(settings.accounts[0].password.matches(b"hunter2"), "{source}");
        assert!(!format!("{settings:?}").contains("hunter2"), "{source}");
    }
}

#[test]
fn a_secret_that_cannot_be_had_is_named_by_its_source_and_never_shown() {
    let long = "x".repeat(Secret::OCTETS_MAX + 1);
    let files = Files::new("no-secrets", &[("open", "hunter2"), ("long", &long), ("empty", "\n")]);
    for name in ["long", "empty"] {
        private(&files, name);
    }
    let expected = r#"expected 1 to 64 octets in quotes, { env = "NAME" } or { file = "PATH" }"#;
    let cases = [
        (
            r#"{ env = "UNSET" }"#,
            "account[0].password.env: found the variable \"UNSET\", which is not set",
        ),
        (
            r#"{ env = "EMPTY" }"#,
            "account[0].password.env: found no octet in the variable \"EMPTY\"",
        ),
        (r#"{ env = 5 }"#, "account[0].password.env: found 5"),
        (
            r#"{ file = "absent" }"#,
            "account[0].password.file: found the file \"absent\", \
             which cannot be read (No such file or directory (os error 2))",
        ),
        (r#"{ file = "." }"#, "account[0].password.file: found the file \".\", which is no file"),
        (
            r#"{ file = "open" }"#,
            "account[0].password.file: found the file \"open\", \
             which every user of this machine can read (chmod o-r)",
        ),
        (
            r#"{ file = "long" }"#,
            "account[0].password.file: found more than 64 in the file \"long\"",
        ),
        (r#"{ file = "empty" }"#, "account[0].password.file: found no octet in the file \"empty\""),
        (r#"{}"#, "account[0].password: found a table without exactly one key"),
        (r#"["hunter2"]"#, "account[0].password: found an array"),
        (r#"5551212"#, "account[0].password: found a value without quotes"),
        (r#""""#, "account[0].password: found no octet"),
        ("\"a\\u0000b\"", "account[0].password: found a NUL"),
    ];
    for (source, found) in cases {
        let faults = faults(&account(source), &files.dir);
        let [fault] = faults.as_slice() else { panic!("{source}: {faults:?}") };
        assert!(fault.ends_with(&format!(" {found}; {expected}")), "{source}: {fault}");
        assert!(!fault.contains("hunter2") && !fault.contains("5551212"), "{fault}");
    }
    let faults = faults(&account(r#"{ vault = "hunter2" }"#), &files.dir);
    let said = "account[0].password.vault: found an unknown key; expected env or file";
    assert_eq!(faults, [format!("test.toml:3:14: {said}")]);
}

#[test]
fn a_prefix_file_gives_each_prefix_its_carrier_and_price() {
    let csv = "prefix,carrier,cost\n# France\n+336 , c , 0.045\n\n337,c\n338\n338,,1\n";
    let files = Files::new("prefixes", &[("p.csv", csv)]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\nto = [{ carrier = \"c\" }]\n";
    let settings = sound(text, &files.dir);
    let row = |prefix: &str, carrier: Option<&str>, micros| PrefixRow {
        prefix: prefix.to_owned(),
        carrier: carrier.map(str::to_owned),
        cost: Cost { micros },
    };
    assert_eq!(
        settings.routes[0].prefix_rows,
        [
            row("336", Some("c"), 45_000),
            row("337", Some("c"), 0),
            row("338", None, 0),
            row("338", None, 1_000_000)
        ]
    );
}

#[test]
fn a_prefix_file_whose_rows_all_name_a_carrier_needs_no_other() {
    let files = Files::new("only-rows", &[("p.csv", "336,c\n"), ("q.csv", "336,c\n337\n")]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\n";
    assert_eq!(sound(text, &files.dir).routes[0].action, Action::Send(Vec::new()));
    let nowhere = "test.toml:5:1: route[0]: found a route to nowhere; \
                   expected to = [{ carrier = \"..\" }] or reject = true";
    assert_eq!(faults(&text.replace("p.csv", "q.csv"), &files.dir), [nowhere]);
    let both = text.replace("prefix_file", "prefix = \"44\"\nprefix_file");
    assert_eq!(faults(&both, &files.dir), [nowhere], "44 goes nowhere");
}

#[test]
fn each_fault_of_a_prefix_file_is_named_by_its_line() {
    let csv = "336,c,0.1\n33a,c\n337,nobody\n338,c,much\n339,c,1,2\n";
    let files = Files::new("bad-prefixes", &[("p.csv", csv)]);
    let text = "[[carrier]]\nname = \"c\"\naddress = \"h:1\"\nsystem_id = \"s\"\n\
                [[route]]\nname = \"r\"\nprefix_file = \"p.csv\"\nto = [{ carrier = \"c\" }]\n";
    let file = files.dir.join("p.csv").display().to_string();
    assert_eq!(
        faults(text, &files.dir),
        [
            format!("{file}:2: prefix: found \"33a\"; expected 1 to 15 digits"),
            format!(
                "{file}:3: carrier: found \"nobody\"; expected the name of a carrier, or nothing"
            ),
            format!("{file}:4: cost: found \"much\"; expected a decimal number"),
            format!("{file}:5: line: found \"339,c,1,2\"; expected prefix,carrier,cost"),
        ]
    );
}

#[test]
fn a_file_that_is_loaded_gives_its_paths_their_beginning() {
    let text = "[node]\ndata_dir = \"state\"\n";
    let files = Files::new("load", &[("chappe.toml", text), ("bad.toml", "x")]);
    let settings = load(&files.dir.join("chappe.toml")).unwrap();
    assert_eq!(settings.node.data_dir, files.dir.join("state"));
    std::fs::write(files.dir.join("latin1.toml"), b"[node]\n# \xC3\xA9 caf\xE9").unwrap();
    let name = files.dir.join("latin1.toml");
    assert_eq!(
        load(&name).unwrap_err().to_string(),
        format!(
            "{}:2:8: file: found octets that are not UTF-8; \
             expected a configuration in TOML",
            name.display()
        )
    );
    assert!(load(&files.dir).unwrap_err().to_string().contains(":1:1: file: found no file;"));
}
