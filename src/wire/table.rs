//! The table: every PDU of SMPP 3.4, and those 5.0 added, one row each.
//!
//! The grammar of a row is explained in `expand.rs`. A row reads like the page of the
//! specification: number, who may send it in which states (those 5.0 added apart), what answers
//! it, the fields in order and the TLVs it may carry.

use super::error::{DecodeError, EncodeError};
use super::expand::{
    first, kind_len, kind_long_len, kind_read, kind_row, kind_type, kind_value, kind_write, pdus,
    read_fields, write_fields,
};
use super::header::{CommandId, Header, SequenceNumber};
use super::kinds::{COctetString, FieldKind, TIME_MAX};
pub use super::lists::{DestAddress, DestAddresses, UnsuccessSme, UnsuccessSmes};
pub use super::pdu::{Body, FieldRow, PduRow, Value, may_send};
use super::pdu::{checked_header, decode_as, unknown_command};
use super::reader::{Flaw, Reader};
use super::rules::{Rules, Version};
use super::state::{State, States};
use super::status::CommandStatus;
use super::tlv::{TlvTag, Tlvs};
use super::writer::{LONG_C_STRING_MAX, Writer, c_string_len, short_message_len};

pdus! {
    /// Asks to be bound to submit (`SMPP 3.4 §4.1.1`).
    BindTransmitter bind_transmitter BIND_TRANSMITTER = 0x0000_0002, V34,
    esme [Open] [Outbound] smsc [] [] response [BIND_TRANSMITTER_RESP]
    {
        system_id: c_string(16),
        password: c_string(9),
        system_type: c_string(13),
        interface_version: int,
        addr_ton: int,
        addr_npi: int,
        address_range: c_string(41),
    }
    tlvs [] v50 []

    /// Answers bind_transmitter (`SMPP 3.4 §4.1.2`).
    BindTransmitterResp bind_transmitter_resp BIND_TRANSMITTER_RESP = 0x8000_0002, V34,
    esme [] [] smsc [Open] [Outbound] response []
    {
        system_id: c_string(16),
    }
    tlvs [SC_INTERFACE_VERSION] v50 [CONGESTION_STATE]

    /// Asks to be bound to receive (`SMPP 3.4 §4.1.3`).
    BindReceiver bind_receiver BIND_RECEIVER = 0x0000_0001, V34,
    esme [Open] [Outbound] smsc [] [] response [BIND_RECEIVER_RESP]
    {
        system_id: c_string(16),
        password: c_string(9),
        system_type: c_string(13),
        interface_version: int,
        addr_ton: int,
        addr_npi: int,
        address_range: c_string(41),
    }
    tlvs [] v50 []

    /// Answers bind_receiver (`SMPP 3.4 §4.1.4`).
    BindReceiverResp bind_receiver_resp BIND_RECEIVER_RESP = 0x8000_0001, V34,
    esme [] [] smsc [Open] [Outbound] response []
    {
        system_id: c_string(16),
    }
    tlvs [SC_INTERFACE_VERSION] v50 [CONGESTION_STATE]

    /// Asks to be bound for both (`SMPP 3.4 §4.1.5`).
    BindTransceiver bind_transceiver BIND_TRANSCEIVER = 0x0000_0009, V34,
    esme [Open] [Outbound] smsc [] [] response [BIND_TRANSCEIVER_RESP]
    {
        system_id: c_string(16),
        password: c_string(9),
        system_type: c_string(13),
        interface_version: int,
        addr_ton: int,
        addr_npi: int,
        address_range: c_string(41),
    }
    tlvs [] v50 []

    /// Answers bind_transceiver (`SMPP 3.4 §4.1.6`).
    BindTransceiverResp bind_transceiver_resp BIND_TRANSCEIVER_RESP = 0x8000_0009, V34,
    esme [] [] smsc [Open] [Outbound] response []
    {
        system_id: c_string(16),
    }
    tlvs [SC_INTERFACE_VERSION] v50 [CONGESTION_STATE]

    /// Asks an ESME to bind (`SMPP 3.4 §4.1.7`).
    Outbind outbind OUTBIND = 0x0000_000b, V34,
    esme [] [] smsc [Open] [] response []
    {
        system_id: c_string(16),
        password: c_string(9),
    }
    tlvs [] v50 []

    /// Ends the dialogue (`SMPP 3.4 §4.2.1`).
    Unbind unbind UNBIND = 0x0000_0006, V34,
    esme [BoundTx BoundRx BoundTrx] [] smsc [BoundTx BoundRx BoundTrx] [] response [UNBIND_RESP]
    {}
    tlvs [] v50 []

    /// Answers unbind (`SMPP 3.4 §4.2.2`).
    UnbindResp unbind_resp UNBIND_RESP = 0x8000_0006, V34,
    esme [BoundTx BoundRx BoundTrx] [] smsc [BoundTx BoundRx BoundTrx] [] response []
    {}
    tlvs [] v50 [CONGESTION_STATE]

    /// Answers what could not be read or is no command (`SMPP 3.4 §4.3.1`).
    GenericNack generic_nack GENERIC_NACK = 0x8000_0000, V34,
    esme [BoundTx BoundRx BoundTrx] [Open Outbound]
    smsc [BoundTx BoundRx BoundTrx] [Open Outbound] response []
    {}
    tlvs [] v50 []

    /// Submits one message (`SMPP 3.4 §4.4.1`).
    SubmitSm submit_sm SUBMIT_SM = 0x0000_0004, V34,
    esme [BoundTx BoundTrx] [] smsc [] [] response [SUBMIT_SM_RESP]
    {
        service_type: c_string(6),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        dest_addr_ton: int,
        dest_addr_npi: int,
        destination_addr: c_string(21),
        esm_class: int,
        protocol_id: int,
        priority_flag: int,
        schedule_delivery_time: time,
        validity_period: time,
        registered_delivery: int,
        replace_if_present_flag: int,
        data_coding: int,
        sm_default_msg_id: int,
        short_message: short_message,
    }
    tlvs [
        USER_MESSAGE_REFERENCE SOURCE_PORT SOURCE_ADDR_SUBUNIT DESTINATION_PORT
        DEST_ADDR_SUBUNIT SAR_MSG_REF_NUM SAR_TOTAL_SEGMENTS SAR_SEGMENT_SEQNUM
        MORE_MESSAGES_TO_SEND PAYLOAD_TYPE MESSAGE_PAYLOAD PRIVACY_INDICATOR CALLBACK_NUM
        CALLBACK_NUM_PRES_IND CALLBACK_NUM_ATAG SOURCE_SUBADDRESS DEST_SUBADDRESS
        USER_RESPONSE_CODE DISPLAY_TIME SMS_SIGNAL MS_VALIDITY MS_MSG_WAIT_FACILITIES
        NUMBER_OF_MESSAGES ALERT_ON_MESSAGE_DELIVERY LANGUAGE_INDICATOR ITS_REPLY_TYPE
        ITS_SESSION_INFO USSD_SERVICE_OP
    ] v50 [
        BILLING_IDENTIFICATION DEST_ADDR_NP_COUNTRY DEST_ADDR_NP_INFORMATION
        DEST_ADDR_NP_RESOLUTION DEST_BEARER_TYPE DEST_NETWORK_ID DEST_NETWORK_TYPE DEST_NODE_ID
        DEST_TELEMATICS_ID QOS_TIME_TO_LIVE SET_DPF SOURCE_BEARER_TYPE SOURCE_NETWORK_ID
        SOURCE_NETWORK_TYPE SOURCE_NODE_ID SOURCE_TELEMATICS_ID
    ]

    /// Answers submit_sm (`SMPP 3.4 §4.4.2`).
    SubmitSmResp submit_sm_resp SUBMIT_SM_RESP = 0x8000_0004, V34,
    esme [] [] smsc [BoundTx BoundTrx] [] response []
    {
        message_id: c_string(65),
    }
    tlvs [] v50 [
        ADDITIONAL_STATUS_INFO_TEXT DELIVERY_FAILURE_REASON DPF_RESULT NETWORK_ERROR_CODE
        CONGESTION_STATE
    ]

    /// Submits one message to several destinations (`SMPP 3.4 §4.5.1`).
    SubmitMulti submit_multi SUBMIT_MULTI = 0x0000_0021, V34,
    esme [BoundTx BoundTrx] [] smsc [] [] response [SUBMIT_MULTI_RESP]
    {
        service_type: c_string(6),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        dest_addresses: dest_addresses,
        esm_class: int,
        protocol_id: int,
        priority_flag: int,
        schedule_delivery_time: time,
        validity_period: time,
        registered_delivery: int,
        replace_if_present_flag: int,
        data_coding: int,
        sm_default_msg_id: int,
        short_message: short_message,
    }
    tlvs [
        USER_MESSAGE_REFERENCE SOURCE_PORT SOURCE_ADDR_SUBUNIT DESTINATION_PORT
        DEST_ADDR_SUBUNIT SAR_MSG_REF_NUM SAR_TOTAL_SEGMENTS SAR_SEGMENT_SEQNUM PAYLOAD_TYPE
        MESSAGE_PAYLOAD PRIVACY_INDICATOR CALLBACK_NUM CALLBACK_NUM_PRES_IND CALLBACK_NUM_ATAG
        SOURCE_SUBADDRESS DEST_SUBADDRESS DISPLAY_TIME SMS_SIGNAL MS_VALIDITY
        MS_MSG_WAIT_FACILITIES ALERT_ON_MESSAGE_DELIVERY LANGUAGE_INDICATOR
    ] v50 [
        BILLING_IDENTIFICATION DEST_ADDR_NP_COUNTRY DEST_ADDR_NP_INFORMATION
        DEST_ADDR_NP_RESOLUTION DEST_BEARER_TYPE DEST_NETWORK_ID DEST_NETWORK_TYPE DEST_NODE_ID
        DEST_TELEMATICS_ID QOS_TIME_TO_LIVE SET_DPF SOURCE_BEARER_TYPE SOURCE_NETWORK_ID
        SOURCE_NETWORK_TYPE SOURCE_NODE_ID SOURCE_TELEMATICS_ID
    ]

    /// Answers submit_multi (`SMPP 3.4 §4.5.2`).
    SubmitMultiResp submit_multi_resp SUBMIT_MULTI_RESP = 0x8000_0021, V34,
    esme [] [] smsc [BoundTx BoundTrx] [] response []
    {
        message_id: c_string(65),
        unsuccess_smes: unsuccess_smes,
    }
    tlvs [] v50 [
        ADDITIONAL_STATUS_INFO_TEXT DELIVERY_FAILURE_REASON DPF_RESULT NETWORK_ERROR_CODE
        CONGESTION_STATE
    ]

    /// Delivers a message or a receipt (`SMPP 3.4 §4.6.1`).
    DeliverSm deliver_sm DELIVER_SM = 0x0000_0005, V34,
    esme [] [] smsc [BoundRx BoundTrx] [] response [DELIVER_SM_RESP]
    {
        service_type: c_string(6),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        dest_addr_ton: int,
        dest_addr_npi: int,
        destination_addr: c_string(21),
        esm_class: int,
        protocol_id: int,
        priority_flag: int,
        schedule_delivery_time: time,
        validity_period: time,
        registered_delivery: int,
        replace_if_present_flag: int,
        data_coding: int,
        sm_default_msg_id: int,
        short_message: short_message,
    }
    tlvs [
        USER_MESSAGE_REFERENCE SOURCE_PORT DESTINATION_PORT SAR_MSG_REF_NUM SAR_TOTAL_SEGMENTS
        SAR_SEGMENT_SEQNUM USER_RESPONSE_CODE PRIVACY_INDICATOR PAYLOAD_TYPE MESSAGE_PAYLOAD
        CALLBACK_NUM SOURCE_SUBADDRESS DEST_SUBADDRESS LANGUAGE_INDICATOR ITS_SESSION_INFO
        NETWORK_ERROR_CODE MESSAGE_STATE RECEIPTED_MESSAGE_ID
    ] v50 [
        CALLBACK_NUM_ATAG CALLBACK_NUM_PRES_IND DEST_ADDR_NP_COUNTRY DEST_ADDR_NP_INFORMATION
        DEST_ADDR_NP_RESOLUTION DEST_ADDR_SUBUNIT DEST_NETWORK_ID DEST_NODE_ID DPF_RESULT
        ITS_REPLY_TYPE SOURCE_ADDR_SUBUNIT SOURCE_NETWORK_ID SOURCE_NODE_ID USSD_SERVICE_OP
    ]

    /// Answers deliver_sm (`SMPP 3.4 §4.6.2`).
    DeliverSmResp deliver_sm_resp DELIVER_SM_RESP = 0x8000_0005, V34,
    esme [BoundRx BoundTrx] [] smsc [] [] response []
    {
        message_id: c_string(65),
    }
    tlvs [] v50 [
        ADDITIONAL_STATUS_INFO_TEXT DELIVERY_FAILURE_REASON NETWORK_ERROR_CODE CONGESTION_STATE
    ]

    /// Carries a message either way, its text in a TLV (`SMPP 3.4 §4.7.1`).
    DataSm data_sm DATA_SM = 0x0000_0103, V34,
    esme [BoundTx BoundRx BoundTrx] [] smsc [BoundTx BoundRx BoundTrx] [] response [DATA_SM_RESP]
    {
        service_type: c_string(6),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(65),
        dest_addr_ton: int,
        dest_addr_npi: int,
        destination_addr: c_string(65),
        esm_class: int,
        registered_delivery: int,
        data_coding: int,
    }
    tlvs [
        SOURCE_PORT SOURCE_ADDR_SUBUNIT SOURCE_NETWORK_TYPE SOURCE_BEARER_TYPE
        SOURCE_TELEMATICS_ID DESTINATION_PORT DEST_ADDR_SUBUNIT DEST_NETWORK_TYPE
        DEST_BEARER_TYPE DEST_TELEMATICS_ID SAR_MSG_REF_NUM SAR_TOTAL_SEGMENTS
        SAR_SEGMENT_SEQNUM MORE_MESSAGES_TO_SEND QOS_TIME_TO_LIVE PAYLOAD_TYPE MESSAGE_PAYLOAD
        SET_DPF RECEIPTED_MESSAGE_ID MESSAGE_STATE NETWORK_ERROR_CODE USER_MESSAGE_REFERENCE
        PRIVACY_INDICATOR CALLBACK_NUM CALLBACK_NUM_PRES_IND CALLBACK_NUM_ATAG SOURCE_SUBADDRESS
        DEST_SUBADDRESS USER_RESPONSE_CODE DISPLAY_TIME SMS_SIGNAL MS_VALIDITY
        MS_MSG_WAIT_FACILITIES NUMBER_OF_MESSAGES ALERT_ON_MESSAGE_DELIVERY LANGUAGE_INDICATOR
        ITS_REPLY_TYPE ITS_SESSION_INFO
    ] v50 [
        BILLING_IDENTIFICATION DEST_ADDR_NP_COUNTRY DEST_ADDR_NP_INFORMATION
        DEST_ADDR_NP_RESOLUTION DEST_NETWORK_ID DEST_NODE_ID SOURCE_NETWORK_ID SOURCE_NODE_ID
        USSD_SERVICE_OP DPF_RESULT
    ]

    /// Answers data_sm (`SMPP 3.4 §4.7.2`).
    DataSmResp data_sm_resp DATA_SM_RESP = 0x8000_0103, V34,
    esme [BoundTx BoundRx BoundTrx] [] smsc [BoundTx BoundRx BoundTrx] [] response []
    {
        message_id: c_string(65),
    }
    tlvs [
        DELIVERY_FAILURE_REASON NETWORK_ERROR_CODE ADDITIONAL_STATUS_INFO_TEXT DPF_RESULT
    ] v50 [CONGESTION_STATE]

    /// Asks for the state of a message (`SMPP 3.4 §4.8.1`).
    QuerySm query_sm QUERY_SM = 0x0000_0003, V34,
    esme [BoundTx BoundTrx] [] smsc [] [] response [QUERY_SM_RESP]
    {
        message_id: c_string(65),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
    }
    tlvs [] v50 []

    /// Answers query_sm (`SMPP 3.4 §4.8.2`).
    QuerySmResp query_sm_resp QUERY_SM_RESP = 0x8000_0003, V34,
    esme [] [] smsc [BoundTx BoundTrx] [] response []
    {
        message_id: c_string(65),
        final_date: time,
        message_state: int,
        error_code: int,
    }
    tlvs [] v50 [CONGESTION_STATE]

    /// Takes back a message (`SMPP 3.4 §4.9.1`).
    CancelSm cancel_sm CANCEL_SM = 0x0000_0008, V34,
    esme [BoundTx BoundTrx] [] smsc [] [] response [CANCEL_SM_RESP]
    {
        service_type: c_string(6),
        message_id: c_string(65),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        dest_addr_ton: int,
        dest_addr_npi: int,
        destination_addr: c_string(21),
    }
    tlvs [] v50 []

    /// Answers cancel_sm (`SMPP 3.4 §4.9.2`).
    CancelSmResp cancel_sm_resp CANCEL_SM_RESP = 0x8000_0008, V34,
    esme [] [] smsc [BoundTx BoundTrx] [] response []
    {}
    tlvs [] v50 [CONGESTION_STATE]

    /// Changes a message that waits (`SMPP 3.4 §4.10.1`).
    ReplaceSm replace_sm REPLACE_SM = 0x0000_0007, V34,
    esme [BoundTx] [BoundTrx] smsc [] [] response [REPLACE_SM_RESP]
    {
        message_id: c_string(65),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        schedule_delivery_time: time,
        validity_period: time,
        registered_delivery: int,
        sm_default_msg_id: int,
        short_message: short_message,
    }
    tlvs [] v50 [MESSAGE_PAYLOAD]

    /// Answers replace_sm (`SMPP 3.4 §4.10.2`).
    ReplaceSmResp replace_sm_resp REPLACE_SM_RESP = 0x8000_0007, V34,
    esme [] [] smsc [BoundTx] [BoundTrx] response []
    {}
    tlvs [] v50 [CONGESTION_STATE]

    /// Asks whether the peer is there (`SMPP 3.4 §4.11.1`).
    EnquireLink enquire_link ENQUIRE_LINK = 0x0000_0015, V34,
    esme [BoundTx BoundRx BoundTrx] [Open Outbound]
    smsc [BoundTx BoundRx BoundTrx] [Open Outbound] response [ENQUIRE_LINK_RESP]
    {}
    tlvs [] v50 []

    /// Answers enquire_link (`SMPP 3.4 §4.11.2`).
    EnquireLinkResp enquire_link_resp ENQUIRE_LINK_RESP = 0x8000_0015, V34,
    esme [BoundTx BoundRx BoundTrx] [Open Outbound]
    smsc [BoundTx BoundRx BoundTrx] [Open Outbound] response []
    {}
    tlvs [] v50 [CONGESTION_STATE]

    /// Tells that a handset can be reached (`SMPP 3.4 §4.12.1`).
    AlertNotification alert_notification ALERT_NOTIFICATION = 0x0000_0102, V34,
    esme [] [] smsc [BoundRx BoundTrx] [] response []
    {
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(65),
        esme_addr_ton: int,
        esme_addr_npi: int,
        esme_addr: c_string(65),
    }
    tlvs [MS_AVAILABILITY_STATUS] v50 []

    /// Broadcasts a message to areas (`SMPP 5.0 §4.4.1`).
    BroadcastSm broadcast_sm BROADCAST_SM = 0x0000_0111, V50,
    esme [] [BoundTx BoundTrx] smsc [] [] response [BROADCAST_SM_RESP]
    {
        service_type: c_string(6),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
        message_id: c_string(65),
        priority_flag: int,
        schedule_delivery_time: time,
        validity_period: time,
        replace_if_present_flag: int,
        data_coding: int,
        sm_default_msg_id: int,
    }
    tlvs [] v50 [
        BROADCAST_AREA_IDENTIFIER BROADCAST_CONTENT_TYPE BROADCAST_REP_NUM
        BROADCAST_FREQUENCY_INTERVAL ALERT_ON_MESSAGE_DELIVERY BROADCAST_CHANNEL_INDICATOR
        BROADCAST_CONTENT_TYPE_INFO BROADCAST_MESSAGE_CLASS BROADCAST_SERVICE_GROUP CALLBACK_NUM
        CALLBACK_NUM_ATAG CALLBACK_NUM_PRES_IND DEST_ADDR_SUBUNIT DEST_SUBADDRESS
        DESTINATION_PORT DISPLAY_TIME LANGUAGE_INDICATOR MESSAGE_PAYLOAD MS_VALIDITY
        PAYLOAD_TYPE PRIVACY_INDICATOR SMS_SIGNAL SOURCE_ADDR_SUBUNIT SOURCE_PORT
        SOURCE_SUBADDRESS USER_MESSAGE_REFERENCE
    ]

    /// Answers broadcast_sm (`SMPP 5.0 §4.4.2`).
    BroadcastSmResp broadcast_sm_resp BROADCAST_SM_RESP = 0x8000_0111, V50,
    esme [] [] smsc [] [BoundTx BoundTrx] response []
    {
        message_id: c_string(65),
    }
    tlvs [] v50 [BROADCAST_ERROR_STATUS BROADCAST_AREA_IDENTIFIER CONGESTION_STATE]

    /// Asks for the state of a broadcast (`SMPP 5.0 §4.6.1`).
    QueryBroadcastSm query_broadcast_sm QUERY_BROADCAST_SM = 0x0000_0112, V50,
    esme [] [BoundTx BoundTrx] smsc [] [] response [QUERY_BROADCAST_SM_RESP]
    {
        message_id: c_string(65),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
    }
    tlvs [] v50 [USER_MESSAGE_REFERENCE]

    /// Answers query_broadcast_sm (`SMPP 5.0 §4.6.3`).
    QueryBroadcastSmResp query_broadcast_sm_resp QUERY_BROADCAST_SM_RESP = 0x8000_0112, V50,
    esme [] [] smsc [] [BoundTx BoundTrx] response []
    {
        message_id: c_string(65),
    }
    tlvs [] v50 [
        MESSAGE_STATE BROADCAST_AREA_IDENTIFIER BROADCAST_AREA_SUCCESS BROADCAST_END_TIME
        USER_MESSAGE_REFERENCE CONGESTION_STATE
    ]

    /// Takes back a broadcast (`SMPP 5.0 §4.6.2`).
    CancelBroadcastSm cancel_broadcast_sm CANCEL_BROADCAST_SM = 0x0000_0113, V50,
    esme [] [BoundTx BoundTrx] smsc [] [] response [CANCEL_BROADCAST_SM_RESP]
    {
        service_type: c_string(6),
        message_id: c_string(65),
        source_addr_ton: int,
        source_addr_npi: int,
        source_addr: c_string(21),
    }
    tlvs [] v50 [BROADCAST_CONTENT_TYPE USER_MESSAGE_REFERENCE]

    /// Answers cancel_broadcast_sm (`SMPP 5.0 §4.6.4`).
    CancelBroadcastSmResp cancel_broadcast_sm_resp CANCEL_BROADCAST_SM_RESP = 0x8000_0113, V50,
    esme [] [] smsc [] [BoundTx BoundTrx] response []
    {}
    tlvs [] v50 [CONGESTION_STATE]
}
