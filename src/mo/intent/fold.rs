//! A text as people type it to the words that are compared: small letters without accents, signs
//! as spaces, and the abbreviations of text messages written out.

use super::sms_words;

/// Octets of a folded text; what a person writes beyond them does not change what is meant.
pub(super) const FOLDED_MAX: usize = 640;

/// Digits in a row from which on a number is only "a number": an order's, a telephone's.
const LONG_NUMBER: usize = 4;

/// Folds `text` into `into`: words between single spaces, one in front and one behind. What goes
/// beyond [`FOLDED_MAX`] octets is left out.
pub(super) fn fold(text: &str, into: &mut Vec<u8>) {
    into.clear();
    into.push(b' ');
    let mut word = 1; // Where the word under way begins.
    for c in text.chars() {
        if into.len() >= FOLDED_MAX {
            break;
        }
        match c {
            'a'..='z' | '0'..='9' => into.push(c as u8), // One octet in ASCII.
            'A'..='Z' => into.push(c.to_ascii_lowercase() as u8),
            '\0'..='\x7f' => word = end_word(word, into),
            _ => match latin(c) {
                "" if c.is_alphanumeric() => {
                    let mut octets = [0; 4];
                    for small in c.to_lowercase() {
                        into.extend_from_slice(small.encode_utf8(&mut octets).as_bytes());
                    }
                }
                // An accent that stands by itself belongs to the letter before it.
                "" if ('\u{300}'..='\u{36f}').contains(&c) => {}
                "" => word = end_word(word, into),
                plain => into.extend_from_slice(plain.as_bytes()),
            },
        }
    }
    end_word(word, into);
}

/// A text in small letters without accents; all else as it stands.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut into = String::with_capacity(text.len());
    for c in text.chars() {
        match latin(c) {
            "" if ('\u{300}'..='\u{36f}').contains(&c) => {}
            "" => into.extend(c.to_lowercase()),
            letters => into.push_str(letters),
        }
    }
    into
}

/// Ends the word that begins at `word` with a space, and says where the next one begins.
fn end_word(word: usize, into: &mut Vec<u8>) -> usize {
    let Some(written) = into.get(word..).filter(|written| !written.is_empty()) else {
        return word;
    };
    if let Some(meant) = sms_words::meaning(written) {
        into.truncate(word);
        into.extend_from_slice(meant.as_bytes());
    } else if written.len() >= LONG_NUMBER && written.iter().all(u8::is_ascii_digit) {
        into.truncate(word + LONG_NUMBER);
        if let Some(digits) = into.get_mut(word..) {
            digits.fill(b'0');
        }
    }
    into.push(b' ');
    into.len()
}

/// A letter of Latin-1 and its neighbours without its accent; empty for every other character.
fn latin(c: char) -> &'static str {
    match c {
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' | 'Ā' | 'Ă' | 'Ą' => "a",
        'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'č' | 'Ć' | 'Č' => "c",
        'ď' | 'đ' | 'Ď' | 'Đ' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "e",
        'ğ' | 'Ğ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'į' | 'ı' | 'Ī' | 'Į' | 'İ' => "i",
        'ł' | 'Ł' => "l",
        'ñ' | 'Ñ' | 'ń' | 'ň' | 'Ń' | 'Ň' => "n",
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ō' | 'ő' | 'Ō' | 'Ő' => "o",
        'œ' | 'Œ' => "oe",
        'ř' | 'Ř' => "r",
        'ś' | 'š' | 'ş' | 'Ś' | 'Š' | 'Ş' => "s",
        'ß' | 'ẞ' => "ss",
        'ť' | 'Ť' => "t",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'ů' | 'ű' | 'Ū' | 'Ů' | 'Ű' => "u",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'ź' | 'ž' | 'ż' | 'Ź' | 'Ž' | 'Ż' => "z",
        '０' => "0",
        '１' => "1",
        '２' => "2",
        '３' => "3",
        '４' => "4",
        '５' => "5",
        '６' => "6",
        '７' => "7",
        '８' => "8",
        '９' => "9",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut into = Vec::new();
        fold(text, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn case_accents_and_signs_do_not_count() {
        assert_eq!(folded("Où EST l’Œuvre ?!"), " ou est l oeuvre ");
        assert_eq!(folded("ou\u{300} est"), " ou est ");
        assert_eq!(folded("STRASSE Straße １２"), " strasse strasse 12 ");
        assert_eq!(folded(" ..."), " ");
        assert_eq!(folded("Где мой заказ?"), " где мой заказ ");
    }

    #[test]
    fn abbreviations_are_written_out_and_long_numbers_are_alike() {
        assert_eq!(folded("Bjr, g 1 pb"), " bonjour j ai 1 probleme ");
        assert_eq!(folded("commande 12345678"), " commande 0000 ");
        assert_eq!(folded("code 123"), " code 123 ");
    }

    #[test]
    fn a_text_is_folded_up_to_its_bound() {
        let octets = folded(&"é😀x".repeat(10_000)).len();
        assert!((FOLDED_MAX..FOLDED_MAX + 32).contains(&octets), "{octets}");
        assert!(folded(&"Œ".repeat(10_000)).len() < FOLDED_MAX + 32);
    }
}
