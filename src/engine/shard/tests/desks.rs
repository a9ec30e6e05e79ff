//! Conversations that people take over.

use super::talks::{NUMBER, limits, text};
use super::*;
use crate::engine::shard::records::image::Image;
use crate::engine::shard::{Granted, TalkKey, TalkTold, TalkWish};
use crate::mo::bot::{Bot, Draft, Flow, Language, Priority, Queue, Rule, Step, Version};
use crate::mo::keyword::Request;
use crate::mt::policy::Handset;

/// A bot that hands over to `PERSONNE`, asks for patience twice, and helps itself after an hour.
fn bot(print: &str) -> Arc<Version> {
    let flow = |steps: Vec<Step>| Flow {
        steps: steps.into_iter().map(|step| (0, step)).collect(),
        ..Flow::default()
    };
    let queue = Queue {
        name: "accueil".to_owned(),
        priority: Priority::High,
        patience: Some(text("Encore un peu de patience.")),
        after: Duration::from_secs(600),
        times: 2,
        gives_up: Some(Duration::from_secs(3_600)),
        otherwise: 1,
        ..Queue::default()
    };
    let draft = Draft {
        name: "b".to_owned(),
        languages: vec![Language::French],
        session: Duration::from_secs(24 * 3_600),
        rules: vec![Rule { words: vec!["PERSONNE".to_owned()], go: 0 }],
        flows: vec![
            flow(vec![Step::Hand {
                queue: "accueil".to_owned(),
                say: text("On arrive."),
                shut: None,
            }]),
            flow(vec![Step::Say(text("Personne n'est là."))]),
        ],
        queues: vec![queue],
        fallback: text("Pardon ?"),
        twice: 1,
        ..Draft::default()
    };
    Arc::new(Version::new(print, Bot::new(draft).unwrap()))
}

fn world() -> World {
    World::with(Rules { limits: limits(), ..Rules::default() })
}

fn key() -> TalkKey {
    let handset = |digits: &str| Handset::of(digits.as_bytes()).unwrap();
    (handset(HANDSET), handset(NUMBER))
}

impl World {
    fn wish(&mut self, wish: TalkWish) -> Granted {
        self.shard.converse(self.now, wish, &mut self.notes)
    }

    fn granted(&mut self, wish: TalkWish) -> TalkTold {
        match self.wish(wish) {
            Granted::One(told) => *told,
            other => panic!("{other:?}"),
        }
    }

    fn says(&mut self, agent: &str, text: &str) -> Granted {
        self.wish(TalkWish::Reply(key(), agent.into(), text.into()))
    }
}

#[test]
fn people_claim_reply_and_give_back_and_the_bot_is_silent_meanwhile() {
    let (mut world, bot) = (world(), bot("1"));
    assert_eq!(world.tells(&bot, "personne"), ["On arrive."]);
    assert!(world.tells(&bot, "il y a quelqu'un ?").is_empty(), "the bot is silent");
    let Granted::List(list, false) = world.wish(TalkWish::List { all: false }) else { panic!() };
    let [told] = list.as_slice() else { panic!("{list:?}") };
    assert_eq!((told.state, told.queue.as_str()), ("waiting", "accueil"));
    assert_eq!((told.desk.priority, told.lines.len()), (Priority::High, 3));
    let told = world.granted(TalkWish::Claim(key(), "ana".into()));
    assert_eq!((told.state, &*told.desk.agent), ("with agent", "ana"));
    assert!(matches!(world.says("bob", "Moi !"), Granted::Refused(_)), "it is hers");
    assert!(matches!(world.says("ana", "Bonjour, Ana ici."), Granted::One(_)));
    assert_eq!(world.notes.said.last().unwrap(), "Bonjour, Ana ici.");
    assert!(world.tells(&bot, "non").is_empty(), "an answer to her, and no STOP");
    assert_eq!(world.counts(Counted::MoRequest(Request::Stop)), 0);
    world.granted(TalkWish::Return(key()));
    assert_eq!(world.tells(&bot, "merci"), ["Pardon ?"]);
    assert!(matches!(world.says("ana", "Encore ?"), Granted::Refused(_)), "the bot has it");
    let unknown = (key().1, key().1);
    assert!(matches!(world.wish(TalkWish::Show(unknown)), Granted::Unknown));
}

#[test]
fn who_waits_is_asked_for_patience_and_then_the_bot_goes_on() {
    let (mut world, bot) = (world(), bot("1"));
    world.tells(&bot, "personne");
    world.seconds(1_000);
    assert_eq!(world.notes.said.len(), 2, "{:?}", world.notes.said);
    world.seconds(1_000);
    assert_eq!(world.notes.said.len(), 3);
    world.seconds(1_500);
    assert_eq!(world.notes.said.len(), 3, "twice is enough");
    world.seconds(200);
    assert_eq!(world.notes.said.last().unwrap(), "Personne n'est là.");
    assert_eq!(world.granted(TalkWish::Show(key())).state, "closed");
}

#[test]
fn who_has_an_agent_is_not_asked_for_patience() {
    let (mut world, bot) = (world(), bot("1"));
    world.tells(&bot, "personne");
    world.granted(TalkWish::Claim(key(), "ana".into()));
    world.seconds(8 * 3_600);
    assert_eq!(world.notes.said, ["On arrive."]);
}

#[test]
fn what_is_put_aside_comes_back_with_time_or_when_its_handset_writes() {
    let (mut world, bot) = (world(), bot("1"));
    world.tells(&bot, "personne");
    world.granted(TalkWish::Claim(key(), "ana".into()));
    let later = |world: &World| world.now.wall + Duration::from_secs(3_000);
    let until = later(&world);
    assert_eq!(world.granted(TalkWish::Snooze(key(), until)).state, "snoozed");
    world.seconds(3_001);
    assert_eq!(world.granted(TalkWish::Show(key())).state, "with agent");
    let until = later(&world);
    world.granted(TalkWish::Snooze(key(), until));
    world.tells(&bot, "alors ?");
    assert_eq!(world.granted(TalkWish::Show(key())).state, "with agent");
    assert_eq!(world.granted(TalkWish::Close(key())).state, "closed");
    assert_eq!(world.tells(&bot, "personne"), ["On arrive."], "another conversation");
}

#[test]
fn people_have_it_in_a_later_process_too_whatever_became_of_the_file() {
    let (mut first, bot) = (world(), bot("1"));
    first.shard.keep_ledger();
    first.tells(&bot, "personne");
    first.granted(TalkWish::Claim(key(), "ana".into()));
    let mut image = Image::new(10);
    for octets in first.written() {
        image.take_batch(&octets).unwrap();
    }
    let was = image.talks.into_values().next().unwrap();
    for print in ["1", "2"] {
        let bot = self::bot(print);
        let talk = was.clone().with(&[Arc::clone(&bot)]).unwrap();
        let mut second = world();
        second.now = first.now;
        second.shard.restore_talk(second.now, talk);
        let told = second.granted(TalkWish::Show(key()));
        assert_eq!((told.state, &*told.desk.agent), ("with agent", "ana"), "{print}");
        assert!(second.tells(&bot, "alors ?").is_empty());
    }
}
