//! Characters without case and accents.

use crate::text::smart::replacement;

/// Hands what is left of a character without its case and its mark to `put`, a character at a
/// time: `é` is `e`, `Œ` is `o` and `e`. Letters of other scripts keep theirs, in lower case.
pub(super) fn fold(ch: char, mut put: impl FnMut(char)) {
    if ch.is_ascii() {
        return put(ch.to_ascii_lowercase());
    }
    for capital in plain_of(ch).to_uppercase() {
        match replacement(capital) {
            Some(plain) => plain.chars().for_each(|plain| unmarked(plain, &mut put)),
            None => unmarked(capital, &mut put),
        }
    }
}

/// Hands on a capital without its mark, in lower case. What GSM-7 itself has, no replacement
/// stands for.
fn unmarked(capital: char, put: &mut impl FnMut(char)) {
    let plain = match capital {
        'Å' | 'Ä' => 'a',
        'Æ' => {
            put('a');
            'e'
        }
        'Ç' => 'c',
        'É' => 'e',
        'Ñ' => 'n',
        'Ö' | 'Ø' => 'o',
        'Ü' => 'u',
        other => return other.to_lowercase().for_each(put),
    };
    put(plain);
}

/// The letter that a decorated one is: full-width, mathematical, circled and squared alphabets,
/// which people paste to stand out.
pub(super) fn plain_of(ch: char) -> char {
    let code = u32::from(ch);
    let letter = |base: u8, place: u32| char::from(base + place as u8); // Less than 26.
    match code {
        0xFF01..=0xFF5E => char::from((code - 0xFF01) as u8 + b'!'),
        0x1D400..=0x1D6A3 => match (code - 0x1D400) % 52 {
            place @ 0..26 => letter(b'A', place),
            place => letter(b'a', place - 26),
        },
        0x24B6..=0x24CF => letter(b'A', code - 0x24B6),
        0x24D0..=0x24E9 => letter(b'a', code - 0x24D0),
        0x1F130..=0x1F149 => letter(b'A', code - 0x1F130),
        0x1F150..=0x1F169 => letter(b'A', code - 0x1F150),
        0x1F170..=0x1F189 => letter(b'A', code - 0x1F170),
        _ => ch,
    }
}

/// Letters, digits and the marks that letters of many scripts are written with.
pub(super) fn is_of_word(ch: char) -> bool {
    if ch.is_ascii() {
        return ch.is_ascii_alphanumeric();
    }
    let is_mark = matches!(ch, '\u{300}'..='\u{36F}' | '\u{590}'..='\u{1FFF}');
    let ends_words = matches!(ch, '،' | '؛' | '؟' | '۔' | '।' | '॥') || ch.is_whitespace();
    ch.is_alphanumeric() || (is_mark && !ends_words) || plain_of(ch).is_ascii_alphanumeric()
}
