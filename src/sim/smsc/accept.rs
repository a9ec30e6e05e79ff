//! Requests of an ESME to their answers, and to the receipts that will follow.

use std::time::Duration;

use super::bind::{Answer, Bind, BindId, Lane};
use super::ids::{self, Id};
use super::receipt::{Inline, Receipt};
use super::report::REPLIES_MAX;
use super::settings::{ReceiptBind, ReceiptForm, Settings};
use super::submission::Submission;
use super::{Flow, Smsc};
use crate::clock::Now;
use crate::message::state::{AcceptedMeans, MessageState};
use crate::session::Session;
use crate::sim::audit::Arrival;
use crate::sim::dice::mixed;
use crate::wire::table::{DataSmResp, Pdu, QuerySm, QuerySmResp, SubmitMultiResp, SubmitSmResp};
use crate::wire::time::{AbsoluteTime, SmppTime};
use crate::wire::{COctetString, CommandId, CommandStatus, Header};

/// The bits of `registered_delivery` that ask for an SMSC receipt (SMPP 3.4 §5.2.17).
const RECEIPT_MASK: u8 = 0x03;

/// Numbers whose messages of one second are counted; further ones are not limited.
const NUMBERS_MAX: usize = 65_536;

impl Smsc {
    /// A request of the peer.
    #[inline]
    pub fn request(
        &mut self,
        now: Now,
        id: BindId,
        session: &mut Session,
        header: Header,
        pdu: &Pdu<'_>,
    ) -> Flow {
        match pdu {
            Pdu::SubmitSm(submit) => {
                return self.submitted(now, id, session, header, &Submission::of_submit_sm(submit));
            }
            Pdu::DataSm(data) => {
                return self.submitted(now, id, session, header, &Submission::of_data_sm(data));
            }
            Pdu::SubmitMulti(multi) => {
                return self.submitted(now, id, session, header, &Submission::of_multi(multi));
            }
            Pdu::QuerySm(query) => self.queried(now, session, header, query),
            // Messages are delivered the moment they are accepted: there is none left to change.
            Pdu::CancelSm(_) => refuse(session, header, CommandStatus::ESME_RCANCELFAIL),
            Pdu::ReplaceSm(_) => refuse(session, header, CommandStatus::ESME_RREPLACEFAIL),
            _ => session.respond_nack(header.sequence_number, CommandStatus::ESME_RINVCMDID),
        }
        Flow::Go
    }

    #[inline]
    fn submitted(
        &mut self,
        now: Now,
        id: BindId,
        session: &mut Session,
        header: Header,
        submission: &Submission<'_>,
    ) -> Flow {
        self.report.submits += 1;
        let status = self.judge(now, submission);
        let mut answer = Answer {
            due: now.monotonic,
            sequence: header.sequence_number,
            command_id: header.command_id,
            status,
            number: 0,
            copies: 1,
        };
        let mut route = Route::Answer;
        if status.is_ok() {
            self.last += 1;
            answer.number = self.last;
            self.accepted(submission);
            if self.faulty {
                route = self.misfortune(id, submission, &mut answer);
            }
            if self.wants_receipt(submission, answer.number) {
                self.add_receipt(now, id, submission, &answer, &mut route);
            }
        }
        let Some(Some(bind)) = self.binds.get_mut(id.0) else { return Flow::Go };
        bind.submits += 1;
        dispatch(&self.settings, session, bind, answer, route);
        match self.settings.drop_every {
            Some(every) if bind.submits >= every => {
                self.report.drops += 1;
                Flow::Cut
            }
            _ => Flow::Go,
        }
    }

    /// Whether a message is taken.
    #[inline]
    fn judge(&mut self, now: Now, submission: &Submission<'_>) -> CommandStatus {
        let second = now.monotonic.as_secs();
        if self.second.0 != second {
            self.second = (second, 0);
            self.by_number.clear();
        }
        let above = self.settings.throttle_above.is_some_and(|limit| self.second.1 >= limit);
        if above || self.is_number_above(submission) {
            self.report.throttled += 1;
            return CommandStatus::ESME_RTHROTTLED;
        }
        self.second.1 += 1;
        if self.receipts >= self.settings.receipts_max {
            self.report.queue_full += 1;
            return CommandStatus::ESME_RMSGQFUL;
        }
        CommandStatus::ESME_ROK
    }

    /// Whether the number of a message has sent what it may in this second; else it counts.
    #[inline]
    fn is_number_above(&mut self, submission: &Submission<'_>) -> bool {
        let Some(limit) = self.settings.throttle_number_above else { return false };
        let number = submission.source.octets();
        if self.by_number.get(number).copied().unwrap_or(0) >= limit {
            return true;
        }
        if let Some(sent) = self.by_number.get_mut(number) {
            *sent += 1;
        } else if self.by_number.len() < NUMBERS_MAX {
            self.by_number.insert(number.into(), 1);
        }
        false
    }

    #[inline]
    fn accepted(&mut self, submission: &Submission<'_>) {
        self.report.accepted += 1;
        let arrival = submission.serial().map(|serial| self.audit.enter(serial));
        if matches!(arrival, None | Some(Arrival::NotAudited)) {
            self.report.unmarked += 1;
        }
        let mo = &self.settings.mo;
        if !mo.texts.is_empty()
            && submission.destination.octets() == mo.from.as_bytes()
            && self.report.replies.len() < REPLIES_MAX
        {
            self.report.replies.push(submission.said());
        }
    }

    /// What goes wrong with an answer.
    #[cold]
    fn misfortune(
        &mut self,
        id: BindId,
        submission: &Submission<'_>,
        answer: &mut Answer,
    ) -> Route {
        let (late, delay) = self.settings.late;
        if self.dice.hits(self.settings.twice) {
            self.report.twice += 1;
            answer.copies = 2;
        }
        if self.dice.hits(self.settings.never) {
            self.report.never += 1;
            return Route::Never;
        }
        if self.dice.hits(late) {
            self.report.late += 1;
            answer.due += delay;
            return Route::Late;
        }
        // A receipt holds back an answer on its own bind only.
        let bind = self.binds.get(id.0).and_then(Option::as_ref);
        if bind.is_some_and(|bind| bind.receives)
            && self.wants_receipt(submission, answer.number)
            && self.dice.hits(self.settings.receipt_first)
        {
            self.report.receipts_first += 1;
            return Route::AfterReceipt(0);
        }
        Route::Answer
    }

    #[inline]
    fn wants_receipt(&self, submission: &Submission<'_>, number: u64) -> bool {
        let asked = submission.registered_delivery & RECEIPT_MASK;
        if asked == 0 || self.settings.receipts == ReceiptForm::None {
            return false;
        }
        let delivered = self.outcome(number) == MessageState::DELIVERED;
        // 2 asks for failures alone; 3 (SMPP 5.0 §4.7.21) for successes alone.
        asked == 1 || (asked == 3) == delivered
    }

    /// What becomes of a message: its number and the seed say so, and nothing need be kept.
    #[inline]
    pub(super) fn outcome(&self, number: u64) -> MessageState {
        self.settings.outcomes.pick(mixed(self.settings.seed ^ (number - self.before)))
    }

    #[inline]
    fn add_receipt(
        &mut self,
        now: Now,
        from: BindId,
        submission: &Submission<'_>,
        answer: &Answer,
        route: &mut Route,
    ) {
        let first = matches!(route, Route::AfterReceipt(_));
        let (lane, delay) = match first {
            true => (Lane::Express, Duration::ZERO),
            false => (Lane::Receipts, self.settings.receipt_delay),
        };
        let receipt = Receipt {
            number: answer.number,
            due: now.monotonic + delay,
            submitted_secs: now.wall.as_secs() as u32,
            source: submission.source.kept(),
            destination: submission.destination.kept(),
            quote: Inline::new(submission.text()),
            state: self.outcome(answer.number),
        };
        self.receipts += usize::from(answer.copies);
        let target = if first { Some(from) } else { self.receiver(from) };
        let Some(target) = target else {
            return self.orphan(from, receipt, answer.copies);
        };
        if let Some(Some(bind)) = self.binds.get_mut(target.0) {
            for _ in 0..answer.copies {
                let position = bind.receipts[lane as usize].push(receipt);
                if first {
                    *route = Route::AfterReceipt(position);
                }
            }
        }
        if target != from {
            self.wake(target);
        }
    }

    /// Nobody is there to take it: it waits for the next bind of its system_id.
    #[cold]
    fn orphan(&mut self, from: BindId, receipt: Receipt, copies: u8) {
        let account = self.binds.get(from.0).and_then(Option::as_ref).map(|bind| bind.account);
        if let Some(account) = account.and_then(|account| self.accounts.get_mut(account)) {
            account.orphans.extend((0..copies).map(|_| receipt));
        }
    }

    /// The bind that takes a receipt of a message that came from `from`.
    #[inline]
    fn receiver(&mut self, from: BindId) -> Option<BindId> {
        let bind = self.binds.get(from.0)?.as_ref()?;
        let own = bind.receives.then_some(from);
        if own.is_some() && self.settings.receipt_bind == ReceiptBind::Same {
            return own;
        }
        let account = self.accounts.get_mut(bind.account)?;
        for _ in 0..account.binds.len() {
            account.turn = (account.turn + 1) % account.binds.len();
            let Some(&other) = account.binds.get(account.turn) else { continue };
            let bind = self.binds.get(other.0).and_then(Option::as_ref);
            if other != from && bind.is_some_and(|bind| bind.receives) {
                return Some(other);
            }
        }
        own
    }

    /// Tells what became of a message (SMPP 3.4 §4.8.2).
    fn queried(&self, now: Now, session: &mut Session, header: Header, query: &QuerySm<'_>) {
        let number = ids::number(self.settings.id, query.message_id.octets())
            .filter(|number| (self.before + 1..=self.last).contains(number));
        let Some(number) = number else {
            return refuse(session, header, CommandStatus::ESME_RQUERYFAIL);
        };
        let state = self.outcome(number);
        let date = SmppTime::Absolute(AbsoluteTime::from_wall(now.wall, 0)).to_text();
        let is_final = state.is_final(AcceptedMeans::Final);
        let final_date = if is_final { date.as_bytes() } else { &[] };
        let body = QuerySmResp {
            message_id: query.message_id,
            final_date: COctetString::new(final_date),
            message_state: state.0,
            ..QuerySmResp::default()
        };
        // The id came in a field of the same length, and the date has its own.
        let _ = session.respond(header.sequence_number, CommandStatus::ESME_ROK, &body);
    }
}

/// When an answer goes.
#[derive(Clone, Copy, Debug)]
enum Route {
    /// At once, or after the latency.
    Answer,
    /// Much later than that.
    Late,
    /// Behind the express receipt at that position.
    AfterReceipt(u64),
    /// It does not.
    Never,
}

#[inline]
fn dispatch(
    settings: &Settings,
    session: &mut Session,
    bind: &mut Bind,
    mut answer: Answer,
    route: Route,
) {
    match route {
        Route::Answer if settings.latency.is_zero() => send(settings, session, &answer),
        Route::Answer => {
            answer.due += settings.latency;
            bind.answers.push_back(answer);
        }
        Route::Late => bind.late.push_back(answer),
        Route::AfterReceipt(position) => bind.held.push_back((position, answer)),
        Route::Never => {}
    }
}

/// Writes an answer.
#[inline]
pub(super) fn send(settings: &Settings, session: &mut Session, answer: &Answer) {
    for _ in 0..answer.copies {
        if !answer.status.is_ok() {
            session.respond_status(answer.command_id, answer.sequence, answer.status);
            continue;
        }
        let id = Id::of(settings.id, answer.number);
        let message_id = COctetString::new(id.octets());
        let (sequence, status) = (answer.sequence, answer.status);
        // An id is shorter than the shortest field for one.
        let _ = match answer.command_id {
            CommandId::DATA_SM => {
                let body = DataSmResp { message_id, ..DataSmResp::default() };
                session.respond(sequence, status, &body)
            }
            CommandId::SUBMIT_MULTI => {
                let body = SubmitMultiResp { message_id, ..SubmitMultiResp::default() };
                session.respond(sequence, status, &body)
            }
            _ => {
                let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                session.respond(sequence, status, &body)
            }
        };
    }
}

fn refuse(session: &mut Session, header: Header, status: CommandStatus) {
    session.respond_status(header.command_id, header.sequence_number, status);
}
