//! Chappe: a carrier-grade SMPP 3.4 engine.
//!
//! It stands between customers' ESMEs and operators' SMSCs: an SMSC to the first (its
//! **accounts**), an ESME to the second (its **carriers**). [`manual`] has the long documents; this
//! page is the map.
//!
//! ```text
//!   MT  account --> wire --> session --> mt: ingress, routing, segmentation --> engine: shard
//!                                                                                   |
//!       carrier <-- wire <-- session <-- mt: egress, throttle <-- engine: dispatcher <-+
//!       carrier --receipt--> mt: receipts --> engine: shard --> session --> account
//!   MO  carrier --> wire --> session --> mo: owner of the number --> engine: shard
//!                                        mo: reassembly, keyword <-------+ |
//!                                        session --> account <-------------+
//! ```
//!
//! The modules stand in the order data flows, and each imports only those before it; a test holds
//! them to that. The first group is pure: no socket, file, clock, task or logger. Time comes in as
//! an argument, decisions go out as values. It is all there is with `--no-default-features`, builds
//! in seconds, and serves as a library.
//!
//! **[`clock`]** is one moment on two clocks, handed in by whoever drives a state machine, and what
//! the clocks of a place show then.
//!
//! **[`wire`]** turns octets into PDUs and back. One table declares every PDU, TLV and status;
//! types, codec, permissions, the dissector and the fuzzers' dictionary come from it. Decoding
//! borrows.
//!
//! **[`text`]** turns characters into user data and back, and knows how many segments it takes:
//! GSM-7 with its national tables, UCS-2, Latin-1, user data headers, the segment plan.
//!
//! **[`session`]** is one SMPP session as a state machine, for either role: binds, window, sequence
//! numbers, timers, unbind. Octets and time in, octets and events out.
//!
//! **[`message`]** is what travels: a message, its id, its receipt and state; and the dialect,
//! which names as data what a peer does differently.
//!
//! **[`mt`]** is each stage of a message's way toward the handset, and of its receipt back: what is
//! admitted, where it goes, how it is cut, when it is sent, which receipt belongs to it.
//!
//! **[`mo`]** is the way from the handset: segments put together, whose a message is, and what
//! its writer wants.
//!
//! **[`exchange`]** runs a recorded exchange against a dialect: the modules above, told what each
//! side said, say what they would have made of it.
//!
//! The second group acts, behind the feature `runtime`.
//!
//! **`planted`** is what tests do wrong on purpose, to see that it is noticed.
//!
//! **`telemetry`** names every metric once and hands out the handles that count.
//!
//! **`store`** is the journal: records handed over by many become one order that a crash does not
//! change. Its contract, and two that keep it, in memory and in files; what was kept, found again;
//! and where texts go that are not to be in memory.
//!
//! **`link`** puts a session on a socket, plain or under TLS: many PDUs a system call.
//!
//! **`engine`** wires the stages: links, shards and dispatchers, the bounded queues between them,
//! starting and stopping. Its `settings` are everything it can be told.
//!
//! **`config`** turns a file into those settings, or into every fault with its line and column.
//!
//! **`sim`** is the world to try it in: an SMSC that misbehaves as asked, a load of ESMEs, a disk
//! that loses what was not synced, and all of that around the engine, from a seed.
//!
//! **`cli`** has the commands. It alone knows where settings come from.

pub mod clock;
pub mod wire;
pub mod text;
pub mod session;
pub mod message;
pub mod mt;
pub mod mo;
pub mod exchange;

#[cfg(feature = "runtime")]
pub mod planted;
#[cfg(feature = "runtime")]
pub mod telemetry;
#[cfg(feature = "runtime")]
pub mod store;
#[cfg(feature = "runtime")]
pub mod link;
#[cfg(feature = "runtime")]
pub mod engine;
#[cfg(feature = "runtime")]
pub mod config;
#[cfg(feature = "runtime")]
pub mod sim;
#[cfg(feature = "runtime")]
pub mod cli;

pub mod manual;
