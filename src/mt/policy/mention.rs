//! The STOP mention: what a text says of how to stop it, put at its end where it does not.
//!
//! It is of characters that are the same octets in every alphabet that texts come in: nothing has
//! to be decoded, and the segment plan counts it like the rest.

use crate::mt::segmentation::is_text;

/// `data_coding` of UCS-2 (SMPP 3.4 §5.2.19).
const UCS2: u8 = 8;

/// Whether a mention can be put at the end of any text: letters, digits, blanks and punctuation
/// that GSM-7 has where ASCII has it.
#[must_use]
pub fn is_mention(text: &str) -> bool {
    let fits =
        |octet: u8| octet.is_ascii_alphanumeric() || b" !\"#%&'()*+,-./:;<=>?".contains(&octet);
    (1..=40).contains(&text.len()) && text.trim() == text && text.bytes().all(fits)
}

/// The text of a message with the mention at its end, behind a blank; `None` where it says STOP
/// already, or is no text.
#[must_use]
pub fn mentioned(data_coding: u8, user_data: &[u8], mention: &str) -> Option<Vec<u8>> {
    if !is_text(data_coding) {
        return None;
    }
    let little_endian = user_data.starts_with(&[0xff, 0xfe]);
    let unit = |octet: u8| match little_endian {
        true => [octet, 0],
        false => [0, octet],
    };
    let is_wide = data_coding == UCS2;
    let character = |octets: &[u8]| match octets {
        [octet] => *octet,
        [high, low] if little_endian && *low == 0 => *high,
        [0, low] => *low,
        // None that anything is asked of.
        _ => 0,
    };
    let width = if is_wide { 2 } else { 1 };
    let characters = || user_data.chunks(width).map(character);
    if says_stop(characters()) {
        return None;
    }
    let ends_apart = characters().next_back().is_none_or(|last| matches!(last, b' ' | b'\n'));
    let blank = if ends_apart { "" } else { " " };
    let added = blank.bytes().chain(mention.bytes());
    let mut text = user_data.to_vec();
    match is_wide {
        true => text.extend(added.flat_map(unit)),
        false => text.extend(added),
    }
    Some(text)
}

/// Whether the word STOP stands among these characters, in capitals or not.
fn says_stop(characters: impl Iterator<Item = u8>) -> bool {
    const WORD: &[u8] = b"stop";
    let (mut matched, mut within) = (0, false);
    for character in characters.chain([0]) {
        let is_letter = character.is_ascii_alphanumeric();
        if !is_letter {
            if within && matched == WORD.len() {
                return true;
            }
            (matched, within) = (0, false);
            continue;
        }
        let fits = WORD.get(matched) == Some(&character.to_ascii_lowercase());
        // What does not fit, or goes on behind it, is another word.
        matched = if fits { matched + 1 } else { WORD.len() + 1 };
        within = true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const MENTION: &str = "STOP au 36105";

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn it_is_put_behind_a_blank_in_the_alphabet_of_the_text() {
        let narrow = |text: &[u8]| mentioned(0, text, MENTION);
        assert_eq!(narrow(b"-20%"), Some(b"-20% STOP au 36105".to_vec()));
        assert_eq!(narrow(b"-20%\n"), Some(b"-20%\nSTOP au 36105".to_vec()));
        assert_eq!(narrow(b""), Some(b"STOP au 36105".to_vec()));
        let expected = wide("f\u{ea}te \u{1f389} STOP au 36105");
        assert_eq!(mentioned(8, &wide("f\u{ea}te \u{1f389}"), MENTION), Some(expected));
        let little = mentioned(8, b"\xff\xfex\0", "STOP");
        assert_eq!(little, Some(b"\xff\xfex\0 \0S\0T\0O\0P\0".to_vec()));
    }

    #[test]
    fn a_text_that_says_it_is_left_alone_and_so_is_what_is_no_text() {
        for text in ["-20% STOP au 36105", "stop: repondez STOP", "Pour arreter: Stop.", "STOP"] {
            assert_eq!(mentioned(3, text.as_bytes(), MENTION), None, "{text}");
            assert_eq!(mentioned(8, &wide(text), MENTION), None, "{text}");
        }
        for text in ["nonstop", "stopover", "st op", "STOPP", "sto"] {
            assert!(mentioned(0, text.as_bytes(), MENTION).is_some(), "{text}");
        }
        assert_eq!(mentioned(4, b"\x01", MENTION), None);
        assert_eq!(mentioned(0xf5, b"x", MENTION), None);
    }

    #[test]
    fn a_mention_is_the_same_octets_in_every_alphabet() {
        for good in ["STOP au 36105", "Reply STOP to opt out.", "PJLtdSTOPMSGSTXTSTOPTO1234"] {
            assert!(is_mention(good), "{good}");
        }
        for bad in ["", " STOP", "arr\u{ea}t", "STOP @ shop", "STOP_NOW", &"S".repeat(41)] {
            assert!(!is_mention(bad), "{bad}");
        }
    }
}
