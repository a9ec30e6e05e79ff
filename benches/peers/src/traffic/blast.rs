//! A window of submissions, kept full until all are answered: the least an ESME can do.
//!
//! Each bind is a thread that reads, answers every deliver_sm, replaces every answered submission
//! by the next, and writes once. All binds start together; the clock runs from that moment to the
//! last answer, and with receipts to the last receipt.

use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::frames::{self, Inbox, Outbox, ROOM_OCTETS};
use super::{
    BIND_TRANSCEIVER, CONNECTIONS_MAX, Counts, DELIVER_SM, DELIVER_SM_RESP, ENQUIRE_LINK, RESPONSE,
    SUBMIT_SM_RESP, UNBIND, WINDOW_MAX, process,
};
use crate::args::Args;
use crate::inputs;

/// How long a peer may be silent while something is owed.
const SILENCE: Duration = Duration::from_secs(5);

/// What to send.
#[derive(Debug)]
pub struct Plan {
    /// Where to bind.
    pub connect: SocketAddr,
    /// With which system_id.
    pub system_id: String,
    /// And password.
    pub password: String,
    /// On how many connections.
    pub binds: usize,
    /// Submissions unanswered on each at most.
    pub window: usize,
    /// Submissions of all binds together.
    pub count: u64,
    /// Whether receipts are asked for and waited for.
    pub receipts: bool,
    /// Seconds after which the run is given up.
    pub seconds: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Sent and received, all binds together.
    pub counts: Counts,
    /// From the common start to the last answer.
    pub elapsed: Duration,
}

/// Sends as the arguments say and prints one line of JSON.
///
/// # Errors
///
/// A wrong argument, a bind that is refused or lost, or an answer or receipt that does not come.
pub fn main(mut args: Args) -> std::result::Result<(), String> {
    let plan = Plan {
        connect: args.loopback("--connect")?,
        system_id: args.value("--system-id")?.unwrap_or_else(|| "peers".into()),
        password: args.value("--password")?.unwrap_or_else(|| "peers".into()),
        binds: args.number("--binds", 1)?,
        window: args.number("--window", 100)?,
        count: args.number("--count", 1_000_000)? as u64,
        receipts: args.flag("--receipts"),
        seconds: args.number("--for", 60)? as u64,
    };
    args.finish()?;
    if plan.binds > CONNECTIONS_MAX || plan.window > WINDOW_MAX {
        return Err(format!("at most {CONNECTIONS_MAX} binds and a window of {WINDOW_MAX}"));
    }
    let cpu = process::cpu_seconds();
    let Outcome { counts, elapsed } = run(&plan).map_err(|error| format!("blast: {error}"))?;
    let cpu = process::cpu_seconds() - cpu;
    let seconds = elapsed.as_secs_f64();
    println!(
        "{{\"process\":\"blast\",\"binds\":{},\"window\":{},{},\"seconds\":{seconds:.3},\
         \"messages_per_second\":{:.0},\"cpu_seconds\":{cpu:.2},\"cpu_seconds_per_100k\":{:.4}}}",
        plan.binds,
        plan.window,
        counts.json(),
        counts.submits as f64 / seconds,
        cpu * 100_000.0 / counts.submits as f64,
    );
    Ok(())
}

/// Binds, sends and waits for everything that is owed.
///
/// # Errors
///
/// A connection or bind fails, an answer does not come in time, or one comes for another number.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let deadline = Instant::now() + Duration::from_secs(plan.seconds);
    let binds = (0..plan.binds).map(|_| Bind::connect(plan)).collect::<Result<Vec<_>>>()?;
    let start_line = Barrier::new(binds.len());
    thread::scope(|scope| {
        let shares = (0..plan.binds as u64).map(|bind| {
            plan.count / plan.binds as u64 + u64::from(bind < plan.count % plan.binds as u64)
        });
        let running: Vec<_> = binds
            .into_iter()
            .zip(shares)
            .map(|(mut bind, share)| {
                let start_line = &start_line;
                scope.spawn(move || -> Result<_> {
                    start_line.wait();
                    let start = Instant::now();
                    bind.send_all(share, plan, deadline)?;
                    let finish = Instant::now();
                    bind.unbind()?;
                    Ok((bind.counts, start, finish))
                })
            })
            .collect();
        let mut counts = Counts::default();
        let mut times = Vec::with_capacity(plan.binds);
        for bind in running {
            let (of_bind, start, finish) = bind.join().expect("a bind does not panic")?;
            counts.add(&of_bind);
            times.push((start, finish));
        }
        let start = times.iter().map(|(start, _)| *start).min();
        let finish = times.iter().map(|(_, finish)| *finish).max();
        let elapsed = finish.zip(start).map_or(Duration::ZERO, |(finish, start)| finish - start);
        Ok(Outcome { counts, elapsed })
    })
}

/// One bound connection.
struct Bind {
    link: TcpStream,
    inbox: Inbox,
    outbox: Outbox,
    counts: Counts,
    /// The last number given to a request.
    sequence_number: u32,
    /// The numbers sent and the numbers answered, added up: equal at the end if every response
    /// came back to its own request.
    numbers_sent: u64,
    numbers_answered: u64,
}

impl Bind {
    /// Connects and binds as a transceiver.
    fn connect(plan: &Plan) -> Result<Self> {
        let link = TcpStream::connect(plan.connect)?;
        link.set_nodelay(true)?;
        link.set_read_timeout(Some(SILENCE))?;
        let (inbox, outbox) = (Inbox::new(), Outbox::new(link.try_clone()?));
        let counts = Counts::default();
        let mut bind = Self {
            link,
            inbox,
            outbox,
            counts,
            sequence_number: 0,
            numbers_sent: 0,
            numbers_answered: 0,
        };
        let words = [&plan.system_id, "\0", &plan.password, "\0", "\0"].concat();
        // interface_version 3.4, addr_ton, addr_npi, address_range
        let body = [words.as_bytes(), &[0x34, 0, 0, 0]].concat();
        match bind.ask(BIND_TRANSCEIVER, &body)? {
            0 => Ok(bind),
            status => Err(Error::other(format!("bind refused with {status:#010x}"))),
        }
    }

    /// Sends `share` submissions and waits for what is owed for them.
    fn send_all(&mut self, share: u64, plan: &Plan, deadline: Instant) -> Result<()> {
        let mut submission = inputs::SUBMIT_SM;
        submission[REGISTERED_DELIVERY] = u8::from(plan.receipts);
        self.submit(&submission, share.min(plan.window as u64))?;
        loop {
            let counts = &self.counts;
            let answered = counts.accepted + counts.refused;
            let receipts_due = if plan.receipts { counts.accepted } else { 0 };
            if answered == share && counts.receipts >= receipts_due {
                break;
            }
            if Instant::now() > deadline {
                let owed = format!("{answered} of {share} answered, {} receipts", counts.receipts);
                return Err(Error::new(ErrorKind::TimedOut, owed));
            }
            self.receive()?;
            let answered_now = self.counts.accepted + self.counts.refused - answered;
            self.submit(&submission, answered_now.min(share - self.counts.submits))?;
        }
        if self.numbers_sent != self.numbers_answered {
            return Err(Error::other("responses came back with numbers of other requests"));
        }
        Ok(())
    }

    /// Puts so many more submissions behind what is to be sent, and sends it all.
    fn submit(&mut self, submission: &[u8], count: u64) -> Result<()> {
        for _ in 0..count {
            self.sequence_number += 1;
            self.numbers_sent += u64::from(self.sequence_number);
            frames::set_sequence_number(self.outbox.put(submission)?, self.sequence_number);
        }
        self.counts.submits += count;
        self.outbox.send()
    }

    /// Reads once, counts what came and puts the answers it wants.
    fn receive(&mut self) -> Result<()> {
        if !self.inbox.receive(&mut self.link)? {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        self.counts.reads += 1;
        self.inbox.frames(|frame| {
            let (command_id, command_status, sequence_number) = frames::header(frame);
            self.counts.see(command_id, command_status);
            match command_id {
                SUBMIT_SM_RESP => self.numbers_answered += u64::from(sequence_number),
                DELIVER_SM => {
                    let response = self.outbox.put(&RECEIPT_RESPONSE)?;
                    frames::set_sequence_number(response, sequence_number);
                    self.counts.acknowledged += 1;
                }
                ENQUIRE_LINK => {
                    let response = frames::frame(ENQUIRE_LINK | RESPONSE, 0, sequence_number, b"");
                    self.outbox.put(&response)?;
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(())
    }

    fn unbind(&mut self) -> Result<()> {
        self.ask(UNBIND, b"").map(drop)
    }

    /// Sends one request and returns the status of its response; what comes before it is dropped.
    fn ask(&mut self, command_id: u32, body: &[u8]) -> Result<u32> {
        self.sequence_number += 1;
        let request = frames::frame(command_id, 0, self.sequence_number, body);
        if request.len() > ROOM_OCTETS {
            return Err(Error::from(ErrorKind::InvalidInput));
        }
        self.outbox.put(&request)?;
        self.outbox.send()?;
        let mut status = None;
        while status.is_none() {
            if !self.inbox.receive(&mut self.link)? {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
            self.inbox.frames(|frame| {
                let (id, command_status, _) = frames::header(frame);
                if id == command_id | RESPONSE || id == RESPONSE {
                    status = Some(command_status);
                }
                Ok(())
            })?;
        }
        Ok(status.unwrap_or_default())
    }
}

/// Where registered_delivery stands in the submission of `inputs.rs`.
const REGISTERED_DELIVERY: usize = 48;

/// A deliver_sm_resp: ESME_ROK and an empty message_id.
const RECEIPT_RESPONSE: [u8; 17] = {
    let mut frame = [0; 17];
    frame[3] = 17;
    let command_id = DELIVER_SM_RESP.to_be_bytes();
    frame[4] = command_id[0];
    frame[7] = command_id[3];
    frame
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hand;

    #[test]
    fn the_octet_that_asks_for_a_receipt_is_where_it_is_set() {
        let mut submission = inputs::SUBMIT_SM;
        submission[REGISTERED_DELIVERY] = 0xAB;
        let read = hand::read_message(&submission).expect("a submit_sm");
        assert_eq!(read.registered_delivery, 0xAB);
    }
}
