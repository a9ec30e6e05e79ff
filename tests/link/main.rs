//! Links: sessions on streams and sockets, with their timers paused where no socket is involved.
#![cfg(feature = "runtime")]

mod batching;
mod desk;
mod ending;
mod pacing;
mod tls;
