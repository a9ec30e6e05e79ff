//! One answer of what several shards say: to a submit_multi, and to what is asked of its messages.

use std::sync::{Arc, Mutex, PoisonError};

use super::handles::{AccountHandle, Answer, Asked, Reply};
use super::shard::Standing;
use crate::message::message_id::MessageId;
use crate::mt::ingress::status_of_all;
use crate::wire::table::{DestAddress, DestAddresses, UnsuccessSmes};
use crate::wire::{COctetString, CommandStatus, SequenceNumber};

/// Octets of an address in the list of a response (SMPP 3.4 §4.5.2.1).
const ADDRESS_MAX: usize = 20;

/// A request of an account that several shards have a part of. The last of them brings the answer.
///
/// One of a submit_multi holds at most 254 addresses, and a session has at most a window of them.
#[derive(Debug)]
pub struct Gathering {
    /// Whose request.
    pub handle: Arc<AccountHandle>,
    sequence: SequenceNumber,
    what: What,
    heard: Mutex<Heard>,
}

/// What is asked.
#[derive(Debug)]
enum What {
    /// Something of messages that there are.
    Asked(Asked),
    /// To take messages to these destinations, under this id.
    Submit { id: MessageId, destinations: Destinations },
}

/// The destinations of a submit_multi, as they were written.
#[derive(Debug)]
pub struct Destinations {
    count: u8,
    octets: Box<[u8]>,
}

impl From<DestAddresses<'_>> for Destinations {
    fn from(list: DestAddresses<'_>) -> Self {
        let mut octets = Vec::with_capacity(list.octets().len());
        list.iter().for_each(|destination| fitting(destination).append(&mut octets));
        Self { count: list.count(), octets: octets.into() }
    }
}

/// A destination as it may stand in a response: a tolerated address that is too long is cut.
fn fitting(destination: DestAddress<'_>) -> DestAddress<'_> {
    match destination {
        DestAddress::Sme { dest_addr_ton, dest_addr_npi, destination_addr } => DestAddress::Sme {
            dest_addr_ton,
            dest_addr_npi,
            destination_addr: cut(destination_addr),
        },
        DestAddress::DistributionList { dl_name } => {
            DestAddress::DistributionList { dl_name: cut(dl_name) }
        }
    }
}

fn cut(field: COctetString<'_>) -> COctetString<'_> {
    let octets = field.octets();
    COctetString::new(octets.get(..ADDRESS_MAX).unwrap_or(octets))
}

#[derive(Debug, Default)]
struct Heard {
    /// Answers that are still to come.
    left: usize,
    done: u32,
    refusal: CommandStatus,
    standing: Option<Standing>,
    /// Destinations by their place in the list, each with what it was refused for.
    failed: Vec<(u8, CommandStatus)>,
}

/// What a submit_multi_resp says.
#[derive(Debug)]
pub struct MultiReply {
    /// The id of all that was taken.
    pub id: MessageId,
    /// How many messages were taken.
    pub taken: u32,
    /// Each destination that failed, and why.
    pub failed: Box<[(u8, CommandStatus)]>,
    destinations: Arc<Gathering>,
}

impl Gathering {
    /// Of a question that each of so many shards answers.
    #[must_use]
    pub fn asked(
        handle: Arc<AccountHandle>,
        sequence: SequenceNumber,
        asked: Asked,
        shards: usize,
    ) -> Arc<Self> {
        let heard = Mutex::new(Heard { left: shards, ..Heard::default() });
        Arc::new(Self { handle, sequence, what: What::Asked(asked), heard })
    }

    /// Of a submit_multi, of which so many messages are offered to shards, and these have failed.
    #[must_use]
    pub fn submit(
        handle: Arc<AccountHandle>,
        sequence: SequenceNumber,
        (id, destinations): (MessageId, Destinations),
        offered: usize,
        failed: Vec<(u8, CommandStatus)>,
    ) -> Arc<Self> {
        let what = What::Submit { id, destinations };
        let heard = Mutex::new(Heard { left: offered, failed, ..Heard::default() });
        Arc::new(Self { handle, sequence, what, heard })
    }

    /// The answer, if there is nobody to wait for.
    pub fn answer_if_complete(self: &Arc<Self>) -> Option<Answer> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.left == 0).then(|| self.answer(&mut heard))
    }

    /// A shard did it: of a submission, it took a message. The answer, if this was the last.
    pub fn done(self: &Arc<Self>) -> Option<Answer> {
        self.hear(|heard| heard.done += 1)
    }

    /// A shard did not; of a submission, `at` is the place of the destination.
    pub fn refused(self: &Arc<Self>, at: SequenceNumber, status: CommandStatus) -> Option<Answer> {
        self.hear(|heard| {
            heard.refusal = status;
            if let (What::Submit { .. }, Ok(place)) = (&self.what, u8::try_from(at)) {
                heard.failed.push((place, status));
            }
        })
    }

    /// A shard says how its messages stand.
    pub fn stands(self: &Arc<Self>, standing: Standing) -> Option<Answer> {
        self.hear(|heard| {
            heard.done += 1;
            let before = heard.standing.unwrap_or(standing);
            heard.standing = Some(before.with(standing));
        })
    }

    fn hear(self: &Arc<Self>, note: impl FnOnce(&mut Heard)) -> Option<Answer> {
        // Nothing in here panics half way through a note.
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        note(&mut heard);
        heard.left = heard.left.saturating_sub(1);
        (heard.left == 0).then(|| self.answer(&mut heard))
    }

    fn answer(self: &Arc<Self>, heard: &mut Heard) -> Answer {
        let sequence = self.sequence;
        let status = match heard.done {
            0 => heard.refusal,
            _ => CommandStatus::ESME_ROK,
        };
        match (&self.what, heard.standing) {
            (What::Asked(_), Some(standing)) => {
                Answer { sequence, status, reply: Reply::QuerySm(standing) }
            }
            (What::Asked(asked), None) => {
                Answer { sequence, status, reply: asked.reply(MessageId::default()) }
            }
            (What::Submit { id, .. }, _) => {
                let mut failed = std::mem::take(&mut heard.failed);
                failed.sort_unstable_by_key(|(place, _)| *place);
                let status = match heard.done {
                    0 => status_of_all(failed.iter().map(|(_, status)| *status)),
                    _ => status,
                };
                let reply = MultiReply {
                    id: *id,
                    taken: heard.done,
                    failed: failed.into(),
                    destinations: Arc::clone(self),
                };
                Answer { sequence, status, reply: Reply::SubmitMulti(Box::new(reply)) }
            }
        }
    }
}

impl MultiReply {
    /// The entries of unsuccess_sme (SMPP 3.4 §4.5.2.1), one behind the other in `room`.
    pub fn unsuccess<'a>(&self, room: &'a mut Vec<u8>) -> UnsuccessSmes<'a> {
        room.clear();
        let What::Submit { destinations, .. } = &self.destinations.what else {
            return UnsuccessSmes::default();
        };
        // It was such a list when it came.
        let list = DestAddresses::new(destinations.count, &destinations.octets).unwrap_or_default();
        let mut failed = self.failed.iter().peekable();
        let mut count: u8 = 0;
        for (place, destination) in (0_u8..).zip(list.iter()) {
            let Some((_, status)) = failed.next_if(|(at, _)| *at == place) else { continue };
            destination.failed(*status).append(room);
            count = count.saturating_add(1);
        }
        UnsuccessSmes::new(count, room).unwrap_or_default()
    }
}
