//! The codec on four frames, beside a reader and writer by hand that check nothing.
//!
//! `cargo bench --bench wire` measures time with criterion. On a shared machine, `-- --table` lets
//! the operations take turns, so that a slow moment falls on all of them, and prints least and
//! median. Time cannot rank close variants at all, so the same operations run bare with `--only
//! NAME --iterations N`: the instructions that callgrind counts for two values of N differ by those
//! of the operation alone.
//!
//! Reading ends when a value with all fields of header, body and TLVs lies where `black_box` sees
//! it; writing ends with the frame in a buffer. Other codecs do the same in `benches/peers`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

use chappe::wire::{
    Body, CommandStatus, DeliverSm, Header, Pdu, Rules, SubmitSm, SubmitSmResp, TlvTag, Tlvs,
};

#[allow(missing_docs)]
mod hand;
#[allow(missing_docs)]
mod inputs;

/// An operation, and how to do it so many times.
struct Case {
    name: &'static str,
    run: Box<dyn FnMut(usize)>,
}

/// The operation is generic so that each loop is compiled for its own.
fn case(name: &'static str, mut operation: impl FnMut() + 'static) -> Case {
    Case { name, run: Box::new(move |times| (0..times).for_each(|_| operation())) }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value_of = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    if let Some(name) = value_of("--only") {
        let iterations = value_of("--iterations").and_then(|n| n.parse().ok()).unwrap_or(1_000);
        let mut cases = cases();
        let case = cases.iter_mut().find(|case| case.name == name);
        return (case.unwrap_or_else(|| panic!("--only {name}: no such operation")).run)(
            iterations,
        );
    }
    if arguments.iter().any(|argument| argument == "--table") {
        return print_table(&mut cases());
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for mut case in cases() {
        criterion.bench_function(case.name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                (case.run)(times as usize);
                start.elapsed()
            });
        });
    }
    criterion.final_summary();
}

/// Nanoseconds an operation, least and median of batches in which every operation has its turn.
fn print_table(cases: &mut [Case]) {
    const BATCHES: usize = 401;
    const BATCH: usize = 4_000;
    let mut samples = vec![Vec::with_capacity(BATCHES); cases.len()];
    for _ in 0..BATCHES {
        for (case, samples) in cases.iter_mut().zip(&mut samples) {
            let start = Instant::now();
            (case.run)(BATCH);
            samples.push(start.elapsed().as_nanos() as f64 / BATCH as f64);
        }
    }
    for (case, samples) in cases.iter().zip(&mut samples) {
        samples.sort_by(f64::total_cmp);
        println!("{:<34}{:>8.2}{:>8.2}", case.name, samples[0], samples[BATCHES / 2]);
    }
}

fn cases() -> Vec<Case> {
    vec![
        case("wire/decode/submit_sm_120", || decode(&inputs::SUBMIT_SM)),
        case("wire/decode/submit_sm_120_tlvs_3", || decode(&inputs::SUBMIT_SM_TLVS)),
        case("wire/decode/submit_sm_resp", || decode(&inputs::SUBMIT_SM_RESP)),
        case("wire/decode/receipt", || decode(&inputs::RECEIPT)),
        encoding("wire/encode/submit_sm_120", submit_sm()),
        encoding("wire/encode/submit_sm_120_tlvs_3", submit_sm_with_tlvs()),
        encoding("wire/encode/submit_sm_resp", submit_sm_resp()),
        encoding("wire/encode/receipt", receipt()),
        case("hand/decode/submit_sm_120", || decode_by_hand(&inputs::SUBMIT_SM)),
        case("hand/decode/submit_sm_120_tlvs_3", || decode_by_hand(&inputs::SUBMIT_SM_TLVS)),
        case("hand/decode/submit_sm_resp", || decode_by_hand(&inputs::SUBMIT_SM_RESP)),
        case("hand/decode/receipt", || decode_by_hand(&inputs::RECEIPT)),
    ]
}

/// As a session does it: the rules are those of its peer, and any command may have come.
#[inline(always)]
fn decode(frame: &[u8]) {
    let decoded = Pdu::decode(black_box(frame), black_box(&Rules::STRICT));
    let (_, pdu) = black_box(&decoded).as_ref().expect("a valid frame");
    for tlv in pdu.tlvs().iter() {
        black_box(&tlv);
    }
}

#[inline(always)]
fn decode_by_hand(frame: &[u8]) {
    let frame = black_box(frame);
    let header = hand::read_header(frame).expect("a header");
    let tlvs = match header.command_id {
        0x0000_0004 | 0x0000_0005 => {
            let message = hand::read_message(frame).expect("a message");
            black_box(&message);
            message.tlvs
        }
        0x8000_0004 => {
            let response = hand::read_submit_sm_resp(frame).expect("a response");
            black_box(&response);
            response.tlvs
        }
        other => panic!("command_id {other:#010x}"),
    };
    for tlv in hand::Tlvs(tlvs) {
        black_box(&tlv);
    }
}

/// Writes the body to the same buffer again and again, after making sure that it is right.
fn encoding<B: Body<'static> + 'static>(name: &'static str, body: B) -> Case {
    let mut room = vec![0; 512];
    let mut write = move || {
        let sequence = black_box(inputs::SEQUENCE_NUMBER);
        let written =
            black_box(&body).encode_to(&mut room, black_box(CommandStatus::ESME_ROK), sequence);
        black_box(&room);
        written.expect("a valid value").expect("room enough")
    };
    let len = write();
    let frames = [
        &inputs::SUBMIT_SM[..],
        &inputs::SUBMIT_SM_TLVS,
        &inputs::SUBMIT_SM_RESP,
        &inputs::RECEIPT,
    ];
    assert!(frames.iter().any(|frame| frame.len() == len), "{name}: {len} octets");
    case(name, move || {
        black_box(write());
    })
}

fn submit_sm() -> SubmitSm<'static> {
    let (_, body) = SubmitSm::decode(&inputs::SUBMIT_SM, &Rules::STRICT).expect("a valid frame");
    assert_eq!(body.short_message, inputs::TEXT.as_bytes());
    body
}

fn submit_sm_with_tlvs() -> SubmitSm<'static> {
    let frame = &inputs::SUBMIT_SM_TLVS;
    let (_, body) = SubmitSm::decode(frame, &Rules::STRICT).expect("a valid frame");
    let reference = u32::from(inputs::USER_MESSAGE_REFERENCE);
    assert_eq!(body.tlvs.int(TlvTag::USER_MESSAGE_REFERENCE), Some(reference));
    assert_eq!(body, SubmitSm { tlvs: body.tlvs, ..submit_sm() });
    body
}

fn submit_sm_resp() -> SubmitSmResp<'static> {
    SubmitSmResp { message_id: inputs::MESSAGE_ID.into(), tlvs: Tlvs::NONE }
}

fn receipt() -> DeliverSm<'static> {
    let (header, body) =
        DeliverSm::decode(&inputs::RECEIPT, &Rules::STRICT).expect("a valid frame");
    assert_eq!(Some(header), Header::read(&inputs::RECEIPT));
    body
}
