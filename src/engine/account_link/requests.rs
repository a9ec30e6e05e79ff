//! What a bound account asks.

use std::sync::Arc;
use std::time::Duration;

use super::AccountLink;
use crate::clock::Now;
use crate::engine::gathering::Gathering;
use crate::engine::handles::{Asked, LinkHandle};
use crate::engine::leases::Leases;
use crate::engine::shard::{Cancellation, Submission};
use crate::engine::shared::{Keeper, Shared, ToShard};
use crate::engine::world::{Account, Carrier, World};
use crate::message::envelope::{Message, ServiceType};
use crate::message::message_id::MessageId;
use crate::message::translation::{Translator, bare};
use crate::mt::ingress::{as_submit, validity_of};
use crate::mt::segmentation::can_be_marked;
use crate::session::Session;
use crate::wire::table::{CancelSm, Pdu, QuerySm, ReplaceSm, SubmitSm};
use crate::wire::{Address, COctetString, CommandId, CommandStatus, Header, SequenceNumber};

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
            Pdu::SubmitMulti(multi) => self.submit_multi(now, session, sequence, multi),
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
            let submits = matches!(pdu, Pdu::SubmitSm(_) | Pdu::DataSm(_) | Pdu::SubmitMulti(_));
            if let Some(bound) = self.bound.as_ref().filter(|_| submits) {
                bound.account.metrics.refuse(status);
                self.refusals.add(status);
            }
            if header.command_id != CommandId::SUBMIT_SM {
                self.tally.request(header.command_id, status);
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
        if bound.is_about_to_lose(now) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let ways = (&*self.shared, &*self.world, &**account, &self.leases);
        let (shard, message, carrier) = plan(ways, &mut self.translator, submit, now.wall)?;
        if account.rate.take(now.monotonic, u32::from(message.segments())).is_err() {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        if !self.leases.use_one(account, carrier, message.octets()) {
            return Err(CommandStatus::ESME_RMSGQFUL);
        }
        let submission = Submission {
            link: LinkHandle::Account(Arc::clone(&bound.handle), asked),
            sequence,
            message: Arc::new(message),
            carrier: carrier.index,
        };
        self.outbox.push(shard, ToShard::Submit(submission));
        if let Some(bound) = &mut self.bound {
            bound.waits.came(now.monotonic);
        }
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
        let account = Arc::clone(&bound.account);
        let found = self.find_id(&account, query.message_id.octets());
        let (keeper, id) = found.ok_or(CommandStatus::ESME_RQUERYFAIL)?;
        let account = account.index;
        self.ask(keeper, (sequence, Asked::Query), |link| ToShard::Query {
            link,
            sequence,
            account,
            id,
        });
        Ok(())
    }

    /// Asks the shards that know an id, and answers what they say together.
    fn ask(
        &mut self,
        keeper: Keeper,
        (sequence, asked): (SequenceNumber, Asked),
        question: impl Fn(LinkHandle) -> ToShard,
    ) {
        let Some(bound) = &self.bound else { return };
        let handle = Arc::clone(&bound.handle);
        match keeper {
            Keeper::Shard(shard) => {
                self.outbox.push(shard, question(LinkHandle::Account(handle, asked)));
            }
            Keeper::All => {
                let shards = self.shared.shards.len();
                let gathering = Gathering::asked(handle, sequence, asked, shards);
                for shard in 0..shards {
                    let link = LinkHandle::Gathered(Arc::clone(&gathering));
                    self.outbox.push(shard, question(link));
                }
            }
        }
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
        let to = destination.octets();
        let source = self.sender_of(source, to);
        let keeper = match id {
            Some((Keeper::All, _)) | None if !to.is_empty() => {
                Keeper::Shard(self.shared.shard_of(to))
            }
            Some((keeper, _)) => keeper,
            None => return Err(CommandStatus::ESME_RINVDSTADR),
        };
        let wanted = Cancellation {
            account: account.index,
            id: id.map(|(_, id)| id),
            service_type: ServiceType::new(cancel.service_type.octets()),
            source,
            destination,
        };
        self.ask(keeper, (sequence, Asked::Cancel), |link| ToShard::Cancel {
            link,
            sequence,
            wanted: Box::new(wanted.clone()),
        });
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
        let found = self.find_id(&account, replace.message_id.octets());
        let (keeper, id) = found.ok_or(CommandStatus::ESME_RREPLACEFAIL)?;
        let source = (replace.source_addr_ton, replace.source_addr.octets());
        let source = self.read_address(&account, source);
        let source = self.sender_of(source, &[]);
        let replacement = account.admission.replacement(replace, source, now.wall)?;
        // What it comes to, its shard counts.
        if account.rate.take(now.monotonic, 0).is_err() {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        self.ask(keeper, (sequence, Asked::Replace), |link| ToShard::Replace {
            link,
            sequence,
            id,
            replacement: Box::new(replacement.clone()),
        });
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

    /// The sender of messages that were submitted under this one: where it is the name of a pool,
    /// the number that this destination gets, or any if none is said.
    fn sender_of(&self, named: Address, destination: &[u8]) -> Address {
        let pools = &self.world.pools;
        if destination.is_empty() && pools.has(named.octets()) {
            return Address::default();
        }
        pools.sender(named.octets(), destination).cloned().unwrap_or(named)
    }

    /// Who knows an id of ours, and the id, as this account writes it.
    fn find_id(&self, account: &Account, text: &[u8]) -> Option<(Keeper, MessageId)> {
        let radix = if account.style.decimal_ids { 10 } else { 16 };
        let id = MessageId::parse(text, radix)?;
        Some((self.shared.keeper_of(id)?, id))
    }
}

/// The message that a submit_sm asks for, its shard, and the carrier that it is for.
///
/// # Errors
/// The status of what is at fault.
pub(super) fn plan<'a>(
    (shared, world, account, leases): (&Shared, &'a World, &Account, &Leases),
    translator: &mut Translator,
    submit: &SubmitSm<'_>,
    wall: Duration,
) -> Result<(usize, Message, &'a Arc<Carrier>), CommandStatus> {
    let submitted_coding = submit.data_coding;
    let translated;
    let submit = match &account.form {
        None => submit,
        Some(form) => {
            translated = translator.read_submit(form, submit);
            &translated
        }
    };
    let mut envelope = account.admission.address(submit)?;
    let named = envelope.source.octets();
    if let Some(sender) = world.pools.sender(named, envelope.destination.octets()) {
        envelope.source = sender.clone();
    }
    let destination = envelope.destination.octets();
    let source = envelope.source.octets();
    let number = world.rated_number(source);
    let class = match account.admission.class(submit)? {
        Some(class) => class,
        None => world.class_of(account, source),
    };
    let way = world.choose((account, class), source, destination, wall, leases)?;
    let shard = shared.shard_of(destination);
    let mention = world.stop_mention((account.index, class), source, destination);
    let with = (way.cutting, mention);
    let message = account.admission.message_with(envelope, submit, with, wall)?;
    if !can_be_marked(&message, &way.carrier.writing) {
        return Err(CommandStatus::ESME_RINVMSGLEN);
    }
    let strict_order = way.strict_order;
    let message = Message { class, submitted_coding, strict_order, number, ..message };
    Ok((shard, message, way.carrier))
}
