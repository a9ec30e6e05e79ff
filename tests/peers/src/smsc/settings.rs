//! What a command line asks of the SMSC, and the PDUs that come of it.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use serde_json::{Map, json};
use smpp34::{SmppError, Tlv, TlvList, TlvTag, deliver_sm, submit_sm};

use crate::options::Options;
use crate::septets::{self, hex};

/// What can become of a message, and its `message_state`.
const OUTCOMES: [(&str, u8); 7] = [
    ("DELIVRD", 2),
    ("EXPIRED", 3),
    ("DELETED", 4),
    ("UNDELIV", 5),
    ("ACCEPTD", 6),
    ("UNKNOWN", 7),
    ("REJECTD", 8),
];

/// Bits of `esm_class`: a receipt, a user data header.
const RECEIPT: u8 = 0x04;
const UDHI: u8 = 0x40;
/// Characters of a message that a receipt quotes.
const QUOTED: usize = 20;
/// The moment of every receipt: no test looks at its dates.
const STAMP: &str = "2611201846";

/// What a command line asks of the SMSC.
pub struct Settings {
    system_id: Option<String>,
    password: Option<String>,
    id: &'static str,
    receipt_id: &'static str,
    receipts: &'static str,
    /// From the response to the receipt.
    pub receipt_delay: Duration,
    stat: &'static str,
    message_state: u8,
    /// From the bind to the first MO.
    pub mo_delay: Duration,
    mo_from: String,
    mo_to: String,
    log: Option<String>,
}

impl Settings {
    /// Reads the options it knows.
    pub fn of(options: &mut Options) -> Result<Self, String> {
        let stat = options.one_of("stat", &OUTCOMES.map(|(stat, _)| stat))?;
        let outcome = OUTCOMES.iter().find(|(word, _)| *word == stat);
        Ok(Self {
            system_id: options.optional("system-id"),
            password: options.optional("password"),
            id: options.one_of("id", &["decimal", "hex"])?,
            receipt_id: options.one_of("receipt-id", &["same", "decimal", "hex"])?,
            receipts: options.one_of("receipts", &["both", "text", "tlv", "none"])?,
            receipt_delay: Duration::from_millis(options.number("receipt-delay", 50)?),
            stat,
            message_state: outcome.map_or(0, |(_, state)| *state),
            mo_delay: Duration::from_millis(options.number("mo-delay", 100)?),
            mo_from: options.text("mo-from", "447700900123"),
            mo_to: options.text("mo-to", "447700900999"),
            log: options.optional("log"),
        })
    }

    /// Whether receipts are sent for messages that ask as this one does.
    pub fn owes_receipt(&self, submit: &submit_sm) -> bool {
        let asked = match submit.registered_delivery & 3 {
            1 => true,
            2 => self.stat != "DELIVRD",
            _ => false,
        };
        asked && self.receipts != "none"
    }

    /// The `message_id` in a response.
    pub fn message_id(&self, number: u64) -> String {
        written(number, self.id)
    }

    /// Why a bind is refused, if it is.
    pub fn refusal(&self, system_id: &str, password: &str) -> Option<SmppError> {
        if self.system_id.as_deref().is_some_and(|expected| expected != system_id) {
            return Some(SmppError::ESME_RINVSYSID);
        }
        let is_wrong = self.password.as_deref().is_some_and(|expected| expected != password);
        is_wrong.then_some(SmppError::ESME_RINVPASWD)
    }

    /// The receipt for a message that was given the id `number`.
    pub fn receipt(&self, submit: &submit_sm, number: u64) -> deliver_sm {
        let like = if self.receipt_id == "same" { self.id } else { self.receipt_id };
        let id = written(number, like);
        let delivered = u8::from(self.stat == "DELIVRD");
        let quoted: String = text(submit)
            .chars()
            .take(QUOTED)
            .map(|ch| if ch.is_ascii_graphic() || ch == ' ' { ch } else { '.' })
            .collect();
        let line = format!(
            "id:{id} sub:001 dlvrd:00{delivered} submit date:{STAMP} done date:{STAMP} \
             stat:{} err:00{} text:{quoted}",
            self.stat,
            1 - delivered
        );
        let text = if self.receipts == "tlv" { Vec::new() } else { line.into_bytes() };
        let tlvs = match self.receipts {
            "text" => Vec::new(),
            _ => vec![
                Tlv::from_c_string(TlvTag::ReceiptedMessageId, id),
                Tlv::from_u8(TlvTag::MessageStateTlv, self.message_state),
            ],
        };
        delivery(&submit.destination_addr, &submit.source_addr, RECEIPT, 0, text).with_tlvs(tlvs)
    }

    /// The MO of this number: GSM 7-bit and UCS-2 in turn.
    pub fn mo(&self, number: usize) -> deliver_sm {
        let (data_coding, text) = match number % 2 {
            0 => {
                let text = format!("MO {number} Привет");
                (8, text.encode_utf16().flat_map(u16::to_be_bytes).collect())
            }
            _ => (0, septets::encode(&format!("MO {number} é@€"))),
        };
        delivery(&self.mo_from, &self.mo_to, 0, data_coding, text)
    }

    /// Writes a line about a message, where that is asked for.
    pub fn log(&self, submit: &submit_sm, message_id: &str) -> std::io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let mut tlvs = Map::new();
        for tlv in &submit.tlvs {
            let name = TlvTag::ALL.iter().find(|(_, tag)| *tag as u16 == tlv.tag);
            let name = name.map_or(format!("{:#06x}", tlv.tag), |(name, _)| name.to_lowercase());
            tlvs.insert(name, hex(&tlv.value).into());
        }
        let line = json!({
            "message_id": message_id,
            "source_addr": submit.source_addr, "destination_addr": submit.destination_addr,
            "esm_class": submit.esm_class, "data_coding": submit.data_coding,
            "registered_delivery": submit.registered_delivery,
            "validity_period": submit.validity_period,
            "short_message": hex(&submit.short_message), "tlvs": tlvs, "text": text(submit),
        });
        let mut file = OpenOptions::new().create(true).append(true).open(log)?;
        writeln!(file, "{line}")
    }
}

fn written(number: u64, notation: &str) -> String {
    if notation == "hex" { format!("{number:X}") } else { number.to_string() }
}

/// The text of a message, without its user data header.
fn text(submit: &submit_sm) -> String {
    let octets = match submit.tlvs.message_payload() {
        Some(payload) if submit.short_message.is_empty() => payload,
        _ => &submit.short_message,
    };
    let header = match octets.first() {
        Some(&length) if submit.esm_class & UDHI != 0 => 1 + usize::from(length),
        _ => 0,
    };
    septets::decode(submit.data_coding, octets.get(header..).unwrap_or_default())
}

fn delivery(from: &str, to: &str, esm_class: u8, data_coding: u8, text: Vec<u8>) -> deliver_sm {
    let none = String::new;
    deliver_sm::new(
        0,
        none(),
        1,
        1,
        from.to_owned(),
        1,
        1,
        to.to_owned(),
        esm_class,
        0,
        0,
        none(),
        none(),
        0,
        0,
        data_coding,
        0,
        text,
    )
}
