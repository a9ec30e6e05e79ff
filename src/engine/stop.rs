//! What every task of an engine is told at once: how far it has wound down, and that its world is
//! another.

/// The newest of it.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    /// What has been stopped.
    pub stop: Stop,
    /// [`World::generation`](super::world::World::generation) of the world in force.
    pub generation: u64,
}

/// What has been stopped; each includes those before it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stop {
    /// Nothing.
    Nothing,
    /// Accounts: no new connection, no new message; their sessions unbind.
    Accounts,
    /// Carriers: their sessions unbind.
    Carriers,
}
