//! The members of a JSON object, each taken out as it is used.
//!
//! What is left at the end is what nobody asked for: a name that was mistyped is an error and never
//! a default.

use serde_json::{Map, Value};

use crate::cli::lines::octets_of;

/// What is wrong with the input, where, and what should stand there.
pub(super) struct Wrong {
    pub(super) fault: &'static str,
    pub(super) field: String,
    pub(super) expected: String,
}

/// A fault of this field.
pub(super) fn wrong(
    fault: &'static str,
    field: impl Into<String>,
    expected: impl Into<String>,
) -> Wrong {
    Wrong { fault, field: field.into(), expected: expected.into() }
}

/// The members that nobody has taken yet.
pub(super) type Members = Map<String, Value>;

/// The object of this name, or one without members.
pub(super) fn take_members(members: &mut Members, name: &str) -> Result<Members, Wrong> {
    match members.remove(name) {
        None => Ok(Members::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(wrong("bad_value", name, "an object")),
    }
}

/// The list of this name.
pub(super) fn take_list(members: &mut Members, name: &str) -> Result<Option<Vec<Value>>, Wrong> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(wrong("bad_value", name, "a list")),
    }
}

/// The number of this name, at most 255.
pub(super) fn take_octet(members: &mut Members, name: &str) -> Result<Option<u8>, Wrong> {
    let number = take_number(members, name, u32::from(u8::MAX))?;
    Ok(number.map(|number| number as u8)) // At most u8::MAX, just checked.
}

/// The number of this name, at most `max`.
pub(super) fn take_number(
    members: &mut Members,
    name: &str,
    max: u32,
) -> Result<Option<u32>, Wrong> {
    let Some(value) = members.remove(name) else { return Ok(None) };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    match number.filter(|number| *number <= max) {
        Some(number) => Ok(Some(number)),
        None => {
            let fault = if value.is_number() { "out_of_range" } else { "bad_value" };
            Err(wrong(fault, name, format!("a whole number from 0 to {max}")))
        }
    }
}

/// Takes a count out that is known from elsewhere: nothing need be given, and nothing else may be.
pub(super) fn take_the_number(
    members: &mut Members,
    name: &str,
    number: usize,
) -> Result<(), Wrong> {
    match take_number(members, name, u32::MAX)? {
        Some(given) if given as usize != number => Err(wrong("disagree", name, number.to_string())),
        _ => Ok(()),
    }
}

/// A C-octet string of at most `max` octets with its NUL, a character an octet.
pub(super) fn take_text(
    members: &mut Members,
    name: &str,
    max: usize,
) -> Result<Option<Vec<u8>>, Wrong> {
    let text = match members.remove(name) {
        None => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(wrong("bad_value", name, "a string")),
    };
    let octet = |c: char| u8::try_from(u32::from(c)).ok().filter(|octet| *octet != 0);
    let Some(octets) = text.chars().map(octet).collect::<Option<Vec<u8>>>() else {
        return Err(wrong("bad_value", name, "characters from U+0001 to U+00FF"));
    };
    if octets.len() + 1 > max {
        return Err(wrong("too_long", name, format!("at most {} characters", max - 1)));
    }
    Ok(Some(octets))
}

/// The octets that the hexadecimal digits of this name stand for, at most `max`.
pub(super) fn take_hex(
    members: &mut Members,
    name: &str,
    max: usize,
) -> Result<Option<Vec<u8>>, Wrong> {
    let digits = match members.remove(name) {
        None => return Ok(None),
        Some(Value::String(digits)) => digits,
        Some(_) => return Err(wrong("bad_value", name, "hexadecimal digits")),
    };
    let Ok(octets) = octets_of(&digits) else {
        return Err(wrong("bad_hex", name, "two hexadecimal digits for each octet"));
    };
    if octets.len() > max {
        return Err(wrong("too_long", name, format!("at most {max} octets")));
    }
    Ok(Some(octets))
}

/// Refuses the first member that nobody took; `path` is what stands before its name.
pub(super) fn nothing_left(members: &Members, path: &str) -> Result<(), Wrong> {
    match members.keys().next() {
        Some(name) => Err(wrong("unknown_member", format!("{path}{name}"), "no such member")),
        None => Ok(()),
    }
}
