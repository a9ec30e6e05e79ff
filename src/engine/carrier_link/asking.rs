//! Questions to a carrier about messages whose receipt does not come: query_sm and its answers.

use std::time::Duration;

use super::{CarrierLink, InFlight};
use crate::clock::Now;
use crate::engine::shard::{CarrierSays, shard_of};
use crate::engine::shared::ToShard;
use crate::message::state::{AcceptedMeans, MessageState};
use crate::session::Session;
use crate::wire::table::{Pdu, QuerySm, QuerySmResp};
use crate::wire::time::SmppTime;
use crate::wire::{COctetString, CommandStatus};

impl CarrierLink {
    /// Asks what shards want to know, behind what is to be sent. A question takes a place in the
    /// session's window that the dispatcher knows nothing of: what it sends meanwhile waits.
    pub(super) fn ask(&mut self, now: Now, session: &mut Session) {
        while session.window_free() > 0 {
            let Some(question) = self.handle.questions.pop() else { return };
            let place = self.place();
            // The sender as the message had it (SMPP 3.4 §4.8.1).
            let writing = &self.carrier.writing;
            let message = question.message.read();
            let submit = self.renderer.render(&message, question.segment, 0, writing);
            let submit = match &self.carrier.form {
                None => submit,
                Some(form) => self.translator.written_submit(form, &submit),
            };
            let query = QuerySm {
                message_id: COctetString::new(&question.id),
                source_addr_ton: submit.source_addr_ton,
                source_addr_npi: submit.source_addr_npi,
                source_addr: submit.source_addr,
                ..QuerySm::default()
            };
            if session.submit(now, u64::from(place), &query).is_err() {
                // An id or a sender longer than query_sm has room for, or a session that ends.
                self.free.push(place);
                continue;
            }
            let (ticket, segment) = (question.ticket, question.segment);
            if let Some(entry) = self.in_flight.get_mut(place as usize) {
                *entry = Some(InFlight { ticket, segment, alone: false });
            }
        }
    }

    /// The answer to a question. An error says nothing of the message.
    pub(super) fn told(&mut self, of: InFlight, status: CommandStatus, pdu: Option<Pdu<'_>>) {
        let [known, underway, refused, _] = &self.carrier.metrics.queries;
        let Some(Pdu::QuerySmResp(answer)) = pdu.filter(|_| status.is_ok()) else {
            refused.increment(1);
            return;
        };
        let says = read(&answer, self.carrier.reading.zone_minutes);
        let is_final =
            says.state.is_final(AcceptedMeans::Intermediate) && says.state != MessageState::UNKNOWN;
        if is_final {
            known.increment(1)
        } else {
            underway.increment(1)
        }
        let InFlight { ticket, segment, .. } = of;
        let shard = usize::from(shard_of(ticket));
        self.outbox.push(shard, ToShard::CarrierSays { ticket, segment, says });
    }

    /// The carrier's id of a segment, where it may be asked for it.
    pub(super) fn named(&mut self, of: InFlight, id: &[u8]) {
        let InFlight { ticket, segment, .. } = of;
        let shard = usize::from(shard_of(ticket));
        self.outbox.push(shard, ToShard::Named { ticket, segment, id: id.into() });
    }
}

fn read(answer: &QuerySmResp<'_>, zone_minutes: i16) -> CarrierSays {
    let date = SmppTime::parse_reported(answer.final_date.octets()).ok().flatten();
    let done = date.and_then(|date| match date {
        SmppTime::Absolute(at) => Some(at.to_wall()),
        SmppTime::Reported(civil) => Some(civil.to_wall(zone_minutes)),
        SmppTime::Relative(_) => None,
    });
    CarrierSays {
        state: MessageState(answer.message_state),
        error: u32::from(answer.error_code),
        done: done.filter(|done| *done > Duration::ZERO),
    }
}
