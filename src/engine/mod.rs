//! Wiring: what the pure stages decide becomes sockets, queues, workers and counters.

pub mod settings;
