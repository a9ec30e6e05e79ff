//! `chappe check --config FILE`: a configuration to what is wrong with it, or to where a message
//! would go.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::config;
use crate::engine::routes::{Verdict, verdict};
use crate::engine::settings::Settings;

use super::Exit;
use super::values::moment;

/// Check a configuration
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Say where a message would go: its route, and the carriers in the order they are tried. The
    /// destination is read as one of dest_addr_ton 1
    #[arg(long, num_args = 3, value_names = ["ACCOUNT", "SENDER", "DESTINATION"])]
    pub route: Option<Vec<String>>,
    /// When the message would be submitted, such as 2026-07-01T22:30:00+02:00, for routes with
    /// hours; now, if not given
    #[arg(long, value_name = "TIME", requires = "route", value_parser = moment)]
    pub at: Option<Duration>,
}

/// Checks the configuration and writes one line for each fault, or one line that says what it
/// holds or, if asked, where a message would go.
///
/// # Errors
///
/// When `out` cannot be written to.
pub fn run(args: &Args, out: &mut impl Write) -> io::Result<Exit> {
    let settings = match config::load(&args.config) {
        Ok(settings) => settings,
        Err(errors) => {
            writeln!(out, "{errors}")?;
            return Ok(Exit::Usage);
        }
    };
    let Some([account, sender, destination]) = args.route.as_deref() else {
        writeln!(out, "OK: {}", summary(&settings))?;
        return Ok(Exit::Success);
    };
    let wall = args.at.unwrap_or_else(now);
    match verdict(&settings, account, sender, destination, wall) {
        Some(verdict) => {
            writeln!(out, "{}", shown(account, &verdict))?;
            Ok(Exit::Success)
        }
        None => {
            writeln!(out, "{}", json!({ "account": account, "error": "no such account" }))?;
            Ok(Exit::Usage)
        }
    }
}

/// The time of the wall clock.
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// One line of JSON.
fn shown(account: &str, verdict: &Verdict<'_>) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("account", json!(account));
    put("sender", json!(verdict.sender));
    put("destination", json!(verdict.destination));
    put("class", json!(verdict.class.to_string()));
    put("route", json!(verdict.route.map(|route| &route.name)));
    put("order", json!(verdict.route.map(|route| route.order.to_string())));
    put("carriers", json!(verdict.carriers));
    put("status", json!(verdict.status.to_string()));
    Value::Object(shown)
}

fn summary(settings: &Settings) -> String {
    let counts = [
        (settings.accounts.len(), "account"),
        (settings.carriers.len(), "carrier"),
        (settings.numbers.len(), "number"),
        (settings.routes.len(), "route"),
    ];
    let counted = counts.map(|(count, what)| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    });
    counted.join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn check(file: &str) -> (Exit, String) {
        ask(file, None)
    }

    fn ask(file: &str, route: Option<[&str; 3]>) -> (Exit, String) {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let route = route.map(|words| words.map(str::to_owned).to_vec());
        let mut out = Vec::new();
        let exit = run(&Args { config, route, at: None }, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_message_is_told_its_route_and_carriers_in_one_line() {
        let file = "config/chappe.toml";
        let line = concat!(
            r#"{"account":"demo","sender":"12345","destination":"33612345678","#,
            r#""class":"transactional","route":"france","order":"failover","#,
            r#""carriers":["simulator"],"status":"ESME_ROK"}"#
        );
        let france = ask(file, Some(["demo", "12345", "+33612345678"]));
        assert_eq!(france, (Exit::Success, format!("{line}\n")));
        let cases = [
            (["demo", "Demo1", "33612345678"], r#""route":"everything""#, "ESME_ROK"),
            (["demo", "12345", "0033612345678"], r#""route":"france""#, "ESME_ROK"),
            (["demo", "12345", "85012345678"], r#""route":"not-served""#, "ESME_RINVDSTADR"),
            (["demo", "Bank", "33612345678"], r#""route":null"#, "ESME_RINVSRCADR"),
            (["demo", "12345", "nobody"], r#""route":null"#, "ESME_RINVDSTADR"),
        ];
        for (message, route, status) in cases {
            let (exit, line) = ask(file, Some(message));
            assert_eq!(exit, Exit::Success);
            assert!(line.contains(route) && line.contains(status), "{line}");
        }
        let nobody = ask(file, Some(["nobody", "12345", "33612345678"]));
        assert_eq!(nobody.0, Exit::Usage);
    }

    #[test]
    fn a_message_is_told_the_route_that_is_open_at_a_time() {
        let directory = std::env::temp_dir();
        let config = directory.join(format!("chappe-check-{}.toml", std::process::id()));
        let text = r#"
            account = [{ system_id = "a", password = "p" }]
            carrier = [{ name = "c", address = "h:1", system_id = "s" }]
            route = [
                { name = "day", hours = "08:00-20:00", zone = "Europe/Paris",
                  to = [{ carrier = "c" }] },
                { name = "night", to = [{ carrier = "c" }] },
            ]"#;
        std::fs::write(&config, text).unwrap();
        let route = Some(["a", "x", "33612345678"].map(str::to_owned).to_vec());
        let times = [
            ("2026-07-01T05:59:59Z", "night"),
            ("2026-07-01T08:00:00+02:00", "day"),
            ("2026-12-01T06:30:00Z", "night"),
            ("2026-12-01T18:59:59Z", "day"),
        ];
        for (time, open) in times {
            let args = Args { config: config.clone(), route: route.clone(), at: moment(time).ok() };
            let mut out = Vec::new();
            assert_eq!(run(&args, &mut out).unwrap(), Exit::Success);
            let line = String::from_utf8(out).unwrap();
            assert!(line.contains(&format!(r#""route":"{open}""#)), "{time}: {line}");
        }
        std::fs::remove_file(&config).unwrap();
        assert!(moment("22:30").unwrap_err().contains("such as 2026-07-01T22:30:00+02:00"));
    }

    #[test]
    fn carriers_that_an_address_is_too_long_for_are_passed_over() {
        let directory = std::env::temp_dir();
        let config = directory.join(format!("chappe-check-long-{}.toml", std::process::id()));
        let text = r#"
            account = [{ system_id = "a", password = "p", dialect = "wide" }]
            dialect = { wide = { address_octets_max = 30 }, wider = { address_octets_max = 40 } }
            carrier = [
                { name = "narrow", address = "h:1", system_id = "s" },
                { name = "wide", address = "h:1", system_id = "s", dialect = "wide" },
                { name = "wider", address = "h:1", system_id = "s", dialect = "wider" },
            ]
            route = [
                { name = "narrow", prefix = ["1"], to = [{ carrier = "narrow" }] },
                { name = "all", to = [
                    { carrier = "narrow" }, { carrier = "wide" }, { carrier = "wider" },
                ] },
            ]"#;
        std::fs::write(&config, text).unwrap();
        let said = |sender: &str, destination: &str| {
            let route = Some(["a", sender, destination].map(str::to_owned).to_vec());
            let mut out = Vec::new();
            run(&Args { config: config.clone(), route, at: None }, &mut out).unwrap();
            let said: Value = serde_json::from_slice(&out).unwrap();
            (said["carriers"].to_string(), said["status"].as_str().unwrap().to_owned())
        };
        let (short, long) = ("33612345678", "3".repeat(30));
        let is = |carriers: &str, status: &str| (carriers.to_owned(), status.to_owned());
        assert_eq!(said("x", short), is(r#"["narrow","wide","wider"]"#, "ESME_ROK"));
        assert_eq!(said("x", &long), is(r#"["wide","wider"]"#, "ESME_ROK"));
        assert_eq!(said(&long, short), is(r#"["wide","wider"]"#, "ESME_ROK"));
        let narrow = format!("1{short}");
        assert_eq!(said(&long, &narrow), is("[]", "ESME_RINVSRCADR"));
        assert_eq!(said("x", &"1".repeat(30)), is("[]", "ESME_RINVDSTADR"));
        std::fs::remove_file(&config).unwrap();
    }

    #[test]
    fn a_sound_file_is_summed_up_in_one_line() {
        let ok = "OK: 1 account, 1 carrier, 2 numbers, 1 route\n".to_owned();
        assert_eq!(check("config/quickstart.toml"), (Exit::Success, ok));
    }

    #[test]
    fn a_faulty_file_is_answered_with_its_faults_and_exit_code_2() {
        let (exit, text) = check("Cargo.toml");
        assert_eq!(exit, Exit::Usage);
        assert!(
            text.contains("Cargo.toml:1:2: package: found an unknown key; expected "),
            "{text}"
        );
        let (exit, text) = check("no/such.toml");
        assert_eq!((exit, text.lines().count()), (Exit::Usage, 1));
        assert!(text.contains("no/such.toml:1:1: file: found no readable file ("), "{text}");
    }
}
