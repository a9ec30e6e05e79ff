//! Sessions on sockets: octets of the network to a [`Session`](crate::session::Session) and back.
//!
//! ```text
//!   socket --one read, many PDUs--> Session --events--> Owner
//!   socket <-one write, many PDUs-- Session <-commands- Owner
//! ```
//!
//! One task drives one link: it owns the socket, the session and the owner that says what the
//! session is for. Reads go into a buffer of the thread and are decoded in place; a session holds
//! octets of its own only while a PDU is incomplete or unwritten, so an idle one costs little.
//!
//! Cost is per system call, not per PDU, so a wake-up reads all there is, lets the owner answer,
//! and writes once.

mod backoff;
mod clock;
mod drive;
mod stream;
pub mod tls;
pub mod wall;

pub use backoff::Backoff;
pub use clock::Clock;
pub use drive::{Link, Owner, Pace};
pub use stream::{Connecting, Connects, Network, Octets, Stream, connect, listen};
