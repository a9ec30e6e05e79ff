//! What a shard does not take while the journal takes nothing, and what it answers then.

use super::act::Act;
use super::{Gate, Hands, ShardTask};
use crate::clock::Now;
use crate::engine::handles::LinkHandle;
use crate::engine::shard::{Effects, Submission};
use crate::engine::shared::ToShard;
use crate::store::State;
use crate::wire::CommandStatus;

/// How much a shard takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Everything.
    All,
    /// What leads to an end: nothing that makes it hold more.
    Ends,
    /// Nothing now; the journal is only behind, and its queue waits.
    Later,
    /// Nothing until there is space again, or never: it refuses what it can.
    Nothing,
}

impl Hands {
    /// How much the journal lets this shard take.
    pub(super) fn takes(&self) -> Takes {
        let Some(gate) = &self.gate else { return Takes::All };
        match gate.state() {
            State::Running | State::Low if gate.is_blocked() => Takes::Later,
            State::Running => Takes::All,
            State::Low => Takes::Ends,
            State::Full | State::Closed | State::Fenced | State::Failed => Takes::Nothing,
        }
    }
}

impl ShardTask {
    /// Takes what it was told, as far as the journal takes anything.
    pub(super) fn take_or_refuse(&mut self, now: Now, item: ToShard) {
        self.take_put_off();
        let takes = self.hands.takes();
        let takes_ends = takes != Takes::Nothing;
        match item {
            item if takes == Takes::All => self.take(now, item),
            ToShard::Submit(submission) => self.refuse(submission),
            ToShard::SubmitMulti { submissions, .. } => {
                submissions.into_iter().for_each(|submission| self.refuse(submission));
            }
            // Nothing becomes durable, and there is nothing to wait for.
            ToShard::Passed(_) | ToShard::Walk(_) | ToShard::Choices(_) | ToShard::Converse(_)
                if takes == Takes::Nothing => {}
            // What writes nothing.
            item @ (ToShard::AccountReady(_)
            | ToShard::AccountBound(_)
            | ToShard::AskChoices(_)
            | ToShard::Trace(_)) => {
                self.take(now, item);
            }
            item if takes_ends => self.take(now, item),
            ToShard::Receipt { link, sequence, .. } | ToShard::Mo { link, sequence, .. } => {
                // Its carrier brings it again.
                self.hands.answer_carrier(&link, sequence, CommandStatus::ESME_RX_T_APPN);
            }
            ToShard::Query { link, sequence, .. }
            | ToShard::Cancel { link, sequence, .. }
            | ToShard::Replace { link, sequence, .. } => {
                self.hands.refused(&link, sequence, CommandStatus::ESME_RSYSERR);
            }
            item => self.put_off.push_back(item),
        }
    }

    fn refuse(&mut self, submission: Submission<LinkHandle>) {
        let Submission { link, sequence, message, carrier } = submission;
        self.hands.released(message.account, carrier, message.octets());
        let status = match self.hands.gate.as_ref().map(Gate::<Act>::state) {
            Some(State::Closed | State::Fenced | State::Failed) => CommandStatus::ESME_RSYSERR,
            Some(State::Running | State::Low | State::Full) | None => CommandStatus::ESME_RMSGQFUL,
        };
        self.hands.refused(&link, sequence, status);
    }

    /// Takes what was put off, once the journal takes something again. It is at most what carriers
    /// and accounts had to answer.
    pub(super) fn take_put_off(&mut self) {
        if self.put_off.is_empty() || matches!(self.hands.takes(), Takes::Nothing | Takes::Later) {
            return;
        }
        let now = self.hands.shared.clock.now();
        for item in std::mem::take(&mut self.put_off) {
            self.take(now, item);
        }
    }
}
