//! A submit_multi: one text for many destinations, each a message like any other, and one answer
//! for all of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::AccountLink;
use super::requests::plan;
use crate::clock::Now;
use crate::engine::gathering::Gathering;
use crate::engine::handles::LinkHandle;
use crate::engine::shard::Submission;
use crate::engine::shared::ToShard;
use crate::engine::world::{Account, Carrier};
use crate::message::envelope::Message;
use crate::message::message_id::MessageId;
use crate::mt::ingress::of_multi;
use crate::session::Session;
use crate::wire::lists::DESTINATIONS_MAX;
use crate::wire::table::{DestAddress, SubmitMulti, SubmitSm};
use crate::wire::{Address, CommandStatus, SequenceNumber};

/// A message for one of the destinations, by its place in the list.
struct Planned {
    place: u8,
    shard: usize,
    message: Message,
    carrier: Arc<Carrier>,
}

/// A place in the list, and what its destination was refused for.
type Failed = (u8, CommandStatus);

impl AccountLink {
    /// Admits what can be admitted of a submit_multi; its answer comes when the last shard has
    /// spoken. An error is the answer to all of it.
    pub(super) fn submit_multi(
        &mut self,
        now: Now,
        session: &mut Session,
        sequence: SequenceNumber,
        multi: &SubmitMulti<'_>,
    ) -> Result<(), CommandStatus> {
        let Some(bound) = &self.bound else { return Err(CommandStatus::ESME_RINVBNDSTS) };
        let (account, handle) = (Arc::clone(&bound.account), Arc::clone(&bound.handle));
        self.tally.submits += 1;
        if session.unanswered() > bound.window_max {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        if !(1..=DESTINATIONS_MAX).contains(&multi.dest_addresses.count()) {
            return Err(CommandStatus::ESME_RINVNUMDESTS);
        }
        if bound.is_about_to_lose(now) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let (mut planned, mut failed) = self.plan_each(now, &account, multi);
        let segments = planned.iter().map(|one| u32::from(one.message.segments())).sum();
        if account.rate.take(now.monotonic, segments).is_err() {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        planned.retain(|one| {
            let has_place = self.leases.use_one(&account, &one.carrier, one.message.octets());
            if !has_place {
                failed.push((one.place, CommandStatus::ESME_RMSGQFUL));
            }
            has_place
        });
        // One was counted above.
        self.tally.submits += (planned.len() + failed.len()).saturating_sub(1) as u64;
        let id = self.shared.multi_id();
        let of = (id, multi.dest_addresses.into());
        let gathering = Gathering::submit(handle, sequence, of, planned.len(), failed);
        match gathering.answer_if_complete() {
            Some(answer) => self.answer_with(session, answer),
            None => self.offer(id, planned, &gathering),
        }
        Ok(())
    }

    /// Plans a message for each destination, as a submit_sm to it alone would be. A number that is
    /// there again is the same destination, and gets no second message.
    fn plan_each(
        &mut self,
        now: Now,
        account: &Account,
        multi: &SubmitMulti<'_>,
    ) -> (Vec<Planned>, Vec<Failed>) {
        let (mut planned, mut failed) = (Vec::new(), Vec::new());
        let mut seen = HashSet::with_hasher(foldhash::fast::FixedState::default());
        for (place, destination) in (0..).zip(multi.dest_addresses.iter()) {
            let DestAddress::Sme { dest_addr_ton, dest_addr_npi, destination_addr } = destination
            else {
                // There are no lists here (SMPP 3.4 §5.2.27).
                failed.push((place, CommandStatus::ESME_RINVDLNAME));
                continue;
            };
            let submit =
                SubmitSm { dest_addr_ton, dest_addr_npi, destination_addr, ..of_multi(multi) };
            let ways = (&*self.shared, &*self.world, account, &self.leases);
            match plan(ways, &mut self.translator, &submit, now.wall) {
                Ok((shard, message, carrier)) => {
                    if seen.insert(Address::new(0, 0, message.destination.octets())) {
                        let carrier = Arc::clone(carrier);
                        planned.push(Planned { place, shard, message, carrier });
                    }
                }
                Err(status) => failed.push((place, status)),
            }
        }
        (planned, failed)
    }

    /// Offers each shard its messages, together.
    fn offer(&mut self, id: MessageId, planned: Vec<Planned>, gathering: &Arc<Gathering>) {
        let shards = self.shared.shards.len();
        let mut parts: Vec<Vec<_>> = std::iter::repeat_with(Vec::new).take(shards).collect();
        for Planned { place, shard, message, carrier } in planned {
            if let Some(part) = parts.get_mut(shard) {
                part.push(Submission {
                    link: LinkHandle::Gathered(Arc::clone(gathering)),
                    // What a shard says of it, it says of its place in the list.
                    sequence: u32::from(place),
                    message: Arc::new(message),
                    carrier: carrier.index,
                });
            }
        }
        for (shard, submissions) in parts.into_iter().enumerate() {
            if !submissions.is_empty() {
                self.outbox.push(shard, ToShard::SubmitMulti { id, submissions });
            }
        }
    }
}
