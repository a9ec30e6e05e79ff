//! A receipt's text as a pattern: what stands between which values.

use std::fmt;

/// The text of a receipt, with a name in braces where a value goes:
/// `id:{id} stat:{stat} err:{err}`. The names are those of [`ReceiptPiece`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceiptFormat {
    pieces: Vec<ReceiptPiece>,
}

/// One piece of a receipt's text (SMPP 3.4 appendix B).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReceiptPiece {
    /// Characters that stand as they are.
    Literal(String),
    /// `{id}`: our message_id.
    Id,
    /// `{sub}`: segments submitted, three digits.
    Sub,
    /// `{dlvrd}`: segments delivered, three digits.
    Dlvrd,
    /// `{submit_date}`: YYMMDDhhmm.
    SubmitDate,
    /// `{submit_date_seconds}`: YYMMDDhhmmss.
    SubmitDateSeconds,
    /// `{done_date}`: YYMMDDhhmm.
    DoneDate,
    /// `{done_date_seconds}`: YYMMDDhhmmss.
    DoneDateSeconds,
    /// `{stat}`: the state in seven letters.
    Stat,
    /// `{err}`: the error, three digits.
    Err,
    /// `{text}`: the first characters of the message.
    Text,
}

/// Why a text is no receipt format.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReceiptFormatError {
    /// A character that is not printable ASCII; GSM-7, Latin-1 and UTF-8 peers would read it apart.
    Character(char),
    /// No `{id}` or no `{stat}`: nobody could tell what the receipt is about.
    Missing(&'static str),
    /// Longer than [`ReceiptFormat::OCTETS_MAX`] octets.
    TooLong,
    /// A brace that opens without closing, or closes without opening.
    Unclosed,
    /// A name in braces that no value has.
    Unknown(String),
}

impl ReceiptFormat {
    /// The greatest length of a format in octets: what remains of a short_message (254) is for the
    /// values.
    pub const OCTETS_MAX: usize = 200;

    /// Reads a format.
    ///
    /// # Errors
    ///
    /// When a client could not be told anything by it: see [`ReceiptFormatError`].
    pub fn parse(format: &str) -> Result<Self, ReceiptFormatError> {
        if format.len() > Self::OCTETS_MAX {
            return Err(ReceiptFormatError::TooLong);
        }
        if let Some(character) = format.chars().find(|c| !matches!(c, ' '..='~')) {
            return Err(ReceiptFormatError::Character(character));
        }
        let mut pieces = Vec::new();
        let mut rest = format;
        while let Some((literal, behind)) = rest.split_once('{') {
            push_literal(&mut pieces, literal)?;
            let (name, after) = behind.split_once('}').ok_or(ReceiptFormatError::Unclosed)?;
            let piece = NAMES.iter().find(|(known, _)| *known == name);
            let (_, piece) = piece.ok_or_else(|| ReceiptFormatError::Unknown(name.to_owned()))?;
            pieces.push(piece.clone());
            rest = after;
        }
        push_literal(&mut pieces, rest)?;
        for (name, piece) in [("id", ReceiptPiece::Id), ("stat", ReceiptPiece::Stat)] {
            if !pieces.contains(&piece) {
                return Err(ReceiptFormatError::Missing(name));
            }
        }
        Ok(Self { pieces })
    }

    /// The pieces, in the order they are written.
    #[must_use]
    pub fn pieces(&self) -> &[ReceiptPiece] {
        &self.pieces
    }
}

impl Default for ReceiptFormat {
    /// The form of SMPP 3.4 appendix B, which most clients' parsers were written for.
    fn default() -> Self {
        let literal = |text: &str| ReceiptPiece::Literal(text.to_owned());
        let pieces = vec![
            literal("id:"),
            ReceiptPiece::Id,
            literal(" sub:"),
            ReceiptPiece::Sub,
            literal(" dlvrd:"),
            ReceiptPiece::Dlvrd,
            literal(" submit date:"),
            ReceiptPiece::SubmitDate,
            literal(" done date:"),
            ReceiptPiece::DoneDate,
            literal(" stat:"),
            ReceiptPiece::Stat,
            literal(" err:"),
            ReceiptPiece::Err,
            literal(" text:"),
            ReceiptPiece::Text,
        ];
        Self { pieces }
    }
}

impl fmt::Display for ReceiptFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match (piece, NAMES.iter().find(|(_, named)| named == piece)) {
                (_, Some((name, _))) => write!(f, "{{{name}}}")?,
                (ReceiptPiece::Literal(text), None) => f.write_str(text)?,
                (_, None) => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for ReceiptFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(f, "the character {character:?}"),
            Self::Missing(name) => write!(f, "a format without {{{name}}}"),
            Self::TooLong => write!(f, "more than {} octets", ReceiptFormat::OCTETS_MAX),
            Self::Unclosed => f.write_str("a brace without its other half"),
            Self::Unknown(name) => write!(f, "the unknown name {{{name}}}"),
        }
    }
}

impl std::error::Error for ReceiptFormatError {}

/// The names in braces. Literals have none.
const NAMES: &[(&str, ReceiptPiece)] = &[
    ("id", ReceiptPiece::Id),
    ("sub", ReceiptPiece::Sub),
    ("dlvrd", ReceiptPiece::Dlvrd),
    ("submit_date", ReceiptPiece::SubmitDate),
    ("submit_date_seconds", ReceiptPiece::SubmitDateSeconds),
    ("done_date", ReceiptPiece::DoneDate),
    ("done_date_seconds", ReceiptPiece::DoneDateSeconds),
    ("stat", ReceiptPiece::Stat),
    ("err", ReceiptPiece::Err),
    ("text", ReceiptPiece::Text),
];

fn push_literal(pieces: &mut Vec<ReceiptPiece>, text: &str) -> Result<(), ReceiptFormatError> {
    if text.contains('}') {
        return Err(ReceiptFormatError::Unclosed);
    }
    if !text.is_empty() {
        pieces.push(ReceiptPiece::Literal(text.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_form_of_appendix_b() {
        let text = "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit_date} \
                    done date:{done_date} stat:{stat} err:{err} text:{text}";
        assert_eq!(ReceiptFormat::parse(text), Ok(ReceiptFormat::default()));
        assert_eq!(ReceiptFormat::default().to_string(), text);
    }

    #[test]
    fn a_format_that_says_too_little_or_too_much_is_refused() {
        let cases = [
            ("stat:{stat}", ReceiptFormatError::Missing("id")),
            ("id:{id}", ReceiptFormatError::Missing("stat")),
            ("{id}{stat}{state}", ReceiptFormatError::Unknown("state".to_owned())),
            ("{id}{stat", ReceiptFormatError::Unclosed),
            ("{id}}{stat}", ReceiptFormatError::Unclosed),
            ("{id}{stat}}", ReceiptFormatError::Unclosed),
            ("{id}{stat}\u{e9}", ReceiptFormatError::Character('\u{e9}')),
        ];
        for (format, error) in cases {
            assert_eq!(ReceiptFormat::parse(format), Err(error), "{format}");
        }
        let long = format!("{{id}}{{stat}}{}", "x".repeat(ReceiptFormat::OCTETS_MAX));
        assert_eq!(ReceiptFormat::parse(&long), Err(ReceiptFormatError::TooLong));
    }
}
