//! What a bound account is answered.

use std::time::Duration;

use super::AccountLink;
use crate::clock::Now;
use crate::engine::handles::{Answer, Reply};
use crate::mt::receipts::{id_field, write_id};
use crate::session::Session;
use crate::wire::table::{DataSmResp, QuerySmResp, SubmitMultiResp, SubmitSmResp};
use crate::wire::time::{AbsoluteTime, SmppTime, TimeText};
use crate::wire::{COctetString, CommandId};

impl AccountLink {
    /// Tells the account what its requests came to.
    pub(super) fn answer(&mut self, now: Now, session: &mut Session) {
        let mut submits = 0;
        while let Some(answer) = self.bound.as_ref().and_then(|bound| bound.handle.answers.pop()) {
            submits += usize::from(matches!(answer.reply, Reply::SubmitSm(_) | Reply::DataSm(_)));
            self.answer_with(session, answer);
        }
        let seconds = &self.shared.metrics.submit_response_seconds;
        let tell = |took, count| seconds.record_many(took, count);
        if let Some(bound) = &mut self.bound {
            bound.waits.answered(now.monotonic, submits, tell);
        }
    }

    /// Answers one request.
    pub(super) fn answer_with(&mut self, session: &mut Session, answer: Answer) {
        let Some(bound) = &self.bound else { return };
        let style = bound.account.style;
        let decimal = style.decimal_ids;
        let (sequence, status) = (answer.sequence, answer.status);
        let mut room = [0; 21];
        // What was not taken has no id, though the body of these has a place for one.
        let named = |id| if status.is_ok() { id_field(id) } else { COctetString::default() };
        // At most twenty digits, far below what the fields may have.
        let _ = match &answer.reply {
            Reply::SubmitSm(id) => {
                let message_id = id_field(write_id(*id, decimal, &mut room));
                let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                session.respond(sequence, status, &body)
            }
            Reply::DataSm(id) => {
                let message_id = named(write_id(*id, decimal, &mut room));
                let body = DataSmResp { message_id, ..DataSmResp::default() };
                session.respond(sequence, status, &body)
            }
            Reply::SubmitMulti(multi) => {
                let message_id = named(write_id(multi.id, decimal, &mut room));
                let mut failed = Vec::new();
                let unsuccess_smes = multi.unsuccess(&mut failed);
                let body =
                    SubmitMultiResp { message_id, unsuccess_smes, ..SubmitMultiResp::default() };
                session.respond(sequence, status, &body)
            }
            Reply::QuerySm(standing) => {
                let id = write_id(standing.id, decimal, &mut room);
                let date = final_date(standing.done_s, style.zone_minutes);
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
                session.respond_status(*command, sequence, status);
                Ok(())
            }
        };
        self.count(&answer);
    }

    fn count(&mut self, answer: &Answer) {
        let Some(bound) = &self.bound else { return };
        let (metrics, status) = (&bound.account.metrics, answer.status);
        let command = match &answer.reply {
            Reply::SubmitSm(_) | Reply::DataSm(_) => {
                match status.is_ok() {
                    true => self.tally.accepted += 1,
                    false => {
                        metrics.refuse(status);
                        self.refusals.add(status);
                    }
                }
                match answer.reply {
                    Reply::DataSm(_) => CommandId::DATA_SM,
                    _ => return,
                }
            }
            Reply::SubmitMulti(multi) => {
                self.tally.accepted += u64::from(multi.taken);
                for (_, status) in &multi.failed {
                    metrics.refuse(*status);
                    self.refusals.add(*status);
                }
                CommandId::SUBMIT_MULTI
            }
            Reply::QuerySm(_) => CommandId::QUERY_SM,
            Reply::Status(command) => *command,
        };
        self.tally.request(command, status);
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
