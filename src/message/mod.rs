//! What travels, and what is known of the peers it travels between.

pub mod class;
pub mod dialect;
pub mod pattern;
pub mod words;
