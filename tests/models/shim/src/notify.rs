//! `tokio::sync::Notify`, as far as one task waits: the first `notify_one` before or after is not
//! lost.

use loom::sync::atomic::{AtomicBool, Ordering};

/// Remembers one notification.
#[derive(Debug, Default)]
pub struct Notify {
    told: AtomicBool,
}

impl Notify {
    pub fn notify_one(&self) {
        self.told.store(true, Ordering::Release);
    }

    pub async fn notified(&self) {
        std::future::poll_fn(|_| match self.told.swap(false, Ordering::AcqRel) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
    }
}
