//! A relay that writes down what goes over the wire: the logs of the client's side and of the
//! SMSC's, by message, whichever of the two programs or the engine is asked what it knows.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use chappe::sim::serial::Serial;
use chappe::wire::{CommandId, Framer, HEADER_LEN, Header, Limits, Pdu, Rules};

use super::session::id_of;

/// Which side of the engine a relay is on.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Side {
    Client,
    Carrier,
}

/// What the wire told of one message.
#[derive(Clone, Copy, Default)]
pub struct Story {
    /// Our id of it, once it was accepted or a receipt named it.
    pub id: u64,
    pub asked: bool,
    pub accepted: bool,
    pub refused: bool,
    /// How often it went to the carrier, and how often that took it.
    pub copies: u8,
    pub taken: u8,
    /// Receipts of it that went to the client, and the process that sent the last.
    pub told: u8,
    pub told_by: u32,
}

/// What went over the wire, by the number of each message in its run.
#[derive(Default)]
pub struct Log {
    pub stories: Vec<Story>,
    /// Receipts for a message under two ids, or twice by one process, or of none.
    pub unexpected: Vec<String>,
    /// Answers to submissions.
    pub answers: u64,
    /// Which process of the engine there is, counted from 0.
    pub process: u32,
}

impl Log {
    fn story(&mut self, serial: Serial) -> &mut Story {
        let at = serial.number() as usize;
        if self.stories.len() <= at {
            self.stories.resize(at + 1, Story::default());
        }
        &mut self.stories[at]
    }

    /// A frame from a client: what it asks has this number on its link.
    fn asked(&mut self, header: &Header, frame: &[u8], numbers: &mut Numbers) {
        if header.command_id == CommandId::SUBMIT_SM
            && let Some(serial) = serial_of(frame)
        {
            numbers.insert(header.sequence_number, serial);
            self.story(serial).asked = true;
        }
    }

    /// A frame to a client.
    fn told(&mut self, process: u32, header: &Header, frame: &[u8], numbers: &mut Numbers) {
        match header.command_id {
            CommandId::SUBMIT_SM_RESP => {
                let Some(serial) = numbers.remove(&header.sequence_number) else { return };
                self.answers += 1;
                let story = self.story(serial);
                match header.command_status.is_ok() {
                    true => (story.accepted, story.id) = (true, number(&id_of(frame))),
                    false => story.refused = true,
                }
            }
            CommandId::DELIVER_SM => self.receipt(process, frame),
            _ => {}
        }
    }

    fn receipt(&mut self, process: u32, frame: &[u8]) {
        let Some((id, serial)) = receipt_of(frame) else {
            return self.unexpected.push("a receipt of nothing".to_owned());
        };
        let story = self.story(serial);
        let same = story.id == 0 || story.id == id;
        let again = story.told > 0 && story.told_by == process;
        (story.id, story.told_by) = (id, process);
        story.told = story.told.saturating_add(1);
        if !same || again {
            self.unexpected.push(format!("{serial:?}: a receipt of {id:016x}, again: {again}"));
        }
    }

    /// A frame to the carrier.
    fn sent(&mut self, header: &Header, frame: &[u8], numbers: &mut Numbers) {
        if header.command_id == CommandId::SUBMIT_SM
            && let Some(serial) = serial_of(frame)
        {
            numbers.insert(header.sequence_number, serial);
            let story = self.story(serial);
            story.copies = story.copies.saturating_add(1);
        }
    }

    /// A frame from the carrier.
    fn answered(&mut self, header: &Header, numbers: &mut Numbers) {
        if header.command_id == CommandId::SUBMIT_SM_RESP
            && let Some(serial) = numbers.remove(&header.sequence_number)
            && header.command_status.is_ok()
        {
            let story = self.story(serial);
            story.taken = story.taken.saturating_add(1);
        }
    }
}

/// Requests of a link that have no answer.
type Numbers = HashMap<u32, Serial>;

fn number(id: &str) -> u64 {
    u64::from_str_radix(id, 16).unwrap_or_default()
}

fn serial_of(frame: &[u8]) -> Option<Serial> {
    match Pdu::decode(frame, &Rules::default()).ok()?.1 {
        Pdu::SubmitSm(body) => Serial::read(body.short_message),
        _ => None,
    }
}

/// The id that a receipt names, and the message whose text it quotes.
fn receipt_of(frame: &[u8]) -> Option<(u64, Serial)> {
    let Ok((_, Pdu::DeliverSm(body))) = Pdu::decode(frame, &Rules::default()) else { return None };
    let text = std::str::from_utf8(body.short_message).ok()?;
    let (_, id) = text.split_once("id:")?;
    let (_, quoted) = text.split_once("text:")?;
    Some((number(id.split(' ').next()?), Serial::read(quoted.as_bytes())?))
}

/// Relays connections to `listener` to `to`, on this side of the engine.
pub fn relay(listener: TcpListener, to: SocketAddr, side: Side, log: &Arc<Mutex<Log>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            // Nobody there: the connection ends, as it would without the relay.
            let Ok(far) = TcpStream::connect(to) else { continue };
            let numbers = Arc::new(Mutex::new(Numbers::new()));
            // What comes on it is this process's, however late it is read.
            let process = log.lock().unwrap().process;
            let ways = [(&near, &far, true), (&far, &near, false)];
            for (from, into, is_outward) in ways {
                let (from, into) = (from.try_clone().unwrap(), into.try_clone().unwrap());
                let (log, numbers) = (Arc::clone(&log), Arc::clone(&numbers));
                let note = move |header: &Header, frame: &[u8]| {
                    let (mut log, mut numbers) = (log.lock().unwrap(), numbers.lock().unwrap());
                    match (side, is_outward) {
                        (Side::Client, true) => log.asked(header, frame, &mut numbers),
                        (Side::Client, false) => log.told(process, header, frame, &mut numbers),
                        (Side::Carrier, true) => log.sent(header, frame, &mut numbers),
                        (Side::Carrier, false) => log.answered(header, &mut numbers),
                    }
                };
                thread::spawn(move || carry(from, into, note));
            }
        }
    });
}

/// Hands on what comes, and notes each whole frame before it goes on.
fn carry(mut from: TcpStream, mut into: TcpStream, note: impl Fn(&Header, &[u8])) {
    let _ = into.set_nodelay(true);
    let mut octets = vec![0; 65536];
    let mut kept = Vec::new();
    while let Ok(count) = from.read(&mut octets) {
        if count == 0 {
            break;
        }
        kept.extend_from_slice(&octets[..count]);
        let mut framer = Framer::new(&kept, Limits::default());
        while let Ok(Some(frame)) = framer.next_frame() {
            if let Some(header) = Header::read(frame).filter(|_| frame.len() >= HEADER_LEN) {
                note(&header, frame);
            }
        }
        let rest = framer.rest().len();
        kept.drain(..kept.len() - rest);
        if into.write_all(&octets[..count]).is_err() {
            break;
        }
    }
    let _ = (into.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}
