//! Who is told what came of the operations that a shard was asked for.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::shard::Findings;

/// Operators that wait, by the number of their operation. The shard has a limit for these.
#[derive(Debug, Default)]
pub struct Operators {
    waiting: HashMap<u64, oneshot::Sender<Findings>>,
    next: u64,
}

impl Operators {
    /// Notes one; the number of its operation.
    pub fn note(&mut self, operator: oneshot::Sender<Findings>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, operator);
        number
    }

    /// Tells one.
    pub fn tell(&mut self, number: u64, findings: Findings) {
        if let Some(operator) = self.waiting.remove(&number) {
            // Who has gone meanwhile wants no answer.
            let _ = operator.send(findings);
        }
    }
}
