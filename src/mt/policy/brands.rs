//! Which messages belong together for who opts out: senders by brand and service, and what each of
//! our numbers makes of a STOP.

use std::collections::HashMap;

use super::choices::{Reach, Scope};
use crate::message::words::words;

words! {
    /// Who handles STOP.
    #[derive(Default)]
    pub enum StopBy {
        /// The network, as for toll-free numbers of the United States: it blocks by itself.
        Carrier = "carrier",
        /// The engine.
        #[default]
        Engine = "engine",
        /// The owner of the number.
        Owner = "owner",
    }
}

words! {
    impl Reach {
        All = "all",
        Brand = "brand",
        Sender = "sender",
        Service = "service",
    }
}

/// What is said of one of our senders.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sender {
    /// Who handles a STOP that is sent to it.
    pub stop: StopBy,
    /// Whether its owner gets a STOP that the engine handled.
    pub pass_stop: bool,
    /// How far such a STOP reaches.
    pub reach: Reach,
    /// The brand it speaks for; empty is none.
    pub brand: String,
    /// The service it is of; empty is none.
    pub service: String,
}

/// Every sender that something is said of, and the brand of each account.
#[derive(Clone, Debug, Default)]
pub struct Brands {
    senders: HashMap<Box<[u8]>, Sender, foldhash::fast::FixedState>,
    accounts: Vec<Box<str>>,
}

impl Brands {
    /// Senders by their address without `+`; what an account sends from others speaks for the brand
    /// of that account, by its place.
    #[must_use]
    pub fn new(
        senders: impl IntoIterator<Item = (String, Sender)>,
        accounts: impl IntoIterator<Item = String>,
    ) -> Self {
        let senders =
            senders.into_iter().map(|(address, sender)| (address.into_bytes().into(), sender));
        let accounts = accounts.into_iter().map(String::into_boxed_str);
        Self { senders: senders.collect(), accounts: accounts.collect() }
    }

    /// What is said of a number that a handset wrote to.
    #[must_use]
    pub fn of(&self, number: &[u8]) -> Option<&Sender> {
        self.senders.get(number.strip_prefix(b"+").unwrap_or(number))
    }

    /// What an opt-out that was sent to this number is about.
    #[must_use]
    pub fn scope_of(&self, number: &[u8]) -> Scope {
        let number = number.strip_prefix(b"+").unwrap_or(number);
        match self.senders.get(number) {
            Some(Sender { reach, brand, service, .. }) => {
                Scope::new(*reach, number, service, brand)
            }
            None => Scope::new(Reach::Sender, number, "", ""),
        }
    }

    /// What a name is about: a sender, service or brand that something is said of; another is that
    /// of a brand. An empty one is everything, and `#` with hexadecimal digits what
    /// [`Brands::names`] has no name for.
    #[must_use]
    pub fn named(&self, name: &str) -> Scope {
        let number = name.strip_prefix('#').and_then(|hex| u64::from_str_radix(hex, 16).ok());
        match number {
            _ if name.is_empty() => Scope::ALL,
            Some(number) => Scope::from_number(number),
            None if self.of(name.as_bytes()).is_some() => {
                let address = name.strip_prefix('+').unwrap_or(name);
                Scope::new(Reach::Sender, address.as_bytes(), "", "")
            }
            None if self.senders.values().any(|sender| sender.service == name) => {
                Scope::new(Reach::Service, b"", name, "")
            }
            None => Scope::new(Reach::Brand, b"", "", name),
        }
    }

    /// The name of each scope that one is known for, by which [`Brands::named`] finds it again.
    #[must_use]
    pub fn names(&self) -> HashMap<Scope, String> {
        let numbers = self.senders.iter().flat_map(|(address, sender)| {
            let address = String::from_utf8_lossy(address).into_owned();
            [address, sender.service.clone(), sender.brand.clone()]
        });
        let accounts = self.accounts.iter().map(|brand| brand.to_string());
        let all = numbers.chain(accounts).chain([String::new()]);
        all.map(|name| (self.named(&name), name)).collect()
    }

    /// All that a message of this account from this sender belongs to.
    #[must_use]
    pub fn scopes(&self, account: u32, sender: &[u8]) -> [Scope; 4] {
        let known = self.senders.get(sender);
        let of_account = || self.accounts.get(account as usize).map_or("", |brand| brand);
        let brand = known.map_or_else(of_account, |known| known.brand.as_str());
        let service = known.map_or("", |known| known.service.as_str());
        [Reach::Sender, Reach::Service, Reach::Brand, Reach::All]
            .map(|reach| Scope::new(reach, sender, service, brand))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(reach: Reach, brand: &str, service: &str) -> Sender {
        Sender { reach, brand: brand.into(), service: service.into(), ..Sender::default() }
    }

    #[test]
    fn an_opt_out_reaches_what_it_says_and_no_more() {
        let brands = Brands::new(
            [
                ("36105".to_owned(), sender(Reach::Brand, "acme", "promo")),
                ("36106".to_owned(), sender(Reach::Service, "acme", "promo")),
                ("36107".to_owned(), sender(Reach::Sender, "acme", "news")),
                ("36108".to_owned(), sender(Reach::All, "other", "")),
            ],
            ["acme".to_owned(), "beta".to_owned()],
        );
        let covers = |to: &str, account: u32, from: &str| {
            brands.scopes(account, from.as_bytes()).contains(&brands.scope_of(to.as_bytes()))
        };
        // All that speaks for acme: its numbers whoever sends from them, and what it sends as Shop.
        assert!(covers("36105", 1, "36107") && covers("+36105", 0, "Shop"));
        assert!(!covers("36105", 1, "Shop") && !covers("36105", 1, "36108"));
        assert!(covers("36106", 0, "36105") && !covers("36106", 0, "36107"));
        assert!(covers("36107", 0, "36107") && !covers("36107", 0, "36105"));
        assert!(covers("36108", 1, "Shop") && covers("36108", 0, "36105"));
        for name in ["36105", "promo", "acme", "beta", ""] {
            assert_eq!(brands.names()[&brands.named(name)], name);
        }
        assert_eq!(brands.named("acme"), brands.scope_of(b"36105"));
        assert_eq!(brands.named("promo"), brands.scope_of(b"36106"));
        assert_eq!(brands.named("#1f"), Scope::from_number(0x1f));
        // One that nothing is said of.
        assert!(covers("38000", 0, "38000") && !covers("38000", 0, "36105"));
    }
}
