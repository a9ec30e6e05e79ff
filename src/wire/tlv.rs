//! Tagged values after the mandatory fields: the tag table, and the octets that hold them.
//!
//! A PDU keeps its TLVs as the octets they came in: they are walked once when the PDU is decoded,
//! so that every length is known to fit, and read again only by who wants one. A typed value
//! comes out only when its size is one that its tag allows.

use std::fmt;

use super::kinds::{u16_at, u32_at};

/// A TLV tag as it stood on the wire, known or not (SMPP 3.4 §5.3.2).
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TlvTag(pub u16);

/// What a tag's value is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TlvKind {
    /// A big-endian number of one, two or four octets.
    Int,
    /// Text that ends with a NUL; peers often leave the NUL out.
    CString,
    /// Anything.
    Octets,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct TlvRow {
    /// The number.
    pub tag: TlvTag,
    /// The specification's name.
    pub name: &'static str,
    /// What its value is made of.
    pub kind: TlvKind,
    /// Fewest octets of a value.
    pub min: usize,
    /// Most octets of a value.
    pub max: usize,
    /// Whether only SMPP 5.0 has it.
    pub since_v50: bool,
}

/// Rows become a constant each and the table behind [`TlvTag::name`].
macro_rules! tlvs {
    ($(
        $tag:literal $const:ident $name:ident $kind:ident $min:literal ..= $max:literal $v50:literal
    )*) => {
        impl TlvTag {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $const: Self = Self($tag);
            )*
        }

        /// Every tag this engine knows by name, in ascending order.
        pub const TLVS: &[TlvRow] = &[$(TlvRow {
            tag: TlvTag($tag),
            name: stringify!($name),
            kind: TlvKind::$kind,
            min: $min,
            max: $max,
            since_v50: $v50,
        }),*];
    };
}

tlvs! {
    0x0005 DEST_ADDR_SUBUNIT dest_addr_subunit Int 1..=1 false
    0x0006 DEST_NETWORK_TYPE dest_network_type Int 1..=1 false
    0x0007 DEST_BEARER_TYPE dest_bearer_type Int 1..=1 false
    0x0008 DEST_TELEMATICS_ID dest_telematics_id Int 2..=2 false
    0x000d SOURCE_ADDR_SUBUNIT source_addr_subunit Int 1..=1 false
    0x000e SOURCE_NETWORK_TYPE source_network_type Int 1..=1 false
    0x000f SOURCE_BEARER_TYPE source_bearer_type Int 1..=1 false
    0x0010 SOURCE_TELEMATICS_ID source_telematics_id Int 1..=1 false
    0x0017 QOS_TIME_TO_LIVE qos_time_to_live Int 4..=4 false
    0x0019 PAYLOAD_TYPE payload_type Int 1..=1 false
    0x001d ADDITIONAL_STATUS_INFO_TEXT additional_status_info_text CString 1..=256 false
    0x001e RECEIPTED_MESSAGE_ID receipted_message_id CString 1..=65 false
    0x0030 MS_MSG_WAIT_FACILITIES ms_msg_wait_facilities Int 1..=1 false
    0x0201 PRIVACY_INDICATOR privacy_indicator Int 1..=1 false
    0x0202 SOURCE_SUBADDRESS source_subaddress Octets 2..=23 false
    0x0203 DEST_SUBADDRESS dest_subaddress Octets 2..=23 false
    0x0204 USER_MESSAGE_REFERENCE user_message_reference Int 2..=2 false
    0x0205 USER_RESPONSE_CODE user_response_code Int 1..=1 false
    0x020a SOURCE_PORT source_port Int 2..=2 false
    0x020b DESTINATION_PORT destination_port Int 2..=2 false
    0x020c SAR_MSG_REF_NUM sar_msg_ref_num Int 2..=2 false
    0x020d LANGUAGE_INDICATOR language_indicator Int 1..=1 false
    0x020e SAR_TOTAL_SEGMENTS sar_total_segments Int 1..=1 false
    0x020f SAR_SEGMENT_SEQNUM sar_segment_seqnum Int 1..=1 false
    0x0210 SC_INTERFACE_VERSION sc_interface_version Int 1..=1 false
    0x0302 CALLBACK_NUM_PRES_IND callback_num_pres_ind Int 1..=1 false
    0x0303 CALLBACK_NUM_ATAG callback_num_atag Octets 1..=65 false
    0x0304 NUMBER_OF_MESSAGES number_of_messages Int 1..=1 false
    0x0381 CALLBACK_NUM callback_num Octets 4..=19 false
    0x0420 DPF_RESULT dpf_result Int 1..=1 false
    0x0421 SET_DPF set_dpf Int 1..=1 false
    0x0422 MS_AVAILABILITY_STATUS ms_availability_status Int 1..=1 false
    0x0423 NETWORK_ERROR_CODE network_error_code Octets 3..=3 false
    0x0424 MESSAGE_PAYLOAD message_payload Octets 0..=65535 false
    0x0425 DELIVERY_FAILURE_REASON delivery_failure_reason Int 1..=1 false
    0x0426 MORE_MESSAGES_TO_SEND more_messages_to_send Int 1..=1 false
    0x0427 MESSAGE_STATE message_state Int 1..=1 false
    0x0428 CONGESTION_STATE congestion_state Int 1..=1 true
    0x0501 USSD_SERVICE_OP ussd_service_op Int 1..=1 false
    0x0600 BROADCAST_CHANNEL_INDICATOR broadcast_channel_indicator Int 1..=1 true
    0x0601 BROADCAST_CONTENT_TYPE broadcast_content_type Octets 3..=3 true
    0x0602 BROADCAST_CONTENT_TYPE_INFO broadcast_content_type_info Octets 1..=255 true
    0x0603 BROADCAST_MESSAGE_CLASS broadcast_message_class Int 1..=1 true
    0x0604 BROADCAST_REP_NUM broadcast_rep_num Int 2..=2 true
    0x0605 BROADCAST_FREQUENCY_INTERVAL broadcast_frequency_interval Octets 3..=3 true
    0x0606 BROADCAST_AREA_IDENTIFIER broadcast_area_identifier Octets 1..=101 true
    0x0607 BROADCAST_ERROR_STATUS broadcast_error_status Int 4..=4 true
    0x0608 BROADCAST_AREA_SUCCESS broadcast_area_success Int 1..=1 true
    0x0609 BROADCAST_END_TIME broadcast_end_time CString 16..=17 true
    0x060a BROADCAST_SERVICE_GROUP broadcast_service_group Octets 1..=255 true
    0x060b BILLING_IDENTIFICATION billing_identification Octets 1..=1024 true
    0x060d SOURCE_NETWORK_ID source_network_id CString 7..=65 true
    0x060e DEST_NETWORK_ID dest_network_id CString 7..=65 true
    0x060f SOURCE_NODE_ID source_node_id Octets 6..=6 true
    0x0610 DEST_NODE_ID dest_node_id Octets 6..=6 true
    0x0611 DEST_ADDR_NP_RESOLUTION dest_addr_np_resolution Int 1..=1 true
    0x0612 DEST_ADDR_NP_INFORMATION dest_addr_np_information Octets 10..=10 true
    0x0613 DEST_ADDR_NP_COUNTRY dest_addr_np_country Octets 1..=5 true
    0x1201 DISPLAY_TIME display_time Int 1..=1 false
    0x1203 SMS_SIGNAL sms_signal Int 2..=2 false
    0x1204 MS_VALIDITY ms_validity Octets 1..=4 false
    0x130c ALERT_ON_MESSAGE_DELIVERY alert_on_message_delivery Octets 0..=1 false
    0x1380 ITS_REPLY_TYPE its_reply_type Int 1..=1 false
    0x1383 ITS_SESSION_INFO its_session_info Octets 2..=2 false
    0x1501 VENDOR_SPECIFIC_SOURCE_MSC_ADDR vendor_specific_source_msc_addr Octets 0..=255 false
    0x1502 VENDOR_SPECIFIC_DEST_MSC_ADDR vendor_specific_dest_msc_addr Octets 0..=255 false
    0x8081 ORIG_MSC_ADDR orig_msc_addr Octets 1..=24 false
    0x8082 DEST_MSC_ADDR dest_msc_addr Octets 1..=24 false
}

impl TlvTag {
    /// The row of this tag, if it is known.
    #[must_use]
    pub fn row(self) -> Option<&'static TlvRow> {
        let at = TLVS.binary_search_by_key(&self, |row| row.tag).ok()?;
        TLVS.get(at)
    }

    /// The specification's name, if it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// The tag of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        TLVS.iter().find(|row| row.name == name).map(|row| row.tag)
    }
}

impl fmt::Debug for TlvTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

/// Octets of a TLV before its value: tag and length (SMPP 3.4 §5.3.1).
pub const TLV_HEADER_LEN: usize = 4;

/// One TLV.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tlv<'a> {
    /// What it is.
    pub tag: TlvTag,
    /// Its value as it stood on the wire.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The value as a number, when the octets are as many as a number of that tag has.
    #[must_use]
    pub fn int(&self) -> Option<u32> {
        if let Some(row) = self.tag.row()
            && (row.kind == TlvKind::CString || !(row.min..=row.max).contains(&self.value.len()))
        {
            return None;
        }
        match *self.value {
            [one] => Some(u32::from(one)),
            [_, _] => Some(u32::from(u16_at(self.value, 0))),
            [_, _, _, _] => Some(u32_at(self.value, 0)),
            _ => None,
        }
    }

    /// The value as text: what stands before the first NUL, or all of it (quirk: receipted ids
    /// come without their NUL), when the size is one the tag allows.
    #[must_use]
    pub fn text(&self) -> Option<&'a [u8]> {
        let end = self.value.iter().position(|&octet| octet == 0).unwrap_or(self.value.len());
        let text = self.value.get(..end)?;
        match self.tag.row() {
            Some(row) if !(row.min..=row.max + 1).contains(&(text.len() + 1)) => None,
            _ => Some(text),
        }
    }
}

/// The TLVs of a PDU, in wire order with repeats, still as octets.
///
/// What stands here has been walked: every length fits.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    /// No TLV.
    pub const NONE: Self = Self(&[]);

    /// Takes octets as TLVs up to where they stop being any; returns how many were taken.
    #[inline]
    #[must_use]
    pub fn take(octets: &'a [u8]) -> (Self, usize) {
        let mut at = 0;
        while let Some(head) = octets.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            let end = at + TLV_HEADER_LEN + usize::from(u16_at(head, 2));
            if end > octets.len() {
                break;
            }
            at = end;
        }
        (Self(octets.get(..at).unwrap_or_default()), at)
    }

    /// The octets, as they go on the wire.
    #[must_use]
    pub fn octets(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Tlv<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (head, after) = rest.split_first_chunk::<4>()?;
            let (value, next) = after.split_at_checked(usize::from(u16_at(head, 2)))?;
            rest = next;
            Some(Tlv { tag: TlvTag(u16_at(head, 0)), value })
        })
    }

    /// The first one of this tag.
    #[must_use]
    pub fn find(self, tag: TlvTag) -> Option<Tlv<'a>> {
        if self.0.is_empty() {
            return None;
        }
        self.iter().find(|tlv| tlv.tag == tag)
    }

    /// The number that the first TLV of this tag holds.
    #[must_use]
    pub fn int(self, tag: TlvTag) -> Option<u32> {
        self.find(tag)?.int()
    }

    /// The value of the first TLV of this tag.
    #[must_use]
    pub fn octets_of(self, tag: TlvTag) -> Option<&'a [u8]> {
        Some(self.find(tag)?.value)
    }
}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|tlv| (tlv.tag, tlv.value.len()))).finish()
    }
}

/// Appends one TLV; a value above 65,535 octets is not appended and `false` returned.
#[must_use]
pub fn put_tlv(out: &mut Vec<u8>, tag: TlvTag, value: &[u8]) -> bool {
    let Ok(len) = u16::try_from(value.len()) else { return false };
    out.extend_from_slice(&tag.0.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
    true
}
