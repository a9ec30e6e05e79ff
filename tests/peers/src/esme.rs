//! smpp34's client: binds, submits six messages, and counts responses, receipts and MO.
//!
//! The conversation is that of `tests/interop/scenario.py`; `--count` adds so many short messages,
//! as fast as the window lets them out. The crate sends `enquire_link` by its
//! own timer and closes the session when nobody answers it, which is told as an error here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use smpp34::client::{BIND_TYPE, SMSC, SmppClient, SmppClientListener};
use smpp34::{
    SmppConnectionInformation, TlvList, TlvTag, deliver_sm, deliver_sm_resp, unbind, unbind_resp,
};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::options::Options;
use crate::septets;

const PLAIN: &str = "Plain @ £5 é _ {ok} 10€";
const UCS2: &str = "Привет, 世界 😀";
const LONG: &str = "Three segments carry this text and a handset joins them again. ";
const PAYLOAD: &str = "One message_payload carries this text, longer than short_message. ";
/// Characters of the two longer texts, which are repeated so far.
const LONG_CHARS: usize = 400;
/// Septets of a segment beside a concatenation header.
const SEGMENT: usize = 153;

/// The bits of `esm_class` that hold the message type, and those of a receipt.
const TYPE_MASK: u8 = 0x3C;
const RECEIPT: u8 = 0x04;
const UDHI: u8 = 0x40;

const STATES: [&str; 9] =
    ["", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"];

/// How long to listen on after all that is awaited has come.
const LINGER: Duration = Duration::from_millis(300);
/// Below the linger, so that each conversation has an `enquire_link`.
const ENQUIRE_LINK_MS: u64 = 200;
const WINDOW: usize = 50;

/// Runs the conversation; `true` if all went as it should.
pub async fn run(mut options: Options) -> Result<bool, String> {
    let host = options.text("host", "127.0.0.1");
    let port = options.number("port", 2775)?;
    let system_id = options.required("system-id")?;
    let password = options.required("password")?;
    let to = options.text("to", "447700900123");
    let from = options.text("from", "447700900999");
    let mo_expected = options.number("expect-mo", 0)?;
    let count = options.number("count", 0)?;
    let patience = Duration::from_secs(options.number("timeout", 20)?);
    options.finish()?;

    let (bound, is_bound) = mpsc::channel(1);
    let listener = Arc::new(Listener { report: Mutex::default(), bound });
    let (session_init_ms, inactivity_ms, buffer) = (5_000, 300_000, 1_500);
    let mut client = SmppClient::new_with_default_timers(
        host,
        port,
        false,
        BIND_TYPE::TRX,
        system_id,
        password,
        String::new(),
        1,
        1,
        String::new(),
        listener.clone(),
        session_init_ms,
        ENQUIRE_LINK_MS,
        inactivity_ms,
        patience.as_millis() as u64,
        buffer,
        WINDOW,
    );
    client.start().await;
    converse(&listener, is_bound, messages(&from, &to, count), mo_expected, patience).await;
    client.stop().await;
    Ok(listener.report().print(mo_expected))
}

async fn converse(
    listener: &Arc<Listener>,
    mut is_bound: Receiver<SMSC>,
    messages: Vec<Message>,
    mo_expected: usize,
    patience: Duration,
) {
    let Ok(Some(smsc)) = timeout(patience, is_bound.recv()).await else {
        return listener.report().errors.push("no bind".to_owned());
    };
    listener.report().bound = true;
    let smsc = Arc::new(smsc);
    let window = Arc::new(Semaphore::new(WINDOW));
    let mut submits = JoinSet::new();
    for message in messages {
        listener.report().submitted += 1;
        let (listener, smsc, window) = (listener.clone(), smsc.clone(), window.clone());
        submits.spawn(async move {
            let _place = window.acquire().await;
            submit(listener, smsc, message).await;
        });
    }
    submits.join_all().await;
    let all_here = async {
        while !listener.report().waiting(mo_expected).is_empty() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    // What has not come by then the report names.
    let _ = timeout(patience, all_here).await;
    sleep(LINGER).await;
    listener.report().is_unbinding = true;
    match smsc.send_unbind().await {
        Ok(response) if response.is_success() => listener.report().unbound = true,
        other => listener.report().errors.push(format!("unbind: {other:?}")),
    }
}

struct Message {
    from: String,
    to: String,
    esm_class: u8,
    data_coding: u8,
    asks_receipt: bool,
    short_message: Vec<u8>,
    payload: Option<Vec<u8>>,
}

fn messages(from: &str, to: &str, count: usize) -> Vec<Message> {
    let message = |data_coding, short_message| Message {
        from: from.to_owned(),
        to: to.to_owned(),
        esm_class: 0,
        data_coding,
        asks_receipt: true,
        short_message,
        payload: None,
    };
    let ucs2 = UCS2.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut all = vec![
        message(0, septets::encode(PLAIN)),
        Message { asks_receipt: false, ..message(8, ucs2) },
    ];
    let long = septets::encode(&long(LONG));
    let total = long.len().div_ceil(SEGMENT) as u8;
    for (segment, number) in long.chunks(SEGMENT).zip(1..) {
        let user_data = [&[5, 0, 3, 0xA7, total, number], segment].concat();
        all.push(Message { esm_class: UDHI, ..message(0, user_data) });
    }
    let payload = Some(septets::encode(&self::long(PAYLOAD)));
    all.push(Message { payload, ..message(0, Vec::new()) });
    all.extend((0..count).map(|number| message(0, septets::encode(&format!("Message {number}")))));
    all
}

fn long(text: &str) -> String {
    text.chars().cycle().take(LONG_CHARS).collect()
}

async fn submit(listener: Arc<Listener>, smsc: Arc<SMSC>, message: Message) {
    let mut submit_sm = smsc
        .submit_sm()
        .source_addr_ton(1)
        .source_addr_npi(1)
        .source_addr(message.from)
        .dest_addr_ton(1)
        .dest_addr_npi(1)
        .destination_addr(message.to)
        .esm_class(message.esm_class)
        .data_coding(message.data_coding)
        .registered_delivery(u8::from(message.asks_receipt))
        .short_message(message.short_message);
    if let Some(payload) = message.payload {
        submit_sm = submit_sm.tlv(TlvTag::MessagePayload, payload);
    }
    let response = submit_sm.send().await;
    let mut report = listener.report();
    match response {
        Ok(response) if response.is_success() => {
            report.accept(response.message_id.unwrap_or_default(), message.asks_receipt);
        }
        Ok(response) => {
            let status = response.command_status();
            report.errors.push(format!("submit_sm_resp with status {status}"));
        }
        Err(error) => report.errors.push(format!("submit_sm: {error:?}")),
    }
}

struct Listener {
    report: Mutex<Report>,
    bound: Sender<SMSC>,
}

impl Listener {
    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SmppClientListener for Listener {
    async fn on_smsc_bound(&self, smsc: SMSC, _session_id: &String) {
        let _ = self.bound.try_send(smsc);
    }

    async fn on_smsc_unbound(&self, _session_id: &String) {
        let mut report = self.report();
        if !report.is_unbinding {
            report.errors.push("the session ended".to_owned());
        }
    }

    async fn on_connection_failed(&self, error: &str) {
        self.report().errors.push(error.to_owned());
    }

    async fn on_timeout(&self, sequence_number: u32, _session_id: &String) {
        self.report().errors.push(format!("no response to {sequence_number}"));
    }

    async fn on_unbind(
        &self,
        unbind: unbind,
        _connection: &SmppConnectionInformation,
        _session_id: &String,
    ) -> unbind_resp {
        self.report().errors.push("the SMSC unbound".to_owned());
        unbind.accept()
    }

    async fn on_deliver_sm(
        &self,
        deliver_sm: deliver_sm,
        _connection: &SmppConnectionInformation,
        _session_id: &String,
    ) -> deliver_sm_resp {
        self.report().deliver(&deliver_sm);
        deliver_sm.accept()
    }
}

/// What the client saw.
#[derive(Default)]
struct Report {
    bound: bool,
    is_unbinding: bool,
    unbound: bool,
    submitted: usize,
    /// Ids given, and whether a receipt was asked for.
    accepted: HashMap<String, bool>,
    /// Ids and outcomes of receipts.
    receipts: Vec<(String, String)>,
    mo: Vec<Value>,
    errors: Vec<String>,
}

impl Report {
    fn accept(&mut self, id: String, asks_receipt: bool) {
        if id.is_empty() {
            self.errors.push("submit_sm_resp with an empty message_id".to_owned());
        } else if self.accepted.insert(id.clone(), asks_receipt).is_some() {
            self.errors.push(format!("message_id {id} was given twice"));
        }
    }

    fn deliver(&mut self, pdu: &deliver_sm) {
        let octets = match pdu.tlvs.message_payload() {
            Some(payload) if pdu.short_message.is_empty() => payload,
            _ => &pdu.short_message,
        };
        match pdu.esm_class & TYPE_MASK {
            RECEIPT => self.receipt(pdu, &String::from_utf8_lossy(octets)),
            0 => {
                let header = match octets.first() {
                    Some(&length) if pdu.esm_class & UDHI != 0 => 1 + usize::from(length),
                    _ => 0,
                };
                let text = octets.get(header..).unwrap_or_default();
                self.mo.push(json!({
                    "source": pdu.source_addr, "destination": pdu.destination_addr,
                    "text": septets::decode(pdu.data_coding, text),
                }));
            }
            _ => self.errors.push(format!("deliver_sm with esm_class {:#04x}", pdu.esm_class)),
        }
    }

    /// A receipt by its text and its TLVs; where both speak they must agree.
    fn receipt(&mut self, pdu: &deliver_sm, text: &str) {
        let after = |label: &str| {
            let value = text.split_once(label)?.1.split_whitespace().next()?;
            Some(value.to_owned())
        };
        let (id, tlv_id) = (after("id:"), pdu.tlvs.receipted_message_id());
        let state = pdu.tlvs.message_state().and_then(|state| STATES.get(usize::from(state)));
        let (stat, tlv_stat) = (after("stat:"), state.map(|stat| (*stat).to_owned()));
        for (said, tlv) in [(&id, &tlv_id), (&stat, &tlv_stat)] {
            if said.is_some() && tlv.is_some() && said != tlv {
                self.errors.push(format!("receipt says {said:?} in its text, {tlv:?} in its TLV"));
            }
        }
        self.receipts
            .push((id.or(tlv_id).unwrap_or_default(), stat.or(tlv_stat).unwrap_or_default()));
    }

    /// What has not come yet, in words; empty when all has.
    fn waiting(&self, mo_expected: usize) -> Vec<String> {
        let mut missing = Vec::new();
        if self.accepted.len() < self.submitted {
            missing.push(format!("{} responses", self.submitted - self.accepted.len()));
        }
        let receipted: HashSet<&String> = self.receipts.iter().map(|(id, _)| id).collect();
        for (id, asks_receipt) in &self.accepted {
            if *asks_receipt && !receipted.contains(id) {
                missing.push(format!("a receipt for {id}"));
            }
        }
        if self.mo.len() < mo_expected {
            missing.push(format!("{} MO", mo_expected - self.mo.len()));
        }
        missing
    }

    /// Prints the one JSON object; `true` if it tells of no error.
    fn print(&mut self, mo_expected: usize) -> bool {
        let missing = self.waiting(mo_expected).into_iter();
        self.errors.extend(missing.map(|what| format!("still waiting for {what}")));
        let mut receipts = Map::new();
        let mut unmatched = 0;
        for (id, stat) in &self.receipts {
            let count = receipts.get(stat).and_then(Value::as_u64).unwrap_or(0) + 1;
            receipts.insert(stat.clone(), count.into());
            match self.accepted.get(id) {
                Some(true) => {}
                Some(false) => {
                    self.errors.push(format!("receipt for {id}, which asked for none"));
                }
                None => unmatched += 1,
            }
        }
        let ids: Vec<&String> = self.accepted.keys().collect();
        println!(
            "{}",
            json!({
                "client": "smpp34 1.5.1", "bound": self.bound, "submitted": self.submitted,
                "accepted": ids.len(), "ids": ids, "receipts": receipts, "unmatched": unmatched,
                "mo": self.mo, "unbound": self.unbound, "errors": self.errors,
            })
        );
        self.bound && self.unbound && unmatched == 0 && self.errors.is_empty()
    }
}
