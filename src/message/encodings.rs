//! The alphabets that a peer takes texts in.

use super::words::words;

words! {
    /// An alphabet that a peer may be told by data_coding (SMPP 3.4 §5.2.19).
    pub enum TextEncoding {
        /// GSM 7-bit, data_coding 0.
        Gsm7 = "gsm7",
        /// Latin-1, data_coding 3.
        Latin1 = "latin1",
        /// UCS-2, data_coding 8.
        Ucs2 = "ucs2",
    }
}

/// Those that a peer takes, the one it likes best first; with none it takes any.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Encodings([Option<TextEncoding>; 3]);

impl Encodings {
    /// These, each once.
    pub fn new(encodings: impl IntoIterator<Item = TextEncoding>) -> Self {
        let mut kept = Self::default();
        let mut encodings = encodings.into_iter();
        kept.0.fill_with(|| encodings.next());
        kept
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0 == [None; 3]
    }

    /// They, in order.
    pub fn iter(&self) -> impl Iterator<Item = TextEncoding> {
        self.0.into_iter().flatten()
    }

    /// Whether text of this data_coding is taken.
    #[must_use]
    pub fn takes(&self, data_coding: u8) -> bool {
        let wanted = |one: TextEncoding| match one {
            TextEncoding::Gsm7 => data_coding == 0,
            TextEncoding::Latin1 => data_coding == 3,
            TextEncoding::Ucs2 => data_coding == 8,
        };
        self.is_any() || self.iter().any(wanted)
    }
}
