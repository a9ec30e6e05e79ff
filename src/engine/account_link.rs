//! The session of an account: binds it, admits its messages, hands it receipts and MO.

mod answers;
mod bound;
mod multi;
mod requests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use super::handles::{AccountHandle, Handed};
use super::history::{Refusals, What};
use super::leases::Leases;
use super::lobby::Guest;
use super::outbox::ShardOutbox;
use super::shard::Delivery;
use super::shared::{Shared, ToShard};
use super::tap::Tap;
use super::world::{Account, World, session_settings};
use crate::clock::Now;
use crate::link::{Owner, Pace};
use crate::message::address_range::AddressRange;
use crate::message::translation::Translator;
use crate::mo::MoRenderer;
use crate::mt::receipts::{ReceiptRenderer, ReceiptStyle};
use crate::session::{BindRequest, CloseReason, Entry, Event, Odd, Session, Unanswered};
use crate::telemetry::{self, Registry};
use crate::wire::{COctetString, CommandStatus, State, StatusClass};
use bound::{Bound, Tally, Waits};

/// How long an account that refused a delivery for now is left alone.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// Octets waiting to be written above which no delivery is added: what a session that is slow to
/// read costs does not grow with its window.
const UNWRITTEN_BYTES: usize = 32 * 1024;

/// The owner of an account's session.
#[derive(Debug)]
pub struct AccountLink {
    shared: Arc<Shared>,
    /// What it works by, as of this wake-up.
    world: Arc<World>,
    peer: SocketAddr,
    tap: Arc<Tap>,
    /// Its place among those that have not bound.
    guest: Option<Guest>,
    bound: Option<Bound>,
    outbox: ShardOutbox,
    receipts: ReceiptRenderer,
    mo: MoRenderer,
    translator: Translator,
    /// What was sent and unanswered when the session ended, the oldest first.
    unsettled: Vec<Delivery>,
    /// Set once the session has ended.
    ended: bool,
    /// Whether it keeps deliveries until what is unwritten has gone.
    holds_back: bool,
    tally: Tally,
    refusals: Refusals,
    leases: Leases,
}

impl AccountLink {
    /// The owner of a connection that has just been accepted.
    #[must_use]
    pub fn new(shared: Arc<Shared>, (peer, tap): (SocketAddr, Arc<Tap>), guest: Guest) -> Self {
        let outbox = ShardOutbox::new(Arc::clone(&shared));
        Self {
            world: shared.world(),
            shared,
            peer,
            tap,
            guest: Some(guest),
            bound: None,
            outbox,
            receipts: ReceiptRenderer::default(),
            mo: MoRenderer::default(),
            translator: Translator::default(),
            unsettled: Vec::new(),
            ended: false,
            holds_back: false,
            tally: Tally::default(),
            refusals: Refusals::default(),
            leases: Leases::default(),
        }
    }

    /// Works by the newest world from now on. A session that its account may not have any more is
    /// unbound, what is under way first; its window stays what it bound with.
    fn renew(&mut self, now: Now, session: &mut Session) {
        let Some(bound) = &mut self.bound else { return };
        let Some(account) = self.world.accounts.get(bound.account.index as usize) else { return };
        bound.account = Arc::clone(account);
        self.leases.grow(self.world.carriers.len());
        if account.is_removed || !account.settings.allows(self.peer.ip()) {
            session.unbind(now);
            return;
        }
        let own = &account.settings;
        let rules = session_settings(&self.world.settings, &own.timers, &own.dialect);
        session.set_rules(rules.rules);
        session.set_timers(rules.enquire_link, rules.inactivity, rules.response_timeout);
    }

    fn bind(&mut self, now: Now, session: &mut Session, request: &BindRequest<'_>) {
        self.shared.refresh(&mut self.world);
        match self.authorise(request) {
            Ok(account) => self.bind_as(now, session, request, account),
            Err(refusal) => {
                self.note_refusal(now, request, refusal.reason);
                session.refuse_bind(refusal.status);
            }
        }
    }

    /// Says it, and notes it for who asks: with the account that is meant, or with the names that
    /// none has.
    fn note_refusal(&self, now: Now, request: &BindRequest<'_>, reason: &'static str) {
        telemetry::bind_refused(&self.shared.registry, reason);
        let (peer, name) = (self.peer, &request.fields.system_id);
        let meant = self.named(name);
        // A name that no account has may be a password, typed into the wrong field.
        let account = meant.map_or("none", |account| &account.settings.system_id);
        tracing::info!(%peer, account, reason, "bind refused");
        // The port is another one each time, and says nothing.
        let peer = peer.ip();
        match meant {
            Some(account) => {
                account.record.note(now.wall, What::BindRefusedByUs(peer, reason), 1);
            }
            None => self.shared.strangers.note(now.wall, name.octets(), peer),
        }
    }

    fn named(&self, system_id: &COctetString<'_>) -> Option<&Arc<Account>> {
        self.world.by_system_id.get(system_id.as_str()?)
    }

    /// Who it is, and whether it may bind. An unknown name, a wrong password and a foreign network
    /// get the same answer after the same work: none of them says which of the rest was right.
    fn authorise(
        &self,
        request: &BindRequest<'_>,
    ) -> Result<(Arc<Account>, Option<AddressRange>), Refusal> {
        if self.shared.is_stopping() {
            return Err(Refusal { status: CommandStatus::ESME_RBINDFAIL, reason: "stopping" });
        }
        let wrong = Refusal { status: CommandStatus::ESME_RINVPASWD, reason: "credentials" };
        let password = request.fields.password.octets();
        let known = self.named(&request.fields.system_id);
        let secret = known.map_or(&self.shared.nobody, |account| &account.settings.password);
        let is_right = secret.matches(password);
        let is_allowed = known.is_some_and(|account| account.settings.allows(self.peer.ip()));
        let account = match known {
            Some(account) if is_right && is_allowed => account,
            // The operator is told: the password of this account is known elsewhere.
            Some(_) if is_right => return Err(Refusal { reason: "address", ..wrong }),
            _ => return Err(wrong),
        };
        let range = match account.settings.dialect.honour_address_range {
            false => None,
            true => match AddressRange::parse(request.fields.address_range.octets()) {
                Some(range) => Some(range),
                None => {
                    let status = CommandStatus::ESME_RBINDFAIL;
                    return Err(Refusal { status, reason: "address_range" });
                }
            },
        };
        let mut bound = self.shared.bound.entry(account.index).or_insert(0);
        if *bound >= account.settings.binds_max {
            return Err(Refusal { status: CommandStatus::ESME_RALYBND, reason: "binds_max" });
        }
        *bound += 1;
        Ok((Arc::clone(account), range))
    }

    fn bind_as(
        &mut self,
        now: Now,
        session: &mut Session,
        request: &BindRequest<'_>,
        (account, range): (Arc<Account>, Option<AddressRange>),
    ) {
        let window_max = account.settings.window_max as usize;
        let handle = AccountHandle::new(window_max, range, &self.tap);
        let receives = request.kind.state() != State::BoundTx;
        let own = &account.settings;
        let rules = session_settings(&self.world.settings, &own.timers, &own.dialect);
        session.set_window_max(window_max);
        session.set_rules(rules.rules);
        session.set_timers(rules.enquire_link, rules.inactivity, rules.response_timeout);
        self.guest = None;
        session.accept_bind(now, &self.world.settings.node.name);
        self.shared.metrics.account_binds.increment(1);
        tracing::info!(
            peer = %self.peer,
            account = account.settings.system_id,
            state = %session.state(),
            "bound"
        );
        account.record.bound(now.wall, (session.state(), self.peer), &handle);
        if receives {
            account.add_receiver(&handle);
            for shard in 0..self.shared.shards.len() {
                self.outbox.push(shard, ToShard::AccountBound(account.index));
            }
        }
        self.leases = Leases::new(self.world.carriers.len());
        self.bound = Some(Bound {
            account,
            handle,
            receives,
            window_max,
            in_flight: Vec::new(),
            free: Vec::new(),
            took_at: None,
            piles_up: false,
            waits: Waits::default(),
        });
    }

    fn response(&mut self, now: Now, request: Entry, status: CommandStatus) {
        let Some(bound) = &mut self.bound else { return };
        bound.took_at = Some(now.monotonic);
        let Some(handed) = bound.take(request.ticket) else { return };
        let metrics = &bound.account.metrics;
        if status.is_ok() {
            match handed.delivery {
                Delivery::Receipt { .. } => self.tally.receipts += 1,
                Delivery::Mo { .. } => self.tally.mo += 1,
            }
            settle(&self.shared, &mut self.outbox, &handed.delivery);
            return;
        }
        metrics.refused_deliveries.increment(1);
        match status.class() {
            // It will never take it: sending it again would block those behind it.
            StatusClass::Permanent | StatusClass::Protocol | StatusClass::Ok => {
                settle(&self.shared, &mut self.outbox, &handed.delivery);
            }
            StatusClass::Session | StatusClass::Temporary | StatusClass::Throttle => {
                self.try_another(handed);
            }
        }
    }

    /// Another session of the account may take what this one could not; failing that it waits.
    fn try_another(&mut self, handed: Handed) {
        let Some(bound) = &self.bound else { return };
        if let Err(handed) = bound.pass_on(handed) {
            self.give_back(vec![handed.delivery], REFUSED_PAUSE);
        }
    }

    fn unanswered(&mut self, request: Entry, why: Unanswered) {
        let handed = self.bound.as_mut().and_then(|bound| bound.take(request.ticket));
        let Some(handed) = handed else { return };
        match why {
            Unanswered::TimedOut => self.try_another(handed),
            // All that the session held goes back together, in order, when it has closed.
            Unanswered::SessionEnded => self.unsettled.push(handed.delivery),
        }
    }

    /// Gives deliveries back, the oldest first, each to the shard of its handset.
    fn give_back(&mut self, deliveries: Vec<Delivery>, pause: Duration) {
        let Some(bound) = &self.bound else { return };
        let account = bound.account.index;
        let mut by_shard = vec![Vec::new(); self.shared.shards.len()];
        for delivery in deliveries {
            if let Some(own) = by_shard.get_mut(self.shared.shard_of(delivery.handset())) {
                own.push(delivery);
            }
        }
        for (shard, deliveries) in by_shard.into_iter().enumerate() {
            if !deliveries.is_empty() {
                self.outbox.push(shard, ToShard::Undelivered { account, deliveries, pause });
            }
        }
    }

    /// Everything this session held goes back, and nothing more comes to it.
    fn unbind(&mut self, now: Now, reason: CloseReason) {
        self.ended = true;
        telemetry::account_session_closed(&self.shared.registry, reason);
        let why = What::Closed(reason);
        let reason = reason.name();
        let Some(bound) = &self.bound else {
            tracing::debug!(peer = %self.peer, reason, "connection closed before a bind");
            return;
        };
        let account = Arc::clone(&bound.account);
        let handle = Arc::clone(&bound.handle);
        tracing::info!(
            peer = %self.peer,
            account = account.settings.system_id,
            reason,
            "session closed"
        );
        if bound.receives {
            account.remove_receiver(&handle);
        }
        self.shared.metrics.account_binds.decrement(1);
        if let Some(mut bound) = self.shared.bound.get_mut(&account.index) {
            *bound = bound.saturating_sub(1);
        }
        account.record.closed(now.wall, &handle, why);
        handle.close();
        let mut unsettled = std::mem::take(&mut self.unsettled);
        let left = std::iter::from_fn(|| handle.deliveries.pop());
        unsettled.extend(left.map(|handed| handed.delivery));
        self.give_back(unsettled, Duration::ZERO);
        self.tally.flush(&account, &self.shared);
    }

    /// Its session has panicked: what it had out goes to another one.
    pub async fn break_off(&mut self, now: Now) {
        if self.ended {
            return;
        }
        if let Some(bound) = &mut self.bound {
            let out = std::mem::take(&mut bound.in_flight).into_iter().flatten();
            self.unsettled.extend(out.map(|handed| handed.delivery));
            self.unsettled.sort_by_key(Delivery::number);
        }
        self.unbind(now, CloseReason::Local);
        if let Some(bound) = &self.bound {
            self.leases.end(&bound.account, &self.world);
        }
        std::future::poll_fn(|cx| {
            self.outbox.flush(cx);
            if self.outbox.is_blocked() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Hands out what waits, while the window has room.
    fn deliver(&mut self, now: Now, session: &mut Session) {
        let Some(bound) = &mut self.bound else { return };
        if !bound.receives || self.ended {
            return;
        }
        let mut took = false;
        while let Some(alert) = bound.handle.alerts.pop() {
            let form = bound.account.form.as_ref();
            // It has no answer; where the session is ending it is lost.
            let _ = alert.with_pdu(form, &mut self.translator, |pdu| session.notify(pdu));
        }
        let no_tlvs = !session.peer_takes_tlvs();
        while session.window_free() > 0 && session.poll_transmit().len() < UNWRITTEN_BYTES {
            let Some(handed) = bound.handle.deliveries.pop() else { break };
            took = true;
            let ticket = bound.next_ticket();
            let style = ReceiptStyle { no_tlvs, ..bound.account.style };
            let deliver = match &handed.delivery {
                Delivery::Receipt { subject, outcome, .. } => {
                    self.receipts.render(subject, outcome, style)
                }
                Delivery::Mo { message, .. } => self.mo.render(message, no_tlvs),
            };
            let deliver = match &bound.account.form {
                None => deliver,
                Some(form) => self.translator.written_deliver(form, &deliver),
            };
            match session.submit(now, ticket, &deliver) {
                Ok(_) => bound.keep(ticket, handed),
                // A field of the carrier's that is too long for us cannot be delivered at all.
                Err(error) => {
                    let account = &bound.account;
                    account.metrics.refused_deliveries.increment(1);
                    let name = &account.settings.system_id;
                    tracing::warn!(account = name, ?error, "a delivery cannot be written");
                    bound.free.push(ticket as u32);
                    settle(&self.shared, &mut self.outbox, &handed.delivery);
                }
            }
        }
        self.holds_back = session.poll_transmit().len() >= UNWRITTEN_BYTES;
        if took && bound.account.starving.take() {
            let account = bound.account.index;
            for shard in 0..self.shared.shards.len() {
                self.outbox.push(shard, ToShard::AccountReady(account));
            }
        }
    }
}

/// The account has this, or will never take it: its shard need not keep it any more.
fn settle(shared: &Shared, outbox: &mut ShardOutbox, delivery: &Delivery) {
    let number = delivery.number();
    if number > 0 {
        outbox.push(shared.shard_of(delivery.handset()), ToShard::Settled(number));
    }
}

struct Refusal {
    status: CommandStatus,
    reason: &'static str,
}

impl Owner for AccountLink {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        match event {
            Event::Request { header, pdu } => self.request(now, session, header, &pdu),
            Event::Response { request, status, late, .. } => {
                if !late {
                    self.response(now, request, status);
                }
            }
            Event::BindRequested(request) => self.bind(now, session, &request),
            Event::Unanswered { request, why } => self.unanswered(request, why),
            Event::Odd(odd) => count_odd(&self.shared.registry, odd),
            Event::Closed(reason) => self.unbind(now, reason),
            Event::Bound(_) | Event::Outbind(_) => {}
        }
    }

    fn poll_work(&mut self, cx: &mut Context<'_>, now: Now, session: &mut Session) {
        if self.guest.as_ref().is_some_and(Guest::is_out) {
            session.close();
        }
        if self.shared.refresh(&mut self.world) && !self.ended {
            self.renew(now, session);
        }
        if let Some(bound) = &mut self.bound {
            bound.look_at_backlog();
            bound.handle.answers.register(cx);
            if self.shared.is_stopping() || bound.handle.unbind.load(Ordering::Relaxed) {
                session.unbind(now);
            }
        }
        // Answers go first, however many deliveries wait.
        self.answer(now, session);
        self.deliver(now, session);
        if let Some(bound) = &self.bound {
            self.tally.flush(&bound.account, &self.shared);
            for (refused, times) in self.refusals.drain() {
                bound.account.record.note(now.wall, refused, times);
            }
            self.leases.end(&bound.account, &self.world);
        }
        self.outbox.flush(cx);
    }

    fn pace(&self) -> Pace {
        if self.outbox.is_blocked() { Pace::Wait } else { Pace::Go }
    }

    fn holds_back(&self) -> bool {
        self.holds_back
    }
}

/// Counts what a session dealt with by itself.
pub fn count_odd(registry: &Registry, odd: Odd) {
    let kind = match odd {
        Odd::BadPdu(error) => error.fault.name(),
        Odd::NotPermitted(_) => "not_permitted",
        Odd::Stray { .. } => "stray_response",
    };
    telemetry::pdu_odd(registry, kind);
}
