//! The consent ledger: every choice of every person, dated, with where it came from and what shows
//! it, in an order that cannot be changed afterwards.
//!
//! ```text
//!   row: public part ---------------------+
//!        private part (number, proof) --> digest --+--> hash of it and of the row before
//! ```
//!
//! The hash covers the private part only through its keyed digest. So a person can be erased: the
//! private part goes, the chain stays whole, and an opt-out still works, since the person is found
//! by a keyed hash of the number that nobody can turn back without the key.
//!
//! What hashes is handed in: this half of the crate has no cryptography of its own.

use std::collections::HashMap;
use std::time::Duration;

use super::choices::Choice;
use crate::message::words::{Word, words};

/// A hash of the chain.
pub type Hash = [u8; 32];
/// What stands for a person, by the number: the first half of a keyed hash.
pub type PersonKey = [u8; 16];

/// What hashes for a ledger.
pub trait Hasher {
    /// A hash that anybody can check, such as SHA-256.
    fn hash(&self, octets: &[u8]) -> Hash;
    /// One that takes the ledger's secret key, such as HMAC-SHA-256.
    fn keyed(&self, octets: &[u8]) -> Hash;
}

/// What a person chose, or was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// They were asked to confirm: the first of the two stamps of a double opt-in.
    Asked,
    /// They opted in, or confirmed that they do: the second.
    OptIn,
    /// They opted out.
    OptOut,
    /// They want none until then, wall time since 1970 in seconds.
    Pause(u32),
    /// What was noted before counts no more.
    Reset,
}

words! {
    /// Where an act came from.
    pub enum Source {
        /// A person of the sender's.
        Agent = "agent",
        /// A program of the sender's.
        Api = "api",
        /// The person's network.
        Carrier = "carrier",
        /// A list that was taken over.
        Import = "import",
        /// A shop.
        InStore = "in_store",
        /// A word that the person sent.
        Keyword = "keyword",
        /// A form on paper.
        Paper = "paper",
        /// A form on the web.
        WebForm = "web_form",
    }
}

impl Source {
    /// What stands for it in a chain, and in a journal. A number is never given again: hashes that
    /// were published rest on it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Agent => 0,
            Self::Api => 1,
            Self::Carrier => 2,
            Self::Import => 3,
            Self::InStore => 4,
            Self::Keyword => 5,
            Self::Paper => 6,
            Self::WebForm => 7,
        }
    }
}

impl Source {
    /// The one that a number stands for.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let sources = Self::WORDS.iter().filter_map(|word| Self::from_word(word));
        sources.into_iter().find(|source| source.number() == number)
    }
}

/// What one act is about.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Subject {
    /// What messages are for: marketing, or the name of a service.
    pub purpose: String,
    /// How they come: sms, rcs.
    pub channel: String,
    /// Whose they are: a sender, service or brand; empty is all.
    pub scope: String,
}

/// What is known of an act besides.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Private {
    /// The number.
    pub number: String,
    /// What shows it, by name: text_shown, form_url, ip, inbound_text ...
    pub proof: Vec<(String, String)>,
}

/// One row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Its place, from 0.
    pub place: u64,
    /// When, as wall time since 1970.
    pub at: Duration,
    /// By whom.
    pub person: PersonKey,
    /// What about.
    pub subject: Subject,
    /// What.
    pub act: Act,
    /// Where it came from.
    pub source: Source,
    /// The keyed digest of the private part.
    pub digest: Hash,
    /// The private part; `None` once the person is erased.
    pub private: Option<Private>,
    /// The hash of this row and of those before.
    pub hash: Hash,
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Broken {
    /// The row it shows at.
    pub place: u64,
    /// What.
    pub fault: Fault,
}

/// The faults of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A row is missing, or stands elsewhere.
    Place,
    /// The row is not what was hashed.
    Hash,
    /// Its private part is not what was hashed.
    Private,
    /// The number is not that of the person.
    Person,
}

/// A ledger in memory: rows in order.
#[derive(Debug)]
pub struct Ledger<H> {
    hasher: H,
    rows: Vec<Row>,
    by_person: HashMap<PersonKey, Vec<u64>, foldhash::fast::FixedState>,
}

impl<H: Hasher> Ledger<H> {
    /// An empty one.
    pub fn new(hasher: H) -> Self {
        Self { hasher, rows: Vec::new(), by_person: HashMap::default() }
    }

    /// One of these rows, in order.
    ///
    /// # Errors
    /// The first row that is not what was once written.
    pub fn restore(hasher: H, rows: Vec<Row>) -> Result<Self, Broken> {
        let mut ledger = Self::new(hasher);
        rows.into_iter().try_for_each(|row| ledger.take(row))?;
        Ok(ledger)
    }

    /// Takes the next row as it was written.
    ///
    /// # Errors
    /// What shows that it was not written so.
    pub fn take(&mut self, row: Row) -> Result<(), Broken> {
        self.check(&row)?;
        self.enter(row);
        Ok(())
    }

    /// Writes an act down.
    pub fn write(
        &mut self,
        at: Duration,
        (subject, act, source): (Subject, Act, Source),
        private: Private,
    ) {
        let person = self.person(&private.number);
        let digest = self.digest(&private);
        let place = self.rows.len() as u64;
        let private = Some(private);
        let mut row =
            Row { place, at, person, subject, act, source, digest, private, hash: [0; 32] };
        row.hash = self.hash_of(&row);
        self.enter(row);
    }

    /// Takes everything away that tells who a person is; the rows stay, and what they chose counts.
    /// How many rows it was.
    pub fn erase(&mut self, number: &str) -> usize {
        let places = self.by_person.get(&self.person(number)).cloned().unwrap_or_default();
        let own =
            places.iter().filter_map(|place| self.rows.get_mut(*place as usize)?.private.take());
        own.count()
    }

    /// All that a person chose, the oldest first: evidence.
    pub fn timeline(&self, number: &str) -> impl Iterator<Item = &Row> {
        let places = self.by_person.get(&self.person(number));
        places.into_iter().flatten().filter_map(|place| self.rows.get(*place as usize))
    }

    /// What a person's acts come to for one subject; `double` asks for both stamps of an opt-in.
    #[must_use]
    pub fn standing(&self, number: &str, subject: &Subject, double: bool) -> Option<Choice> {
        let (mut standing, mut asked) = (None, false);
        for row in self.timeline(number).filter(|row| row.subject == *subject) {
            match row.act {
                Act::Asked => asked = true,
                Act::OptIn if double && !asked => {}
                Act::OptIn => standing = Some(Choice::In),
                Act::OptOut => (standing, asked) = (Some(Choice::Out), false),
                // It takes back no opt-out.
                Act::Pause(_) if standing == Some(Choice::Out) => {}
                Act::Pause(until_s) => standing = Some(Choice::PausedUntil(until_s)),
                Act::Reset => (standing, asked) = (None, false),
            }
        }
        standing
    }

    /// The hash of the last row of each day (of UTC), the oldest first: whoever keeps one can tell
    /// whether anything before it was changed.
    pub fn heads(&self) -> impl Iterator<Item = (u64, Hash)> {
        const DAY: u64 = 86_400;
        let day = |row: &Row| row.at.as_secs() / DAY;
        let followed = self.rows.iter().zip(self.rows.iter().skip(1).map(Some).chain([None]));
        let last =
            followed.filter(move |(row, next)| next.is_none_or(|next| day(next) != day(row)));
        last.map(move |(row, _)| (day(row), row.hash))
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What stands for the person of a number.
    #[must_use]
    pub fn person(&self, number: &str) -> PersonKey {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let hash = self.hasher.keyed(&framed([b"person", digits.as_bytes()]));
        let mut key = PersonKey::default();
        key.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        key
    }

    fn enter(&mut self, row: Row) {
        self.by_person.entry(row.person).or_default().push(row.place);
        self.rows.push(row);
    }

    fn check(&self, row: &Row) -> Result<(), Broken> {
        let broken = |fault| Err(Broken { place: row.place, fault });
        if row.place != self.rows.len() as u64 {
            return broken(Fault::Place);
        }
        if let Some(private) = &row.private {
            if self.person(&private.number) != row.person {
                return broken(Fault::Person);
            }
            if self.digest(private) != row.digest {
                return broken(Fault::Private);
            }
        }
        if self.hash_of(row) != row.hash { broken(Fault::Hash) } else { Ok(()) }
    }

    fn digest(&self, private: &Private) -> Hash {
        let proof =
            private.proof.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        self.hasher
            .keyed(&framed([&b"private"[..], private.number.as_bytes()].into_iter().chain(proof)))
    }

    fn hash_of(&self, row: &Row) -> Hash {
        let before = self.rows.last().map_or([0; 32], |row| row.hash);
        let (act, until_s) = match row.act {
            Act::Asked => (0, 0),
            Act::OptIn => (1, 0),
            Act::OptOut => (2, 0),
            Act::Pause(until_s) => (3, until_s),
            Act::Reset => (4, 0),
        };
        let Subject { purpose, channel, scope } = &row.subject;
        let place = row.place.to_be_bytes();
        let at = row.at.as_nanos().to_be_bytes();
        let (act, until) = ([act, row.source.number()], until_s.to_be_bytes());
        self.hasher.hash(&framed([
            &before[..],
            &place,
            &at,
            &row.person,
            purpose.as_bytes(),
            channel.as_bytes(),
            scope.as_bytes(),
            &act,
            &until,
            &row.digest,
        ]))
    }
}

/// Octets behind each other, each behind its length: no two lists come to the same.
fn framed<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut framed = Vec::new();
    for part in parts {
        framed.extend((part.len() as u64).to_be_bytes());
        framed.extend(part);
    }
    framed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Good enough to see what is covered.
    #[derive(Debug)]
    struct Toy;

    impl Hasher for Toy {
        fn hash(&self, octets: &[u8]) -> Hash {
            let mut hash = [0; 32];
            for (place, lane) in hash.chunks_mut(8).enumerate() {
                let sum = octets.iter().fold(0xcbf2_9ce4_8422_2325 + place as u64, |sum, octet| {
                    (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3).rotate_left(5)
                });
                lane.copy_from_slice(&sum.to_be_bytes());
            }
            hash
        }

        fn keyed(&self, octets: &[u8]) -> Hash {
            self.hash(&[b"a secret key", octets].concat())
        }
    }

    const NUMBER: &str = "+33612345678";

    fn subject() -> Subject {
        Subject { purpose: "marketing".into(), channel: "sms".into(), scope: "acme".into() }
    }

    fn private(number: &str) -> Private {
        let proof = vec![("inbound_text".to_owned(), "OUI".to_owned())];
        Private { number: number.into(), proof }
    }

    fn write(ledger: &mut Ledger<Toy>, day: u64, act: Act) {
        let at = Duration::from_secs(1_780_000_000 + day * 86_400);
        ledger.write(at, (subject(), act, Source::Keyword), private(NUMBER));
    }

    fn ledger(acts: &[Act]) -> Ledger<Toy> {
        let mut ledger = Ledger::new(Toy);
        acts.iter().enumerate().for_each(|(day, act)| write(&mut ledger, day as u64, *act));
        ledger
    }

    #[test]
    fn what_a_person_did_comes_to_what_they_want() {
        let standing = |acts: &[Act], double| ledger(acts).standing(NUMBER, &subject(), double);
        assert_eq!(standing(&[], false), None);
        assert_eq!(standing(&[Act::OptIn], false), Some(Choice::In));
        assert_eq!(standing(&[Act::OptIn], true), None, "one stamp of two");
        assert_eq!(standing(&[Act::Asked], true), None);
        assert_eq!(standing(&[Act::Asked, Act::OptIn], true), Some(Choice::In));
        assert_eq!(standing(&[Act::OptIn, Act::OptOut], false), Some(Choice::Out));
        assert_eq!(standing(&[Act::OptOut, Act::OptIn], false), Some(Choice::In));
        assert_eq!(standing(&[Act::OptOut, Act::OptIn], true), Some(Choice::Out));
        assert_eq!(standing(&[Act::OptIn, Act::Pause(9)], false), Some(Choice::PausedUntil(9)));
        assert_eq!(standing(&[Act::OptOut, Act::Pause(9)], false), Some(Choice::Out));
        assert_eq!(standing(&[Act::OptOut, Act::Reset], false), None);
        let ledger = ledger(&[Act::OptOut]);
        assert_eq!(ledger.standing("33612345678", &subject(), false), Some(Choice::Out));
        let other = Subject { channel: "rcs".into(), ..subject() };
        assert_eq!(ledger.standing(NUMBER, &other, false), None);
        assert_eq!(ledger.timeline(NUMBER).count(), 1);
    }

    /// Something that is done to rows behind a ledger's back.
    type Change = fn(&mut Vec<Row>);

    #[test]
    fn whatever_is_changed_shows() {
        let rows = ledger(&[Act::Asked, Act::OptIn, Act::OptOut, Act::OptIn]).rows().to_vec();
        assert!(Ledger::restore(Toy, rows.clone()).is_ok());
        let broken = |change: Change| {
            let mut rows = rows.clone();
            change(&mut rows);
            let broken = Ledger::restore(Toy, rows).unwrap_err();
            (broken.place, broken.fault)
        };
        let changes: [(Change, (u64, Fault)); 9] = [
            (|rows| drop(rows.remove(2)), (3, Fault::Place)),
            (|rows| rows.swap(1, 2), (2, Fault::Place)),
            (|rows| rows[2].act = Act::OptIn, (2, Fault::Hash)),
            (|rows| rows[2].at += Duration::from_nanos(1), (2, Fault::Hash)),
            (|rows| rows[1].subject.purpose.push('s'), (1, Fault::Hash)),
            (|rows| rows[1].source = Source::Import, (1, Fault::Hash)),
            (|rows| rows[0].digest[31] ^= 1, (0, Fault::Private)),
            (|rows| rows[3].private.as_mut().unwrap().proof.clear(), (3, Fault::Private)),
            (|rows| rows[3].private.as_mut().unwrap().number.push('9'), (3, Fault::Person)),
        ];
        for (change, expected) in changes {
            assert_eq!(broken(change), expected);
        }
    }

    #[test]
    fn who_is_erased_cannot_be_read_and_stays_opted_out() {
        let mut ledger = ledger(&[Act::OptIn, Act::OptOut]);
        let heads: Vec<_> = ledger.heads().collect();
        assert_eq!(ledger.erase(NUMBER), 2);
        assert_eq!(ledger.erase(NUMBER), 0);
        let said = format!("{:?}", ledger.rows());
        assert!(!said.contains("33612345678") && !said.contains("OUI"), "{said}");
        assert_eq!(ledger.standing(NUMBER, &subject(), false), Some(Choice::Out));
        assert!(ledger.heads().eq(heads), "the chain is the same");
        let restored = Ledger::restore(Toy, ledger.rows().to_vec()).unwrap();
        assert_eq!(restored.standing(NUMBER, &subject(), false), Some(Choice::Out));
    }

    #[test]
    fn each_source_has_a_number_that_stays() {
        let numbers = [
            ("agent", 0),
            ("api", 1),
            ("carrier", 2),
            ("import", 3),
            ("in_store", 4),
            ("keyword", 5),
            ("paper", 6),
            ("web_form", 7),
        ];
        assert_eq!(numbers.len(), Source::WORDS.len());
        for (word, number) in numbers {
            assert_eq!(Source::from_word(word).map(Source::number), Some(number), "{word}");
            assert_eq!(Source::from_number(number), Source::from_word(word));
        }
    }

    #[test]
    fn each_day_has_one_head_its_last_row() {
        let mut ledger = ledger(&[Act::Asked, Act::OptIn]);
        write(&mut ledger, 1, Act::OptOut);
        write(&mut ledger, 5, Act::OptIn);
        let rows = ledger.rows().to_vec();
        let day = 1_780_000_000 / 86_400;
        let expected = [(day, rows[0].hash), (day + 1, rows[2].hash), (day + 5, rows[3].hash)];
        assert!(ledger.heads().eq(expected));
        assert_eq!(Ledger::new(Toy).heads().count(), 0);
    }
}
