//! How far a tool has come, on a terminal; nothing where standard error is none.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::sim::load::{End, Progress};

/// A bar for a run whose end is known.
pub struct Bar {
    bar: ProgressBar,
    end: End,
}

impl Bar {
    /// A bar that is full at the end of a run.
    pub fn new(end: End) -> Self {
        let whole = match end {
            End::Count(count) => count,
            End::After(period) => period.as_millis() as u64,
        };
        let bar = ProgressBar::new(whole);
        bar.set_style(style("{bar:40.cyan/blue} {percent:>3}%  {msg}"));
        Self { bar, end }
    }

    /// Shows how far a run has come.
    pub fn show(&self, progress: &Progress) {
        let position = match self.end {
            End::Count(_) => progress.submitted,
            End::After(_) => progress.elapsed.as_millis() as u64,
        };
        self.bar.set_position(position);
        let seconds = progress.elapsed.max(Duration::from_millis(1)).as_secs_f64();
        let rate = progress.answered as f64 / seconds;
        let mut message = format!("{} answered, {rate:.0}/s", progress.answered);
        if progress.awaiting > 0 {
            message.push_str(&format!(", {} receipts to come", progress.awaiting));
        }
        self.bar.set_message(message);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A line for a run without an end.
pub struct Line {
    bar: ProgressBar,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {elapsed}  {msg}"));
        Self { bar }
    }

    /// Shows this.
    pub fn show(&self, message: &str) {
        self.bar.set_message(message.to_owned());
        self.bar.tick();
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// The style of this template.
pub fn style(template: &str) -> ProgressStyle {
    // The templates are ours; a mistake in one falls back to the plain bar.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
