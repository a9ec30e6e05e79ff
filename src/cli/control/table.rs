//! Tables for people: columns as wide as what stands in them.

use std::fmt::Write as _;
use std::time::Duration;

/// A table with a head.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
    /// Columns whose figures stand to the right.
    figures: &'static [usize],
}

#[derive(Debug)]
enum Row {
    Cells(Vec<String>),
    /// A line that belongs to the row above it.
    Below(String),
}

impl Table {
    /// An empty table with this head.
    #[must_use]
    pub fn new(head: &[&str], figures: &'static [usize]) -> Self {
        let head = head.iter().map(|cell| (*cell).to_owned()).collect();
        Self { rows: vec![Row::Cells(head)], figures }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a line below the last row.
    pub fn below(&mut self, line: String) {
        self.rows.push(Row::Below(line));
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() <= 1
    }

    /// The lines.
    #[must_use]
    pub fn text(&self) -> String {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let line = match row {
                Row::Below(line) => format!("    {line}"),
                Row::Cells(cells) => self.line(cells, &widths),
            };
            text.push_str(&plain(line.trim_end()));
            text.push('\n');
        }
        text
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            // A text takes whatever is written to it.
            let _ = match self.figures.contains(&at) {
                true => write!(line, "{gap}{cell:>width$}"),
                false => write!(line, "{gap}{cell:<width$}"),
            };
        }
        line
    }
}

/// What a terminal cannot take for an order: what others named or said is printed here.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// How long ago a moment was, or in how long it will be, in one figure.
#[must_use]
pub fn span(time: Duration) -> String {
    match time.as_secs() {
        0 if time.as_millis() > 0 => format!("{} ms", time.as_millis()),
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_else_reaches_the_terminal() {
        let mut table = Table::new(&["NAME", "SENT", "WHAT"], &[1]);
        assert!(table.is_empty());
        table.row(vec!["a-long-name".to_owned(), "7".to_owned(), "up\u{1b}[2J".to_owned()]);
        table.row(vec!["b".to_owned(), "12345".to_owned(), String::new()]);
        table.below("do this".to_owned());
        let lines = "NAME          SENT  WHAT\n\
                     a-long-name      7  up?[2J\n\
                     b            12345\n    do this\n";
        assert_eq!(table.text(), lines);
        assert!(!table.is_empty());
    }

    #[test]
    fn a_span_is_one_figure_in_the_unit_that_fits() {
        let spans = [0, 5, 119, 120, 7199, 7200, 200_000].map(Duration::from_secs).map(span);
        assert_eq!(spans, ["0 s", "5 s", "119 s", "2 min", "119 min", "2 h", "2 d"]);
        assert_eq!(span(Duration::from_millis(20)), "20 ms");
    }
}
