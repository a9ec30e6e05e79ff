//! The rows of `[store]`.

use super::super::Key;
use super::super::Presence::Default;
use super::{count, words};
use crate::engine::settings::StoreEngine;

/// `[store]`.
pub(in crate::config::schema) const STORE: &[Key] = keys! {
    /// `embedded` keeps all that was accepted, in a journal in data_dir, through any crash;
    /// `memory` loses it when the process ends.
    engine: words::<StoreEngine>(), Default(r#""memory""#);
    /// How much of the journal is written before all there is is written beside it, so that a start
    /// need not read what came before; twice as much as that took if that is more.
    checkpoint_bytes: count(1_048_576, 4_294_967_295, "octets"), Default("268435456");
    /// How long messages that have ended are kept, their texts with them, for `chappe trace`: three
    /// days are a weekend, and the validity of most messages. What is written in an eighth of it
    /// goes together. 0 keeps nothing beyond the next checkpoint.
    retention_hours: count(0, 8760, "hours"), Default("72");
    /// How much of the disk that may take; the oldest goes first, also where there is no space for
    /// what is accepted. About 700 octets a message: six million are in 4 GiB.
    retention_max_bytes: count(67_108_864, 1_099_511_627_776, "octets"), Default("4294967296");
    /// Octets of the texts and TLVs of queued messages that are held in memory; what is queued
    /// beyond goes to a file beside the journal and is read when it is sent. 0 holds all in memory,
    /// as `engine = "memory"` does.
    spill_after_bytes: count(0, 4_294_967_295, "octets"), Default("134217728");
    /// How much of the disk that file may take; then ESME_RMSGQFUL, as at `queue_max_bytes` of
    /// `[node]` and of an account, which count what is queued wherever its text is.
    spill_max_bytes: count(8_388_608, 1_099_511_627_776, "octets"), Default("4294967296");
};
