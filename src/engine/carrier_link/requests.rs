//! What a carrier sends of its own accord: receipts, messages from handsets, alerts.

use std::sync::Arc;

use super::CarrierLink;
use crate::engine::alert::Alert;
use crate::engine::shared::ToShard;
use crate::mo::{MoMessage, as_deliver};
use crate::mt::receipts::read;
use crate::session::Session;
use crate::wire::table::{DataSmResp, DeliverSm, DeliverSmResp, Pdu};
use crate::wire::{CommandStatus, Header};

impl CarrierLink {
    pub(super) fn request(&mut self, session: &mut Session, header: Header, pdu: &Pdu<'_>) {
        match pdu {
            Pdu::DeliverSm(deliver) => match self.carrier.settings.dialect.times_fault(deliver) {
                Some(status) => {
                    session.respond_status(header.command_id, header.sequence_number, status);
                }
                None => self.deliver_sm(header.sequence_number, deliver),
            },
            Pdu::DataSm(data) => {
                self.data_sm.push(header.sequence_number);
                self.deliver_sm(header.sequence_number, &as_deliver(data));
            }
            Pdu::AlertNotification(alert) => {
                let form = self.carrier.form.as_ref();
                let alert = Alert::new(alert, form, &mut self.translator);
                let became = alert.pass_on(&self.world);
                self.carrier.metrics.alert(&self.shared.registry, became);
            }
            _ => session.respond_status(
                header.command_id,
                header.sequence_number,
                CommandStatus::ESME_RINVCMDID,
            ),
        }
    }

    fn deliver_sm(&mut self, sequence: u32, deliver: &DeliverSm<'_>) {
        self.unanswered += 1;
        let link = Arc::clone(&self.handle);
        let shard = self.shared.shard_of(deliver.source_addr.octets());
        if let Some(receipt) = read(&self.carrier.reading, deliver) {
            self.tally.receipts += 1;
            self.outbox.push(shard, ToShard::Receipt { link, sequence, receipt });
            return;
        }
        self.tally.mo += 1;
        let carrier = self.carrier.index;
        let message = Box::new(match &self.carrier.form {
            None => MoMessage::of(carrier, deliver),
            Some(form) => MoMessage::of(carrier, &self.translator.read_deliver(form, deliver)),
        });
        let owner = self.world.owners.of(message.destination.octets()).cloned();
        self.outbox.push(shard, ToShard::Mo { link, sequence, owner, message });
    }

    /// Answers what shards have spoken of.
    pub(super) fn answer(&mut self, session: &mut Session) {
        while let Some((sequence, status)) = self.handle.answers.pop() {
            self.unanswered = self.unanswered.saturating_sub(1);
            // An empty id cannot be too long.
            let _ = match self.data_sm.iter().position(|&one| one == sequence) {
                None => session.respond(sequence, status, &DeliverSmResp::default()),
                Some(at) => {
                    self.data_sm.swap_remove(at);
                    session.respond(sequence, status, &DataSmResp::default())
                }
            };
        }
    }
}
