//! Frames of one connection to frames of another, with sequence numbers of our own.
//!
//! Everything passes in both directions, binds included; the relay reads only the header and
//! changes only its last four octets. Each direction numbers the requests it carries and remembers
//! the number they came with, and the other direction gives their responses that number back.

use std::io::{ErrorKind, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::frames::{self, Inbox};
use super::serve::{self, Limits};
use super::{Counts, RESPONSE};
use crate::args::Args;

/// Requests of one direction that may be unanswered; the oldest is forgotten beyond it.
const UNANSWERED_MAX: usize = 65_536;

/// The largest sequence_number, SMPP 3.4 §3.2; one follows it.
const SEQUENCE_NUMBER_MAX: u32 = 0x7FFF_FFFF;

/// Relays until its limits: `--listen A --connect B [--for SECONDS] [--once]`.
///
/// # Errors
///
/// A wrong argument, or an address that cannot be listened on.
pub fn main(mut args: Args) -> std::result::Result<(), String> {
    let listen = args.loopback("--listen")?;
    let connect = args.loopback("--connect")?;
    let limits = Limits::from_args(&mut args)?;
    args.finish()?;
    let listener = TcpListener::bind(listen).map_err(|error| format!("{listen}: {error}"))?;
    serve(listener, connect, limits).map(drop).map_err(|error| format!("relay: {error}"))
}

/// Gives each connection of `listener` one of its own to `connect`.
///
/// # Errors
///
/// The listener fails.
pub fn serve(listener: TcpListener, connect: SocketAddr, limits: Limits) -> Result<Counts> {
    serve::serve("relay", listener, limits, move |near| pair(near, TcpStream::connect(connect)?))
}

/// Carries both directions until both have ended.
fn pair(near: TcpStream, far: TcpStream) -> Result<Counts> {
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (to_far, to_near) = (Numbers::new(), Numbers::new());
    let (near_again, far_again) = (near.try_clone()?, far.try_clone()?);
    thread::scope(|scope| {
        let back = scope.spawn(|| carry(far_again, near_again, &to_near, &to_far));
        let mut counts = carry(near, far, &to_far, &to_near)?;
        counts.add(&back.join().expect("carry does not panic")?);
        Ok(counts)
    })
}

/// Carries one direction. `given` numbers its requests, `taken` restores its responses.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    given: &Numbers,
    taken: &Numbers,
) -> Result<Counts> {
    let outcome = carry_until_the_end(&mut from, &mut to, given, taken);
    // The end of one direction is passed on; after an error nothing can be, so both are cut.
    let how = if outcome.is_ok() { Shutdown::Write } else { Shutdown::Both };
    for shut in [to.shutdown(how), from.shutdown(Shutdown::Read)] {
        match shut {
            Err(error) if error.kind() != ErrorKind::NotConnected => return Err(error),
            _ => {}
        }
    }
    outcome
}

fn carry_until_the_end(
    from: &mut TcpStream,
    to: &mut TcpStream,
    given: &Numbers,
    taken: &Numbers,
) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut inbox = Inbox::new();
    let mut number = 0;
    while inbox.receive(from)? {
        counts.reads += 1;
        let whole = inbox.frames(|frame| {
            let (command_id, command_status, theirs) = frames::header(frame);
            counts.see(command_id, command_status);
            let ours = if command_id & RESPONSE == 0 {
                number = number % SEQUENCE_NUMBER_MAX + 1;
                given.remember(number, theirs);
                number
            } else {
                taken.recall(theirs)
            };
            frames::set_sequence_number(frame, ours);
            Ok(())
        })?;
        to.write_all(whole)?;
    }
    Ok(counts)
}

/// The numbers requests came with, by the number they went with.
///
/// One thread writes a slot and the other reads it, but only after a peer has received the request
/// and answered it: the atomics carry the value, the sockets the order.
struct Numbers(Box<[AtomicU32]>);

impl Numbers {
    fn new() -> Self {
        Self((0..UNANSWERED_MAX).map(|_| AtomicU32::new(0)).collect())
    }

    fn remember(&self, ours: u32, theirs: u32) {
        self.0[ours as usize % UNANSWERED_MAX].store(theirs, Ordering::Release);
    }

    /// Zero stays zero: it is what a generic_nack without a request carries.
    fn recall(&self, ours: u32) -> u32 {
        match ours {
            0 => 0,
            _ => self.0[ours as usize % UNANSWERED_MAX].load(Ordering::Acquire),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn requests_are_renumbered_and_their_responses_get_their_number_back() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        let link = || {
            let ours = TcpStream::connect(address).expect("a link");
            (ours, listener.accept().expect("a link").0)
        };
        let ((mut esme, near), (far, mut smsc)) = (link(), link());
        let relay = thread::spawn(move || pair(near, far));
        let pass = |from: &mut TcpStream, to: &mut TcpStream, command_id, number| {
            from.write_all(&frames::frame(command_id, 0, number, b"")).expect("a link");
            let mut frame = [0; 16];
            to.read_exact(&mut frame).expect("a link");
            assert_eq!(frames::header(&frame).0, command_id);
            frames::header(&frame).2
        };
        assert_eq!(pass(&mut esme, &mut smsc, 4, 700), 1);
        assert_eq!(pass(&mut esme, &mut smsc, 4, 701), 2);
        assert_eq!(pass(&mut smsc, &mut esme, 5, 90_000), 1);
        assert_eq!(pass(&mut smsc, &mut esme, 4 | RESPONSE, 2), 701);
        assert_eq!(pass(&mut smsc, &mut esme, 4 | RESPONSE, 1), 700);
        assert_eq!(pass(&mut esme, &mut smsc, 5 | RESPONSE, 1), 90_000);
        assert_eq!(pass(&mut smsc, &mut esme, RESPONSE, 0), 0);
        drop(esme);
        assert_eq!(smsc.read(&mut [0]).expect("an end"), 0);
        drop(smsc);
        let counts = relay.join().expect("no panic").expect("both ends");
        assert_eq!((counts.submits, counts.accepted, counts.receipts), (2, 2, 1));
    }
}
