//! A data_sm, or a submit_multi, to the submit_sm that says the same.

use std::time::Duration;

use crate::wire::table::{DataSm, SubmitMulti, SubmitSm};
use crate::wire::time::{RelativeTime, SmppTime, TimeText};
use crate::wire::{COctetString, CommandStatus, TlvTag};

/// The validity that a data_sm says in `qos_time_to_live`, in seconds, as a submit_sm writes it
/// (SMPP 3.4 §5.3.2.9); `None` where it says none.
#[must_use]
pub fn validity_of(data: &DataSm<'_>) -> Option<TimeText> {
    let seconds = data.tlvs.int(TlvTag::QOS_TIME_TO_LIVE)?;
    let period = RelativeTime::from_duration(Duration::from_secs(u64::from(seconds)));
    Some(SmppTime::Relative(period).to_text())
}

/// A data_sm as a submit_sm: its text is in message_payload, and what it has no field for is zero
/// (SMPP 3.4 §4.7.1). `validity` is that of [`validity_of`].
#[must_use]
pub fn as_submit<'a>(data: &DataSm<'a>, validity: Option<&'a TimeText>) -> SubmitSm<'a> {
    let validity = validity.map_or(&[][..], TimeText::as_bytes);
    SubmitSm {
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
        validity_period: COctetString::new(validity),
        tlvs: data.tlvs,
        ..SubmitSm::default()
    }
}

/// A submit_multi as the submit_sm that says the same, to nobody yet.
#[must_use]
pub fn of_multi<'a>(multi: &SubmitMulti<'a>) -> SubmitSm<'a> {
    SubmitSm {
        service_type: multi.service_type,
        source_addr_ton: multi.source_addr_ton,
        source_addr_npi: multi.source_addr_npi,
        source_addr: multi.source_addr,
        esm_class: multi.esm_class,
        protocol_id: multi.protocol_id,
        priority_flag: multi.priority_flag,
        schedule_delivery_time: multi.schedule_delivery_time,
        validity_period: multi.validity_period,
        registered_delivery: multi.registered_delivery,
        replace_if_present_flag: multi.replace_if_present_flag,
        data_coding: multi.data_coding,
        sm_default_msg_id: multi.sm_default_msg_id,
        short_message: multi.short_message,
        tlvs: multi.tlvs,
        ..SubmitSm::default()
    }
}

/// What a submit_multi comes to when it failed for each of these: the status they share, else that
/// it failed.
pub fn status_of_all(failed: impl IntoIterator<Item = CommandStatus>) -> CommandStatus {
    let mut failed = failed.into_iter();
    let first = failed.next();
    let shared = first.filter(|first| failed.all(|status| status == *first));
    shared.unwrap_or(CommandStatus::ESME_RSUBMITFAIL)
}

#[cfg(test)]
mod tests {
    use super::super::Admission;
    use super::*;
    use crate::mt::segmentation::Cutting;
    use crate::wire::Tlvs;
    use crate::wire::tlv::put_tlv;

    const WALL: Duration = Duration::from_secs(1_780_000_000);

    fn tlvs(time_to_live: u32) -> Vec<u8> {
        let mut tlvs = Vec::new();
        assert!(put_tlv(&mut tlvs, TlvTag::QOS_TIME_TO_LIVE, &time_to_live.to_be_bytes()));
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, b"hello"));
        tlvs
    }

    fn admit(data: &DataSm<'_>) -> Result<crate::message::envelope::Message, CommandStatus> {
        let validity_max = Duration::from_secs(48 * 3600);
        let admission = Admission { validity_max, ..Admission::default() };
        let validity = validity_of(data);
        let submit = as_submit(data, validity.as_ref());
        admission.message(admission.address(&submit)?, &submit, Cutting::default(), WALL)
    }

    fn data(tlvs: &[u8]) -> DataSm<'_> {
        DataSm {
            source_addr: COctetString::from("Shop"),
            destination_addr: COctetString::from("33612345678"),
            registered_delivery: 1,
            data_coding: 3,
            tlvs: Tlvs::take(tlvs).0,
            ..DataSm::default()
        }
    }

    /// SMPP 3.4 §4.7.1, §5.3.2.9.
    #[test]
    fn a_data_sm_is_the_message_that_a_submit_sm_would_be() {
        let octets = tlvs(90);
        let message = admit(&data(&octets)).unwrap();
        assert_eq!(message.user_data.octets(), b"hello");
        assert_eq!((message.registered_delivery, message.data_coding), (1, 3));
        assert_eq!(message.expires_at, WALL + Duration::from_secs(90));
        assert!(message.tlvs.is_empty(), "a submit_sm has a field for what they say");
    }

    /// SMPP 3.4 §4.7.1: what a submit_sm says in a field or a header, and the rest as it came.
    #[test]
    fn segments_ports_and_subaddresses_of_a_data_sm_travel_on() {
        let mut octets = tlvs(90);
        let others: [(TlvTag, &[u8]); 4] = [
            (TlvTag::SAR_MSG_REF_NUM, &[1, 2]),
            (TlvTag::SAR_TOTAL_SEGMENTS, &[2]),
            (TlvTag::SAR_SEGMENT_SEQNUM, &[1]),
            (TlvTag::DESTINATION_PORT, &[0x15, 0xb3]),
        ];
        for (tag, value) in others {
            assert!(put_tlv(&mut octets, tag, value));
        }
        let mut data = data(&octets);
        (data.esm_class, data.data_coding) = (0x40, 4);
        let message = admit(&data).unwrap();
        let kept = Tlvs::take(&message.tlvs).0;
        let kept: Vec<_> = kept.iter().map(|tlv| (tlv.tag, tlv.value)).collect();
        assert_eq!(kept, others);
        assert_eq!((message.esm_class, message.data_coding), (0x40, 4));
        assert_eq!((message.segments(), message.priority_flag), (1, 0));
    }

    /// SMPP 3.4 §4.7.1: the text is optional in a data_sm, whose TLVs may be all it is for.
    #[test]
    fn a_data_sm_without_a_text_is_an_empty_message() {
        let message = admit(&DataSm { tlvs: Tlvs::default(), ..data(&[]) }).unwrap();
        assert_eq!(message.user_data.octets(), b"");
    }

    #[test]
    fn a_validity_beyond_the_longest_is_the_longest_and_none_at_all_is_refused() {
        let longest = tlvs(u32::MAX);
        let message = admit(&data(&longest)).unwrap();
        assert_eq!(message.expires_at, WALL + Duration::from_secs(48 * 3600));
        let none = tlvs(0);
        assert_eq!(admit(&data(&none)).unwrap_err(), CommandStatus::ESME_RINVEXPIRY);
    }

    #[test]
    fn an_address_that_only_a_data_sm_has_room_for_is_refused() {
        let (octets, long) = (tlvs(90), "1".repeat(21));
        let source = DataSm { source_addr: COctetString::from(long.as_str()), ..data(&octets) };
        assert_eq!(admit(&source).unwrap_err(), CommandStatus::ESME_RINVSRCADR);
        let to = DataSm { destination_addr: COctetString::from(long.as_str()), ..data(&octets) };
        assert_eq!(admit(&to).unwrap_err(), CommandStatus::ESME_RINVDSTADR);
    }
}
