//! Octets on their way: what the engine reads and writes, what arrives, what is lost.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::core::{Core, Event};
use super::counts::What;
use super::net::{Conn, Parcel, Side, Way};
use super::plan::millis;
use crate::wire::{CommandId, Header};

impl Core {
    pub fn engine_reads(
        &mut self,
        at: usize,
        conn: &mut Conn,
        cx: &Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if conn.inbox.is_empty() {
            return match (conn.is_reset, conn.is_fin) {
                (true, _) => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
                (false, true) => Poll::Ready(Ok(())),
                (false, false) => {
                    conn.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let octets = conn.inbox.make_contiguous();
        let taken = octets.len().min(buf.remaining());
        buf.put_slice(&octets[..taken]);
        let mut read = Vec::new();
        conn.reads.feed(&octets[..taken], |header| read.push(header));
        conn.inbox.drain(..taken);
        for header in &read {
            if header.command_id.is_response() || header.command_id == CommandId::GENERIC_NACK {
                conn.unanswered.retain(|(sequence, _)| *sequence != header.sequence_number);
            }
            self.engine_has_read(at, conn, header);
        }
        conn.heard_at = self.now;
        conn.has_unbound |= read.iter().any(|header| header.command_id == CommandId::UNBIND);
        Poll::Ready(Ok(()))
    }

    pub fn engine_writes(
        &mut self,
        at: usize,
        conn: &mut Conn,
        cx: &Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if conn.is_reset {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let room = self.plan.net.buffer.saturating_sub(conn.to_outside.octets);
        if room == 0 {
            self.counts.add(What::Backpressure);
            conn.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut taken = octets.len().min(room);
        if self.is_killed_before(conn, &octets[..taken]) {
            return Poll::Pending;
        }
        let within = self.is_killed_within(conn, &octets[..taken]);
        taken = within.unwrap_or(taken);
        let mut written = Vec::new();
        conn.writes.feed(&octets[..taken], |header| written.push(header));
        self.send(at, conn, Way::Out, Parcel::Octets(octets[..taken].to_vec()));
        for header in &written {
            self.engine_has_written(conn, header);
        }
        if within.is_some() {
            self.kill(What::WithinSegment);
        }
        Poll::Ready(Ok(taken))
    }

    fn engine_has_read(&mut self, at: usize, conn: &Conn, header: &Header) {
        let read = (at, header.sequence_number);
        match (conn.side, header.command_id) {
            (Side::Account(_), CommandId::SUBMIT_SM) => self.passes(What::ReadNotWritten),
            (Side::Account(_), CommandId::DELIVER_SM_RESP) => {
                // Behind an unbind nothing is heard but what came with it.
                if !conn.has_unbound {
                    self.answer_is_read(read, header.command_status);
                }
                self.passes(What::DeliveryAnswerRead);
            }
            (Side::Carrier(_), CommandId::SUBMIT_SM_RESP | CommandId::GENERIC_NACK) => {
                self.response_is_read(read);
                self.passes(What::AnswerRead);
            }
            (Side::Carrier(_), CommandId::DELIVER_SM) => self.passes(What::ReceiptRead),
            _ => {}
        }
    }

    fn engine_has_written(&mut self, conn: &mut Conn, header: &Header) {
        let is_request = matches!(
            header.command_id,
            CommandId::SUBMIT_SM | CommandId::DELIVER_SM | CommandId::DATA_SM
        );
        if is_request {
            conn.unanswered.push_back((header.sequence_number, self.now));
            self.check_window(conn);
        }
        match (conn.side, header.command_id) {
            (Side::Account(_), CommandId::SUBMIT_SM_RESP) => self.passes(What::Answered),
            (Side::Account(_), CommandId::DELIVER_SM) => self.passes(What::Delivered),
            (Side::Carrier(carrier), CommandId::SUBMIT_SM) => {
                self.check_rate(carrier);
                self.passes(What::AfterSegment);
            }
            (Side::Carrier(_), CommandId::DELIVER_SM_RESP) => {
                self.passes(What::AfterReceiptAnswer);
            }
            _ => {}
        }
    }

    /// Whether the engine is killed before it writes the first of these octets.
    fn is_killed_before(&mut self, conn: &Conn, octets: &[u8]) -> bool {
        let points: &[_] = match conn.side {
            Side::Account(_) => &[(What::SyncedNotAnswered, CommandId::SUBMIT_SM_RESP)],
            Side::Carrier(_) => &[
                (What::BeforeSegment, CommandId::SUBMIT_SM),
                (What::BeforeReceiptAnswer, CommandId::DELIVER_SM_RESP),
            ],
        };
        let is_next = |command| conn.writes.find(octets, command).is_some();
        for &(point, command) in points {
            if self.is_next_kill(point) && is_next(command) {
                self.passes(point);
            }
        }
        self.is_over(self.life.number)
    }

    /// Where in these octets the engine is killed within a segment, if it is.
    fn is_killed_within(&mut self, conn: &Conn, octets: &[u8]) -> Option<usize> {
        if !self.is_next_kill(What::WithinSegment) || !matches!(conn.side, Side::Carrier(_)) {
            return None;
        }
        let (from, length) = conn.writes.find(octets, CommandId::SUBMIT_SM)?;
        if !self.counts_down(What::WithinSegment) {
            return None;
        }
        let part = 1 + self.dice.below(length as u64 - 1) as usize;
        Some((from + part).min(octets.len()))
    }

    /// Puts something under way.
    pub fn send(&mut self, at: usize, conn: &mut Conn, way: Way, parcel: Parcel) {
        let delay = millis(self.dice.below(self.plan.net.delay_ms + 1));
        let splits = self.plan.net.splits;
        let parts = match parcel {
            Parcel::Octets(octets) if octets.len() > 1 && self.dice.hits(splits) => {
                self.counts.add(What::Split);
                let (front, back) =
                    octets.split_at(1 + self.dice.below(octets.len() as u64 - 1) as usize);
                vec![Parcel::Octets(front.to_vec()), Parcel::Octets(back.to_vec())]
            }
            parcel => vec![parcel],
        };
        let now = self.now;
        for (part, parcel) in parts.into_iter().enumerate() {
            let lane = match way {
                Way::In => &mut conn.to_engine,
                Way::Out => &mut conn.to_outside,
            };
            let arrives = (now + delay + millis(part as u64)).max(lane.last_at);
            lane.last_at = arrives;
            if let Parcel::Octets(octets) = &parcel {
                lane.octets += octets.len();
            }
            lane.parcels.push_back((now, parcel));
            self.schedule(arrives, Event::Arrival(at, way));
        }
    }

    /// What is first under way arrives.
    pub fn arrives(&mut self, at: usize, way: Way) {
        let Some(mut conn) = self.conns[at].take() else { return };
        let lane = match way {
            Way::In => &mut conn.to_engine,
            Way::Out => &mut conn.to_outside,
        };
        if conn.is_dead || conn.is_reset {
            // It is lost, or will never be there.
            self.conns[at] = Some(conn);
            return;
        }
        let Some((written_at, parcel)) = lane.parcels.pop_front() else {
            self.conns[at] = Some(conn);
            return;
        };
        let mut is_cut = false;
        let parcel = match parcel {
            Parcel::Octets(mut octets) => {
                lane.octets -= octets.len();
                if let Some(left) = &mut conn.reset_after {
                    if octets.len() as u64 >= *left {
                        octets.truncate(*left as usize);
                        is_cut = true;
                    }
                    *left -= octets.len() as u64;
                }
                Parcel::Octets(octets)
            }
            Parcel::Fin => Parcel::Fin,
        };
        if way == Way::Out
            && let Some(waker) = conn.writer.take()
        {
            waker.wake();
        }
        conn.written_at = written_at;
        self.conns[at] = Some(conn);
        match way {
            Way::In => self.arrives_in(at, parcel),
            Way::Out => self.arrives_out(at, parcel),
        }
        if is_cut && !self.is_healed {
            self.reset(at);
        }
    }

    fn arrives_in(&mut self, at: usize, parcel: Parcel) {
        let Some(conn) = &mut self.conns[at] else { return };
        match parcel {
            Parcel::Octets(octets) => conn.inbox.extend(octets),
            Parcel::Fin => conn.is_fin = true,
        }
        if let Some(waker) = conn.reader.take() {
            waker.wake();
        }
    }

    /// The connection is reset: what is under way is lost.
    pub fn reset(&mut self, at: usize) {
        let Some(conn) = &mut self.conns[at] else { return };
        if conn.is_reset {
            return;
        }
        let is_within =
            conn.writes.is_within() || conn.reads.is_within() || !conn.partial.is_empty();
        for lane in [&mut conn.to_engine, &mut conn.to_outside] {
            lane.parcels.clear();
            lane.octets = 0;
        }
        self.counts.add(What::Reset);
        if is_within {
            self.counts.add(What::ResetWithin);
        }
        self.note(|| format!("conn {at} reset"));
        self.lose(at);
    }

    pub fn engine_closes(&mut self, at: usize, life: u32) {
        if self.is_over(life) {
            return;
        }
        self.look_at_clock();
        let Some(mut conn) = self.conns[at].take() else { return };
        if !conn.is_reset && !matches!(conn.to_outside.parcels.back(), Some((.., Parcel::Fin))) {
            self.send(at, &mut conn, Way::Out, Parcel::Fin);
        }
        if matches!(conn.side, Side::Carrier(_)) {
            // What it had out there is in doubt; an SMSC may hear of it seconds later, or never.
            self.ledger.disturbed_at = self.now;
        }
        self.conns[at] = Some(conn);
    }
}
