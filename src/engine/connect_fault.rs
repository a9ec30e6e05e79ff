//! Why no connection to a carrier came about, read from what the system or TLS says of it, and what
//! its operator can do.

/// Why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConnectFault {
    /// The carrier's certificate is not valid for what it is used as, or not at all.
    Certificate,
    /// Its time is over, or has not begun.
    Expired,
    /// It is for another name.
    Name,
    /// The name of the host has no address.
    NoHost,
    /// What listens there does not speak TLS.
    NoTls,
    /// Something else.
    Other,
    /// Nobody listens there.
    Refused,
    /// Nothing answers.
    TimedOut,
    /// TLS failed for another reason.
    Tls,
    /// Nobody whom we trust has signed the certificate.
    UnknownIssuer,
    /// No network leads there.
    Unreachable,
    /// The carrier wants a certificate of ours, or another one.
    WantsCertificate,
}

/// What is said, and what it means; the first that fits.
const SIGNS: &[(&str, ConnectFault)] = &[
    ("UnknownIssuer", ConnectFault::UnknownIssuer),
    ("not valid for name", ConnectFault::Name),
    ("NotValidForName", ConnectFault::Name),
    ("expired", ConnectFault::Expired),
    ("Expired", ConnectFault::Expired),
    ("not valid yet", ConnectFault::Expired),
    ("NotValidYet", ConnectFault::Expired),
    ("received fatal alert: CertificateRequired", ConnectFault::WantsCertificate),
    ("received fatal alert: BadCertificate", ConnectFault::WantsCertificate),
    ("received fatal alert: UnknownCA", ConnectFault::WantsCertificate),
    ("certificate", ConnectFault::Certificate),
    ("handshake eof", ConnectFault::NoTls),
    ("InvalidContentType", ConnectFault::NoTls),
    ("corrupt message", ConnectFault::NoTls),
    ("tls", ConnectFault::Tls),
    ("TLS", ConnectFault::Tls),
    ("handshake", ConnectFault::Tls),
    ("fatal alert", ConnectFault::Tls),
    ("refused", ConnectFault::Refused),
    ("lookup", ConnectFault::NoHost),
    ("resolve", ConnectFault::NoHost),
    ("Name or service", ConnectFault::NoHost),
    ("nodename", ConnectFault::NoHost),
    ("too long", ConnectFault::TimedOut),
    ("timed out", ConnectFault::TimedOut),
    ("unreachable", ConnectFault::Unreachable),
];

impl ConnectFault {
    /// What these words say.
    #[must_use]
    pub fn of(words: &str) -> Self {
        let sign = SIGNS.iter().find(|(sign, _)| words.contains(sign));
        sign.map_or(Self::Other, |(_, fault)| *fault)
    }

    /// A short name for labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate | Self::Expired | Self::Name | Self::UnknownIssuer => "certificate",
            Self::NoHost => "no_host",
            Self::NoTls => "no_tls",
            Self::Other => "other",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::Tls | Self::WantsCertificate => "tls",
            Self::Unreachable => "unreachable",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Certificate => {
                "the carrier's certificate is not taken: it has to be a server's own, and no \
                 authority's (CA:FALSE; the manual's page on operating makes one); check ca_file \
                 of tls"
            }
            Self::Expired => {
                "the carrier's certificate is not valid now: ask for a new one, and look whether \
                 this machine's clock is right"
            }
            Self::Name => {
                "the carrier's certificate is for another name: set server_name of tls to one that \
                 it has"
            }
            Self::NoHost => "the name has no address: check the host of address and the DNS",
            Self::NoTls => {
                "what listens there does not speak TLS: check the port, or take tls out of this \
                 carrier"
            }
            Self::Other => "check address and tls of this carrier",
            Self::Refused => "nothing listens there: check host and port of address",
            Self::TimedOut => {
                "no answer from there: check address, the route and the firewalls on it"
            }
            Self::Tls => {
                "TLS failed: check tls of this carrier (ca_file, server_name, cert_file) and its \
                 port"
            }
            Self::UnknownIssuer => {
                "nobody whom we trust has signed the carrier's certificate: ca_file of tls has to \
                 hold the authority that did"
            }
            Self::Unreachable => "the network does not lead there: check address and routes",
            Self::WantsCertificate => {
                "the carrier wants a certificate of ours that it knows: check cert_file and \
                 key_file of tls"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_and_tls_say_is_told_apart() {
        let cases = [
            ("Connection refused (os error 111)", "refused", "host and port"),
            ("connecting took too long", "timed_out", "firewalls"),
            ("Network is unreachable (os error 101)", "unreachable", "routes"),
            ("failed to lookup address information: Name or service", "no_host", "DNS"),
            ("tls handshake eof", "no_tls", "take tls out"),
            ("received corrupt message of type InvalidContentType", "no_tls", "take tls out"),
            ("invalid peer certificate: UnknownIssuer", "certificate", "ca_file"),
            (
                "invalid peer certificate: certificate not valid for name \"other\"; \
                 certificate is only valid for DnsName(\"smsc\")",
                "certificate",
                "server_name",
            ),
            ("invalid peer certificate: certificate expired", "certificate", "clock"),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "certificate",
                "no authority's",
            ),
            ("received fatal alert: CertificateRequired", "tls", "cert_file"),
            ("received fatal alert: HandshakeFailure", "tls", "TLS failed"),
            ("something new", "other", "check address"),
        ];
        for (words, name, advised) in cases {
            let fault = ConnectFault::of(words);
            assert_eq!(fault.name(), name, "{words}");
            assert!(fault.advice().contains(advised), "{words}: {}", fault.advice());
        }
    }
}
