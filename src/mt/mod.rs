//! Toward the handset: each stage of a message's way from an account to a carrier, and of its
//! receipt back.
//!
//! ```text
//!   submit_sm -> ingress -> routing -> segmentation -> (shard) -> egress -> submit_sm
//!                                       receipts <- deliver_sm
//! ```
//!
//! A stage is a value with methods: it is told what came and what time it is, and says what it
//! decided. Who counts, logs and moves it between threads is the engine.
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)
)]

pub mod carried;
pub mod egress;
pub mod ingress;
pub mod policy;
pub mod pools;
pub mod receipts;
pub mod references;
pub mod routing;
pub mod segmentation;
pub mod throttle;
