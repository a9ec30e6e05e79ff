//! What has to be so at the end: nothing that was accepted is lost, and each has its receipt.

use super::core::Core;
use super::counts::What;
use super::ledger::{Answer, Copy, Message};
use crate::sim::smsc::ReceiptForm;

impl Core {
    /// Whether something is still to happen.
    pub fn is_busy(&self) -> bool {
        let is_left = |side: &super::smscs::SmscSide| side.smsc.report().receipts_left > 0;
        self.esmes.iter().any(|esme| esme.is_wanting() || esme.waiting > 0)
            || self.smscs.iter().any(is_left)
            || self.mo_missing() > 0
            || self.ledger.all().any(|(_, _, one)| self.is_open(one).is_some())
    }

    /// What a message that was accepted still lacks.
    fn is_open(&self, message: &Message) -> Option<String> {
        if message.answer != Answer::Accepted {
            return None;
        }
        if message.is_asked {
            let is_told = !message.receipts.is_empty() || self.cannot_be_asked_for(message);
            return (!is_told).then(|| "it has no receipt".to_owned());
        }
        let has = |segment| message.copies.iter().any(|copy| copy.segment == segment);
        let missing = (0..message.segments).find(|segment| !has(*segment))?;
        Some(format!("segment {missing} is lost"))
    }

    /// Whether its carrier sends no receipts, and the engine may not know under which id it has a
    /// segment, for that was not answered, or not written down. Such a message ends when its
    /// receipt is waited for no longer, which takes days.
    fn cannot_be_asked_for(&self, message: &Message) -> bool {
        let has_receipts =
            |copy: &Copy| self.plan.carriers[copy.carrier].smsc.receipts != ReceiptForm::None;
        let is_nameless = |segment| {
            let mut copies = message.copies.iter().filter(|copy| copy.segment == segment);
            !copies.any(|copy| copy.response.is_some_and(|read| self.ledger.is_settled(read)))
        };
        !message.copies.iter().all(has_receipts) && (0..message.segments).any(is_nameless)
    }

    /// How many segments from handsets have not come to their account.
    fn mo_missing(&self) -> u64 {
        let sent = |plan: &super::plan::CarrierPlan| {
            plan.smsc.mo.messages * u64::from(plan.smsc.mo.segments)
        };
        let sent: u64 = self.plan.carriers.iter().map(sent).sum();
        sent.saturating_sub(self.ledger.mo.len() as u64)
    }

    /// Looks at all of it, at the end.
    pub fn check(&mut self) {
        let open: Vec<_> = self
            .ledger
            .all()
            .filter_map(|(account, number, message)| {
                Some((account, number, self.is_open(message)?))
            })
            .collect();
        for (account, number, what) in open {
            self.fail((account, number), &what);
        }
        if self.mo_missing() > 0 {
            let missing = self.mo_missing();
            self.failures.push(format!("{missing} segments from handsets are lost"));
        }
        let wanting = self.esmes.iter().filter(|esme| esme.is_wanting()).count();
        if wanting > 0 {
            self.failures.push(format!("{wanting} accounts could not submit all they had"));
        }
        let resent: u64 = self.smscs.iter().map(|side| side.smsc.report().resent).sum();
        let twice: u64 = self.ledger.mo.values().map(|times| u64::from(*times) - 1).sum();
        let is_calm = resent == 0 && self.counts.of(What::Restarts) == 0 && self.is_answered();
        if twice > 0 && is_calm {
            self.failures.push(format!("{twice} segments from handsets came twice"));
        }
        let ended_here = |message: &&Message| {
            message.answer == Answer::Accepted
                && message.copies.is_empty()
                && !message.receipts.is_empty()
        };
        let ended = self.ledger.messages.iter().flatten().filter(ended_here).count();
        self.counts.add_many(What::EndedHere, ended as u64);
        self.count_quirks();
        let reports: Vec<_> = self.smscs.iter().map(|side| side.smsc.report()).collect();
        reports.iter().for_each(|report| self.note(|| format!("{report:?}")));
        let (blocks, names) = self.disk.losses();
        self.counts.add_many(What::BlocksLost, blocks);
        self.counts.add_many(What::NamesLost, names);
    }

    /// Whether every account answered what it got.
    fn is_answered(&self) -> bool {
        let lost = [What::DeliveryUnanswered, What::DeliveryRefused, What::DeliveryLate]
            .map(|what| self.counts.of(what));
        lost == [0; 3] && self.counts.of(What::Reset) == 0 && self.counts.of(What::Mute) == 0
    }
}
