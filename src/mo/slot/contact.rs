//! E-mail addresses and telephone numbers.

/// The longest e-mail address (RFC 5321 §4.5.3.1.3, less its brackets).
const EMAIL_MAX: usize = 254;

/// The only e-mail address of an answer, its domain in small letters.
pub(super) fn email(answer: &str) -> Option<String> {
    let outside = |c: char| matches!(c, ',' | ';' | ':' | '<' | '>' | '(' | ')' | '"' | '.' | '!');
    let words = answer.split_whitespace().map(|word| word.trim_matches(outside));
    let mut addresses = words.filter(|word| word.contains('@'));
    let address = addresses.next()?;
    let (local, domain) = address.split_once('@')?;
    let of_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let sound_local = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(of_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label = |label: &str| {
        let octets = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        octets && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    let sound_domain = domain.contains('.')
        && domain.split('.').all(label)
        && last.len() >= 2
        && last.bytes().all(|octet| octet.is_ascii_alphabetic());
    let sound = sound_local && sound_domain && address.len() <= EMAIL_MAX;
    (sound && addresses.next().is_none())
        .then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// The telephone number of an answer as `+` and digits; one that begins with a single 0 is in
/// `country`.
pub(super) fn phone(answer: &str, country: u16) -> Option<String> {
    let answer = answer.replace("(0)", "");
    let from = answer.find(|c: char| c == '+' || c.is_ascii_digit())?;
    let written = answer.get(from..)?;
    let allowed = |c: char| c.is_ascii_digit() || " .-()/\u{a0}\u{202f}".contains(c);
    let behind_plus = written.strip_prefix('+');
    let number: String =
        behind_plus.unwrap_or(written).chars().take_while(|c| allowed(*c)).collect();
    let rest = behind_plus.unwrap_or(written).get(number.len()..)?;
    if rest.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let international = match (behind_plus, digits.strip_prefix("00")) {
        (Some(_), _) => digits,
        (None, Some(behind)) => behind.to_owned(),
        (None, None) => format!("{country}{}", digits.strip_prefix('0')?),
    };
    let sound = !international.starts_with('0') && (8..=15).contains(&international.len());
    // A French number has nine digits behind the country's.
    let french = international.strip_prefix("33").is_none_or(|own| own.len() == 9);
    (sound && french).then(|| format!("+{international}"))
}
