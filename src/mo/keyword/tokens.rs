//! Characters to words, as few octets each as their comparison needs.
//!
//! Repeated letters are one (`stoppp`; the lexicon is squeezed the same way), links are left out,
//! and where a clause ends is kept. Everything stands in arrays of fixed size: no allocation.

use super::fold::{fold, is_of_word, plain_of};

/// Words kept of a message; what goes on behind them is not looked at.
pub(super) const TOKENS_MAX: usize = 96;
/// Octets kept of them.
const LETTERS_MAX: usize = 768;

/// The words of one message.
#[derive(Debug)]
pub(super) struct Tokens {
    letters: [u8; LETTERS_MAX],
    used: usize,
    tokens: [Token; TOKENS_MAX],
    count: usize,
    /// Letters of the message in lower case: what is in capitals stands out only if there are.
    pub lower: u16,
    /// A question mark stands somewhere.
    pub asks: bool,
}

/// One word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    /// Of its squeezed octets.
    pub hash: u64,
    at: u16,
    len: u16,
    /// Digits alone.
    pub is_number: bool,
    /// Digits and letters.
    pub is_mixed: bool,
    /// Two letters or more, all of them capitals.
    pub is_caps: bool,
    /// A clause ends behind it.
    pub ends: bool,
    /// It stands alone in quotation marks.
    pub is_quoted: bool,
}

/// Reads a message into words.
struct Reader {
    tokens: Tokens,
    start: usize,
    letters: u16,
    capitals: u16,
    digits: u16,
    /// A quotation mark stood right in front of it.
    quote_before: bool,
}

impl Tokens {
    /// The words of these characters.
    pub fn of(chars: impl Iterator<Item = char>) -> Self {
        let tokens = Self {
            letters: [0; LETTERS_MAX],
            used: 0,
            tokens: [Token::default(); TOKENS_MAX],
            count: 0,
            lower: 0,
            asks: false,
        };
        let mut reader =
            Reader { tokens, start: 0, letters: 0, capitals: 0, digits: 0, quote_before: false };
        reader.read(chars);
        reader.tokens
    }

    /// The words.
    pub fn as_slice(&self) -> &[Token] {
        self.tokens.get(..self.count).unwrap_or_default()
    }

    /// The squeezed octets of one of them.
    pub fn octets(&self, token: &Token) -> &[u8] {
        let at = usize::from(token.at);
        self.letters.get(at..at + usize::from(token.len)).unwrap_or_default()
    }

    fn push(&mut self, octet: u8) {
        if let Some(place) = self.letters.get_mut(self.used) {
            *place = octet;
            self.used += 1;
        }
    }
}

impl Reader {
    fn read(&mut self, chars: impl Iterator<Item = char>) {
        let mut chars = chars.filter(|&ch| !is_invisible(ch)).peekable();
        let mut before = ' ';
        while self.tokens.count < TOKENS_MAX && self.tokens.used < LETTERS_MAX {
            let Some(ch) = chars.next() else { break };
            let ch = plain_of(ch);
            if is_of_word(ch) {
                self.letter(ch);
            } else if is_apostrophe(ch) && self.joins(chars.peek().copied()) {
                // "don't" is one word; "m'envoyez" are two.
            } else {
                let link = self.end();
                if link {
                    // A link is no text.
                    while chars.next_if(|ch| !ch.is_whitespace()).is_some() {}
                }
                self.sign(ch, before);
            }
            before = ch;
        }
        self.end();
        if let Some(last) = self.last() {
            last.ends = true;
        }
    }

    fn letter(&mut self, ch: char) {
        self.letters += u16::from(ch.is_alphabetic());
        self.capitals += u16::from(ch.is_uppercase());
        self.digits += u16::from(ch.is_ascii_digit());
        self.tokens.lower = self.tokens.lower.saturating_add(u16::from(ch.is_lowercase()));
        let (start, tokens) = (self.start, &mut self.tokens);
        fold(ch, |plain| {
            let mut utf8 = [0; 4];
            let octets = plain.encode_utf8(&mut utf8).as_bytes();
            let squeezed = match octets {
                [letter @ b'a'..=b'z'] => {
                    tokens.used > start && tokens.letters.get(tokens.used - 1) == Some(letter)
                }
                _ => false,
            };
            if !squeezed {
                octets.iter().for_each(|octet| tokens.push(*octet));
            }
        });
    }

    /// Whether an apostrophe before this character is inside one word.
    fn joins(&self, next: Option<char>) -> bool {
        let last = self.tokens.used.checked_sub(1).and_then(|at| self.tokens.letters.get(at));
        self.tokens.used > self.start && last == Some(&b'n') && matches!(next, Some('t' | 'T'))
    }

    /// Ends the word that is being read; whether it begins a link.
    fn end(&mut self) -> bool {
        let tokens = &mut self.tokens;
        if tokens.used == self.start {
            return false;
        }
        let octets = tokens.letters.get(self.start..tokens.used).unwrap_or_default();
        let link = matches!(octets, b"http" | b"https" | b"htp" | b"htps" | b"w" | b"www");
        let link = link && self.letters >= 3;
        // "off" is not "of", nor "too" "to": words as short as that are not squeezed.
        let doubled = self.letters == 3 && octets.len() == 2;
        let token = Token {
            hash: hash(octets.iter().copied()).rotate_left(doubled.into()),
            at: self.start as u16, // Below LETTERS_MAX.
            len: octets.len() as u16,
            is_number: self.letters == 0,
            is_mixed: self.letters > 0 && self.digits > 0,
            is_caps: self.letters > 1 && self.capitals == self.letters,
            ends: false,
            is_quoted: false,
        };
        match link {
            true => tokens.used = self.start,
            false => {
                if let Some(place) = tokens.tokens.get_mut(tokens.count) {
                    *place = token;
                    tokens.count += 1;
                }
            }
        }
        (self.letters, self.capitals, self.digits) = (0, 0, 0);
        self.start = self.tokens.used;
        link
    }

    /// What a character between words means for the one before it.
    fn sign(&mut self, ch: char, before: char) {
        let (after_word, quote_before) = (is_of_word(before), self.quote_before);
        if ch == '\u{1F6D1}' {
            // The sign itself is the word.
            "stop".chars().for_each(|ch| self.letter(ch));
            self.end();
            self.tokens.lower = self.tokens.lower.saturating_sub(4);
        }
        let is_quote = matches!(ch, '"' | '«' | '»' | '“' | '”' | '„');
        let ends = matches!(ch, '.' | ',' | '!' | '?' | ';' | ':' | '\n' | '…' | '(' | ')')
            || (ch == '-' && before.is_whitespace())
            || matches!(ch, '–' | '—' | '،' | '。' | '，');
        self.tokens.asks |= ch == '?';
        if let Some(last) = self.last() {
            last.ends |= ends;
            // "stop" alone between its marks, blanks inside them allowed.
            last.is_quoted |= is_quote && quote_before && (after_word || before.is_whitespace());
        }
        self.quote_before = is_quote || (quote_before && ch.is_whitespace() && !after_word);
    }

    fn last(&mut self) -> Option<&mut Token> {
        let last = self.tokens.count.checked_sub(1)?;
        self.tokens.tokens.get_mut(last)
    }
}

/// FNV-1a: words are short, and nobody gains by two that collide.
pub(super) fn hash(octets: impl Iterator<Item = u8>) -> u64 {
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The octets with repeated letters once.
pub(super) fn squeeze(octets: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    let mut last = 0;
    octets.filter(move |&octet| {
        let again = octet == last && octet.is_ascii_lowercase();
        last = octet;
        !again
    })
}

/// Characters that are not seen: joiners, marks of direction, variation selectors.
fn is_invisible(ch: char) -> bool {
    !ch.is_ascii()
        && matches!(ch, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

fn is_apostrophe(ch: char) -> bool {
    matches!(ch, '\'' | '’' | 'ʼ' | '‘' | '`' | '´')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = Tokens::of(text.chars());
        let word = |token| String::from_utf8(tokens.octets(token).to_vec()).unwrap();
        tokens.as_slice().iter().map(word).collect()
    }

    #[test]
    fn words_are_folded_and_squeezed() {
        assert_eq!(words("Arrêtez de m’envoyer ÇA !!"), ["aretez", "de", "m", "envoyer", "ca"]);
        assert_eq!(words("STOOOPPP 36111"), ["stop", "36111"]);
        assert_eq!(words("don't, DON’T"), ["dont", "dont"]);
        assert_eq!(words("ＳＴＯＰ 𝗦𝗧𝗢𝗣 🅂🅃🄾🄿 s\u{200b}top 🛑"), ["stop"; 5]);
        assert_eq!(words("voir https://stop.example/x?y fin"), ["voir", "fin"]);
        assert_eq!(words("www.stop.example"), [""; 0]);
    }

    #[test]
    fn clauses_capitals_and_quotation_marks_are_kept() {
        let tokens = Tokens::of("Non, STOP. J'écris \"stop\" ici - merci".chars());
        let marks = |mark: fn(&Token) -> bool| -> Vec<usize> {
            tokens
                .as_slice()
                .iter()
                .enumerate()
                .filter(|(_, t)| mark(t))
                .map(|(at, _)| at)
                .collect()
        };
        assert_eq!(marks(|token| token.ends), [0, 1, 5, 6]);
        assert_eq!(marks(|token| token.is_caps), [1]);
        assert_eq!(marks(|token| token.is_quoted), [4]);
    }

    #[test]
    fn what_is_longer_than_there_is_room_for_is_cut() {
        let tokens = Tokens::of("mot ".repeat(1_000).chars());
        assert_eq!(tokens.as_slice().len(), TOKENS_MAX);
        let long: String = ('a'..='z').cycle().take(5_000).collect();
        let tokens = Tokens::of(long.chars());
        assert_eq!(tokens.octets(&tokens.as_slice()[0]).len(), LETTERS_MAX);
    }
}
