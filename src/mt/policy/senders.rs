//! What countries say of who may send to their handsets.

/// What a sender is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SenderKind {
    /// A name.
    Name,
    /// A short code.
    ShortCode,
    /// A number with its country code.
    Number,
}

/// One rule: senders of this kind, that begin so, do not send to handsets that begin so.
struct Refusal {
    to: &'static [&'static str],
    kind: SenderKind,
    from: &'static str,
    rule: &'static str,
}

/// Prefixes of France and its parts overseas.
pub(super) const FRANCE: &[&str] = &["33", "262", "508", "590", "594", "596", "681", "687", "689"];

const REFUSALS: &[Refusal] = &[
    // ARCEP 2018-0881 and 2022-1583: 06 and 07 are for people; 0937 to 0939 are for platforms.
    Refusal { to: FRANCE, kind: SenderKind::Number, from: "336", rule: "fr_mobile_sender" },
    Refusal { to: FRANCE, kind: SenderKind::Number, from: "337", rule: "fr_mobile_sender" },
    // Carriers of the United States and Canada take no names.
    Refusal { to: &["1"], kind: SenderKind::Name, from: "", rule: "us_name_sender" },
];

impl SenderKind {
    /// What a sender is, by how it is written.
    #[must_use]
    pub fn of(sender: &[u8]) -> Self {
        match sender {
            _ if !sender.iter().all(u8::is_ascii_digit) => Self::Name,
            short if short.len() <= 8 => Self::ShortCode,
            _ => Self::Number,
        }
    }
}

/// The rule by which a sender must not send marketing to a handset, if there is one.
#[must_use]
pub fn refusal(sender: &[u8], destination: &[u8]) -> Option<&'static str> {
    let kind = SenderKind::of(sender);
    let applies = |rule: &&Refusal| {
        rule.kind == kind
            && sender.starts_with(rule.from.as_bytes())
            && rule.to.iter().any(|to| destination.starts_with(to.as_bytes()))
    };
    REFUSALS.iter().find(applies).map(|rule| rule.rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_refuses_some_senders() {
        let rows = [
            ("33612345678", "33698765432", Some("fr_mobile_sender")),
            ("33712345678", "590690123456", Some("fr_mobile_sender")),
            ("33937000001", "33698765432", None),
            ("36105", "33698765432", None),
            ("Shop", "33698765432", None),
            ("33612345678", "447700900123", None),
            ("Shop", "12125550100", Some("us_name_sender")),
            ("12125550199", "12125550100", None),
            ("3361", "33698765432", None),
        ];
        for (sender, destination, rule) in rows {
            assert_eq!(refusal(sender.as_bytes(), destination.as_bytes()), rule, "{sender}");
        }
    }
}
