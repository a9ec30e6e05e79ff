//! The engine between npm smpp as its carrier and a library as its account.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use chappe::wire::time::{AbsoluteTime, SmppTime};
use serde_json::{Value, json};

pub use crate::foreign::Keys;
use crate::foreign::{self, Process};
use crate::puppet::{Answer, Puppet};

/// What has to be run where software is missing.
const INSTALL: &str = "tests/interop/setup.sh";
/// A handset, and the account's number.
pub const HANDSET: &str = "447700900123";
pub const NUMBER: &str = "447700900999";

/// The libraries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Client {
    Aiosmpplib,
    Npm,
    Smpplib,
    Twisted,
}

impl Client {
    /// The library as a puppet; `None`, and a word about it, where it is missing.
    fn puppet(self) -> Option<Puppet> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
        let (program, needs, script) = match self {
            Self::Npm => ("node".into(), "node_modules/smpp", "puppet_node.js"),
            Self::Smpplib => (scripts.join(".venv/bin/python"), ".venv", "puppet_smpplib.py"),
            Self::Twisted => (scripts.join(".venv/bin/python"), ".venv", "puppet_twisted.py"),
            Self::Aiosmpplib => (scripts.join(".venv/bin/python"), ".venv", "puppet_aiosmpplib.py"),
        };
        let present = scripts.join(needs).exists();
        assert!(present || !foreign::is_required(), "{self:?} is missing: run {INSTALL}");
        if !present {
            foreign::skip(&format!("{self:?} is missing; {INSTALL} installs it"));
            return None;
        }
        let mut command = Command::new(program);
        command.arg(scripts.join(script));
        Some(Puppet::start(command))
    }
}

/// All three.
pub struct World {
    pub esme: Puppet,
    pub smsc: Puppet,
    pub directory: PathBuf,
    smpp: SocketAddr,
    _engine: Process,
}

impl World {
    /// Starts all; nothing is bound to the engine yet.
    pub fn start(client: Client, keys: Keys<'_>) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (esme, mut smsc) = (client.puppet()?, Client::Npm.puppet()?);
        smsc.tell(&json!({ "listen": "127.0.0.1" }));
        let carrier = smsc.hear("where it listens", |line| line["listening"].is_string());
        let carrier = carrier["listening"].as_str().unwrap();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chappe-puppets-{}-{count}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let (engine, smpp) = foreign::start_engine(&directory, carrier, keys);
        Some(Self { esme, smsc, directory, smpp, _engine: engine })
    }

    /// Binds the account under a name of the test's.
    pub fn bind(&mut self, link: &str, kind: &str) {
        self.esme.tell(&json!({
            "bind": link, "kind": kind, "host": self.smpp.ip().to_string(),
            "port": self.smpp.port(), "system_id": "acct", "password": "secret08",
        }));
        let bound =
            self.esme.hear("a bind", |line| line["link"] == link && !line["bound"].is_null());
        assert_eq!(bound["bound"], 0, "{bound}");
    }

    /// Unbinds, and waits for the answer.
    pub fn unbind(&mut self, link: &str) {
        self.esme.tell(&json!({ "unbind": link }));
        let what = |line: &Value| line["link"] == link && !line["unbound"].is_null();
        let unbound = self.esme.hear("unbind_resp", what);
        assert_eq!(unbound["unbound"], 0, "{unbound}");
    }

    /// The next request of the engine at the carrier.
    pub fn requested(&mut self, command: &str) -> Value {
        self.smsc.hear(command, |line| line["came"] == command)
    }

    /// Answers a request of the engine.
    pub fn respond(&mut self, to: &Value, status: u32, message_id: &str) {
        let command = format!("{}_resp", to["came"].as_str().expect("a request"));
        self.respond_with(to, &command, status, json!({ "message_id": message_id }));
    }

    pub fn respond_with(&mut self, to: &Value, command: &str, status: u32, fields: Value) {
        self.smsc.tell(&json!({
            "link": to["link"], "respond": to["number"], "command": command, "status": status,
            "fields": fields,
        }));
    }

    /// The next submit_sm, taken under this id.
    pub fn take(&mut self, message_id: &str) -> Value {
        let submit = self.requested("submit_sm");
        self.respond(&submit, 0, message_id);
        submit
    }

    /// A receipt for what was submitted, on a bind of the carrier; it must be answered well.
    pub fn receipt(&mut self, link: &str, submit: &Value, message_id: &str, stat: &str) -> Answer {
        self.report(link, submit, message_id, stat, 4)
    }

    /// The same with an esm_class.
    pub fn report(
        &mut self,
        link: &str,
        submit: &Value,
        message_id: &str,
        stat: &str,
        esm_class: u8,
    ) -> Answer {
        let fields = receipt_fields(submit, message_id, stat, esm_class);
        let answer = self.smsc.ask(link, "deliver_sm", fields);
        assert_eq!(answer.status, 0, "{answer:?}");
        answer
    }

    /// The next receipt or MO of the account, on whichever of its links.
    pub fn delivered(&mut self) -> Value {
        self.esme.hear("deliver_sm", |line| line["came"] == "deliver_sm")
    }

    /// The next receipt of the account: its id and its stat.
    pub fn told(&mut self) -> (String, String) {
        let is = |line: &Value| line["came"] == "deliver_sm" && !is_mo(line);
        let line = self.esme.hear("a receipt", is);
        read_receipt(&line)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.directory.join("engine.log"));
            println!("{}", log.unwrap_or_default());
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A receipt as the commonest SMSC words it.
pub fn receipt_fields(submit: &Value, message_id: &str, stat: &str, esm_class: u8) -> Value {
    let submit = &submit["fields"];
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let now = SmppTime::Absolute(AbsoluteTime::from_wall(since, 0)).to_text();
    let now = String::from_utf8_lossy(&now.as_bytes()[..10]).into_owned();
    let dates = format!("submit date:{now} done date:{now}");
    let text = format!("id:{message_id} sub:001 dlvrd:001 {dates} stat:{stat} err:000 text:");
    json!({
        "esm_class": esm_class, "source_addr_ton": 1, "source_addr_npi": 1,
        "source_addr": submit["destination_addr"], "dest_addr_ton": 1, "dest_addr_npi": 1,
        "destination_addr": submit["source_addr"], "short_message": hex(text.as_bytes()),
    })
}

/// A message of an account.
pub fn message(text: &str) -> Value {
    json!({
        "source_addr_ton": 1, "source_addr_npi": 1, "source_addr": NUMBER, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "destination_addr": HANDSET, "esm_class": 0, "data_coding": 0,
        "registered_delivery": 1, "short_message": hex(text.as_bytes()), "service_type": "",
        "protocol_id": 0, "priority_flag": 0, "schedule_delivery_time": "",
        "validity_period": "", "replace_if_present_flag": 0, "sm_default_msg_id": 0,
    })
}

/// The same with another field, or one less.
pub fn with(mut fields: Value, name: &str, value: Value) -> Value {
    let fields_of = fields.as_object_mut().expect("fields");
    match value {
        Value::Null => drop(fields_of.remove(name)),
        value => drop(fields_of.insert(name.to_owned(), value)),
    }
    fields
}

/// Whether a deliver_sm is no receipt and no notification, by its esm_class.
pub fn is_mo(line: &Value) -> bool {
    line["fields"]["esm_class"].as_u64().unwrap_or(0) & 0x3c == 0
}

/// The text of a request, short_message or payload.
pub fn text(line: &Value) -> String {
    String::from_utf8_lossy(&octets(line)).into_owned()
}

/// Its octets.
pub fn octets(line: &Value) -> Vec<u8> {
    let of = |name: &str| line["fields"][name].as_str().unwrap_or_default().to_owned();
    let (short, payload) = (of("short_message"), of("message_payload"));
    let digits = if short.is_empty() { payload } else { short };
    let octet = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
    (0..digits.len()).step_by(2).map(octet).collect()
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The id and the stat of a receipt.
pub fn read_receipt(line: &Value) -> (String, String) {
    let text = text(line);
    let fields: BTreeMap<&str, &str> =
        text.split_whitespace().filter_map(|field| field.split_once(':')).collect();
    (fields["id"].to_owned(), fields["stat"].to_owned())
}
