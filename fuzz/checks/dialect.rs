//! What must hold for any exchange with a peer of any dialect.
//!
//! The octets are a dialect, then what each side says: PDUs as they stand, or a message, a response
//! or a receipt around them. Nothing panics; the same recording is understood the same twice; what
//! we answer can be read by the strictest rules and bears the number of what it answers; a session
//! by itself ends as the one in the recording does; and a text that was read from a peer, written
//! to it and read again says the same.

use std::time::Duration;

use chappe::clock::Now;
use chappe::exchange::{Deed, Exchange, Peer, Sender, Step};
use chappe::message::dialect::{
    AcceptedState, AddressPrefix, Dialect, Gsm7Packing, IdFormat, NameAlphabet, OctetOrder,
    StatusRule, Surplus, TlvDefinition, TlvKind, Tolerance, UnmarkedReceipt,
};
use chappe::message::receipt::id::IdNotation;
use chappe::message::translation::{Form, Translator};
use chappe::session::{Event, Session, Settings};
use chappe::text::{Alphabet, DefaultAlphabet, Shifts, decode};
use chappe::wire::framer::{Framer, Limits};
use chappe::wire::{
    Body, COctetString, CommandId, CommandStatus, DeliverSm, ErrorBody, HEADER_LEN, Header, Pdu,
    Role, Rules, SubmitSm, SubmitSmResp, TlvTag, Tlvs,
};

/// PDUs of one exchange: a longer one is not more interesting.
const PDUS_MAX: usize = 60;
/// As good as never.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Runs the octets as an exchange.
pub fn dialect(data: &[u8]) {
    let mut program = Program(data);
    let dialect = some_dialect(&mut program);
    let peer = [Peer::Carrier, Peer::Account][usize::from(program.next() & 1)];
    let said = exchange(&mut program);
    let once = run(&dialect, peer, &said);
    assert_eq!(once, run(&dialect, peer, &said), "understood otherwise the second time");
    beside_a_session(&dialect, &said);
    texts(&dialect, &said);
}

/// What is left of the octets.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    /// The next octet; zero after the end.
    fn next(&mut self) -> u8 {
        let Some((&octet, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        octet
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.next()) % all.len()]
    }

    fn take(&mut self) -> &'a [u8] {
        let len = usize::from(self.next()).min(self.0.len());
        let (front, rest) = self.0.split_at(len);
        self.0 = rest;
        front
    }
}

fn some_dialect(program: &mut Program<'_>) -> Dialect {
    use IdNotation::{Auto, Decimal, Hex, HexText, Text};
    let alphabets = [
        DefaultAlphabet::Gsm7,
        DefaultAlphabet::Latin1,
        DefaultAlphabet::Ascii,
        DefaultAlphabet::Utf8,
    ];
    let tolerances = [Tolerance::Accept, Tolerance::Refuse];
    let notations = [Auto, Decimal, Hex, HexText, Text];
    let tlv = TlvDefinition {
        name: "vendor".to_owned(),
        tag: 0x1400,
        kind: TlvKind::Octets,
        value: (program.next() & 1 == 0).then(|| Box::from(&b"1101"[..])),
        drop: false,
    };
    Dialect {
        data_coding_0: program.of(&alphabets),
        address_alphabet: program.of(&[
            NameAlphabet::Gsm7,
            NameAlphabet::Latin1,
            NameAlphabet::Ascii,
            NameAlphabet::Utf8,
        ]),
        data_coding_gsm7: program.of(&[0, 0, 4, 8]),
        gsm7_packing: program.of(&[Gsm7Packing::Unpacked, Gsm7Packing::Packed]),
        ucs2_order: program.of(&[OctetOrder::Big, OctetOrder::Little]),
        address_prefix: program.of(&[
            AddressPrefix::None,
            AddressPrefix::Plus,
            AddressPrefix::Zeros,
        ]),
        message_id_response: program.of(&notations),
        message_id_receipt: program.of(&notations),
        message_id_format: program.of(&[IdFormat::Hex16, IdFormat::Decimal]),
        trailing_octets: program.of(&[Surplus::Ignore, Surplus::Refuse]),
        missing_nul: program.of(&tolerances),
        long_c_strings: program.of(&tolerances),
        times_in_deliver: program.of(&tolerances),
        error_body: program.of(&[
            ErrorBody::Auto,
            ErrorBody::Absent,
            ErrorBody::MessageId,
            ErrorBody::Tlvs,
        ]),
        receipt_without_esm_class: program
            .of(&[UnmarkedReceipt::Message, UnmarkedReceipt::Receipt]),
        receipt_accepted: program.of(&[AcceptedState::Intermediate, AcceptedState::Final]),
        receipt_zone_minutes: i16::from(program.next() as i8) * 5,
        interface_version: program.of(&[0x34, 0x33]),
        receipt_as_acknowledgement: program
            .of(&[UnmarkedReceipt::Message, UnmarkedReceipt::Receipt]),
        tlvs: vec![tlv],
        statuses: [(0x58, StatusRule::Fail)].into(),
        ..Dialect::default()
    }
}

/// One PDU of a recording.
struct Said {
    sender: Sender,
    after_ms: u64,
    octets: Vec<u8>,
}

fn exchange(program: &mut Program<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    while !program.0.is_empty() && said.len() < PDUS_MAX {
        let what = program.next();
        let sender = if what & 1 == 0 { Sender::Peer } else { Sender::Us };
        let after_ms = u64::from(what >> 4) * u64::from(what >> 4) * 200;
        said.push(Said { sender, after_ms, octets: pdu(what >> 1 & 7, program) });
    }
    said
}

fn pdu(kind: u8, program: &mut Program<'_>) -> Vec<u8> {
    let number = u32::from(program.next());
    let some = program.take();
    let field = |octets: &[u8]| -> Vec<u8> {
        octets.iter().copied().filter(|octet| *octet != 0).take(20).collect()
    };
    let number_of_handset = b"33612345678";
    let mut out = Vec::new();
    let encoded = match kind {
        0 => return some.to_vec(),
        1 => {
            let id = field(some);
            let body = SubmitSmResp { message_id: COctetString::new(&id), ..Default::default() };
            body.encode(CommandStatus::ESME_ROK, number, &mut out)
        }
        2 => {
            let text = [b"id:", &field(some)[..], b" stat:DELIVRD done date:2605280001"].concat();
            let body = DeliverSm {
                source_addr: COctetString::new(number_of_handset),
                esm_class: program.of(&[4, 0, 0x20]),
                short_message: &text,
                ..DeliverSm::default()
            };
            body.encode(CommandStatus::ESME_ROK, number, &mut out)
        }
        3 | 4 => {
            let body = submit(program.next(), program.next(), some);
            body.encode(CommandStatus::ESME_ROK, number, &mut out)
        }
        5 => {
            let body = DeliverSm {
                source_addr: COctetString::new(number_of_handset),
                esm_class: program.next(),
                data_coding: program.next(),
                short_message: some.get(..254).unwrap_or(some),
                ..DeliverSm::default()
            };
            body.encode(CommandStatus::ESME_ROK, number, &mut out)
        }
        // A header around whatever comes.
        _ => {
            let header = Header {
                command_length: (HEADER_LEN + some.len()) as u32,
                command_id: chappe::wire::PDUS[number as usize % chappe::wire::PDUS.len()]
                    .command_id,
                command_status: CommandStatus(u32::from(program.next())),
                sequence_number: u32::from(program.next()),
            };
            return [&header.octets()[..], some].concat();
        }
    };
    encoded.expect("fields that fit");
    out
}

fn submit(esm_class: u8, data_coding: u8, text: &[u8]) -> SubmitSm<'_> {
    SubmitSm {
        destination_addr: COctetString::new(b"33612345678"),
        esm_class,
        data_coding,
        short_message: text.get(..254).unwrap_or(text),
        ..SubmitSm::default()
    }
}

/// All that is said of it, and what must hold of each step.
fn run(dialect: &Dialect, peer: Peer, said: &[Said]) -> String {
    let mut exchange = Exchange::new(dialect.clone(), peer);
    let mut now = Now::default().plus(Duration::from_secs(1_780_000_000));
    let mut told = String::new();
    for (one, line) in said.iter().zip(1..) {
        now = now.plus(Duration::from_millis(one.after_ms));
        let step = exchange.said(now, line, one.sender, &one.octets);
        answers(&step, one);
        told.push_str(&format!("{step:?}\n"));
    }
    let counted = exchange.so_far();
    assert!(counted.matched <= counted.receipts);
    let summary = exchange.end();
    assert!(summary.matched + summary.unmatched.len() as u64 == summary.receipts, "{summary:?}");
    told.push_str(&format!("{summary:?}"));
    told
}

fn answers(step: &Step, to: &Said) {
    for answer in &step.said {
        let (header, _) = Pdu::decode(answer, &Rules::STRICT).expect("our answer");
        // Lost framing is answered by a nack of no request.
        let nacked = header.command_id == CommandId::GENERIC_NACK;
        if to.sender == Sender::Peer && header.command_id.is_response() && !nacked {
            let mut asked = numbers(&to.octets);
            assert!(asked.any(|number| number == header.sequence_number), "{header:?}");
        }
    }
}

/// The numbers of what was said at once: of one PDU, or of several.
fn numbers(octets: &[u8]) -> impl Iterator<Item = u32> {
    let mut framer = Framer::new(octets, Limits::default());
    let frames = std::iter::from_fn(move || framer.next_frame().ok().flatten());
    frames.filter_map(|frame| Some(Header::read(frame)?.sequence_number))
}

/// What an account says, to an exchange and to a session that takes every bind and refuses every
/// request: both stand where the other does, and end for the same reason.
fn beside_a_session(dialect: &Dialect, said: &[Said]) {
    let mut exchange = Exchange::new(dialect.clone(), Peer::Account);
    let settings = Settings {
        rules: dialect.rules(),
        window_max: usize::MAX,
        enquire_link: NEVER,
        ..Settings::default()
    };
    let now = Now::default().plus(Duration::from_secs(1));
    let mut session = Session::new(Role::Smsc, settings, now);
    let mut ended = None;
    // A bind comes first, so that nothing is taken for granted.
    let bind = chappe::wire::BindTransceiver { interface_version: 0x34, ..Default::default() };
    let mut octets = Vec::new();
    bind.encode(CommandStatus::ESME_ROK, 1, &mut octets).expect("empty fields");
    let first = Said { sender: Sender::Peer, after_ms: 0, octets };
    let heard = said.iter().filter(|one| one.sender == Sender::Peer);
    for (one, line) in std::iter::once(&first).chain(heard).zip(1..) {
        if ended.is_some() {
            break;
        }
        let step = exchange.said(now, line, Sender::Peer, &one.octets);
        let mut rest = &one.octets[..];
        let mut odd = 0;
        while let Some(event) = session.handle_bytes(now, &mut rest) {
            match event {
                Event::BindRequested(_) => session.accept_bind(now, "x"),
                Event::Request { header, .. } => session.respond_status(
                    header.command_id,
                    header.sequence_number,
                    CommandStatus::ESME_RSYSERR,
                ),
                Event::Odd(_) => odd += 1,
                Event::Closed(reason) => ended = Some(reason),
                _ => {}
            }
        }
        session.transmitted(session.poll_transmit().len());
        let deeds = |wanted: fn(&Deed) -> bool| step.deeds.iter().filter(|one| wanted(one)).count();
        assert_eq!(step.state, Some(session.state()), "{step:?}");
        // A response has no request here, whatever number it bears.
        assert_eq!(deeds(|deed| matches!(deed, Deed::Odd(_))), odd, "{step:?}");
        let closed = step.deeds.iter().find_map(|deed| match deed {
            Deed::Closed(reason) => Some(*reason),
            _ => None,
        });
        assert_eq!(closed, ended);
    }
}

/// A text says the same, read from a peer, written to it and read again.
fn texts(dialect: &Dialect, said: &[Said]) {
    // Seven bits that are over may be a character or none; 8 may not be both UCS-2 and GSM 7-bit.
    let is_exact = dialect.gsm7_packing == Gsm7Packing::Unpacked && dialect.data_coding_gsm7 != 8;
    let Some(form) = Form::of(dialect).filter(|_| is_exact) else { return };
    for one in said {
        let Ok((_, Pdu::SubmitSm(submit))) = Pdu::decode(&one.octets, &Rules::default()) else {
            continue;
        };
        if submit.esm_class != 0 || submit.tlvs != Tlvs::NONE {
            continue;
        }
        let mut translators = [(); 3].map(|()| Translator::default());
        let [first, second, third] = &mut translators;
        let read = first.read_submit(&form, &submit);
        let before = text_of(&read);
        let written = second.written_submit(&form, &read);
        let after = text_of(&third.read_submit(&form, &written));
        if let (Some(before), Some(after)) = (before, after) {
            assert_eq!(before, after, "{form:?}");
        }
    }
}

fn text_of(submit: &SubmitSm<'_>) -> Option<String> {
    let alphabet = Alphabet::of(submit.data_coding, DefaultAlphabet::Gsm7);
    let payload = submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
    let octets = payload.unwrap_or(submit.short_message);
    decode(octets, alphabet, Shifts::NONE).ok()
}
