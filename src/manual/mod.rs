//! The manual: documents longer than a comment. They are read here, or as files beside this one.
//!
//! - [`architecture`]: the life of a message in either direction, who owns what, every queue and
//!   its limit.
//! - [`bots`]: what answers people: one file a bot, its conversations, and how to measure it.
//! - [`compliance`]: who may be texted: what is heard as STOP, and the rules by country.
//! - [`commands`]: what can be asked of a running engine, and what its answers mean.
//! - [`operating`]: how to run it, every metric and what it means when it moves, what to do when
//!   receipts do not come, throughput is low or a bind flaps.
//! - [`defaults`]: every key of the configuration, its default, and why.
//! - [`quirks`]: what peers do that the standard does not say, by the numbers that comments and
//!   tests use.
//! - [`mistakes`]: mistakes of other SMPP software, and what prevents each here.
//! - [`simulation`]: the worlds of `chappe sim`: what goes wrong in them, what is held against the
//!   engine, and which seeds were run.

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("bots.md")]
pub mod bots {}

#[doc = include_str!("commands.md")]
pub mod commands {}

#[doc = include_str!("compliance.md")]
pub mod compliance {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("mistakes.md")]
pub mod mistakes {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("quirks.md")]
pub mod quirks {}

#[doc = include_str!("simulation.md")]
pub mod simulation {}
