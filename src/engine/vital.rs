//! Tasks without which nothing goes on: what becomes of the engine when one of them panics.
//!
//! A runtime catches a panic, and the others never hear of it: queues fill up that nobody empties,
//! and peers wait for ever. So the process is to end, as at a crash, and what is kept goes on at
//! its next start.

use std::future::Future;

use tokio::sync::watch;

/// Who runs them.
#[derive(Debug)]
pub struct Vital {
    panicked: watch::Sender<Option<&'static str>>,
}

impl Default for Vital {
    fn default() -> Self {
        Self { panicked: watch::Sender::new(None) }
    }
}

impl Vital {
    /// Runs a task of this name. To be called inside a runtime.
    pub fn spawn<T>(&self, name: &'static str, task: impl Future<Output = T> + Send + 'static)
    where
        T: Send + 'static,
    {
        let (task, panicked) = (tokio::spawn(task), self.panicked.clone());
        tokio::spawn(async move {
            if task.await.is_err_and(|error| error.is_panic()) {
                panicked.send_replace(Some(name));
            }
        });
    }

    /// Waits until one has panicked; its name.
    pub async fn panicked(&self) -> &'static str {
        let mut watch = self.panicked.subscribe();
        match watch.wait_for(Option::is_some).await {
            Ok(name) => name.unwrap_or_default(),
            // Not while `self` is there.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_told_by_its_name() {
        let vital = Vital::default();
        vital.spawn::<()>("a shard", async { panic!("on purpose") });
        assert_eq!(vital.panicked().await, "a shard");
        assert_eq!(vital.panicked().await, "a shard", "whoever asks later hears it too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_is_no_fault() {
        let vital = Vital::default();
        vital.spawn("a shard", async {});
        let told = tokio::time::timeout(Duration::from_secs(60), vital.panicked()).await;
        assert!(told.is_err());
    }
}
