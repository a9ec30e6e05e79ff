//! TLS from the first octet. SMPP itself has no way to ask for it, so it is a property of an
//! address.
//!
//! Deliberately absent: a switch that accepts any certificate. Name the carrier's CA file instead.

use std::path::PathBuf;

/// TLS on the listener. All files are PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenerTls {
    /// Our certificate, followed by those between it and the root.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The CA that must have signed every client's certificate; `None` asks clients for none.
    pub client_ca_file: Option<PathBuf>,
}

/// TLS towards a carrier. All files are PEM.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CarrierTls {
    /// The CA that must have signed the carrier's certificate; `None` trusts the system's.
    pub ca_file: Option<PathBuf>,
    /// The name that must stand in the certificate; `None` is the host of the address.
    pub server_name: Option<String>,
    /// Our certificate, where the carrier asks for one. Given together with `key_file`.
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    pub key_file: Option<PathBuf>,
}
