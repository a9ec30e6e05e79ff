//! What is asked of marketing.

use crate::message::pattern::AddressPattern;
use crate::mt::policy::Terms;
use crate::mt::routing::Prefix;

/// Terms, and the marketing they are for: that which matches every filter given. The longest prefix
/// wins, then the most filters, then the first in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// What reports call it.
    pub name: String,
    /// Starts of destinations; empty is every destination.
    pub prefixes: Vec<Prefix>,
    /// Senders; empty is any.
    pub senders: Vec<AddressPattern>,
    /// system_ids; empty is any.
    pub accounts: Vec<String>,
    /// What is asked.
    pub terms: Terms,
}
