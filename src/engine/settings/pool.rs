//! A pool of numbers of ours.

/// Numbers that accounts send from under one name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pool {
    /// What accounts write as the sender.
    pub name: String,
    /// Addresses of numbers, each once, at least one.
    pub numbers: Vec<String>,
}
