//! Address patterns: which senders a rule speaks of.

use std::fmt;

/// One address, or every address that starts alike. Letter case counts, as it does for the handset.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum AddressPattern {
    /// This address and no other.
    Exact(String),
    /// Every address that starts with these characters; with none, every address.
    StartsWith(String),
}

impl AddressPattern {
    /// Reads `Acme`, `33*` or `*`. `None` for an empty text, for a `*` that is not last and for
    /// characters that no address holds (anything but printable ASCII).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|octet| matches!(octet, 0x20..=0x7E));
        if text.is_empty() || !printable {
            return None;
        }
        match text.strip_suffix('*') {
            Some(start) if !start.contains('*') => Some(Self::StartsWith(start.to_owned())),
            None if !text.contains('*') => Some(Self::Exact(text.to_owned())),
            _ => None,
        }
    }

    /// Whether `address`, as it stands in the PDU, is one that the rule speaks of.
    #[must_use]
    pub fn matches(&self, address: &[u8]) -> bool {
        match self {
            Self::Exact(whole) => whole.as_bytes() == address,
            Self::StartsWith(start) => address.starts_with(start.as_bytes()),
        }
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(whole) => f.write_str(whole),
            Self::StartsWith(start) => write!(f, "{start}*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AddressPattern;

    #[test]
    fn a_star_stands_for_any_ending_and_only_at_the_end() {
        let french = AddressPattern::parse("33*").unwrap();
        assert!(french.matches(b"33612345678"));
        assert!(french.matches(b"33"));
        assert!(!french.matches(b"3"));
        assert!(AddressPattern::parse("*").unwrap().matches(b"anyone"));
        let brand = AddressPattern::parse("Acme").unwrap();
        assert!(brand.matches(b"Acme"));
        assert!(!brand.matches(b"ACME"));
        assert!(!brand.matches(b"Acme2"));
        for wrong in ["", "3*3", "**", "caf\u{e9}", "a\nb"] {
            assert_eq!(AddressPattern::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_pattern_prints_as_it_was_written() {
        for text in ["33*", "*", "Acme"] {
            assert_eq!(AddressPattern::parse(text).unwrap().to_string(), text);
        }
    }
}
