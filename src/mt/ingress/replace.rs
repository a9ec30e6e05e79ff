//! A replace_sm to what it changes of a message (SMPP 3.4 §4.10).

use std::time::Duration;

use super::encoding::Text;
use super::{Admission, parse_time, text_of};
use crate::message::envelope::{Message, UserData};
use crate::message::translation::Form;
use crate::mt::policy::mention::mentioned;
use crate::mt::segmentation::{Cutting, is_own_segment};
use crate::wire::table::ReplaceSm;
use crate::wire::{Address, CommandStatus, Tlvs};

/// What an account changes of a message; what it leaves out stays as it was.
#[derive(Clone, Debug)]
pub struct Replacement {
    account: u32,
    /// The message's sender; empty is not asked.
    source: Address,
    user_data: UserData,
    registered_delivery: u8,
    sm_default_msg_id: u8,
    send_at: Option<Duration>,
    expires_at: Option<Duration>,
}

impl Admission {
    /// Reads what is to be changed. `source` is the sender as ours are written.
    ///
    /// # Errors
    /// The status that names the field at fault.
    pub fn replacement(
        &self,
        replace: &ReplaceSm<'_>,
        source: Address,
        wall: Duration,
    ) -> Result<Replacement, CommandStatus> {
        let (user_data, _) = text_of(replace.short_message, replace.tlvs, None)?;
        let send_at = parse_time(replace.schedule_delivery_time.octets(), wall)
            .map_err(|()| CommandStatus::ESME_RINVSCHED)?;
        let expires_at = parse_time(replace.validity_period.octets(), wall)
            .map_err(|()| CommandStatus::ESME_RINVEXPIRY)?
            .map(|at| at.min(wall + self.validity_max));
        Ok(Replacement {
            account: self.account,
            source,
            user_data: UserData::new(user_data),
            registered_delivery: replace.registered_delivery,
            sm_default_msg_id: replace.sm_default_msg_id,
            send_at,
            expires_at,
        })
    }
}

impl Replacement {
    /// Whether this message is its account's, and from the sender that was named.
    #[must_use]
    pub fn covers<B: ?Sized>(&self, message: &Message<B>) -> bool {
        let source = self.source.octets();
        self.account == message.account && (source.is_empty() || source == message.source.octets())
    }

    /// The message as it is to be from now on, its segments planned anew. A replace_sm does not say
    /// in which alphabet its text is: it is read as what `form`, its account's, calls the
    /// `data_coding` that the message was submitted with. `mention` is what it says at its end
    /// unless it says how to stop it.
    ///
    /// # Errors
    /// ESME_RINVEXPIRY when its validity has ended by then, ESME_RINVSCHED when it ends before the
    /// message may be sent, ESME_RINVMSGLEN when it would take more than 255 segments,
    /// ESME_RX_R_APPN for a text that the alphabet its route wants does not hold.
    pub fn of(
        &self,
        message: &Message,
        form: Option<&Form>,
        (cutting, mention): (Cutting, Option<&str>),
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        let send_at = self.send_at.unwrap_or(message.send_at);
        let expires_at = self.expires_at.unwrap_or(message.expires_at);
        if expires_at <= wall {
            return Err(CommandStatus::ESME_RINVEXPIRY);
        }
        if send_at >= expires_at {
            return Err(CommandStatus::ESME_RINVSCHED);
        }
        let is_own = is_own_segment(message.esm_class, Tlvs::take(&message.tlvs).0);
        let (mut read, mut room) = (Vec::new(), Vec::new());
        let mut user_data = self.user_data.octets();
        let mut data_coding = message.submitted_coding;
        if let Some(form) = form
            && let Some(ours) = form.read_text(message.esm_class, data_coding, user_data, &mut read)
        {
            (data_coding, user_data) = (ours, &read);
        }
        let mentioned = mention
            .filter(|_| !is_own)
            .and_then(|mention| mentioned(data_coding, user_data, mention));
        let user_data = mentioned.as_deref().unwrap_or(user_data);
        let text = Text::of(is_own, (data_coding, user_data), cutting, &mut room)?;
        let cuts = text.cut(cutting)?;
        Ok(Message {
            registered_delivery: self.registered_delivery,
            data_coding: text.data_coding,
            shifts: text.shifts,
            sm_default_msg_id: self.sm_default_msg_id,
            user_data: UserData::new(text.user_data),
            cuts,
            send_at,
            expires_at,
            ..message.clone()
        })
    }

    /// Octets of the new text.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.user_data.octets().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::COctetString;
    use crate::wire::table::SubmitSm;

    const WALL: Duration = Duration::from_secs(1_780_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn admission() -> Admission {
        Admission { validity_max: 48 * HOUR, ..Admission::default() }
    }

    fn message() -> Message {
        let submit = SubmitSm {
            source_addr: COctetString::from("Shop"),
            destination_addr: COctetString::from("33612345678"),
            registered_delivery: 1,
            short_message: b"before",
            ..SubmitSm::default()
        };
        let envelope = admission().address(&submit).unwrap();
        admission().message(envelope, &submit, Cutting::default(), WALL).unwrap()
    }

    fn replaced(replace: &ReplaceSm<'_>) -> Result<Message, CommandStatus> {
        let wall = WALL + HOUR;
        let source = Address::new(0, 0, replace.source_addr.octets());
        let replacement = admission().replacement(replace, source, wall)?;
        replacement.of(&message(), None, (Cutting::default(), Some("STOP au 36105")), wall)
    }

    /// SMPP 3.4 §4.10.1.
    #[test]
    fn the_text_is_the_new_one_and_times_that_are_not_given_stay() {
        let long = [b"STOP ".as_slice(), &[b'x'; 200]].concat();
        let message =
            replaced(&ReplaceSm { short_message: &long, ..ReplaceSm::default() }).unwrap();
        assert_eq!((message.segments(), message.user_data.octets()), (2, &long[..]));
        assert_eq!((message.registered_delivery, message.send_at), (0, Duration::ZERO));
        assert_eq!(message.expires_at, WALL + 48 * HOUR);
        assert_eq!(
            (message.destination.octets(), message.accepted_at),
            (&b"33612345678"[..], WALL)
        );
    }

    #[test]
    fn times_count_from_the_replacement_and_keep_to_the_longest_validity() {
        let relative = |schedule, validity| {
            replaced(&ReplaceSm {
                schedule_delivery_time: COctetString::from(schedule),
                validity_period: COctetString::from(validity),
                ..ReplaceSm::default()
            })
        };
        let message = relative("000000010000000R", "000000020000000R").unwrap();
        assert_eq!(message.send_at, WALL + 2 * HOUR);
        assert_eq!(message.expires_at, WALL + 3 * HOUR);
        let longest = relative("", "000099000000000R").unwrap();
        assert_eq!(longest.expires_at, WALL + 49 * HOUR);
        let refused = |schedule, validity| relative(schedule, validity).unwrap_err();
        assert_eq!(refused("soon", ""), CommandStatus::ESME_RINVSCHED);
        assert_eq!(refused("000000030000000R", "000000020000000R"), CommandStatus::ESME_RINVSCHED);
        assert_eq!(refused("", "tomorrow"), CommandStatus::ESME_RINVEXPIRY);
        assert_eq!(refused("", "200101000000000+"), CommandStatus::ESME_RINVEXPIRY);
    }

    #[test]
    fn only_a_message_of_the_account_and_the_sender_that_is_named_is_meant() {
        let replacement = |account, source: &[u8]| {
            let admission = Admission { account, ..admission() };
            let source = Address::new(0, 0, source);
            admission.replacement(&ReplaceSm::default(), source, WALL).unwrap()
        };
        assert!(replacement(0, b"").covers(&message()));
        assert!(replacement(0, b"Shop").covers(&message()));
        assert!(!replacement(0, b"Bank").covers(&message()));
        assert!(!replacement(1, b"Shop").covers(&message()));
    }
}
