//! A customer.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::message::class::TrafficClass;
use crate::message::dialect::Dialect;
use crate::message::multipart::MultipartState;
use crate::message::pattern::AddressPattern;
use crate::message::words::words;

use super::{Secret, Timers};

/// A customer who binds to us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// The name it binds with.
    pub system_id: String,
    /// Its password.
    pub password: Secret,
    /// The networks it may connect from; empty is anywhere. See [`Account::allows`].
    pub allow_from: Vec<IpNet>,
    /// Sessions bound at once. At the limit a bind is answered ESME_RALYBND.
    pub binds_max: u32,
    /// Requests of one session unanswered at once, in either direction. Beyond it a submit is
    /// answered ESME_RTHROTTLED.
    pub window_max: u32,
    /// Segments a second, all sessions together; 0 no limit. Beyond it a submit is answered
    /// ESME_RTHROTTLED.
    pub segments_per_second: u32,
    /// Live messages of this account. At the limit a submit is answered ESME_RMSGQFUL.
    pub queue_max_messages: u32,
    /// Octets of user data and TLVs of these. At the limit a submit is answered ESME_RMSGQFUL.
    pub queue_max_bytes: u32,
    /// Receipts and MO that wait for a session to take them. At the limit the oldest is dropped and
    /// counted.
    pub receipts_waiting_max: u32,
    /// The senders it may use; empty is any. Others are answered ESME_RINVSRCADR.
    pub senders: Vec<AddressPattern>,
    /// What routes may know it by.
    pub tags: Vec<String>,
    /// Why its messages are sent, unless their number says otherwise.
    pub class: TrafficClass,
    /// The tag of the TLV in which a message says its class; 0 is none.
    pub class_tlv: u16,
    /// What its client does differently.
    pub dialect: Arc<Dialect>,
    /// Its sessions' timers, the dialect's already among them.
    pub timers: Timers,
    /// How many receipts a message of several segments brings.
    pub multipart_receipts: MultipartReceipts,
    /// Which state of its segments is that of a message that we cut.
    pub multipart_state: MultipartState,
}

words! {
    /// How many receipts a message of several segments brings.
    #[derive(Default)]
    pub enum MultipartReceipts {
        /// One for each segment that the account submitted.
        #[default]
        Each = "each",
        /// That of the last segment, and that of each which fails.
        One = "one",
    }
}

impl Account {
    /// An account with the default limits.
    #[must_use]
    pub fn new(system_id: impl Into<String>, password: Secret) -> Self {
        Self {
            system_id: system_id.into(),
            password,
            allow_from: Vec::new(),
            binds_max: 8,
            window_max: 100,
            segments_per_second: 0,
            queue_max_messages: 100_000,
            queue_max_bytes: 67_108_864,
            receipts_waiting_max: 200_000,
            senders: Vec::new(),
            tags: Vec::new(),
            class: TrafficClass::default(),
            class_tlv: 0,
            dialect: Arc::default(),
            timers: Timers::default(),
            multipart_receipts: MultipartReceipts::default(),
            multipart_state: MultipartState::default(),
        }
    }

    /// Its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }

    /// Whether it may connect from `address`. An IPv4 address that a dual-stack socket shows as
    /// IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allow_from.is_empty() || self.allow_from.iter().any(|net| net.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Secret};

    #[test]
    fn an_account_connects_only_from_its_networks() {
        let mut account = Account::new("demo", Secret::new("demo").unwrap());
        assert!(account.allows([203, 0, 113, 9].into()), "no list is no restriction");
        account.allow_from =
            vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        assert!(account.allows([192, 0, 2, 255].into()));
        assert!(account.allows("::ffff:192.0.2.1".parse().unwrap()), "IPv4 seen through IPv6");
        assert!(account.allows("2001:db8::1".parse().unwrap()));
        assert!(!account.allows([192, 0, 3, 0].into()));
        assert!(!account.allows("2001:db9::1".parse().unwrap()));
    }
}
