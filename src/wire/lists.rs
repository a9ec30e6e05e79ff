//! The two lists of SMPP: destinations of a submit_multi, and those it failed for.
//!
//! Both are kept as octets that have been walked once; a list with its own grammar is a kind.

use std::fmt;

use super::error::{EncodeError, Fault};
use super::kinds::COctetString;
use super::reader::{Flaw, Reader};
use super::rules::Rules;
use super::status::CommandStatus;
use super::writer::Writer;

/// Destinations of one submit_multi (SMPP 3.4 §5.2.24).
pub const DESTINATIONS_MAX: u8 = 254;
/// Octets of an address in either list, with its NUL.
const ADDRESS_FIELD_MAX: usize = 21;

/// `number_of_dests` and as many destinations (SMPP 3.4 §4.5.1.1).
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct DestAddresses<'a> {
    count: u8,
    octets: &'a [u8],
}

/// One destination.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DestAddress<'a> {
    /// dest_flag 1: an address.
    Sme {
        /// Type of number.
        dest_addr_ton: u8,
        /// Numbering plan.
        dest_addr_npi: u8,
        /// The address.
        destination_addr: COctetString<'a>,
    },
    /// dest_flag 2: the name of a list the SMSC keeps.
    DistributionList {
        /// The name.
        dl_name: COctetString<'a>,
    },
}

impl<'a> DestAddress<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        match reader.int("dest_flag")? {
            1 => Ok(Self::Sme {
                dest_addr_ton: reader.int("dest_addr_ton")?,
                dest_addr_npi: reader.int("dest_addr_npi")?,
                destination_addr: reader.c_string(ADDRESS_FIELD_MAX, "destination_addr")?,
            }),
            2 => Ok(Self::DistributionList {
                dl_name: reader.c_string(ADDRESS_FIELD_MAX, "dl_name")?,
            }),
            _ => Err(reader.flaw("dest_flag", Fault::BadDestFlag)),
        }
    }

    /// It among those that failed: a distribution list stands there by its name.
    #[must_use]
    pub fn failed(self, status: CommandStatus) -> UnsuccessSme<'a> {
        let (dest_addr_ton, dest_addr_npi, destination_addr) = match self {
            Self::Sme { dest_addr_ton, dest_addr_npi, destination_addr } => {
                (dest_addr_ton, dest_addr_npi, destination_addr)
            }
            Self::DistributionList { dl_name } => (0, 0, dl_name),
        };
        let error_status_code = status.0;
        UnsuccessSme { dest_addr_ton, dest_addr_npi, destination_addr, error_status_code }
    }

    /// Appends the destination as it stands in the list.
    pub fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sme { dest_addr_ton, dest_addr_npi, destination_addr } => {
                out.extend_from_slice(&[1, *dest_addr_ton, *dest_addr_npi]);
                out.extend_from_slice(destination_addr.octets());
            }
            Self::DistributionList { dl_name } => {
                out.push(2);
                out.extend_from_slice(dl_name.octets());
            }
        }
        out.push(0);
    }
}

impl<'a> DestAddresses<'a> {
    /// A list of `count` destinations appended one after the other ([`DestAddress::append`]);
    /// `None` when the octets are not exactly that many.
    #[must_use]
    pub fn new(count: u8, octets: &'a [u8]) -> Option<Self> {
        let list = Self { count, octets };
        let mut reader = Reader::new(octets, &Rules::default());
        list.walk(&mut reader).ok()?;
        reader.is_done().then_some(list)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let count = reader.int("number_of_dests")?;
        let list = Self { count, octets: &[] };
        let octets = reader.walked(|reader| list.walk(reader))?;
        Ok(Self { count, octets })
    }

    fn walk(&self, reader: &mut Reader<'a>) -> Result<(), Flaw> {
        (0..self.count).try_for_each(|_| DestAddress::read(reader).map(drop))
    }

    pub(super) fn encoded_len(&self) -> Result<usize, EncodeError> {
        Ok(1 + self.octets.len())
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.int(self.count);
        out.octets(self.octets);
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = DestAddress<'a>> {
        let mut reader = walker(self.octets);
        (0..self.count).map_while(move |_| DestAddress::read(&mut reader).ok())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The entries as they stand on the wire, without their count.
    #[must_use]
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }
}

impl fmt::Debug for DestAddresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} destinations", self.count)
    }
}

/// `no_unsuccess` and as many destinations with what went wrong (SMPP 3.4 §4.5.2.1).
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct UnsuccessSmes<'a> {
    count: u8,
    octets: &'a [u8],
}

/// One destination that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnsuccessSme<'a> {
    /// Type of number.
    pub dest_addr_ton: u8,
    /// Numbering plan.
    pub dest_addr_npi: u8,
    /// The address.
    pub destination_addr: COctetString<'a>,
    /// Why.
    pub error_status_code: u32,
}

impl<'a> UnsuccessSme<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        Ok(Self {
            dest_addr_ton: reader.int("dest_addr_ton")?,
            dest_addr_npi: reader.int("dest_addr_npi")?,
            destination_addr: reader.c_string(ADDRESS_FIELD_MAX, "destination_addr")?,
            error_status_code: reader.int4("error_status_code")?,
        })
    }

    /// Appends the entry as it stands in the list.
    pub fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.dest_addr_ton, self.dest_addr_npi]);
        out.extend_from_slice(self.destination_addr.octets());
        out.push(0);
        out.extend_from_slice(&self.error_status_code.to_be_bytes());
    }
}

impl<'a> UnsuccessSmes<'a> {
    /// A list of `count` entries appended one after the other ([`UnsuccessSme::append`]); `None`
    /// when the octets are not exactly that many.
    #[must_use]
    pub fn new(count: u8, octets: &'a [u8]) -> Option<Self> {
        let list = Self { count, octets };
        let mut reader = Reader::new(octets, &Rules::default());
        list.walk(&mut reader).ok()?;
        reader.is_done().then_some(list)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let count = reader.int("no_unsuccess")?;
        let list = Self { count, octets: &[] };
        let octets = reader.walked(|reader| list.walk(reader))?;
        Ok(Self { count, octets })
    }

    fn walk(&self, reader: &mut Reader<'a>) -> Result<(), Flaw> {
        (0..self.count).try_for_each(|_| UnsuccessSme::read(reader).map(drop))
    }

    pub(super) fn encoded_len(&self) -> Result<usize, EncodeError> {
        Ok(1 + self.octets.len())
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.int(self.count);
        out.octets(self.octets);
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = UnsuccessSme<'a>> {
        let mut reader = walker(self.octets);
        (0..self.count).map_while(move |_| UnsuccessSme::read(&mut reader).ok())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The entries as they stand on the wire, without their count.
    #[must_use]
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }
}

impl fmt::Debug for UnsuccessSmes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed destinations", self.count)
    }
}

/// A reader over octets that a list holds already: a maximum was checked, if it was to be, when
/// they came in.
fn walker(octets: &[u8]) -> Reader<'_> {
    Reader::new(octets, &Rules { long_c_strings: true, ..Rules::default() })
}
