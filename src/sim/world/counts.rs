//! What happened in a world, and how often: a figure for each fault, kill point and quirk.

use std::fmt;

use serde_json::{Map, Value};

macro_rules! tally {
    ($($(#[doc = $doc:literal])* $name:ident = $group:literal $word:literal,)+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum What {
            $($(#[doc = $doc])* $name,)+
        }

        impl What {
            /// All there are, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its group and its name.
            #[must_use]
            pub const fn words(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($group, $word),)+
                }
            }
        }
    };
}

tally! {
    /// Messages that ESMEs submitted.
    Submitted = "traffic" "submitted",
    /// Those that were answered ESME_ROK.
    Accepted = "traffic" "accepted",
    /// Those that were answered otherwise.
    Refused = "traffic" "refused",
    /// Those whose answer never came.
    Unanswered = "traffic" "unanswered submits",
    /// Segments that SMSCs accepted.
    Taken = "traffic" "segments taken",
    /// Of them, second copies of what was in doubt.
    TakenTwice = "traffic" "segments taken twice, in doubt",
    /// Receipts that ESMEs got.
    Receipts = "traffic" "receipts",
    /// Of them, those that came again since their answer was lost.
    ReceiptsTwice = "traffic" "receipts again, unanswered",
    /// Segments from handsets that ESMEs got.
    Mo = "traffic" "segments from handsets",
    /// Messages that ended without their carrier.
    EndedHere = "traffic" "ended by the engine",
    /// Checkpoints that came to their end.
    Checkpoints = "traffic" "checkpoints",
    /// Frames of the journal that were synced.
    Frames = "traffic" "frames synced",

    /// The process was killed; what it had written stays.
    Killed = "crashes" "kill -9",
    /// The machine lost its power: what was not synced is there or not.
    PowerCut = "crashes" "power cut",
    /// The storage failed, and the process ended.
    Failed = "crashes" "ended since the storage failed",
    /// Starts after a crash.
    Restarts = "crashes" "starts from what was left",

    /// Octets were read, nothing was written down of them.
    ReadNotWritten = "kill points" "K1 submit read",
    /// A frame was written and not synced.
    WrittenNotSynced = "kill points" "K2 frame written, not synced",
    /// A message is durable and not answered.
    SyncedNotAnswered = "kill points" "K3 before the answer to a submit",
    /// It is answered.
    Answered = "kill points" "K4 after the answer to a submit",
    /// A segment is about to be written.
    BeforeSegment = "kill points" "K5 before a segment's first octet",
    /// A part of it was written.
    WithinSegment = "kill points" "K6 within a segment",
    /// All of it was.
    AfterSegment = "kill points" "K7 after a segment",
    /// Its answer was read.
    AnswerRead = "kill points" "K8 a segment's answer read",
    /// Its answer is durable, its receipt to come.
    ReceiptAwaited = "kill points" "K9 a receipt awaited",
    /// A receipt was read.
    ReceiptRead = "kill points" "K10 a carrier's delivery read",
    /// It is durable and about to be answered.
    BeforeReceiptAnswer = "kill points" "K11 before the answer to a carrier's delivery",
    /// It is answered.
    AfterReceiptAnswer = "kill points" "K12 after the answer to a carrier's delivery",
    /// It was written to its account.
    Delivered = "kill points" "K13 a delivery written to an account",
    /// The account's answer was read.
    DeliveryAnswerRead = "kill points" "K14 an account's answer read",
    /// Files were being made, renamed, removed.
    FilesChanged = "kill points" "K15 files or their names changing",
    /// While what was left was being read.
    Recovering = "kill points" "K16 within a start",
    /// At any moment.
    AnyTime = "kill points" "at any moment",

    /// Blocks of 512 octets that a power cut took.
    BlocksLost = "disk" "blocks lost in power cuts",
    /// Names that a power cut took, or brought back.
    NamesLost = "disk" "names lost in power cuts",
    /// A write, sync or change of names failed.
    DiskError = "disk" "calls that failed",
    /// There was no space.
    DiskFull = "disk" "calls without space",
    /// A sync took long.
    DiskSlow = "disk" "slow syncs",

    /// A connection was reset.
    Reset = "network" "connections reset",
    /// One was reset within a PDU.
    ResetWithin = "network" "connections reset within a PDU",
    /// A connection stopped carrying anything.
    Stalled = "network" "connections that went dead",
    /// One was refused.
    ConnectRefused = "network" "connections refused",
    /// One never came about.
    ConnectHung = "network" "connections that never came about",
    /// Octets came in pieces.
    Split = "network" "octets in pieces",
    /// The peer's buffers were full.
    Backpressure = "network" "writes that had to wait",

    /// An account's connection ended without a word.
    Vanished = "accounts" "vanished",
    /// It stopped reading.
    Mute = "accounts" "stopped reading",
    /// It unbound.
    Unbound = "accounts" "unbound",
    /// It did not answer a delivery.
    DeliveryUnanswered = "accounts" "deliveries not answered",
    /// It refused one for now.
    DeliveryRefused = "accounts" "deliveries refused for now",
    /// It answered one late.
    DeliveryLate = "accounts" "deliveries answered late",

    /// A text went to disk, since so many were in memory.
    Spilled = "disk" "texts put out of memory",
    /// One was read from there.
    SpillRead = "disk" "texts read from there",

    /// The wall clock went ahead.
    WallAhead = "clock" "jumps ahead",
    /// It went back.
    WallBack = "clock" "jumps back",

    /// An SMSC's answer was late.
    LateAnswers = "smsc" "late",
    /// It never came.
    NeverAnswers = "smsc" "never",
    /// It came twice.
    TwiceAnswers = "smsc" "twice",
    /// A receipt came before it.
    ReceiptsFirst = "smsc" "receipt-first",
    /// A link was cut.
    Drops = "smsc" "drop-every",
    /// A message was throttled.
    Throttled = "smsc" "throttle-above",
    /// A message found too many receipts waiting.
    QueueFull = "smsc" "receipts-max",
    /// An answer took a while.
    Latency = "smsc" "latency",
    /// Receipts in text alone.
    ReceiptsText = "smsc" "receipts text",
    /// In TLVs alone.
    ReceiptsTlv = "smsc" "receipts tlv",
    /// In both.
    ReceiptsBoth = "smsc" "receipts both",
    /// None; the engine asks.
    ReceiptsNone = "smsc" "receipts none, asked for",
    /// Receipts on another bind.
    OtherBind = "smsc" "receipt-other-bind",
    /// Receipts that came again.
    Resent = "smsc" "receipts and MO sent again",
    /// Messages that did not arrive.
    Outcomes = "smsc" "outcomes other than DELIVRD",
    /// Ids in decimal digits.
    IdDecimal = "smsc" "id decimal",
    /// In hexadecimal ones.
    IdHex = "smsc" "id hex",
    /// UUIDs.
    IdUuid = "smsc" "id uuid",
    /// More than 64 bits.
    IdBig = "smsc" "id big",
    /// Receipts give them in decimal digits.
    ReceiptIdDecimal = "smsc" "receipt-id decimal",
    /// In hexadecimal ones.
    ReceiptIdHex = "smsc" "receipt-id hex",
    /// MO of one segment.
    MoShort = "smsc" "mo",
    /// Of several.
    MoSegments = "smsc" "mo-segments",
    /// Mixed.
    MoShuffled = "smsc" "mo-shuffle",
}

/// How often each happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counts([u64; What::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; What::ALL.len()])
    }
}

impl Counts {
    /// One more.
    pub fn add(&mut self, what: What) {
        self.add_many(what, 1);
    }

    /// So many more.
    pub fn add_many(&mut self, what: What, count: u64) {
        self.0[what as usize] += count;
    }

    /// How often it happened.
    #[must_use]
    pub const fn of(&self, what: What) -> u64 {
        self.0[what as usize]
    }

    /// Adds those of another world.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own += other);
    }

    /// What never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<What> {
        What::ALL.iter().copied().filter(|what| self.of(*what) == 0).collect()
    }

    /// All of it, by group and name.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut groups = Map::new();
        for what in What::ALL {
            let (group, word) = what.words();
            let own = groups.entry(group).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(own) = own {
                own.insert(word.to_owned(), self.of(*what).into());
            }
        }
        Value::Object(groups)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for what in What::ALL {
            let (group, word) = what.words();
            let head = if group == before { "" } else { group };
            before = group;
            writeln!(f, "{head:<12} {word:<46} {:>14}", self.of(*what))?;
        }
        Ok(())
    }
}
