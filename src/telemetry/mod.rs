//! Every metric named once: what is counted, in which unit, under which labels.
//!
//! The engine holds handles that were resolved when it started; nothing looks a name up while
//! messages flow. Labels are `carrier`, `bind`, `stage`, `reason`, `command`, `state`, `version`,
//! and on counters `account`; their values come from closed sets: carriers and accounts of the
//! settings (the busiest 200 accounts by name, the others as `other`: `telemetry/accounts.rs`),
//! states, and reasons that have a name in the code. No phone number, text or id is ever a label.

mod accounts;
#[cfg(test)]
mod bounds;
mod histogram;
pub mod meanings;
pub mod names;
pub mod process;
mod reading;
#[cfg(test)]
mod reference;
mod registry;
mod sessions;
mod rules;

pub use accounts::{AccountMetrics, Count};
pub use histogram::Histogram;
pub use names::{METRICS, MetricKind, MetricRow};
pub use reading::Reading;
use registry::reason_of;
pub use registry::{CarrierMetrics, EngineMetrics, Registry, checkpoint, reloaded, reloaded_at};
pub use sessions::{
    account_session_closed, bind_refused, connection_refused, handshake_failed, pdu_odd,
    session_panicked,
};
