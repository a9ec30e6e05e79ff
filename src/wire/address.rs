//! An address with its type of number and numbering plan, held inline.

use std::fmt;

use super::kinds::COctetString;

/// Octets an address may have without its NUL: data_sm's 65-octet fields are the longest
/// (SMPP 3.4 §4.7.1).
pub const ADDRESS_MAX: usize = 64;
/// Those that a submit_sm and a deliver_sm have room for (SMPP 3.4 §4.4.1).
pub const STANDARD_ADDRESS_OCTETS: u8 = 20;
/// Octets kept inline; longer ones (only data_sm allows them) go to the heap.
const INLINE: usize = 22;

/// Where a message comes from or goes to (SMPP 3.4 §5.2.5 to §5.2.9).
///
/// Nearly every address has at most twenty octets and is kept inline, so that a message costs no
/// allocation for it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Address {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
    octets: Octets,
}

#[derive(Clone, Eq, Hash, PartialEq)]
enum Octets {
    Inline { len: u8, octets: [u8; INLINE] },
    Heap(Box<[u8]>),
}

impl Address {
    /// An address of these parts; octets beyond [`ADDRESS_MAX`] are cut.
    #[must_use]
    pub fn new(ton: u8, npi: u8, octets: &[u8]) -> Self {
        let octets = octets.get(..ADDRESS_MAX).unwrap_or(octets);
        let octets = match Self::inline(octets) {
            Some(inline) => inline,
            None => Octets::Heap(octets.into()),
        };
        Self { ton, npi, octets }
    }

    fn inline(octets: &[u8]) -> Option<Octets> {
        let mut inline = [0; INLINE];
        inline.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Octets::Inline { len: u8::try_from(octets.len()).ok()?, octets: inline })
    }

    /// The address as it stands on the wire, without its NUL.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match &self.octets {
            Octets::Inline { len, octets } => octets.get(..usize::from(*len)).unwrap_or(octets),
            Octets::Heap(octets) => octets,
        }
    }

    /// The address as a field of a PDU.
    #[must_use]
    pub fn as_field(&self) -> COctetString<'_> {
        COctetString::new(self.octets())
    }
}

impl Default for Address {
    fn default() -> Self {
        Self::new(0, 0, b"")
    }
}

/// Prints the numbering only: an address is personal data and stays out of logs.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(ton {} npi {} len {})", self.ton, self.npi, self.octets().len())
    }
}
