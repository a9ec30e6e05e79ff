//! What the engine itself answers.

use super::*;
use crate::engine::shard::records::image::Image;
use crate::mo::keyword::Request;
use crate::mo::reply::{Answering, Answers, Fate, Texts};

const NUMBER: &str = "36105";

fn world(texts: Texts) -> World {
    let sender = Address::new(3, 0, NUMBER.as_bytes());
    let answers = Answers { sender, texts, ..Answers::default() };
    let answering = Arc::new(Answering::new([(NUMBER.to_owned(), answers)]));
    let limits = Limits { answering, ..Rules::default().limits };
    World::with(Rules { limits, ..Rules::default() })
}

impl Notes {
    pub(super) fn say(
        &mut self,
        reply: &Reply<'_>,
        wall: Duration,
    ) -> Result<(Message, u32), CommandStatus> {
        if self.no_way {
            return Err(CommandStatus::ESME_RINVDSTADR);
        }
        let message = Message {
            account: ENGINE,
            class: TrafficClass::Conversational,
            source: reply.from.clone(),
            destination: reply.to.clone(),
            user_data: UserData::new(reply.text.as_bytes()),
            registered_delivery: 1,
            accepted_at: wall,
            expires_at: wall + VALID,
            ..message()
        };
        self.offered_octets += i64::from(message.octets());
        self.said.push(reply.text.to_owned());
        Ok((message, reply.carrier))
    }
}

impl World {
    fn hears(&mut self, text: &str) {
        self.mo(&owned_by(0), mo(text));
    }

    fn passed_on(&self) -> usize {
        self.notes.delivered.len()
    }

    /// The carrier takes all that is out, and it arrives.
    fn arrives(&mut self) {
        while let Some(sent) = self.sent() {
            let id = format!("{}", sent.ticket);
            self.take(&sent, &id);
            self.receipt(&id, MessageState::DELIVERED);
        }
    }
}

#[test]
fn a_stop_is_confirmed_once_and_again_when_it_was_taken_back() {
    let mut world = world(Texts::default());
    for text in ["STOP", "stop svp", "STOP"] {
        world.hears(text);
    }
    assert_eq!(world.notes.said.len(), 1);
    assert!(world.notes.said[0].starts_with("C'est noté"), "{:?}", world.notes.said);
    world.hears("START");
    world.hears("START");
    world.hears("Stop");
    assert_eq!(world.notes.said.len(), 3);
    assert_eq!(world.counts(Counted::Reply(Fate::Said)), 3);
    world.arrives();
    assert!(world.told().is_empty(), "no account hears of it");
    world.assert_empty();
}

#[test]
fn help_is_answered_and_its_owner_gets_it_only_where_the_number_says_nothing() {
    let mut answered = world(Texts::default());
    answered.hears("AIDE");
    assert_eq!((answered.notes.said.len(), answered.passed_on()), (1, 0));
    let mut silent = world(Texts { help: Some(String::new()), ..Texts::default() });
    silent.hears("AIDE");
    assert_eq!((silent.notes.said.len(), silent.passed_on()), (0, 1));
    assert_eq!(silent.counts(Counted::MoRequest(Request::Help)), 1);
    let mut unknown = World::new();
    unknown.hears("AIDE");
    assert_eq!((unknown.notes.said.len(), unknown.passed_on()), (0, 1), "no number of ours");
}

#[test]
fn what_may_mean_something_else_is_not_confirmed() {
    let mut world = world(Texts::default());
    world.hears("pas intéressé");
    assert!(world.notes.said.is_empty());
}

#[test]
fn neither_a_number_of_ours_nor_a_service_is_answered_and_no_machine_for_long() {
    let mut world = world(Texts::default());
    for source in [NUMBER, "33700", "Shop"] {
        let source = Address::new(3, 0, source.as_bytes());
        world.mo(&owned_by(0), MoMessage { source, ..mo("AIDE") });
    }
    assert!(world.notes.said.is_empty());
    for _ in 0..500 {
        world.hears("AIDE");
    }
    assert_eq!(world.notes.said.len(), 60);
    world.seconds(3_600);
    world.hears("AIDE");
    assert_eq!(world.notes.said.len(), 60);
}

#[test]
fn what_finds_no_way_is_counted_and_the_choice_stands() {
    let mut world = world(Texts::default());
    world.notes.no_way = true;
    world.hears("STOP");
    assert_eq!(world.counts(Counted::Reply(Fate::Refused)), 1);
    let marketing = Message { class: TrafficClass::Marketing, ..message() };
    assert_eq!(world.submit(Message { source: Address::new(3, 0, b"36105"), ..marketing }), None);
}

#[test]
fn a_reply_is_written_down_in_one_batch_with_what_it_answers_however_much_there_is() {
    let mut world = world(Texts::default());
    world.shard.keep_ledger();
    let text = [b'x'; 1_000];
    for _ in 0..2_000 {
        world.submit(Message { user_data: UserData::new(&text), ..message() });
    }
    world.hears("STOP");
    let mut batches = Vec::new();
    world.shard.write_down(START, |batch| {
        batches.push(batch.octets().to_vec());
        batch.clear();
    });
    assert!(batches.len() > 1, "{}", batches.len());
    let holding = batches.iter().filter(|octets| {
        let mut image = Image::new(0);
        image.take_batch(octets).unwrap();
        let replies = image.live.values().filter(|was| was.live.message.account == ENGINE);
        let (replies, choices) = (replies.count(), image.chosen.len());
        assert_eq!(replies, choices);
        replies == 1
    });
    assert_eq!(holding.count(), 1);
}
