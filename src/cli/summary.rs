//! How the engine stands, in a few lines on a terminal that change each second; nothing elsewhere.
//!
//! Log lines go above it: who writes one takes the summary away for that moment.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::progress::style;
use crate::engine::{CarrierSnapshot, CarrierState, Snapshot, Snapshots};

/// How often it changes.
const EVERY: Duration = Duration::from_secs(1);
/// Carriers that have a line of their own, those in trouble first.
const CARRIERS_MAX: usize = 8;
/// Columns a line has at most, so that a usual terminal breaks none.
const COLUMNS: usize = 79;

/// The summary of a run.
pub struct Summary {
    bar: ProgressBar,
    shown: Option<Shown>,
}

/// What it shows.
struct Shown {
    snapshots: Snapshots,
    start: Instant,
    /// The moment that is on the terminal, and what it was like.
    last: Instant,
    before: Snapshot,
    /// When it changes again.
    next: Instant,
}

impl Summary {
    /// An empty one, if standard error is a terminal.
    #[must_use]
    pub fn on_terminal() -> Option<Self> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{msg}"));
        Some(Self { bar, shown: None })
    }

    /// Shows how this engine stands from now on.
    pub fn begin(&mut self, snapshots: Snapshots, now: Instant) {
        let before = Snapshot::default();
        self.shown = Some(Shown { snapshots, start: now, last: now, before, next: now });
    }

    /// When [`Summary::change`] is to be called next, if ever.
    #[must_use]
    pub fn next_change(&self) -> Option<Instant> {
        self.shown.as_ref().map(|shown| shown.next)
    }

    /// Shows the present moment, if it is time.
    pub fn change(&mut self, now: Instant) {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.next <= now) else { return };
        let snapshot = shown.snapshots.take();
        let text = text(&shown.before, &snapshot, now - shown.last, now - shown.start);
        self.bar.set_message(text);
        self.bar.tick();
        // A machine that sleeps for an hour shows no hour of summaries.
        (shown.before, shown.last, shown.next) = (snapshot, now, now + EVERY);
    }

    /// Does this while the summary is out of the way.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Takes it away for good.
    pub fn clear(&mut self) {
        self.shown = None;
        self.bar.finish_and_clear();
    }
}

/// The lines of one moment. `before` is the moment `since` ago.
fn text(before: &Snapshot, now: &Snapshot, since: Duration, uptime: Duration) -> String {
    let seconds = since.as_secs_f64();
    let accepted = now.accepted.saturating_sub(before.accepted);
    let rate = if seconds > 0.0 { accepted as f64 / seconds } else { 0.0 };
    let mut lines = vec![
        format!(
            "up {}   {} bound in {}   {rate:.0} messages/s",
            clock(uptime),
            count(now.accounts, "account"),
            count(now.sessions, "session"),
        ),
        format!("accepted {}   refused {}   receipts {}", now.accepted, now.refused, now.receipts),
        format!(
            "queue {}   in flight {}   await receipt {}   wait for accounts {}",
            now.queued,
            now.carriers.iter().map(|carrier| carrier.in_flight).sum::<u64>(),
            now.awaiting_receipt,
            now.waiting
        ),
    ];
    let mut ended = String::from("ended");
    for (state, messages) in &now.ended {
        // A text takes whatever is written to it.
        let _ = write!(ended, "   {} {messages}", state.name().unwrap_or("UNKNOWN"));
    }
    if now.ended.is_empty() {
        ended.push_str("   none yet");
    }
    lines.push(ended);
    lines.extend(carriers(&now.carriers));
    for line in &mut lines {
        if let Some((end, _)) = line.char_indices().nth(COLUMNS) {
            line.truncate(end);
        }
    }
    lines.join("\n")
}

/// A line for each carrier, or for as many as there is room for.
fn carriers(all: &[CarrierSnapshot]) -> Vec<String> {
    let mut sorted: Vec<&CarrierSnapshot> = all.iter().collect();
    if all.len() > CARRIERS_MAX {
        sorted.sort_by_key(|carrier| carrier.state);
    }
    let (shown, left) = sorted.split_at(sorted.len().min(CARRIERS_MAX));
    let mut lines: Vec<String> = shown
        .iter()
        .map(|carrier| {
            format!(
                "  {:<20.20} {}/{} binds {:<7} queue {}   in flight {}",
                carrier.name,
                carrier.binds_up,
                carrier.binds,
                carrier.state.word(),
                carrier.waiting,
                carrier.in_flight
            )
        })
        .collect();
    if let Some(best) = left.first() {
        let more = count(left.len() as u64, "more carrier");
        let or_better = if best.state == CarrierState::Up { "" } else { " or better" };
        lines.push(format!("  and {more}, {}{or_better}", best.state.word()));
    }
    lines
}

/// So many of these.
fn count(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// Hours, minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::state::MessageState;

    fn carrier(name: &str, state: CarrierState, binds_up: u64) -> CarrierSnapshot {
        CarrierSnapshot {
            name: name.to_owned(),
            state,
            binds_up,
            binds: 2,
            waiting: 12,
            in_flight: 40,
        }
    }

    #[test]
    fn the_summary_says_how_the_engine_stands() {
        let before = Snapshot { accepted: 1000, ..Snapshot::default() };
        let now = Snapshot {
            accounts: 2,
            sessions: 1,
            accepted: 3500,
            refused: 7,
            ended: vec![(MessageState::DELIVERED, 3000), (MessageState::EXPIRED, 1)],
            receipts: 2990,
            queued: 92,
            awaiting_receipt: 407,
            waiting: 11,
            conversations: 0,
            carriers: vec![
                carrier("north", CarrierState::Up, 2),
                carrier("south", CarrierState::Partly, 1),
            ],
        };
        let text = text(&before, &now, Duration::from_secs(2), Duration::from_secs(3 * 3600 + 65));
        let expected = [
            "up 3:01:05   2 accounts bound in 1 session   1250 messages/s",
            "accepted 3500   refused 7   receipts 2990",
            "queue 92   in flight 80   await receipt 407   wait for accounts 11",
            "ended   DELIVERED 3000   EXPIRED 1",
            "  north                2/2 binds up      queue 12   in flight 40",
            "  south                1/2 binds partly  queue 12   in flight 40",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn of_many_carriers_those_in_trouble_are_shown_and_no_line_is_broken() {
        let mut all: Vec<CarrierSnapshot> = (0..20)
            .map(|at| carrier(&format!("{at}-{}", "x".repeat(60)), CarrierState::Up, 2))
            .collect();
        all[17].state = CarrierState::Down;
        all[3].state = CarrierState::Paused;
        all[3].waiting = u64::MAX;
        let now = Snapshot { carriers: all, accepted: u64::MAX, ..Snapshot::default() };
        let none = Duration::ZERO;
        let text = text(&Snapshot::default(), &now, none, none);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4 + CARRIERS_MAX + 1);
        assert!(lines[4].contains("17-xx") && lines[4].contains(" down "), "{text}");
        assert!(lines[5].contains("3-xxx") && lines[5].contains(" paused "), "{text}");
        assert_eq!(lines[12], "  and 12 more carriers, up");
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{text}");
    }
}
