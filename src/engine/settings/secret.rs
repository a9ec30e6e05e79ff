//! What must appear in no log, dump or error: a value that compares but does not print.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// A password. Debug prints `[redacted]`, there is no Display, and comparing takes the same time
/// whatever the candidate is.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The longest secret in octets. Nine (with NUL) is what SMPP 3.4 §5.2.2 has room for; Infobip
    /// and smsfire hand out longer ones.
    pub const OCTETS_MAX: usize = 64;

    /// Keeps `octets`; `None` when there are none or more than [`Secret::OCTETS_MAX`], or when one
    /// is NUL, which ends a C-octet string.
    #[must_use]
    pub fn new(octets: impl Into<Vec<u8>>) -> Option<Self> {
        let octets = octets.into();
        let fits = (1..=Self::OCTETS_MAX).contains(&octets.len()) && !octets.contains(&0);
        fits.then_some(Self(octets))
    }

    /// What a password is compared with when there is no account of that name: nothing a bind
    /// can carry matches it.
    #[must_use]
    pub fn nobody() -> Self {
        Self(vec![0; Self::OCTETS_MAX])
    }

    /// Whether `candidate` is the secret. Neither the octets nor the length of the secret can be
    /// told from the time it takes: both are padded to one length first.
    #[must_use]
    pub fn matches(&self, candidate: &[u8]) -> bool {
        let fits = Choice::from(u8::from(candidate.len() <= Self::OCTETS_MAX));
        let same_length = self.0.len().ct_eq(&candidate.len());
        let same_octets = padded(&self.0).ct_eq(&padded(candidate));
        (fits & same_length & same_octets).into()
    }

    /// The octets, for a bind we send. Never for a log.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Eq for Secret {}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The first octets of `octets`, with zeros behind.
fn padded(octets: &[u8]) -> [u8; Secret::OCTETS_MAX] {
    let mut padded = [0; Secret::OCTETS_MAX];
    for (to, from) in padded.iter_mut().zip(octets) {
        *to = *from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn only_the_same_octets_match() {
        let secret = Secret::new("s3cret").unwrap();
        assert!(secret.matches(b"s3cret"));
        for wrong in ["", "s3cre", "s3cret\0", "s3crets", "S3cret"] {
            assert!(!secret.matches(wrong.as_bytes()), "{wrong:?}");
        }
        let longest = vec![b'x'; Secret::OCTETS_MAX];
        let secret = Secret::new(longest.clone()).unwrap();
        assert!(secret.matches(&longest));
        assert!(!secret.matches(&[b'x'; Secret::OCTETS_MAX + 1]));
    }

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new("s3cret").unwrap();
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "[redacted] Some(\n    [redacted],\n)"
        );
    }

    #[test]
    fn what_no_bind_can_carry_is_no_secret() {
        assert!(Secret::new("").is_none());
        assert!(Secret::new("a\0b").is_none());
        assert!(Secret::new([b'x'; Secret::OCTETS_MAX + 1]).is_none());
    }
}
