//! How far the engine has wound down.

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
