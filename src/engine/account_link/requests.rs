//! What a bound account asks, and what it is answered.

use std::sync::Arc;
use std::time::Duration;

use super::AccountLink;
use crate::clock::Now;
use crate::engine::handles::{Asked, LinkHandle, Reply};
use crate::engine::shard::{Cancellation, Submission};
use crate::engine::shared::ToShard;
use crate::engine::world::Account;
use crate::message::envelope::ServiceType;
use crate::message::message_id::MessageId;
use crate::message::translation::{Form, bare};
use crate::mt::ingress::{as_submit, validity_of};
use crate::mt::receipts::{id_field, write_id};
use crate::session::Session;
use crate::wire::table::{
    CancelSm, DataSmResp, Pdu, QuerySm, QuerySmResp, ReplaceSm, SubmitSm, SubmitSmResp,
};
use crate::wire::time::{AbsoluteTime, SmppTime, TimeText};
use crate::wire::{Address, COctetString, CommandStatus, Header, SequenceNumber};

/// Octets of a new text that count as a segment against the rate: its carrier and alphabet, and so
/// its plan, are known to its shard alone.
const SEGMENT_OCTETS: usize = 153;

impl AccountLink {
    /// A request: its answer comes from its shard, or at once when it is refused here.
    pub(super) fn request(
        &mut self,
        now: Now,
        session: &mut Session,
        header: Header,
        pdu: &Pdu<'_>,
    ) {
        let sequence = header.sequence_number;
        let taken = match pdu {
            Pdu::SubmitSm(submit) => self.submit(now, session, (sequence, Asked::Submit), submit),
            Pdu::DataSm(data) => {
                let validity = validity_of(data);
                let submit = as_submit(data, validity.as_ref());
                self.submit(now, session, (sequence, Asked::Data), &submit)
            }
            Pdu::QuerySm(query) => self.query(session, sequence, query),
            Pdu::CancelSm(cancel) => self.cancel(session, sequence, cancel),
            Pdu::ReplaceSm(replace) => self.replace(now, session, sequence, replace),
            Pdu::AlertNotification(_) => return,
            // Not offered to accounts: the answer says so, and the session goes on.
            _ => {
                let status = CommandStatus::ESME_RINVCMDID;
                return session.respond_status(header.command_id, sequence, status);
            }
        };
        if let Err(status) = taken {
            let submits = matches!(pdu, Pdu::SubmitSm(_) | Pdu::DataSm(_));
            if let Some(bound) = self.bound.as_ref().filter(|_| submits) {
                bound.account.metrics.refuse(status);
                self.refusals.add(status);
            }
            session.respond_status(header.command_id, sequence, status);
        }
    }

    /// Admits a message, or says why not. Its answer comes from its shard.
    fn submit(
        &mut self,
        now: Now,
        session: &Session,
        (sequence, asked): (SequenceNumber, Asked),
        submit: &SubmitSm<'_>,
    ) -> Result<(), CommandStatus> {
        let Some(bound) = &self.bound else { return Err(CommandStatus::ESME_RINVBNDSTS) };
        let account = &bound.account;
        self.tally.submits += 1;
        if session.unanswered() > bound.window_max {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        let translated;
        let submit = match &account.form {
            None => submit,
            Some(form) => {
                translated = self.translator.read_submit(form, submit);
                &translated
            }
        };
        if bound.is_about_to_lose(now) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let envelope = account.admission.address(submit)?;
        let destination = envelope.destination.octets();
        let source = envelope.source.octets();
        let carrier = self.world.choose(account, source, destination, &self.leases)?;
        let shard = self.shared.shard_of(destination);
        let message = account.admission.message(envelope, submit, carrier.cutting, now.wall)?;
        if account.rate.take(now.monotonic, u32::from(message.segments())).is_err() {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        if !self.leases.use_one(account, carrier) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let submission = Submission {
            link: LinkHandle::Account(Arc::clone(&bound.handle), asked),
            sequence,
            message: Arc::new(message),
            carrier: carrier.index,
        };
        self.outbox.push(shard, ToShard::Submit(submission));
        Ok(())
    }

    /// Asks the shard that has it how a message stands.
    fn query(
        &mut self,
        session: &Session,
        sequence: SequenceNumber,
        query: &QuerySm<'_>,
    ) -> Result<(), CommandStatus> {
        let Some(bound) = &self.bound else { return Err(CommandStatus::ESME_RINVBNDSTS) };
        if session.unanswered() > bound.window_max {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        let account = bound.account.index;
        let found = self.find_id(&bound.account, query.message_id.octets());
        let (shard, id) = found.ok_or(CommandStatus::ESME_RQUERYFAIL)?;
        let link = LinkHandle::Account(Arc::clone(&bound.handle), Asked::Query);
        self.outbox.push(shard, ToShard::Query { link, sequence, account, id });
        Ok(())
    }

    /// Takes back the message of this id, or those from a sender to a destination.
    fn cancel(
        &mut self,
        session: &Session,
        sequence: SequenceNumber,
        cancel: &CancelSm<'_>,
    ) -> Result<(), CommandStatus> {
        let bound = self.bound.as_ref().ok_or(CommandStatus::ESME_RINVBNDSTS)?;
        if session.unanswered() > bound.window_max {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        let account = Arc::clone(&bound.account);
        let link = LinkHandle::Account(Arc::clone(&bound.handle), Asked::Cancel);
        let id = match cancel.message_id.octets() {
            [] => None,
            text => {
                let found = self.find_id(&account, text);
                Some(found.ok_or(CommandStatus::ESME_RCANCELFAIL)?)
            }
        };
        let source = (cancel.source_addr_ton, cancel.source_addr.octets());
        let source = self.read_address(&account, source);
        let destination = (cancel.dest_addr_ton, cancel.destination_addr.octets());
        let destination = self.read_address(&account, destination);
        let shard = match id {
            Some((shard, _)) => shard,
            None if destination.octets().is_empty() => return Err(CommandStatus::ESME_RINVDSTADR),
            None => self.shared.shard_of(destination.octets()),
        };
        let wanted = Box::new(Cancellation {
            account: account.index,
            id: id.map(|(_, id)| id),
            service_type: ServiceType::new(cancel.service_type.octets()),
            source,
            destination,
        });
        self.outbox.push(shard, ToShard::Cancel { link, sequence, wanted });
        Ok(())
    }

    /// Changes the text, and the times, of a message.
    fn replace(
        &mut self,
        now: Now,
        session: &Session,
        sequence: SequenceNumber,
        replace: &ReplaceSm<'_>,
    ) -> Result<(), CommandStatus> {
        let bound = self.bound.as_ref().ok_or(CommandStatus::ESME_RINVBNDSTS)?;
        if session.unanswered() > bound.window_max {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        let account = Arc::clone(&bound.account);
        let link = LinkHandle::Account(Arc::clone(&bound.handle), Asked::Replace);
        // A replace_sm does not say in which alphabet its text is, so it cannot be translated.
        let is_ours = account.form.as_ref().is_none_or(Form::leaves_texts);
        let found = self.find_id(&account, replace.message_id.octets()).filter(|_| is_ours);
        let (shard, id) = found.ok_or(CommandStatus::ESME_RREPLACEFAIL)?;
        let source = (replace.source_addr_ton, replace.source_addr.octets());
        let source = self.read_address(&account, source);
        let replacement = Box::new(account.admission.replacement(replace, source, now.wall)?);
        let segments = replacement.octets().div_ceil(SEGMENT_OCTETS).max(1);
        let segments = u32::try_from(segments).unwrap_or(u32::MAX);
        if account.rate.take(now.monotonic, segments).is_err() {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        self.outbox.push(shard, ToShard::Replace { link, sequence, id, replacement });
        Ok(())
    }

    /// An address as it stands in the messages of this account: read like one of a submit_sm.
    fn read_address(&mut self, account: &Account, (ton, octets): (u8, &[u8])) -> Address {
        let asked = SubmitSm {
            source_addr_ton: ton,
            source_addr: COctetString::new(octets),
            ..SubmitSm::default()
        };
        let read = match &account.form {
            None => asked,
            Some(form) => self.translator.read_submit(form, &asked),
        };
        Address::new(ton, 0, bare(ton, read.source_addr.octets()))
    }

    /// The shard of an id of ours, and the id, as this account writes it.
    fn find_id(&self, account: &Account, text: &[u8]) -> Option<(usize, MessageId)> {
        let radix = if account.style.decimal_ids { 10 } else { 16 };
        let id = MessageId::parse(text, radix)?;
        Some((self.shared.shard_of_id(id)?, id))
    }

    /// Tells the account what its requests came to.
    pub(super) fn answer(&mut self, session: &mut Session) {
        let Some(bound) = &self.bound else { return };
        let decimal = bound.account.style.decimal_ids;
        while let Some(answer) = bound.handle.answers.pop() {
            let (sequence, status) = (answer.sequence, answer.status);
            let mut room = [0; 21];
            // At most twenty digits, far below what the fields may have.
            let _ = match answer.reply {
                Reply::SubmitSm(id) => {
                    let message_id = id_field(write_id(id, decimal, &mut room));
                    let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                    session.respond(sequence, status, &body)
                }
                Reply::DataSm(id) => {
                    let message_id = id_field(write_id(id, decimal, &mut room));
                    let body = DataSmResp { message_id, ..DataSmResp::default() };
                    session.respond(sequence, status, &body)
                }
                Reply::QuerySm(standing) => {
                    let id = write_id(standing.id, decimal, &mut room);
                    let date = final_date(standing.done_s, bound.account.style.zone_minutes);
                    let final_date = date.as_ref().map_or(&[][..], TimeText::as_bytes);
                    let body = QuerySmResp {
                        message_id: id_field(id),
                        final_date: COctetString::new(final_date),
                        message_state: standing.state.0,
                        error_code: standing.error,
                        ..QuerySmResp::default()
                    };
                    session.respond(sequence, status, &body)
                }
                Reply::Status(command) => {
                    session.respond_status(command, sequence, status);
                    Ok(())
                }
            };
            match answer.reply {
                Reply::SubmitSm(_) | Reply::DataSm(_) if status.is_ok() => self.tally.accepted += 1,
                Reply::SubmitSm(_) | Reply::DataSm(_) => {
                    bound.account.metrics.refuse(status);
                    self.refusals.add(status);
                }
                Reply::QuerySm(_) | Reply::Status(_) => {}
            }
        }
    }
}

/// When a message ended, as its account reads dates; `None` where it has not.
fn final_date(done_s: u32, zone_minutes: i16) -> Option<TimeText> {
    let done = Duration::from_secs(u64::from(done_s));
    // A zone is within a day, so its quarters of an hour fit.
    let quarters = (zone_minutes / 15) as i8;
    let date = || SmppTime::Absolute(AbsoluteTime::from_wall(done, quarters)).to_text();
    (done_s > 0).then(date)
}
