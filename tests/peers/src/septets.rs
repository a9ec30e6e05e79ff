//! Characters to GSM 7-bit septets, one an octet, and back: smpp34 leaves that to its user.

const PLAIN: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const ESCAPED: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

const ESCAPE: u8 = 0x1B;

/// The septets of a text; what the alphabet lacks becomes `?`.
pub fn encode(text: &str) -> Vec<u8> {
    let mut septets = Vec::new();
    for ch in text.chars() {
        if let Some((septet, _)) = ESCAPED.iter().find(|row| row.1 == ch) {
            septets.extend([ESCAPE, *septet]);
        } else {
            let place = PLAIN.chars().position(|plain| plain == ch);
            septets.push(place.map_or(b'?', |place| place as u8));
        }
    }
    septets
}

/// The text of user data by its `data_coding`; what is no text comes back as hexadecimal.
pub fn decode(data_coding: u8, octets: &[u8]) -> String {
    match data_coding {
        0 => of_septets(octets),
        1 | 3 => octets.iter().copied().map(char::from).collect(),
        8 => {
            let units = octets.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => hex(octets),
    }
}

/// Octets in lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn of_septets(octets: &[u8]) -> String {
    let mut octets = octets.iter();
    let mut text = String::new();
    while let Some(&octet) = octets.next() {
        text.push(match octet {
            ESCAPE => {
                let septet = octets.next();
                ESCAPED.iter().find(|row| Some(&row.0) == septet).map_or(' ', |row| row.1)
            }
            _ => PLAIN.chars().nth(usize::from(octet & 0x7F)).unwrap_or(' '),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = "Plain @ £5 é _ {ok} 10€ Ω";
        assert_eq!(decode(0, &encode(text)), text);
        assert_eq!(encode("à€"), [0x7F, ESCAPE, 0x65]);
        assert_eq!(decode(8, &[0x04, 0x1F, 0xD8, 0x3D, 0xDE, 0x00]), "П😀");
    }
}
