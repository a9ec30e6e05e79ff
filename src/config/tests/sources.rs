//! Secrets from elsewhere than the file itself, and where its paths begin.

use crate::engine::settings::Secret;

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

#[test]
fn a_key_that_stands_once_is_found_where_it_is_or_would_be() {
    let text = "smpp.listen = \"127.0.0.1:1\"\n[node]\nname = \"a\"\n  id = 7\n[http]\n";
    let files = Files::new("places", &[("test.toml", text), ("broken.toml", "[node\n")]);
    let path = files.dir.join("test.toml");
    let cases = [
        ("node.id", ":4:8"),
        ("node.workers", ":2:2"),
        ("http.listen", ":5:2"),
        ("smpp.listen", ":1:15"),
        ("metrics.listen", ":1:1"),
    ];
    for (key, place) in cases {
        assert_eq!(place_of(&path, key), Some(format!("{}{place}", path.display())), "{key}");
    }
    assert_eq!(place_of(&files.dir.join("broken.toml"), "node.id"), None);
    assert_eq!(place_of(&files.dir.join("none.toml"), "node.id"), None);
}
