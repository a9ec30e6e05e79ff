//! Delivery-receipt text to values and back (`SMPP 3.4 Appendix B`).
//!
//! ```text
//! id:0123456789 sub:001 dlvrd:001 submit date:2611201846 done date:2611201847
//!    stat:DELIVRD err:000 text:Hello                     (all on one line)
//! ```
//!
//! The specification gives this as an example and every SMSC writes its own. Reading is therefore
//! tolerant (labels in any order and case, some of them missing, any octets) and never fails: what
//! is not there is `None`. A message's own text is quoted last, and nothing in it may pass for an
//! id: see [`ReceiptText::parse`].
//!
//! TLVs say the same in binary and win ([`resolve`]). Which message an id names is settled by
//! [`id`]. Absent on purpose: which receipt belongs to which message, and what to do about it.

pub mod id;

mod cause;
mod date;
mod error;
mod line;
mod resolve;
mod standard;
mod text;
mod tolerant;
mod ucs2;

#[cfg(test)]
pub(crate) mod vectors;

pub use cause::Cause;
pub use date::ReceiptDate;
pub use error::ReceiptError;
pub use line::{LastDates, ReceiptFormat, ReceiptLine};
pub use resolve::{Resolved, resolve};
pub use text::{ReceiptText, is_receipt};
pub use ucs2::plain;
