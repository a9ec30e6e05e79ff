//! The engine under attack, with a carrier that reports every message delivered.

use std::net::SocketAddr;
use std::time::Duration;

use crate::smsc::Smsc;
use crate::world::World;

/// Who attacks: an account like any other, whose sessions are asked after soon.
pub const SYSTEM_ID: &str = "good";
/// With what it binds.
pub const PASSWORD: &str = "secret";
/// The account beside it.
pub const BESIDE: &str = "acct";
/// How long a link may stay unbound.
pub const SESSION_INIT: Duration = Duration::from_millis(1500);
/// Silence until a peer is asked whether it is there, and the time it has to say so.
pub const SILENCE: Duration = Duration::from_millis(1000);

/// What the common settings of a world want beside them.
pub const SETTINGS: &str = r#"
[smpp] session_init_ms = 1500
[[account]]
system_id = "good"
password = "secret"
binds_max = 1000
window_max = 1000
queue_max_messages = 5000
dialect = "hasty"
[dialect.hasty]
enquire_link_ms = 1000
response_timeout_ms = 1000
"#;

/// A running engine; it ends with this value.
pub struct Server {
    pub address: SocketAddr,
    _world: World,
    _smsc: Smsc,
}

/// Starts the engine these tests attack.
pub async fn start() -> Server {
    let smsc = Smsc::start().await;
    let world = World::before(&smsc, SETTINGS).await;
    Server { address: world.smpp(), _world: world, _smsc: smsc }
}
