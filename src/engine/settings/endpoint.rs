//! Where a carrier listens.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A host and a port to connect to; the host is resolved anew at every attempt.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl Endpoint {
    /// That of a carrier that is in the settings no more.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { host: String::new(), port: 0 }
    }
}

/// The text is no `HOST:PORT`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EndpointError;

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `host:port`, `1.2.3.4:port` or `[::1]:port`.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (host, port) = text.rsplit_once(':').ok_or(EndpointError)?;
        // `parse` alone would take a sign.
        let digits = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
        let port: u16 = port.parse().ok().filter(|p| digits && *p != 0).ok_or(EndpointError)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().map_err(|_| EndpointError)?.to_string(),
            None if is_host(host) => host.to_owned(),
            None => return Err(EndpointError),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// A host name (RFC 1123 §2.1: letters, digits, hyphens and dots, at most 253) or an IPv4 address.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of the form HOST:PORT")
    }
}

impl std::error::Error for EndpointError {}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn an_endpoint_prints_as_it_was_written() {
        for text in ["127.0.0.1:2775", "smsc-1.example.com:1", "[::1]:65535", "localhost:2776"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_connected_to_is_refused() {
        let wrong =
            ["", "host", "host:", ":2775", "host:0", "host:65536", "host:+1", "::1:2775", "a b:1"];
        for text in wrong.into_iter().chain(["[host]:1", "-a:1", "a..b:1", "http://host:80"]) {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }
}
