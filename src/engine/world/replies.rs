//! What the engine itself says, as a message and its way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Carrier, World, takes_addresses};
use crate::message::class::TrafficClass;
use crate::message::envelope::{ENGINE, Message};
use crate::mo::reply::Reply;
use crate::mt::ingress::Admission;
use crate::mt::routing::{Action, Traits};
use crate::mt::segmentation::can_be_marked;
use crate::text::{TextOptions, TextPlan};
use crate::wire::table::SubmitSm;
use crate::wire::{COctetString, CommandStatus};

/// How long a reply is of use to whoever wrote.
const VALIDITY: Duration = Duration::from_secs(24 * 3600);
/// A receipt of every final state: whoever is asked something may be out of reach (SMPP 3.4
/// §5.2.17).
const EVERY_RECEIPT: u8 = 1;

impl World {
    /// The message that a reply is, and the carrier that it goes to: by the routes for messages of
    /// no account, or else back to the carrier that brought what it answers. Like any other it
    /// waits where that is down.
    ///
    /// # Errors
    /// The status of what keeps it from being sent.
    pub fn reply(
        &self,
        reply: &Reply<'_>,
        wall: Duration,
    ) -> Result<(Message, &Arc<Carrier>), CommandStatus> {
        let (source, destination) = (reply.from.octets(), reply.to.octets());
        let traits = Traits {
            account: ENGINE,
            class: TrafficClass::Conversational,
            sender: source,
            destination,
            wall,
        };
        let found = self.routes.find(traits);
        let carrier = match found.as_ref().map(|found| found.action) {
            Some(Action::Send(way)) => {
                let carriers = self.routes.carriers(way, ENGINE, source, destination);
                self.roomy(carriers, reply)
            }
            Some(Action::Reject) => Err(CommandStatus::ESME_RINVDSTADR),
            None => self.roomy(std::iter::once(reply.carrier), reply),
        }?;
        // Behind the last there is none, which wants nothing of it.
        let way = self.chosen(carrier, found.map_or(u32::MAX, |found| found.route));
        let options = TextOptions { smart: true, ..TextOptions::default() };
        let text = TextPlan::of(reply.text, &options);
        let text = text.map_err(|_| CommandStatus::ESME_RINVMSGLEN)?;
        let submit = SubmitSm {
            source_addr_ton: reply.from.ton,
            source_addr_npi: reply.from.npi,
            source_addr: COctetString::new(source),
            dest_addr_ton: reply.to.ton,
            dest_addr_npi: reply.to.npi,
            destination_addr: COctetString::new(destination),
            registered_delivery: EVERY_RECEIPT,
            data_coding: text.alphabet().data_coding(),
            short_message: &text.user_data,
            ..SubmitSm::default()
        };
        let admission = Admission {
            account: ENGINE,
            validity_max: VALIDITY,
            address_octets_max: carrier.writing.address_octets_max,
            ..Admission::default()
        };
        let envelope = admission.address(&submit)?;
        let message = admission.message(envelope, &submit, way.cutting, wall)?;
        if !can_be_marked(&message, &carrier.writing) {
            return Err(CommandStatus::ESME_RINVMSGLEN);
        }
        let number = self.rated_number(source);
        let (class, strict_order) = (TrafficClass::Conversational, way.strict_order);
        Ok((Message { class, strict_order, number, ..message }, carrier))
    }

    /// The first of these that is up and has room, or else that has room.
    fn roomy(
        &self,
        carriers: impl Iterator<Item = u32>,
        reply: &Reply<'_>,
    ) -> Result<&Arc<Carrier>, CommandStatus> {
        let mut none = CommandStatus::ESME_RINVDSTADR;
        let mut roomy = None;
        for carrier in carriers.filter_map(|index| self.carriers.get(index as usize)) {
            if let Err(status) = takes_addresses(carrier, reply.from.octets(), reply.to.octets()) {
                none = status;
            } else if carrier.queued.is_full() {
                none = CommandStatus::ESME_RMSGQFUL;
            } else if carrier.binds.load(Ordering::Relaxed) > 0 {
                return Ok(carrier);
            } else {
                roomy = roomy.or(Some(carrier));
            }
        }
        roomy.ok_or(none)
    }
}
