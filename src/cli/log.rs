//! Log lines and the summary to standard error, by a thread that does nothing else.
//!
//! Whoever logs hands a line over and goes on. Standard error may be full, closed, or a pipe that
//! nobody reads: a line that cannot be written is dropped, and no message waits for it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use super::summary::Summary;
use crate::engine::Snapshots;

/// Lines that wait to be written; further ones are dropped and their number is told later. At a
/// few hundred octets each it is about a megabyte.
const LINES_MAX: usize = 4096;
/// How long the end waits for the lines before it.
const END_WAIT: Duration = Duration::from_secs(1);

/// The way to standard error. Copies of it lead to the same thread, which ends with the process.
#[derive(Clone, Debug)]
pub struct Log {
    orders: SyncSender<Order>,
    dropped: Arc<Dropped>,
}

/// Lines that were dropped.
#[derive(Debug, Default)]
struct Dropped {
    /// Of these, as many as no line has told yet.
    untold: AtomicU64,
    /// Where an engine counts them.
    counter: OnceLock<metrics::Counter>,
}

#[derive(Debug)]
enum Order {
    Line(Vec<u8>),
    Show(Snapshots),
    End(SyncSender<()>),
}

impl Log {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(summary: Option<Summary>) -> io::Result<Self> {
        let (orders, received) = sync_channel(LINES_MAX);
        let dropped = Arc::new(Dropped::default());
        let lost = Arc::clone(&dropped);
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write(&received, summary, &lost.untold))?;
        Ok(Self { orders, dropped })
    }

    /// Shows how this engine stands, on a terminal.
    pub fn show(&self, snapshots: Snapshots) {
        // With so many lines to write a summary could not be read.
        let _ = self.orders.try_send(Order::Show(snapshots));
    }

    /// Counts there what is dropped from now on; the first to say so has it.
    pub fn count_dropped(&self, counter: metrics::Counter) {
        let _ = self.dropped.counter.set(counter);
    }

    /// Takes the summary away and waits until the lines so far are written, but not for long.
    pub fn end(&self) {
        let (done, is_done) = sync_channel(1);
        if self.orders.try_send(Order::End(done)).is_ok() {
            let _ = is_done.recv_timeout(END_WAIT);
        }
    }
}

/// One call is one line: that is how lines come from `tracing_subscriber`.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.orders.try_send(Order::Line(line.to_vec())).is_err() {
            self.dropped.untold.fetch_add(1, Ordering::Relaxed);
            if let Some(counter) = self.dropped.counter.get() {
                counter.increment(1);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn write(orders: &Receiver<Order>, mut summary: Option<Summary>, dropped: &AtomicU64) {
    loop {
        let next = summary.as_ref().and_then(Summary::next_change);
        let order = match next {
            Some(next) => orders.recv_timeout(next.saturating_duration_since(Instant::now())),
            None => orders.recv().map_err(RecvTimeoutError::from),
        };
        match order {
            Ok(Order::Line(line)) => {
                // A line that cannot be written is dropped: there is nowhere to tell it.
                let write = || drop(io::stderr().lock().write_all(&line));
                match &summary {
                    Some(summary) => summary.suspend(write),
                    None => write(),
                }
                let lines = dropped.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    tracing::warn!(lines, "log lines dropped: standard error took them too slowly");
                }
            }
            Ok(Order::Show(snapshots)) => {
                if let Some(summary) = &mut summary {
                    summary.begin(snapshots, Instant::now());
                }
            }
            Ok(Order::End(done)) => {
                if let Some(mut summary) = summary.take() {
                    summary.clear();
                }
                // Who asked may have stopped waiting.
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some(summary) = &mut summary {
            summary.change(Instant::now());
        }
    }
}
