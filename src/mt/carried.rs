//! A message as its owners share it while it waits: with its text, or with where its text stands.
//!
//! ```text
//!   Message (its text in it) --accepted--> Carried::Here
//!      |                                     |
//!      +--its text is put elsewhere--------> Carried::Away --read--> Message again, for a moment
//! ```
//!
//! Whoever needs addresses, times, lengths and flags sees no difference. Who needs the text asks
//! for it with [`Carried::read`].

use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

use super::receipts::{Quote, Subject};
use crate::message::envelope::{Body, Message, UserData};

/// A message, shared by its owners.
#[derive(Clone, Debug)]
pub enum Carried {
    /// Its text is in it.
    Here(Arc<Message>),
    /// Its text stands elsewhere.
    Away(Arc<Message<Away>>),
}

/// Where texts stand that are not in memory.
pub trait Texts: Debug + Send + Sync {
    /// Appends what was put there. Where it cannot be read the caller is not come back to: whoever
    /// keeps the texts ends what needs them, as they are there for a next start to read.
    fn read(&self, spot: &Spot, to: &mut Vec<u8>);
}

/// Where one text stands. Nobody finds, or reads, what is there once this is gone.
#[derive(Clone)]
pub struct Spot {
    /// Behind so many octets.
    pub offset: u32,
    /// How many octets it has.
    pub octets: u32,
    /// What it was sealed with beside the key, known here alone.
    pub nonce: [u8; 12],
}

/// Says nothing: with the nonce others could read it.
impl Debug for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets elsewhere", self.octets)
    }
}

/// What a message has whose text stands elsewhere.
#[derive(Clone, Debug)]
pub struct Away {
    texts: Arc<dyn Texts>,
    spot: Spot,
    /// Of the octets there, the first so many are user data, the others TLVs.
    user_data: u32,
    /// What receipts say of the text, so that none is read for them.
    quote: Quote,
    is_earlier_segment: bool,
}

impl Away {
    /// The text of this message, its user data and then its TLVs, which stands there.
    #[must_use]
    pub fn new(message: &Message, texts: Arc<dyn Texts>, spot: Spot) -> Self {
        let user_data = u32::try_from(message.user_data.octets().len()).unwrap_or(u32::MAX);
        let Subject { quote, .. } = Subject::of(message);
        let is_earlier_segment = super::receipts::is_earlier_segment(message);
        Self { texts, spot, user_data, quote, is_earlier_segment }
    }
}

impl Body for Away {
    fn octets_count(&self) -> usize {
        self.spot.octets as usize
    }
}

impl Carried {
    /// This message, its text where `away` says, if it does.
    #[must_use]
    pub fn new(message: Arc<Message>, away: Option<Away>) -> Self {
        match away {
            None => Self::Here(message),
            Some(away) => Self::Away(Arc::new(message.with_body(away, Box::default()))),
        }
    }

    /// Octets of its text that are in memory.
    #[must_use]
    pub fn octets_here(&self) -> u32 {
        match self {
            Self::Here(message) => message.octets(),
            Self::Away(_) => 0,
        }
    }

    /// It with its text, which is read if it is not here.
    #[must_use]
    pub fn read(&self) -> Reading<'_> {
        let away = match self {
            Self::Here(message) => return Reading::Here(message),
            Self::Away(away) => away,
        };
        let Away { texts, spot, user_data, .. } = &away.user_data;
        let mut octets = Vec::with_capacity(spot.octets as usize + TAG_ROOM);
        texts.read(spot, &mut octets);
        let (user_data, tlvs) =
            octets.split_at_checked(*user_data as usize).unwrap_or((&octets, &[]));
        Reading::Read(Box::new(away.with_body(UserData::new(user_data), tlvs.into())))
    }

    /// What receipts say of it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Here(message) => Subject::of(message),
            Self::Away(away) => {
                let Away { quote, is_earlier_segment, .. } = &away.user_data;
                Subject::with(away, *quote, *is_earlier_segment)
            }
        }
    }

    /// The place of the number that it is sent from is this one from now on.
    pub fn set_number(&mut self, number: Option<u32>) {
        match self {
            Self::Here(message) if message.number != number => {
                Arc::make_mut(message).number = number;
            }
            Self::Away(away) if away.number != number => Arc::make_mut(away).number = number,
            Self::Here(_) | Self::Away(_) => {}
        }
    }
}

/// Room for what stands behind a sealed text.
const TAG_ROOM: usize = 16;

impl From<Message> for Carried {
    fn from(message: Message) -> Self {
        Self::Here(Arc::new(message))
    }
}

impl From<Arc<Message>> for Carried {
    fn from(message: Arc<Message>) -> Self {
        Self::Here(message)
    }
}

impl Deref for Carried {
    type Target = Message<dyn Body>;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Here(message) => &**message,
            Self::Away(away) => &**away,
        }
    }
}

/// A message with its text, for as long as it is needed.
#[derive(Debug)]
pub enum Reading<'a> {
    /// It was here.
    Here(&'a Message),
    /// It was read.
    Read(Box<Message>),
}

impl Deref for Reading<'_> {
    type Target = Message;

    fn deref(&self) -> &Message {
        match self {
            Self::Here(message) => message,
            Self::Read(message) => message,
        }
    }
}
