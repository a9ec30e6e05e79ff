//! Every metric named once: what is counted, in which unit, under which labels.
//!
//! The engine holds handles that were resolved when it started; nothing looks a name up while
//! messages flow. Label values come from closed sets: carriers and accounts of the settings (the
//! first 200 accounts by name, the others as `other`), states, statuses, reasons. No phone number,
//! text or id is ever a label.

mod histogram;
pub mod names;
mod reading;
mod registry;

pub use histogram::Histogram;
pub use names::{METRICS, MetricKind, MetricRow};
pub use reading::Reading;
pub use registry::{
    AccountMetrics, CarrierMetrics, EngineMetrics, Registry, bind_refused, connection_refused,
    pdu_odd, session_closed,
};
