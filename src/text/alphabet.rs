//! `data_coding` to the alphabet of the octets beside it, and characters to those octets.
//!
//! `data_coding` 0 is "the SMSC's default", which is GSM 7-bit at some SMSCs and ASCII, Latin-1 or
//! UTF-8 at others (interop quirk 62): the dialect says which, as a [`DefaultAlphabet`].

use super::gsm7::{self, Shifts};
use super::{Unencodable, chars};

/// What user data octets mean. It also decides how they are measured: see [`super::plan`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Alphabet {
    /// US-ASCII. The SMSC turns it into septets.
    Ascii,
    /// Octets that are no text, or text of an alphabet we do not read.
    Binary,
    /// ISO-8859-5, Latin and Cyrillic.
    Cyrillic,
    /// GSM 7-bit, one septet an octet.
    Gsm7,
    /// ISO-8859-8, Latin and Hebrew.
    Hebrew,
    /// ISO-8859-1, measured in octets.
    Latin1,
    /// ISO-8859-1 as the meaning of `data_coding` 0: the SMSC turns it into septets.
    Latin1Default,
    /// UTF-16 with the high octet first, as 3GPP TS 23.038 §6.2.3 has it; surrogate pairs are kept.
    Ucs2,
    /// UTF-16 with the low octet first, as some ESMEs send it (interop quirk 64).
    Ucs2LowFirst,
    /// UTF-8 as the meaning of `data_coding` 0: the SMSC turns it into septets or UCS-2.
    Utf8,
}

/// What a peer means by `data_coding` 0, the "SMSC default alphabet" (SMPP 3.4 §5.2.19), or by the
/// letters of a name in an address.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum DefaultAlphabet {
    /// US-ASCII.
    Ascii,
    /// The GSM 7-bit default alphabet, one septet an octet.
    #[default]
    Gsm7,
    /// ISO-8859-1.
    Latin1,
    /// UTF-8.
    Utf8,
}

impl Alphabet {
    /// The alphabet `data_coding` announces (SMPP 3.4 §5.2.19). The GSM coding groups
    /// (3GPP TS 23.038 §4) are understood too: 0x10-0x1F carry a message class and are used for
    /// flash messages though SMPP reserves them; 0xC0-0xFF are the message waiting groups and the
    /// data coding group. What is compressed, reserved or of an alphabet we do not read is
    /// [`Alphabet::Binary`].
    #[must_use]
    pub fn of(data_coding: u8, zero: DefaultAlphabet) -> Self {
        match data_coding {
            0x00 => match zero {
                DefaultAlphabet::Ascii => Self::Ascii,
                DefaultAlphabet::Gsm7 => Self::Gsm7,
                DefaultAlphabet::Latin1 => Self::Latin1Default,
                DefaultAlphabet::Utf8 => Self::Utf8,
            },
            0x01 => Self::Ascii,
            0x03 => Self::Latin1,
            0x06 => Self::Cyrillic,
            0x07 => Self::Hebrew,
            0x08 => Self::Ucs2,
            0x10..=0x13 | 0xC0..=0xDF => Self::Gsm7,
            0x18..=0x1B | 0xE0..=0xEF => Self::Ucs2,
            0xF0..=0xFF if data_coding & 0b100 == 0 => Self::Gsm7,
            _ => Self::Binary,
        }
    }

    /// The `data_coding` that announces it; [`Alphabet::Gsm7`] is 0, [`Alphabet::Binary`] is 4.
    /// What only a dialect's meaning of 0 or the low octet first makes possible is 0 or 8 too.
    #[must_use]
    pub fn data_coding(self) -> u8 {
        match self {
            Self::Gsm7 | Self::Latin1Default | Self::Utf8 => 0x00,
            Self::Ascii => 0x01,
            Self::Latin1 => 0x03,
            Self::Binary => 0x04,
            Self::Cyrillic => 0x06,
            Self::Hebrew => 0x07,
            Self::Ucs2 | Self::Ucs2LowFirst => 0x08,
        }
    }

    /// Its name as `chappe text plan` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Binary => "binary",
            Self::Cyrillic => "ISO-8859-5",
            Self::Gsm7 => "GSM-7",
            Self::Hebrew => "ISO-8859-8",
            Self::Latin1 | Self::Latin1Default => "Latin-1",
            Self::Ucs2 | Self::Ucs2LowFirst => "UCS-2",
            Self::Utf8 => "UTF-8",
        }
    }

    /// Whether it has `ch`, under `shifts` if it is GSM 7-bit.
    #[must_use]
    pub fn has(self, ch: char, shifts: Shifts) -> bool {
        match self {
            Self::Ascii => ch.is_ascii(),
            Self::Binary => false,
            Self::Gsm7 => shifts.septets(ch).is_some(),
            Self::Latin1 | Self::Latin1Default => u8::try_from(ch).is_ok(),
            Self::Cyrillic => octet_of(ch, chars::cyrillic).is_some(),
            Self::Hebrew => octet_of(ch, chars::hebrew).is_some(),
            Self::Ucs2 | Self::Ucs2LowFirst | Self::Utf8 => true,
        }
    }

    /// Appends `text` in this alphabet to `out`.
    ///
    /// # Errors
    /// [`Unencodable`] with the first character it lacks; every one for [`Alphabet::Binary`].
    pub fn encode(self, text: &str, shifts: Shifts, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        match self {
            Self::Gsm7 => gsm7::encode(text, shifts, out),
            Self::Ucs2 => {
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
                Ok(())
            }
            Self::Ucs2LowFirst => {
                out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
                Ok(())
            }
            Self::Utf8 => {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            Self::Ascii => {
                encode_octets(text, out, |ch| u8::try_from(ch).ok().filter(u8::is_ascii))
            }
            Self::Latin1 | Self::Latin1Default => {
                encode_octets(text, out, |ch| u8::try_from(ch).ok())
            }
            Self::Cyrillic => encode_octets(text, out, |ch| octet_of(ch, chars::cyrillic)),
            Self::Hebrew => encode_octets(text, out, |ch| octet_of(ch, chars::hebrew)),
            Self::Binary => encode_octets(text, out, |_| None),
        }
    }
}

fn encode_octets(
    text: &str,
    out: &mut Vec<u8>,
    octet: impl Fn(char) -> Option<u8>,
) -> Result<(), Unencodable> {
    out.reserve(text.len());
    for (at, ch) in text.char_indices() {
        out.push(octet(ch).ok_or(Unencodable { ch, at })?);
    }
    Ok(())
}

/// The octet that `table` turns into `ch`. These alphabets are rare: searching them is enough.
fn octet_of(ch: char, table: fn(u8) -> Option<char>) -> Option<u8> {
    if ch.is_ascii() {
        return u8::try_from(ch).ok();
    }
    (0x80..=0xFF).find(|&octet| table(octet) == Some(ch))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SMPP 3.4 §5.2.19 and 3GPP TS 23.038 §4.
    #[test]
    fn data_coding_announces_its_alphabet() {
        let of = |data_coding| Alphabet::of(data_coding, DefaultAlphabet::Gsm7);
        assert_eq!(of(0), Alphabet::Gsm7);
        assert_eq!(of(1), Alphabet::Ascii);
        assert_eq!(of(3), Alphabet::Latin1);
        assert_eq!(of(8), Alphabet::Ucs2);
        assert_eq!(
            [of(0x10), of(0x14), of(0x18)],
            [Alphabet::Gsm7, Alphabet::Binary, Alphabet::Ucs2]
        );
        assert_eq!(
            [of(0xC8), of(0xD0), of(0xE0)],
            [Alphabet::Gsm7, Alphabet::Gsm7, Alphabet::Ucs2]
        );
        assert_eq!(
            [of(0xF0), of(0xF5), of(0xF6)],
            [Alphabet::Gsm7, Alphabet::Binary, Alphabet::Binary]
        );
        for unread in [2, 4, 5, 9, 10, 13, 14, 0x0F, 0x20, 0x80] {
            assert_eq!(of(unread), Alphabet::Binary, "{unread}");
        }
    }

    /// Interop quirk 62.
    #[test]
    fn data_coding_0_means_what_the_dialect_says() {
        let meant = [
            (DefaultAlphabet::Ascii, Alphabet::Ascii),
            (DefaultAlphabet::Gsm7, Alphabet::Gsm7),
            (DefaultAlphabet::Latin1, Alphabet::Latin1Default),
            (DefaultAlphabet::Utf8, Alphabet::Utf8),
        ];
        for (zero, alphabet) in meant {
            assert_eq!(Alphabet::of(0, zero), alphabet);
            assert_eq!(Alphabet::of(alphabet.data_coding(), zero).name(), alphabet.name());
        }
    }

    #[test]
    fn an_alphabet_has_exactly_what_it_encodes() {
        let alphabets = [
            Alphabet::Ascii,
            Alphabet::Binary,
            Alphabet::Cyrillic,
            Alphabet::Gsm7,
            Alphabet::Hebrew,
            Alphabet::Latin1,
            Alphabet::Ucs2,
            Alphabet::Utf8,
        ];
        let mut out = Vec::new();
        for alphabet in alphabets {
            for ch in (0..0x3000).filter_map(char::from_u32) {
                let mut text = [0; 4];
                let encoded = alphabet.encode(ch.encode_utf8(&mut text), Shifts::NONE, &mut out);
                assert_eq!(encoded.is_ok(), alphabet.has(ch, Shifts::NONE), "{alphabet:?} {ch:?}");
            }
        }
    }
}
