//! Words of the command line to values, and what is wrong with them.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::message::state::MessageState;
use crate::sim::dice::{Chance, Weighted};

/// `127.0.0.1:2775`, `[::1]:2775` or `smsc.example:2775`.
pub fn host_and_port(word: &str) -> Result<String, String> {
    match word.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(word.into()),
        _ => Err("expected HOST:PORT, as in 127.0.0.1:2775".to_owned()),
    }
}

/// `50ms`, `30s`, `2m`, `1h`, also with a fraction.
pub fn duration(word: &str) -> Result<Duration, String> {
    let split = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
    let (number, unit) = word.split_at(split);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "" => return Err("a unit is missing: 50ms, 30s, 2m or 1h".to_owned()),
        unit => return Err(format!("no unit is called {unit:?}: use us, ms, s, m or h")),
    };
    let number: f64 = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

/// The wall clock's time at a moment in RFC 3339.
pub fn moment(word: &str) -> Result<Duration, String> {
    let second = word.parse::<Timestamp>().map(Timestamp::as_second);
    let second = second.ok().and_then(|second| u64::try_from(second).ok());
    second.map(Duration::from_secs).ok_or_else(|| {
        "expected a date, a time and its offset, such as 2026-07-01T22:30:00+02:00".to_owned()
    })
}

/// The same, or how long ago it was: `2h`.
pub fn past_moment(word: &str) -> Result<Duration, String> {
    if let Ok(ago) = duration(word) {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        return Ok(now.saturating_sub(ago));
    }
    moment(word).map_err(|expected| format!("{expected}, or how long ago, such as 2h"))
}

/// `0.01`, or `1%`.
pub fn chance(word: &str) -> Result<Chance, String> {
    let (number, scale) = match word.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (word, 1.0),
    };
    let share: f64 = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    Chance::new(share * scale).ok_or_else(|| "a share lies between 0 and 1".to_owned())
}

/// `0.01:30s`: how often, and by how much.
pub fn late(word: &str) -> Result<(Chance, Duration), String> {
    let (share, delay) = word.split_once(':').ok_or("expected SHARE:DELAY, as in 0.01:30s")?;
    Ok((chance(share)?, duration(delay)?))
}

/// `DELIVRD=95,UNDELIV=5`: states with their weights.
pub fn outcomes(word: &str) -> Result<Weighted<MessageState>, String> {
    let mut weights = Vec::new();
    for part in word.split(',') {
        let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
        let state = MessageState::from_stat(name.trim().as_bytes())
            .ok_or_else(|| format!("{name:?} is no state, as DELIVRD or UNDELIV are"))?;
        let weight: u32 =
            weight.trim().parse().map_err(|_| format!("{weight:?} is no whole number"))?;
        weights.push((state, weight));
    }
    Weighted::new(&weights).ok_or_else(|| "all weights are 0".to_owned())
}

/// A number of messages a second, above 0.
pub fn rate(word: &str) -> Result<f64, String> {
    let rate: f64 = word.parse().map_err(|_| format!("{word:?} is no number"))?;
    if (0.001..=1e8).contains(&rate) {
        Ok(rate)
    } else {
        Err("a rate lies between 0.001 and 100000000 a second".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for right in ["127.0.0.1:2775", "[::1]:0", "localhost:65535"] {
            assert_eq!(host_and_port(right).as_deref(), Ok(right));
        }
        for wrong in ["", "localhost", ":2775", "localhost:", "localhost:65536", "localhost:smpp"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("250us"), Ok(Duration::from_micros(250)));
        for wrong in ["", "5", "s", "5 s", "-1s", "1d", "1e9h", "1..5s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_and_weights_are_checked() {
        assert_eq!(chance("1%"), chance("0.01"));
        assert!(chance("1.5").is_err() && chance("x").is_err());
        assert_eq!(late("0.5:30s").map(|late| late.1), Ok(Duration::from_secs(30)));
        assert!(late("0.5").is_err());
        assert_eq!(outcomes("undeliv").map(|all| all.pick(7)), Ok(MessageState::UNDELIVERABLE));
        for wrong in ["", "NOPE=1", "DELIVRD=x", "DELIVRD=0"] {
            assert!(outcomes(wrong).is_err(), "{wrong}");
        }
        assert!(rate("0").is_err() && rate("1000").is_ok());
    }
}
