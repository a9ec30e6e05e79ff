//! Operators: simulated SMSCs, as `chappe smsc` runs them.

use super::core::Core;
use super::counts::What;
use super::ledger::Copy;
use super::net::{Conn, Side};
use super::plan::CarrierPlan;
use crate::clock::Now;
use crate::message::state::MessageState;
use crate::session::{self, Event as Said, Session, Unanswered};
use crate::sim::dice::Weighted;
use crate::sim::serial::Serial;
use crate::sim::smsc::ids::{IdForm, ReceiptIdForm};
use crate::sim::smsc::{BindId, Flow, MoOrder, ReceiptBind, ReceiptForm, Report, Smsc};
use crate::wire::table::{Pdu, SubmitSm};
use crate::wire::{Header, Role, Rules, TlvTag, UDHI};

/// An SMSC and its binds.
pub struct SmscSide {
    pub smsc: Smsc,
    /// Which connection each bind is on.
    pub binds: Vec<(BindId, usize)>,
}

impl SmscSide {
    pub fn new(plan: &CarrierPlan, now: Now) -> Self {
        Self { smsc: Smsc::new(plan.smsc.clone(), now), binds: Vec::new() }
    }
}

impl Core {
    /// The engine connects to a carrier.
    pub fn connect_carrier(&mut self, carrier: usize) -> usize {
        let rules = Rules { long_c_strings: true, ..Rules::default() };
        let settings = session::Settings {
            rules,
            response_timeout: super::plan::millis(3_000),
            enquire_link: super::plan::millis(4_000),
            ..session::Settings::default()
        };
        let session = Session::new(Role::Smsc, settings, self.moment());
        let conn = self.new_conn(Side::Carrier(carrier), session);
        self.goes_on(conn);
        conn
    }

    /// Something happened in an SMSC's session; whether its link goes on.
    pub fn smsc_hears(
        &mut self,
        carrier: usize,
        conn_at: usize,
        conn: &mut Conn,
        said: &Said<'_>,
    ) -> Flow {
        let now = self.moment();
        let side = &mut self.smscs[carrier];
        let Some(id) = conn.bind else {
            if let Said::BindRequested(request) = said {
                conn.bind = side.smsc.bind(now, &mut conn.session, request);
                side.binds.extend(conn.bind.map(|id| (id, conn_at)));
                self.note(|| format!("carrier {carrier} bound on conn {conn_at}"));
            }
            return Flow::Go;
        };
        match said {
            Said::Request { header, pdu } => {
                let before = side.smsc.accepted_so_far();
                let flow = side.smsc.request(now, id, &mut conn.session, *header, pdu);
                let is_taken = side.smsc.accepted_so_far() > before;
                if let Pdu::SubmitSm(submit) = pdu {
                    self.is_submitted(carrier, (conn_at, conn), header, submit, is_taken);
                }
                return flow;
            }
            Said::Response { request, status, .. } => {
                side.smsc.answered(now, id, request.ticket, *status);
            }
            Said::Unanswered { request, why: Unanswered::TimedOut } => {
                side.smsc.unanswered(now, id, request.ticket);
            }
            Said::Closed(reason) => {
                self.note(|| format!("carrier {carrier} conn {conn_at} closed: {}", reason.name()));
            }
            _ => {}
        }
        Flow::Go
    }

    fn is_submitted(
        &mut self,
        carrier: usize,
        (conn_at, conn): (usize, &Conn),
        header: &Header,
        submit: &SubmitSm<'_>,
        is_taken: bool,
    ) {
        let (segment, text) = segment_of(submit);
        let Some(serial) = Serial::read(text) else {
            self.failures.push(format!("carrier {carrier} got a text that nobody wrote"));
            return;
        };
        let (account, number) = (serial.run() as usize, serial.number());
        self.note(|| {
            format!(
                "carrier {carrier} conn {conn_at} gets {account}/{number}.{segment}: {is_taken}"
            )
        });
        if is_taken {
            let smsc = &self.smscs[carrier].smsc;
            let copy = Copy {
                segment,
                carrier,
                written_at: conn.written_at,
                outcome: smsc.outcome_of_last(),
                response: None,
            };
            return self.taken((conn_at, header.sequence_number), (account, number), copy);
        }
        let now = self.now;
        if let Some(message) = self.ledger.message(account, number) {
            message.refusals += 1;
            let lane = message.lane;
            self.ledger.disturb(account, lane, now);
        }
    }

    /// An SMSC's link is gone.
    pub fn smsc_is_closed(&mut self, carrier: usize, conn: &mut Conn) {
        self.ledger.disturbed_at = self.now;
        if let Some(id) = conn.bind.take() {
            let side = &mut self.smscs[carrier];
            side.binds.retain(|(bind, _)| *bind != id);
            side.smsc.closed(id);
        }
    }

    /// Binds of a carrier that have something to do because of another one.
    pub fn woken_by(&mut self, carrier: usize) {
        let side = &mut self.smscs[carrier];
        let mut woken = Vec::new();
        while let Some(id) = side.smsc.poll_woken() {
            woken.extend(side.binds.iter().find(|(bind, _)| *bind == id).map(|(_, conn)| *conn));
        }
        for conn in woken {
            self.schedule(self.now, super::core::Event::Timer(conn));
        }
    }

    /// Counts what the SMSCs did, at the end.
    pub fn count_quirks(&mut self) {
        let reports: Vec<Report> = self.smscs.iter().map(|side| side.smsc.report()).collect();
        for (report, plan) in reports.iter().zip(&self.plan.carriers) {
            let (settings, counts) = (&plan.smsc, &mut self.counts);
            let sent = report.receipts_sent;
            if settings.outcomes != Weighted::only(MessageState::DELIVERED) {
                counts.add_many(What::Outcomes, sent);
            }
            for (what, count) in [
                (What::LateAnswers, report.late),
                (What::NeverAnswers, report.never),
                (What::TwiceAnswers, report.twice),
                (What::ReceiptsFirst, report.receipts_first),
                (What::Drops, report.drops),
                (What::Throttled, report.throttled),
                (What::QueueFull, report.queue_full),
                (What::Resent, report.resent),
            ] {
                counts.add_many(what, count);
            }
            let form = match settings.receipts {
                ReceiptForm::Text => (What::ReceiptsText, sent),
                ReceiptForm::Tlv => (What::ReceiptsTlv, sent),
                ReceiptForm::Both => (What::ReceiptsBoth, sent),
                ReceiptForm::None => (What::ReceiptsNone, report.accepted),
            };
            counts.add_many(form.0, form.1);
            let id = match settings.id {
                IdForm::Decimal => What::IdDecimal,
                IdForm::Hex => What::IdHex,
                IdForm::Uuid => What::IdUuid,
                IdForm::Big => What::IdBig,
            };
            counts.add_many(id, report.accepted);
            match settings.receipt_id {
                ReceiptIdForm::Same => {}
                ReceiptIdForm::Decimal => counts.add_many(What::ReceiptIdDecimal, sent),
                ReceiptIdForm::Hex => counts.add_many(What::ReceiptIdHex, sent),
            }
            if settings.receipt_bind == ReceiptBind::Other && plan.binds > 1 {
                counts.add_many(What::OtherBind, sent);
            }
            if !settings.latency.is_zero() {
                counts.add_many(What::Latency, report.accepted);
            }
            let mo = match (settings.mo.segments, settings.mo.order) {
                (1, _) => What::MoShort,
                (_, MoOrder::Straight) => What::MoSegments,
                (_, MoOrder::Shuffled) => What::MoShuffled,
            };
            counts.add_many(mo, report.mo_sent);
        }
    }
}

/// Which segment of its message this is, and its text without the header.
fn segment_of<'a>(submit: &SubmitSm<'a>) -> (u8, &'a [u8]) {
    let whole = match submit.short_message.is_empty() {
        true => submit.tlvs.octets_of(TlvTag::MESSAGE_PAYLOAD).unwrap_or_default(),
        false => submit.short_message,
    };
    match whole {
        [5, 0, 3, _, _, segment, text @ ..] if submit.esm_class & UDHI != 0 => {
            (segment.saturating_sub(1), text)
        }
        [6, 8, 4, _, _, _, segment, text @ ..] if submit.esm_class & UDHI != 0 => {
            (segment.saturating_sub(1), text)
        }
        text => (0, text),
    }
}
