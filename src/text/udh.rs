//! User data headers: octets in front of the text to elements, and elements to octets.
//!
//! ```text
//!   UDHL | IEI IEDL data.. | IEI IEDL data.. | text
//!     |<------ UDHL octets ---------------->|
//! ```
//! Only a header length that points beyond the user data is an error, since then the text cannot be
//! found. A fault inside the header ends its elements where it stands, is reported, and leaves the
//! text readable. Elements we do not interpret, ports among them, pass as raw octets.
//! Source: 3GPP TS 23.040 §9.2.3.24.

use super::gsm7::{Language, Shifts};

/// Information element identifiers we know by name (3GPP TS 23.040 §9.2.3.24).
pub mod iei {
    /// Concatenated short messages, 8-bit reference number.
    pub const CONCATENATED_8: u8 = 0x00;
    /// Application port addressing, 8-bit ports.
    pub const PORTS_8: u8 = 0x04;
    /// Application port addressing, 16-bit ports.
    pub const PORTS_16: u8 = 0x05;
    /// Concatenated short messages, 16-bit reference number.
    pub const CONCATENATED_16: u8 = 0x08;
    /// National language single shift.
    pub const SINGLE_SHIFT: u8 = 0x24;
    /// National language locking shift.
    pub const LOCKING_SHIFT: u8 = 0x25;
}

/// A header that was received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Udh<'a> {
    /// The elements, without the length octet.
    elements: &'a [u8],
}

/// One information element as it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// Its identifier.
    pub iei: u8,
    /// Its data, without identifier and length.
    pub data: &'a [u8],
    /// Where its identifier stands, in octets of the user data.
    pub at: usize,
}

/// Which segment of which message this is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Concatenation {
    /// The reference number that all segments of one message share.
    pub reference: u16,
    /// How wide the reference number is on the wire.
    pub width: ReferenceWidth,
    /// How many segments the message has, at least 1.
    pub total: u8,
    /// Which of them this is, from 1 to `total`.
    pub sequence: u8,
}

/// The two sizes of a concatenation reference. They are different references: a peer's 8-bit 7 and
/// 16-bit 7 do not name the same message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ReferenceWidth {
    /// Element 0x08, four octets of data.
    Bits16,
    /// Element 0x00, three octets of data.
    Bits8,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UdhFault {
    /// There is no octet to hold the header's length.
    Absent,
    /// The header's length points beyond the user data, which has `available` octets behind it.
    BeyondUserData {
        /// Octets behind the length octet.
        available: usize,
    },
    /// An element's identifier or data goes beyond the header.
    ElementCut,
    /// A known element has a length its definition forbids.
    ElementLength,
    /// Segment 0, or one above the total: the element is to be ignored
    /// (3GPP TS 23.040 §9.2.3.24.1).
    SequenceOutOfRange,
}

/// Where a header is at fault, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UdhError {
    /// The octet of the user data; the length octet is 0.
    pub at: usize,
    /// What is wrong there.
    pub fault: UdhFault,
}

impl std::fmt::Display for UdhError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "octet {}: ", self.at)?;
        match self.fault {
            UdhFault::Absent => write!(f, "no user data header"),
            UdhFault::BeyondUserData { available } => {
                write!(f, "the header is longer than the {available} octets behind its length")
            }
            UdhFault::ElementCut => write!(f, "an element goes beyond the header"),
            UdhFault::ElementLength => write!(f, "an element has a forbidden length"),
            UdhFault::SequenceOutOfRange => write!(f, "the segment is not one of its total"),
        }
    }
}

impl std::error::Error for UdhError {}

impl<'a> Udh<'a> {
    /// Splits user data (of a message whose `esm_class` announces a header) into header and text.
    ///
    /// # Errors
    /// [`UdhFault::Absent`] or [`UdhFault::BeyondUserData`]; what is wrong inside the header is
    /// told by [`Udh::fault`].
    pub fn split(user_data: &'a [u8]) -> Result<(Self, &'a [u8]), UdhError> {
        let Some((&length, rest)) = user_data.split_first() else {
            return Err(UdhError { at: 0, fault: UdhFault::Absent });
        };
        match rest.split_at_checked(usize::from(length)) {
            Some((elements, text)) => Ok((Self { elements }, text)),
            None => {
                let fault = UdhFault::BeyondUserData { available: rest.len() };
                Err(UdhError { at: 0, fault })
            }
        }
    }

    /// The elements in order, up to the first that goes beyond the header.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements { rest: self.elements, at: 1 }
    }

    /// The octets it takes, its length octet counted: 1 to 256.
    #[must_use]
    pub fn octets(self) -> usize {
        1 + self.elements.len()
    }

    /// Which segment this is; `None` for a message of its own. Of several elements the last valid
    /// one counts (3GPP TS 23.040 §9.2.3.24).
    #[must_use]
    pub fn concatenation(self) -> Option<Concatenation> {
        self.elements().filter_map(|element| element.concatenation()?.ok()).last()
    }

    /// The national tables it announces; default where it does not.
    #[must_use]
    pub fn shifts(self) -> Shifts {
        let mut shifts = Shifts::NONE;
        for element in self.elements() {
            match (element.iei, element.data) {
                (iei::SINGLE_SHIFT, &[language]) => shifts.single = Language(language),
                (iei::LOCKING_SHIFT, &[language]) => shifts.locking = Language(language),
                _ => {}
            }
        }
        shifts
    }

    /// The first fault inside the header, if there is one.
    #[must_use]
    pub fn fault(self) -> Option<UdhError> {
        let mut elements = self.elements();
        for element in elements.by_ref() {
            if let Some(fault) = element.fault() {
                return Some(UdhError { at: element.at, fault });
            }
        }
        let whole = elements.rest.is_empty();
        (!whole).then_some(UdhError { at: elements.at, fault: UdhFault::ElementCut })
    }
}

/// The elements of a header; see [`Udh::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (&[iei, length], rest) = self.rest.split_first_chunk()?;
        let (data, rest) = rest.split_at_checked(usize::from(length))?;
        let at = self.at;
        self.at += 2 + data.len();
        self.rest = rest;
        Some(Element { iei, data, at })
    }
}

impl Element<'_> {
    /// `None` if it is another element or its length is wrong.
    fn concatenation(self) -> Option<Result<Concatenation, UdhFault>> {
        let concatenation = match (self.iei, self.data) {
            (iei::CONCATENATED_8, &[reference, total, sequence]) => Concatenation {
                reference: u16::from(reference),
                width: ReferenceWidth::Bits8,
                total,
                sequence,
            },
            (iei::CONCATENATED_16, &[high, low, total, sequence]) => Concatenation {
                reference: u16::from_be_bytes([high, low]),
                width: ReferenceWidth::Bits16,
                total,
                sequence,
            },
            _ => return None,
        };
        let valid = (1..=concatenation.total).contains(&concatenation.sequence);
        Some(if valid { Ok(concatenation) } else { Err(UdhFault::SequenceOutOfRange) })
    }

    fn fault(self) -> Option<UdhFault> {
        let length = match self.iei {
            iei::CONCATENATED_8 => 3,
            iei::CONCATENATED_16 | iei::PORTS_16 => 4,
            iei::PORTS_8 => 2,
            iei::SINGLE_SHIFT | iei::LOCKING_SHIFT => 1,
            _ => return None,
        };
        if self.data.len() != length {
            return Some(UdhFault::ElementLength);
        }
        self.concatenation()?.err()
    }
}

/// A header to send: octets held in place, its length octet first. Empty when there is no element.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Header {
    octets: [u8; Self::OCTETS_MAX],
    len: u8,
}

impl Header {
    /// The longest header we make: concatenation, two shifts and ports take 19.
    pub const OCTETS_MAX: usize = 32;

    /// No header.
    pub const EMPTY: Self = Self { octets: [0; Self::OCTETS_MAX], len: 0 };

    /// Adds an element; `None` if it does not fit any more, or its data is above 255 octets.
    #[must_use]
    pub fn with(mut self, iei: u8, data: &[u8]) -> Option<Self> {
        let start = usize::from(self.len).max(1);
        let end = start + 2 + data.len();
        let (head, body) = self.octets.get_mut(start..end)?.split_first_chunk_mut()?;
        *head = [iei, u8::try_from(data.len()).ok()?];
        body.copy_from_slice(data);
        self.len = u8::try_from(end).ok()?;
        // `end` is at least 3 here: the length octet and one element's head.
        *self.octets.first_mut()? = self.len - 1;
        Some(self)
    }

    /// The header of one segment under `shifts`. The reference is cut to its width.
    #[must_use]
    pub fn of(concatenation: Option<Concatenation>, shifts: Shifts) -> Self {
        // Four elements of at most four octets of data always fit, so that no step is lost.
        let mut header = Self::EMPTY;
        let mut add = |iei, data: &[u8]| header = header.with(iei, data).unwrap_or(header);
        if let Some(Concatenation { reference, width, total, sequence }) = concatenation {
            let [high, low] = reference.to_be_bytes();
            match width {
                ReferenceWidth::Bits8 => add(iei::CONCATENATED_8, &[low, total, sequence]),
                ReferenceWidth::Bits16 => add(iei::CONCATENATED_16, &[high, low, total, sequence]),
            }
        }
        if shifts.single != Language::DEFAULT {
            add(iei::SINGLE_SHIFT, &[shifts.single.0]);
        }
        if shifts.locking != Language::DEFAULT {
            add(iei::LOCKING_SHIFT, &[shifts.locking.0]);
        }
        header
    }

    /// The octets, length octet first; none if there is no element.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Header({:02x?})", self.as_octets())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(octets: &[u8]) -> (Udh<'_>, &[u8]) {
        Udh::split(octets).expect("a header within its user data")
    }

    /// 3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8.
    #[test]
    fn both_widths_of_reference_are_read_and_written() {
        let (udh, text) = split(&[5, 0, 3, 0xB2, 3, 1, b'a']);
        let eight =
            Concatenation { reference: 0xB2, width: ReferenceWidth::Bits8, total: 3, sequence: 1 };
        assert_eq!((udh.concatenation(), text), (Some(eight), &b"a"[..]));
        assert_eq!(Header::of(Some(eight), Shifts::NONE).as_octets(), [5, 0, 3, 0xB2, 3, 1]);
        let (udh, _) = split(&[6, 8, 4, 0x12, 0x34, 2, 2]);
        let sixteen = Concatenation {
            reference: 0x1234,
            width: ReferenceWidth::Bits16,
            total: 2,
            sequence: 2,
        };
        assert_eq!(udh.concatenation(), Some(sixteen));
        let header = Header::of(Some(sixteen), Shifts::NONE);
        assert_eq!(header.as_octets(), [6, 8, 4, 0x12, 0x34, 2, 2]);
    }

    #[test]
    fn national_tables_are_read_and_written() {
        let shifts = Shifts { locking: Language::TURKISH, single: Language::SPANISH };
        let header = Header::of(None, shifts);
        assert_eq!(header.as_octets(), [6, 0x24, 1, 2, 0x25, 1, 1]);
        assert_eq!(split(header.as_octets()).0.shifts(), shifts);
        assert_eq!(Header::of(None, Shifts::NONE), Header::EMPTY);
        assert!(Header::EMPTY.as_octets().is_empty());
    }

    #[test]
    fn elements_we_do_not_interpret_stay_raw() {
        let (udh, text) = split(&[11, 5, 4, 0x15, 0x8A, 0, 0, 0, 3, 2, 4, 1, 0x30]);
        let ports = Element { iei: iei::PORTS_16, data: &[0x15, 0x8A, 0, 0], at: 1 };
        assert_eq!(udh.elements().next(), Some(ports));
        assert_eq!(udh.concatenation().map(|c| c.total), Some(4));
        assert_eq!((udh.octets(), udh.fault(), text), (12, None, &[0x30][..]));
    }

    #[test]
    fn a_fault_inside_the_header_is_told_and_leaves_the_text() {
        let told = [
            (&[3, 0, 3, 1, b'a'][..], 1, UdhFault::ElementCut),
            (&[1, 0, b'a'], 1, UdhFault::ElementCut),
            (&[4, 0, 2, 1, 2, b'a'], 1, UdhFault::ElementLength),
            (&[8, 0x24, 1, 1, 0, 3, 9, 2, 3, b'a'], 4, UdhFault::SequenceOutOfRange),
            (&[5, 0, 3, 9, 0, 0, b'a'], 1, UdhFault::SequenceOutOfRange),
        ];
        for (octets, at, fault) in told {
            let (udh, text) = split(octets);
            assert_eq!(udh.fault(), Some(UdhError { at, fault }), "{octets:02x?}");
            assert_eq!((udh.concatenation(), text), (None, &b"a"[..]), "{octets:02x?}");
        }
    }

    #[test]
    fn a_header_beyond_its_user_data_is_an_error() {
        assert_eq!(Udh::split(&[]), Err(UdhError { at: 0, fault: UdhFault::Absent }));
        let fault = UdhFault::BeyondUserData { available: 2 };
        assert_eq!(Udh::split(&[5, 0, 3]), Err(UdhError { at: 0, fault }));
    }

    #[test]
    fn of_repeated_elements_the_last_valid_one_counts() {
        let (udh, _) = split(&[15, 0, 3, 1, 2, 1, 0, 3, 7, 2, 2, 0, 3, 9, 2, 0]);
        assert_eq!(udh.concatenation().map(|c| (c.reference, c.sequence)), Some((7, 2)));
    }

    #[test]
    fn a_header_never_grows_beyond_its_place() {
        assert!(Header::EMPTY.with(0x70, &[0; Header::OCTETS_MAX - 3]).is_some());
        assert!(Header::EMPTY.with(0x70, &[0; Header::OCTETS_MAX - 2]).is_none());
    }
}
