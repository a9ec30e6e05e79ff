//! A deliver_sm to the message from a handset that it is.

use super::MoMessage;
use crate::message::translation::bare;
use crate::wire::Address;
use crate::wire::table::{DataSm, DeliverSm};

impl MoMessage {
    /// A message from a handset, kept as it came but for what stands before numbers (quirk 60).
    #[must_use]
    pub fn of(carrier: u32, deliver: &DeliverSm<'_>) -> Self {
        Self {
            carrier,
            source: Address::new(
                deliver.source_addr_ton,
                deliver.source_addr_npi,
                bare(deliver.source_addr_ton, deliver.source_addr.octets()),
            ),
            destination: Address::new(
                deliver.dest_addr_ton,
                deliver.dest_addr_npi,
                bare(deliver.dest_addr_ton, deliver.destination_addr.octets()),
            ),
            service_type: deliver.service_type.octets().into(),
            esm_class: deliver.esm_class,
            protocol_id: deliver.protocol_id,
            priority_flag: deliver.priority_flag,
            data_coding: deliver.data_coding,
            short_message: deliver.short_message.into(),
            tlvs: deliver.tlvs.octets().into(),
        }
    }
}

/// A data_sm as the deliver_sm that says the same: its text is in message_payload (SMPP 3.4
/// §4.7.1).
#[must_use]
pub fn as_deliver<'a>(data: &DataSm<'a>) -> DeliverSm<'a> {
    DeliverSm {
        service_type: data.service_type,
        source_addr_ton: data.source_addr_ton,
        source_addr_npi: data.source_addr_npi,
        source_addr: data.source_addr,
        dest_addr_ton: data.dest_addr_ton,
        dest_addr_npi: data.dest_addr_npi,
        destination_addr: data.destination_addr,
        esm_class: data.esm_class,
        registered_delivery: data.registered_delivery,
        data_coding: data.data_coding,
        tlvs: data.tlvs,
        ..DeliverSm::default()
    }
}
