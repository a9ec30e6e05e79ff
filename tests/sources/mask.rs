//! Rust text to the same text with comments and literals blanked: what is left is code, every
//! octet at its old place.

/// Blanks comments, strings and characters; line ends stay.
pub fn blanked(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    while out.len() < octets.len() {
        let at = out.len();
        match literal_end(octets, at) {
            Some(end) => {
                let hidden = octets[at..end].iter();
                out.extend(hidden.map(|&octet| if octet == b'\n' { b'\n' } else { b' ' }));
            }
            None => out.push(octets[at]),
        }
    }
    // What is left of several octets a character is whole: only ASCII begins and ends a literal.
    String::from_utf8(out).unwrap()
}

/// Where the comment or literal that begins at `at` ends; `None` when none begins there.
fn literal_end(octets: &[u8], at: usize) -> Option<usize> {
    let rest = &octets[at..];
    if rest.starts_with(b"//") {
        return Some(at + rest.iter().position(|&octet| octet == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(at + comment_len(rest));
    }
    // A prefix is one only where a name does not end in it.
    let in_name = at > 0 && (octets[at - 1].is_ascii_alphanumeric() || octets[at - 1] == b'_');
    let prefix = match rest {
        [b'b' | b'c', b'r', ..] => 2,
        [b'b' | b'c' | b'r', ..] => 1,
        _ => 0,
    };
    let prefix = if in_name { 0 } else { prefix };
    let raw = prefix > 0 && rest[prefix - 1] == b'r';
    let behind = &rest[prefix..];
    let hashes = behind.iter().take_while(|&&octet| octet == b'#').count();
    match behind.get(hashes) {
        Some(b'"') if raw => Some(at + prefix + raw_len(behind, hashes)),
        Some(b'"') if hashes == 0 => Some(at + prefix + quoted_len(behind, b'"')),
        Some(b'\'') if hashes == 0 && !raw => char_len(behind).map(|len| at + prefix + len),
        _ => None,
    }
}

fn comment_len(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_len(rest: &[u8], hashes: usize) -> usize {
    let end = [b"\"".as_slice(), &rest[..hashes]].concat();
    let body = hashes + 1;
    let found = rest[body..].windows(end.len()).position(|octets| octets == end);
    found.map_or(rest.len(), |found| body + found + end.len())
}

fn quoted_len(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            octet if octet == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime, which has no second quote.
fn char_len(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        return Some(quoted_len(rest, b'\''));
    }
    // One character of one to four octets.
    let first = *rest.get(1)?;
    let len = match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    (rest.get(1 + len) == Some(&b'\'')).then_some(len + 2)
}
