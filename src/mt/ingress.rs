//! A submit_sm to a message the engine can take, or to the status that refuses it.

mod data;
mod encoding;
mod replace;

use std::time::Duration;

use super::policy::mention::mentioned;
use super::segmentation::{Cutting, is_own_segment};
use crate::message::class::TrafficClass;
use crate::message::envelope::{Message, ServiceType, UserData};
use crate::message::pattern::AddressPattern;
use crate::message::translation::bare;
use crate::message::words::Word;
use crate::wire::address::STANDARD_ADDRESS_OCTETS;
use crate::wire::table::SubmitSm;
use crate::wire::time::SmppTime;
use crate::wire::tlv::put_tlv;
use crate::wire::{Address, CommandStatus, TlvTag, Tlvs};
pub use data::{as_submit, of_multi, status_of_all, validity_of};
use encoding::Text;
pub use encoding::{Languages, Recoding};
pub use replace::Replacement;

/// Type of number of a name (SMPP 3.4 §5.2.5).
const TON_ALPHANUMERIC: u8 = 5;
/// Characters that a name may have: what the radio's address field holds (3GPP TS 23.040 §9.1.2.5).
const NAME_MAX: usize = 11;

/// The highest priority; greater ones are reserved (SMPP 3.4 §5.2.14).
const PRIORITY_MAX: u8 = 3;
/// TLVs that do not go on: the text, which stands apart, and what a data_sm says of its validity,
/// for which a submit_sm has a field.
const NOT_CARRIED: [TlvTag; 2] = [TlvTag::MESSAGE_PAYLOAD, TlvTag::QOS_TIME_TO_LIVE];

/// What is asked of the messages of one account.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The account's place in the settings.
    pub account: u32,
    /// Senders it may use; empty is any.
    pub senders: Vec<AddressPattern>,
    /// How long a message may wait at most.
    pub validity_max: Duration,
    /// Octets that its senders and the numbers of its destinations may have.
    pub address_octets_max: usize,
    /// The TLV in which a message may say why it is sent.
    pub class_tlv: Option<TlvTag>,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            account: 0,
            senders: Vec::new(),
            validity_max: Duration::ZERO,
            address_octets_max: usize::from(STANDARD_ADDRESS_OCTETS),
            class_tlv: None,
        }
    }
}

/// A destination and sender that were found good.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The sender.
    pub source: Address,
    /// The handset, without `+`.
    pub destination: Address,
}

impl Admission {
    /// Checks who sends and where to.
    ///
    /// # Errors
    /// ESME_RINVSRCADR for a sender that is not the account's or a name of more than eleven
    /// characters, or too long; ESME_RINVDSTADR for a destination that is no number, or too long.
    pub fn address(&self, submit: &SubmitSm<'_>) -> Result<Envelope, CommandStatus> {
        let source = bare(submit.source_addr_ton, submit.source_addr.octets());
        let source_max = match submit.source_addr_ton {
            TON_ALPHANUMERIC => NAME_MAX,
            _ => self.address_octets_max,
        };
        if source.len() > source_max {
            return Err(CommandStatus::ESME_RINVSRCADR);
        }
        let allowed = self.senders.is_empty() || self.senders.iter().any(|one| one.matches(source));
        if !allowed {
            return Err(CommandStatus::ESME_RINVSRCADR);
        }
        let destination = bare(submit.dest_addr_ton, submit.destination_addr.octets());
        let digits = destination.iter().all(u8::is_ascii_digit);
        let length = (1..=self.address_octets_max).contains(&destination.len());
        if !digits || !length || submit.dest_addr_ton == TON_ALPHANUMERIC {
            return Err(CommandStatus::ESME_RINVDSTADR);
        }
        Ok(Envelope {
            source: Address::new(submit.source_addr_ton, submit.source_addr_npi, source),
            destination: Address::new(submit.dest_addr_ton, submit.dest_addr_npi, destination),
        })
    }

    /// Why a message is sent, if it says so.
    ///
    /// # Errors
    /// ESME_RINVOPTPARAMVAL when it says something else.
    pub fn class(&self, submit: &SubmitSm<'_>) -> Result<Option<TrafficClass>, CommandStatus> {
        let Some(tag) = self.class_tlv else { return Ok(None) };
        let Some(octets) = submit.tlvs.octets_of(tag) else { return Ok(None) };
        let number = |octet: &u8| TrafficClass::ALL.get(usize::from(*octet)).copied();
        let word = octets.strip_suffix(&[0]).unwrap_or(octets);
        let class = match octets {
            [octet] => number(octet),
            _ => str::from_utf8(word).ok().and_then(TrafficClass::from_word),
        };
        class.map(Some).ok_or(CommandStatus::ESME_RINVOPTPARAMVAL)
    }

    /// Makes the message: its text found and brought into the alphabet it is sent in, its times
    /// read, its segments planned.
    ///
    /// # Errors
    /// The status that names the field at fault; ESME_RX_R_APPN for a text that the alphabet its
    /// route wants does not hold.
    pub fn message(
        &self,
        envelope: Envelope,
        submit: &SubmitSm<'_>,
        cutting: Cutting,
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        self.message_with(envelope, submit, (cutting, None), wall)
    }

    /// The same, where its text says this at its end unless it says how to stop it.
    ///
    /// # Errors
    /// As [`Admission::message`].
    pub fn message_with(
        &self,
        envelope: Envelope,
        submit: &SubmitSm<'_>,
        (cutting, mention): (Cutting, Option<&str>),
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        if submit.priority_flag > PRIORITY_MAX {
            return Err(CommandStatus::ESME_RINVPRTFLG);
        }
        let (user_data, tlvs) = text_of(submit.short_message, submit.tlvs, self.class_tlv)?;
        let is_own = is_own_segment(submit.esm_class, submit.tlvs);
        let mentioned = mention
            .filter(|_| !is_own)
            .and_then(|mention| mentioned(submit.data_coding, user_data, mention));
        let user_data = mentioned.as_deref().unwrap_or(user_data);
        let mut room = Vec::new();
        let text = Text::of(is_own, (submit.data_coding, user_data), cutting, &mut room)?;
        let latest = wall + self.validity_max;
        let send_at = parse_time(submit.schedule_delivery_time.octets(), wall)
            .map_err(|()| CommandStatus::ESME_RINVSCHED)?
            .unwrap_or(Duration::ZERO);
        let expires_at = parse_time(submit.validity_period.octets(), wall)
            .map_err(|()| CommandStatus::ESME_RINVEXPIRY)?
            .map_or(latest, |at| at.min(latest));
        if expires_at <= wall {
            return Err(CommandStatus::ESME_RINVEXPIRY);
        }
        if send_at >= expires_at {
            return Err(CommandStatus::ESME_RINVSCHED);
        }
        let cuts = text.cut(cutting)?;
        Ok(Message {
            account: self.account,
            class: TrafficClass::default(),
            source: envelope.source,
            destination: envelope.destination,
            service_type: ServiceType::new(submit.service_type.octets()),
            esm_class: submit.esm_class,
            protocol_id: submit.protocol_id,
            priority_flag: submit.priority_flag,
            registered_delivery: submit.registered_delivery,
            asks_for_all: false,
            replace_if_present_flag: submit.replace_if_present_flag,
            data_coding: text.data_coding,
            submitted_coding: submit.data_coding,
            shifts: text.shifts,
            sm_default_msg_id: submit.sm_default_msg_id,
            strict_order: false,
            number: None,
            user_data: UserData::new(text.user_data),
            tlvs,
            cuts,
            accepted_at: wall,
            send_at,
            expires_at,
        })
    }
}

/// The user data, and the TLVs that are not it.
fn text_of<'a>(
    short_message: &'a [u8],
    tlvs: Tlvs<'a>,
    class_tlv: Option<TlvTag>,
) -> Result<(&'a [u8], Box<[u8]>), CommandStatus> {
    let payload = tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD);
    if payload.is_none() && class_tlv.is_none() {
        return Ok((short_message, tlvs.octets().into()));
    }
    if payload.is_some() && !short_message.is_empty() {
        // SMPP 3.4 §5.3.2.32: the one or the other.
        return Err(CommandStatus::ESME_ROPTPARNOTALLWD);
    }
    let mut others = Vec::new();
    let goes_on =
        |tag| Some(tag) != class_tlv && (payload.is_none() || !NOT_CARRIED.contains(&tag));
    for tlv in tlvs.iter().filter(|tlv| goes_on(tlv.tag)) {
        // It fitted into a length when it came, so it fits again.
        let _ = put_tlv(&mut others, tlv.tag, tlv.value);
    }
    Ok((payload.unwrap_or(short_message), others.into()))
}

/// An SMPP time as wall time since 1970; `None` for an empty one.
fn parse_time(octets: &[u8], wall: Duration) -> Result<Option<Duration>, ()> {
    if octets.is_empty() {
        return Ok(None);
    }
    match SmppTime::parse(octets) {
        Ok(time) => Ok(time.map(|time| time.to_wall(wall, 0))),
        Err(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::COctetString;

    const WALL: Duration = Duration::from_secs(1_780_000_000);

    fn submit<'a>(text: &'a [u8]) -> SubmitSm<'a> {
        SubmitSm {
            source_addr: COctetString::from("Shop"),
            destination_addr: COctetString::from("+33612345678"),
            dest_addr_ton: 1,
            short_message: text,
            ..SubmitSm::default()
        }
    }

    fn admission() -> Admission {
        Admission { validity_max: Duration::from_secs(48 * 3600), ..Admission::default() }
    }

    fn admit(submit: &SubmitSm<'_>) -> Result<Message, CommandStatus> {
        let admission = admission();
        let envelope = admission.address(submit)?;
        admission.message(envelope, submit, Cutting::default(), WALL)
    }

    #[test]
    fn a_plain_message_is_taken_as_it_is() {
        let message = admit(&submit(b"hello")).unwrap();
        assert_eq!(message.destination.octets(), b"33612345678");
        assert_eq!((message.segments(), message.segment(0)), (1, &b"hello"[..]));
        assert_eq!(message.expires_at, WALL + Duration::from_secs(48 * 3600));
    }

    #[test]
    fn a_sender_that_is_not_the_accounts_is_refused() {
        let bank = AddressPattern::Exact("Bank".into());
        let shops = AddressPattern::StartsWith("Sho".into());
        let admission = Admission { senders: vec![bank.clone(), shops], ..admission() };
        assert!(admission.address(&submit(b"x")).is_ok());
        let other = Admission { senders: vec![bank], ..admission };
        assert_eq!(other.address(&submit(b"x")).unwrap_err(), CommandStatus::ESME_RINVSRCADR);
    }

    #[test]
    fn a_name_of_more_than_eleven_characters_is_refused() {
        let from = |ton, name| {
            let mut submit = submit(b"x");
            submit.source_addr_ton = ton;
            submit.source_addr = COctetString::from(name);
            admission().address(&submit).map(|envelope| envelope.source.octets().len())
        };
        assert_eq!(from(5, "Elevenchars"), Ok(11));
        assert_eq!(from(5, "Twelve chars"), Err(CommandStatus::ESME_RINVSRCADR));
        assert_eq!(from(1, "336123456789012"), Ok(15));
    }

    #[test]
    fn q53_an_address_is_as_long_as_a_submit_sm_has_room_for_or_the_dialect_says() {
        let (standard, long) = (admission(), Admission { address_octets_max: 32, ..admission() });
        let of = |admission: &Admission, source: usize, destination: usize| {
            let (source, destination) = ("1".repeat(source), "2".repeat(destination));
            let mut submit = submit(b"x");
            submit.source_addr = COctetString::from(source.as_str());
            submit.destination_addr = COctetString::from(destination.as_str());
            admission.address(&submit).map(|envelope| envelope.destination.octets().len())
        };
        let (source, destination) =
            (Err(CommandStatus::ESME_RINVSRCADR), Err(CommandStatus::ESME_RINVDSTADR));
        assert_eq!(of(&standard, 20, 20), Ok(20));
        assert_eq!((of(&standard, 21, 20), of(&standard, 20, 21)), (source, destination));
        assert_eq!(of(&long, 32, 32), Ok(32));
        assert_eq!((of(&long, 33, 32), of(&long, 32, 33)), (source, destination));
    }

    #[test]
    fn a_plus_or_two_zeros_before_an_international_number_are_taken_away() {
        let cases = [
            (1, "+33612345678", "33612345678"),
            (0, "+33612345678", "33612345678"),
            (1, "0033612345678", "33612345678"),
            (0, "0033612345678", "0033612345678"),
            (2, "0612345678", "0612345678"),
            (1, "00", "00"),
        ];
        for (ton, written, kept) in cases {
            let mut submit = submit(b"x");
            submit.dest_addr_ton = ton;
            submit.destination_addr = COctetString::from(written);
            submit.source_addr_ton = ton;
            submit.source_addr = COctetString::from(written);
            let envelope = admission().address(&submit).unwrap();
            assert_eq!(envelope.destination.octets(), kept.as_bytes(), "{written}");
            assert_eq!(envelope.source.octets(), kept.as_bytes(), "{written}");
        }
        let mut named = submit(b"x");
        named.source_addr = COctetString::from("+Shop");
        assert_eq!(admission().address(&named).unwrap().source.octets(), b"+Shop");
    }

    #[test]
    fn a_destination_that_is_no_number_is_refused() {
        for wrong in ["", "+", "abc", "33 6", "123456789012345678901"] {
            let mut submit = submit(b"x");
            submit.destination_addr = COctetString::from(wrong);
            assert_eq!(admit(&submit).unwrap_err(), CommandStatus::ESME_RINVDSTADR, "{wrong:?}");
        }
    }

    #[test]
    fn a_text_in_both_places_is_refused_and_in_the_payload_taken() {
        let mut tlvs = Vec::new();
        assert!(put_tlv(&mut tlvs, TlvTag::MESSAGE_PAYLOAD, b"long text"));
        assert!(put_tlv(&mut tlvs, TlvTag::USER_MESSAGE_REFERENCE, &[0, 9]));
        let mut both = submit(b"x");
        both.tlvs = Tlvs::take(&tlvs).0;
        assert_eq!(admit(&both).unwrap_err(), CommandStatus::ESME_ROPTPARNOTALLWD);
        both.short_message = b"";
        let message = admit(&both).unwrap();
        assert_eq!(message.user_data.octets(), b"long text");
        assert_eq!(&message.tlvs[..], [0x02, 0x04, 0, 2, 0, 9]);
    }

    #[test]
    fn the_plan_counts_what_a_text_says_of_how_to_stop_it() {
        let admit = |text: &[u8], mention, esm_class| {
            let submit = SubmitSm { esm_class, ..submit(text) };
            let envelope = admission().address(&submit).unwrap();
            let with = (Cutting::default(), mention);
            admission().message_with(envelope, &submit, with, WALL).unwrap()
        };
        let long = [b'x'; 150];
        assert_eq!(admit(&long, None, 0).segments(), 1);
        let message = admit(&long, Some("STOP au 36105"), 0);
        assert_eq!((message.segments(), message.user_data.octets().len()), (2, 164));
        let own = admit(b"\x05\0\x03\x07\x02\x01half", Some("STOP au 36105"), 0x40);
        assert!(own.user_data.octets().ends_with(b"half"), "what its account cut stays as it is");
    }

    #[test]
    fn a_message_says_why_it_is_sent_where_its_account_may() {
        let tag = TlvTag(0x1501);
        let said = |value: &[u8], tag_read| {
            let mut tlvs = Vec::new();
            assert!(put_tlv(&mut tlvs, tag, value));
            assert!(put_tlv(&mut tlvs, TlvTag::USER_MESSAGE_REFERENCE, &[0, 9]));
            let submit = SubmitSm { tlvs: Tlvs::take(&tlvs).0, ..submit(b"x") };
            let admission = Admission { class_tlv: tag_read, ..admission() };
            let envelope = admission.address(&submit).unwrap();
            let message = admission.message(envelope, &submit, Cutting::default(), WALL).unwrap();
            (admission.class(&submit), message.tlvs.len())
        };
        let (six, both) = (6, 11);
        assert_eq!(said(&[2], Some(tag)), (Ok(Some(TrafficClass::Marketing)), six));
        assert_eq!(said(&[0], Some(tag)), (Ok(Some(TrafficClass::Transactional)), six));
        for word in [&b"conversational"[..], b"conversational\0"] {
            let expected = Ok(Some(TrafficClass::Conversational));
            assert_eq!(said(word, Some(tag)), (expected, six));
        }
        for wrong in [&[3][..], b"", b"ads"] {
            assert_eq!(said(wrong, Some(tag)).0, Err(CommandStatus::ESME_RINVOPTPARAMVAL));
        }
        assert_eq!(said(&[2], Some(TlvTag(0x1502))), (Ok(None), both));
        assert_eq!(said(&[2], None), (Ok(None), both));
    }

    /// SMPP 3.4 §5.2.14.
    #[test]
    fn a_reserved_priority_is_refused() {
        for (priority_flag, refused) in [(0, false), (3, false), (4, true), (255, true)] {
            let result = admit(&SubmitSm { priority_flag, ..submit(b"x") });
            let expected = refused.then_some(CommandStatus::ESME_RINVPRTFLG);
            assert_eq!(result.err(), expected, "{priority_flag}");
        }
    }

    /// SMPP 3.4 §5.2.15, §5.2.16 and §7.1.1.
    #[test]
    fn each_form_of_a_time_is_read_and_every_other_is_refused_with_the_status_of_its_field() {
        // WALL is 2026-05-28T20:26:40Z.
        const TIMES: &[(&str, Option<i64>)] = &[
            ("000000000200000R", Some(120)),
            ("000001000000000R", Some(86_400)),
            ("260528202740000+", Some(60)),
            ("260528222740008+", Some(60)),
            ("260528182740008-", Some(60)),
            ("260528202740500+", Some(60)),
            ("260228202740000*", None),
            ("260231202740000+", None),
            ("260528252740000+", None),
            ("260528202740049+", None),
            ("2605282027", None),
            ("260528202740", None),
            ("000000000200000r", None),
            ("0000000002O0000R", None),
        ];
        for &(time, seconds) in TIMES {
            let field = COctetString::from(time);
            let schedule = admit(&SubmitSm { schedule_delivery_time: field, ..submit(b"x") });
            let validity = admit(&SubmitSm { validity_period: field, ..submit(b"x") });
            let read = |at: Duration| at.as_secs() as i64 - WALL.as_secs() as i64;
            let schedule = schedule.map(|message| read(message.send_at));
            let validity = validity.map(|message| read(message.expires_at));
            assert_eq!(schedule, seconds.ok_or(CommandStatus::ESME_RINVSCHED), "{time}");
            assert_eq!(validity, seconds.ok_or(CommandStatus::ESME_RINVEXPIRY), "{time}");
        }
    }

    #[test]
    fn a_moment_that_has_passed_is_at_once() {
        let past = COctetString::from("200101000000000+");
        let message = admit(&SubmitSm { schedule_delivery_time: past, ..submit(b"x") }).unwrap();
        assert!(message.send_at <= WALL);
    }

    #[test]
    fn times_that_are_none_or_past_are_refused() {
        let mut bad = submit(b"x");
        bad.validity_period = COctetString::from("tomorrow");
        assert_eq!(admit(&bad).unwrap_err(), CommandStatus::ESME_RINVEXPIRY);
        bad.validity_period = COctetString::from("200101000000000+");
        assert_eq!(admit(&bad).unwrap_err(), CommandStatus::ESME_RINVEXPIRY);
        let mut short = submit(b"x");
        short.validity_period = COctetString::from("000000000100000R");
        assert_eq!(admit(&short).unwrap().expires_at, WALL + Duration::from_secs(60));
        short.schedule_delivery_time = COctetString::from("000000000200000R");
        assert_eq!(admit(&short).unwrap_err(), CommandStatus::ESME_RINVSCHED);
    }
}
