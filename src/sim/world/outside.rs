//! The other ends of connections: octets to sessions, what sessions say to octets.

use std::time::Duration;

use super::core::{Core, Event};
use super::net::{Conn, Parcel, Side, Way};
use crate::session::Event as Said;
use crate::sim::smsc::Flow;

impl Core {
    /// Something has come from the engine.
    pub fn arrives_out(&mut self, at: usize, parcel: Parcel) {
        let Some(mut conn) = self.conns[at].take() else { return };
        let now = self.moment();
        let mut flow = Flow::Go;
        match parcel {
            Parcel::Octets(octets) if !conn.is_closed => {
                conn.partial.extend_from_slice(&octets);
                let whole = std::mem::take(&mut conn.partial);
                let mut rest = &whole[..];
                while let Some(said) = conn.session.handle_bytes(now, &mut rest) {
                    flow = self.hears(at, &mut conn, &said);
                    if flow == Flow::Cut {
                        break;
                    }
                }
                conn.partial = rest.to_vec();
            }
            Parcel::Octets(_) => {}
            Parcel::Fin => conn.session.handle_eof(now),
        }
        self.conns[at] = Some(conn);
        match flow {
            Flow::Go => self.goes_on(at),
            Flow::Cut => self.reset(at),
        }
    }

    fn hears(&mut self, at: usize, conn: &mut Conn, said: &Said<'_>) -> Flow {
        let is_end = matches!(said, Said::Closed(_));
        let flow = match conn.side {
            Side::Account(account) => {
                self.esme_hears(account, at, conn, said);
                Flow::Go
            }
            Side::Carrier(carrier) => self.smsc_hears(carrier, at, conn, said),
        };
        if is_end && !conn.is_closed {
            conn.is_closed = true;
            if let Side::Carrier(carrier) = conn.side {
                self.smsc_is_closed(carrier, conn);
            }
        }
        flow
    }

    /// Takes all that a session has to say, and sets its timer.
    pub fn goes_on(&mut self, at: usize) {
        let Some(mut conn) = self.conns[at].take() else { return };
        let now = self.moment();
        while let Some(said) = conn.session.poll_event() {
            self.hears(at, &mut conn, &said);
        }
        let mut due = conn.session.poll_timeout();
        if let (Side::Carrier(carrier), Some(id)) = (conn.side, conn.bind) {
            let smsc = &mut self.smscs[carrier].smsc;
            smsc.work(now, id, &mut conn.session);
            let its = smsc.poll_timeout(id, &conn.session);
            due = [conn.session.poll_timeout(), its].into_iter().flatten().min();
        }
        let octets = conn.session.poll_transmit().to_vec();
        if !octets.is_empty() {
            conn.session.transmitted(octets.len());
            if !conn.is_reset {
                self.send(at, &mut conn, Way::In, Parcel::Octets(octets));
            }
        }
        if conn.is_closed && !conn.is_reset && !std::mem::replace(&mut conn.is_fin_sent, true) {
            self.send(at, &mut conn, Way::In, Parcel::Fin);
        }
        if let (Some(due), false) = (due, conn.is_closed) {
            // Monotonic time of those outside begins a second before the world.
            let due = due.saturating_sub(Duration::from_secs(1)).max(self.now);
            if conn.timer.is_none_or(|timer| due < timer || timer < self.now) {
                conn.timer = Some(due);
                self.schedule(due, Event::Timer(at));
            }
        }
        let side = conn.side;
        self.conns[at] = Some(conn);
        if let Side::Carrier(carrier) = side {
            self.woken_by(carrier);
        }
    }

    /// The timer of a connection's other end.
    pub fn timer(&mut self, at: usize) {
        let now = self.moment();
        let Some(conn) = &mut self.conns[at] else { return };
        if conn.timer.is_some_and(|timer| timer <= self.now) {
            conn.timer = None;
        }
        if !conn.is_closed {
            conn.session.handle_timeout(now);
        }
        self.goes_on(at);
    }

    /// The other end hears that its connection is gone.
    pub fn lose(&mut self, at: usize) {
        let Some(conn) = &mut self.conns[at] else { return };
        conn.is_reset = true;
        if !conn.is_closed {
            conn.session.handle_disconnect();
        }
        let wakers = [conn.reader.take(), conn.writer.take()];
        wakers.into_iter().flatten().for_each(std::task::Waker::wake);
        self.goes_on(at);
    }

    /// The other end unbinds.
    pub fn unbind(&mut self, at: usize) {
        let now = self.moment();
        if let Some(conn) = &mut self.conns[at] {
            conn.session.unbind(now);
        }
        self.goes_on(at);
    }
}
