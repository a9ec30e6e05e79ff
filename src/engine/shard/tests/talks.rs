//! Conversations that bots hold: their turns, what is written down of them, and how they end.

use super::*;
use crate::engine::shard::records::image::Image;
use crate::mo::bot::{Bot, Draft, Exit, Flow, Language, Rule, Slot, Step, Text, Version};
use crate::mo::reply::{Answering, Answers};
use crate::mo::slot::Takes;

pub(super) const NUMBER: &str = "36105";

pub(super) fn text(said: &str) -> Text {
    Text { french: Some(said.to_owned()), ..Text::default() }
}

/// A bot that asks for a yes or no to `RDV`, and asks again after an hour of silence, once.
fn bot(name: &str, ask: &str) -> Arc<Version> {
    let slot = Slot {
        at: 0,
        name: "ok".to_owned(),
        takes: Takes::YesNo,
        ask: text(ask),
        retry: None,
        tries: 2,
        otherwise: 0,
        wait: Duration::from_secs(3_600),
        remind: 1,
        silent: Exit::End,
        undelivered: Exit::Go(1),
    };
    let flow = |steps: Vec<Step>| Flow {
        steps: steps.into_iter().map(|step| (0, step)).collect(),
        ..Flow::default()
    };
    let draft = Draft {
        name: name.to_owned(),
        languages: vec![Language::French],
        session: Duration::from_secs(24 * 3_600),
        rules: vec![
            Rule { words: vec!["RDV".to_owned()], go: 0 },
            Rule { words: vec!["AIDE".to_owned()], go: 1 },
        ],
        slots: vec![slot],
        flows: vec![
            flow(vec![Step::Ask(0), Step::Say(text("Noté."))]),
            flow(vec![Step::Say(text("Ici le bot."))]),
        ],
        fallback: text("Pardon ?"),
        twice: 1,
        ..Draft::default()
    };
    Arc::new(Version::new(ask, Bot::new(draft).unwrap()))
}

pub(super) fn limits() -> Limits {
    let sender = Address::new(3, 0, NUMBER.as_bytes());
    let answers = Answers { sender, ..Answers::default() };
    let answering = Arc::new(Answering::new([(NUMBER.to_owned(), answers)]));
    Limits { answering, conversations_max: 3, ..Rules::default().limits }
}

fn world() -> World {
    World::with(Rules { limits: limits(), ..Rules::default() })
}

impl World {
    pub(super) fn tells(&mut self, bot: &Arc<Version>, text: &str) -> Vec<String> {
        self.tells_from(HANDSET, bot, text)
    }

    fn tells_from(&mut self, handset: &str, bot: &Arc<Version>, text: &str) -> Vec<String> {
        let before = self.notes.said.len();
        let source = Address::new(1, 1, handset.as_bytes());
        self.mo(&Owner::of_all(Recipient::Bot(Arc::clone(bot))), MoMessage { source, ..mo(text) });
        self.notes.said[before..].to_vec()
    }

    /// What is written down since this was asked last.
    pub(super) fn written(&mut self) -> Vec<Vec<u8>> {
        let mut batches = Vec::new();
        self.shard.write_down(self.now.wall, |batch| {
            batches.push(batch.octets().to_vec());
            batch.clear();
        });
        batches
    }
}

#[test]
fn a_bot_answers_asks_again_after_silence_and_ends() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    assert_eq!(world.tells(&bot, "rdv"), ["Oui ou non ?"]);
    assert_eq!(world.tells(&bot, "oui"), ["Noté."]);
    assert_eq!(world.tells(&bot, "RDV"), ["Oui ou non ?"]);
    world.seconds(3_500);
    assert_eq!(world.notes.said.len(), 3);
    world.seconds(200);
    assert_eq!(world.notes.said.len(), 4, "asked again");
    world.seconds(3_600);
    assert_eq!(world.notes.said.len(), 4);
    assert_eq!(world.counts(Counted::Turn("silence")), 2);
    assert_eq!(world.shard.conversations(), 1);
    world.seconds(24 * 3_600);
    assert_eq!(world.shard.conversations(), 0, "it is over");
}

#[test]
fn a_question_that_did_not_arrive_goes_on_where_the_bot_says() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    world.tells(&bot, "rdv");
    let sent = world.sent().unwrap();
    world.take(&sent, "1");
    world.receipt("1", MessageState::UNDELIVERABLE);
    world.seconds(1);
    assert_eq!(world.notes.said, ["Oui ou non ?", "Ici le bot."]);
    assert_eq!(world.counts(Counted::Turn("undelivered")), 1);
}

#[test]
fn stop_ends_it_and_words_that_may_be_an_answer_go_to_the_open_question() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    world.tells(&bot, "rdv");
    let refusal = world.tells(&bot, "ANNULER");
    assert_eq!(refusal, ["Oui ou non ?"], "the open question hears it first");
    assert_eq!(world.tells(&bot, "non"), ["Noté."]);
    world.tells(&bot, "rdv");
    let confirmed = world.tells(&bot, "STOP");
    assert!(confirmed[0].starts_with("C'est noté"), "{confirmed:?}");
    world.seconds(8 * 3_600);
    assert_eq!(world.notes.said.last(), confirmed.last(), "no reminder");
    assert_eq!(world.shard.conversations(), 0);
    let marketing = Message { class: TrafficClass::Marketing, ..message() };
    let from_number = Message { source: Address::new(3, 0, b"36105"), ..marketing };
    assert_eq!(world.submit(from_number), None);
}

#[test]
fn without_a_question_they_stop_and_help_is_the_bots_where_it_knows_the_word() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    assert_eq!(world.tells(&bot, "AIDE"), ["Ici le bot."]);
    assert!(world.tells(&bot, "INFO")[0].contains("STOP"), "{:?}", world.notes.said);
    assert!(world.tells(&bot, "ANNULER")[0].starts_with("C'est noté"));
}

#[test]
fn each_turn_is_written_down_and_goes_on_in_a_later_process() {
    let bot = bot("b", "Oui ou non ?");
    let mut first = world();
    first.shard.keep_ledger();
    first.tells(&bot, "rdv");
    let mut image = Image::new(10);
    for octets in first.written() {
        image.take_batch(&octets).unwrap();
    }
    assert_eq!((image.talks.len(), image.live.len()), (1, 1), "the turn and what it says");
    let was = image.talks.into_values().next().unwrap();
    let other = self::bot("b", "Encore ?");
    let anew = was.clone().with(&[Arc::clone(&other)]).unwrap();
    assert!(anew.state.due().is_none(), "another file begins anew");
    assert!(was.clone().with(&[]).is_none(), "a bot that is no more");
    let talk = was.with(&[Arc::clone(&other), Arc::clone(&bot)][1..]).unwrap();
    let mut second = world();
    second.now = first.now;
    second.shard.restore_talk(second.now, talk);
    assert!(second.tells(&bot, "rdv").is_empty(), "brought again by its carrier");
    assert_eq!(second.counts(Counted::Turn("again")), 1);
    assert_eq!(second.tells(&bot, "oui"), ["Noté."]);
    assert_eq!(second.tells(&bot, "oui"), ["Pardon ?"], "a person may write the same again");
}

#[test]
fn an_end_is_written_down_too() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    world.shard.keep_ledger();
    world.tells(&bot, "rdv");
    world.tells(&bot, "STOP");
    let mut image = Image::new(10);
    for octets in world.written() {
        image.take_batch(&octets).unwrap();
    }
    assert_eq!((image.talks.len(), image.chosen.len()), (0, 1));
}

#[test]
fn who_is_in_a_conversation_finishes_it_with_the_file_it_began_with() {
    let (mut world, old, new) = (world(), bot("b", "Oui ou non ?"), bot("b", "Encore ?"));
    world.tells(&old, "rdv");
    assert_eq!(world.tells(&new, "peut-être"), ["Oui ou non ?"]);
    assert_eq!(world.tells(&new, "oui"), ["Noté."]);
    assert_eq!(world.tells(&new, "rdv"), ["Encore ?"]);
}

#[test]
fn the_one_that_is_silent_the_longest_goes_when_there_are_too_many() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    for last in 1..=4 {
        world.tells_from(&format!("3361234567{last}"), &bot, "rdv");
        world.seconds(1);
    }
    assert_eq!(world.shard.conversations(), 3);
    assert_eq!(world.counts(Counted::TalkDropped), 1);
    assert_eq!(world.tells_from("33612345671", &bot, "oui"), ["Pardon ?"]);
    assert_eq!(world.tells_from("33612345674", &bot, "oui"), ["Noté."]);
}

#[test]
fn a_long_message_is_read_as_a_whole_and_a_machine_is_not_answered_for_ever() {
    let (mut world, bot) = (world(), bot("b", "Oui ou non ?"));
    let owner = Owner::of_all(Recipient::Bot(Arc::clone(&bot)));
    world.mo(&owner, super::mo::segment(2, "DV"));
    world.mo(&owner, super::mo::segment(1, "R"));
    assert_eq!(world.notes.said, ["Oui ou non ?"]);
    for _ in 0..30 {
        world.tells(&bot, "merci de votre message");
    }
    assert!(world.notes.said.len() < 8, "{:?}", world.notes.said);
    assert!(world.counts(Counted::Turn("machine")) > 20);
}
