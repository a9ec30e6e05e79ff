use super::*;
use crate::mo::bot::tests::{BEGINS, bot, draft};

fn now(seconds: u64) -> Now {
    Now { monotonic: Duration::ZERO, wall: BEGINS }.plus(Duration::from_secs(seconds))
}

/// A conversation in which each of these was written a minute behind the one before.
fn talk(bot: &Bot, messages: &[&str]) -> (Conversation, Vec<Turn>) {
    let (mut conversation, mut scratch) = (Conversation::default(), Scratch::default());
    let step = |(at, text): (u64, &&str)| {
        conversation.step(bot, now(at * 61), Event::Message(text), &mut scratch)
    };
    let turns = (0..).zip(messages).map(step).collect();
    (conversation, turns)
}

fn whys(messages: &[&str]) -> Vec<Why> {
    talk(&bot(), messages).1.into_iter().map(|turn| turn.why).collect()
}

#[test]
fn the_open_question_comes_first_then_rules_then_intents_then_the_fallback() {
    // `12345678` answers; `rdv` does not and is a rule.
    assert_eq!(whys(&["suivi de ma commande", "12345678"])[1], Why::Answer);
    assert_eq!(whys(&["suivi de ma commande", "rendez vous !"])[1], Why::Rule(0));
    assert!(matches!(whys(&["un conseiller svp"])[0], Why::Intent(1, sure) if sure >= 0.5));
    assert_eq!(whys(&["xyzzy", "wxq"]), [Why::Fallback, Why::Fallback]);
    assert_eq!(whys(&["rdv", "bof"])[1], Why::Refused);
}

#[test]
fn nobody_who_writes_is_met_with_silence() {
    let mut quiet = draft();
    quiet.flows[0].steps = vec![(0, Step::Tag("x".to_owned()))];
    quiet.flows[1].steps = vec![(0, Step::End)];
    let bot = Bot::new(quiet).unwrap();
    let messages = ["suivi de ma commande", "rdv", "?", "", "où est mon colis"];
    for turn in talk(&bot, &messages).1 {
        assert!(turn.why == Why::People || !turn.replies.is_empty(), "{turn:?}");
    }
}

#[test]
fn what_does_not_get_on_goes_to_people() {
    // Each message leads to a question that the next one does not answer.
    let around = ["rdv", "où est mon colis"].repeat(6);
    let (conversation, turns) = talk(&bot(), &around);
    assert_eq!(turns[usize::from(STUCK_MAX) - 1].why, Why::Stuck);
    assert_eq!(*conversation.status(), Status::People("support".to_owned()));
    assert_eq!(turns.last().unwrap().replies, [""; 0]);
}

#[test]
fn a_machine_is_not_answered() {
    let (conversation, turns) = talk(&bot(), &["xyzzy"; 9]);
    assert_eq!(*conversation.status(), Status::People("support".to_owned()));
    assert!(turns.iter().filter(|turn| !turn.replies.is_empty()).count() < usize::from(SAME_MAX));
    // One that is never handed over, and writes something else each time.
    let mut chatty = draft();
    chatty.twice = 0;
    chatty.slots[0].otherwise = 0;
    let bot = Bot::new(chatty).unwrap();
    let (mut conversation, mut scratch) = (Conversation::default(), Scratch::default());
    let mut said = 0;
    for message in 0..100 {
        let text = format!("out of office {message}");
        let turn = conversation.step(&bot, now(message / 10), Event::Message(&text), &mut scratch);
        said += turn.replies.len();
    }
    assert_eq!(*conversation.status(), Status::Machine);
    assert!(said <= usize::from(PACE_MAX), "{said}");
    // Tomorrow is another conversation.
    let turn = conversation.step(&bot, now(200_000), Event::Message("rdv"), &mut scratch);
    assert_eq!(turn.replies, ["Quel jour ?"]);
}

#[test]
fn a_conversation_that_ended_begins_anew_without_its_answers() {
    let bot = bot();
    let (mut conversation, _) = talk(&bot, &["suivi de ma commande", "12345678"]);
    assert_eq!(*conversation.status(), Status::Ended);
    assert!(conversation.value(0).is_some() && conversation.due().is_none());
    conversation.step(&bot, now(900), Event::Message("rdv"), &mut Scratch::default());
    assert_eq!(*conversation.status(), Status::Bot);
    assert_eq!(conversation.value(0), None);
    assert_eq!(conversation.due(), Some(now(900 + 7_200).wall));
}

#[test]
fn nothing_happens_when_nothing_is_due() {
    let bot = bot();
    let (mut conversation, _) = talk(&bot, &["rdv"]);
    let before = conversation.clone();
    let mut scratch = Scratch::default();
    let turn = conversation.step(&bot, now(7_199), Event::Timer, &mut scratch);
    assert_eq!((turn.why, turn.replies.len()), (Why::Nothing, 0));
    assert_eq!(conversation, before);
    let mut fresh = Conversation::default();
    for event in [Event::Timer, Event::Undelivered] {
        assert_eq!(fresh.step(&bot, now(0), event, &mut scratch).why, Why::Nothing);
    }
}

#[test]
fn people_give_a_conversation_back() {
    let bot = bot();
    let (mut conversation, turns) = talk(&bot, &["un conseiller svp"]);
    assert_eq!(turns[0].handed_to.as_deref(), Some("support"));
    conversation.give_back();
    let mut scratch = Scratch::default();
    let turn = conversation.step(&bot, now(600), Event::Message("rdv"), &mut scratch);
    assert_eq!(turn.replies, ["Quel jour ?"]);
}

#[test]
fn an_uncertain_message_is_asked_about_by_number() {
    let mut unsure = draft();
    (unsure.accept, unsure.unsure) = (Some(1.1), Some(0.0));
    let bot = Bot::new(unsure).unwrap();
    let (_, turns) = talk(&bot, &["où est mon colis", "2"]);
    assert_eq!(
        (turns[0].why, &turns[0].replies[..]),
        (Why::Offer, &["1 colis\n2 humain".into()][..])
    );
    assert_eq!(turns[1].replies, ["Un conseiller arrive."]);
}

#[test]
fn braces_never_reach_anybody() {
    let values = |name: &str| (name == "a").then(|| "1".to_owned());
    let cases = [("{a}{b|x}{b}", "1x"), ("{a", "a"), ("a}", "a}"), ("{}", ""), ("{a|{b}}", "a|}")];
    for (text, expected) in cases {
        assert_eq!(show::filled(text, values), expected, "{text}");
    }
}

#[test]
fn a_conversation_is_read_as_it_was_written() {
    let bot = bot();
    let talks: [&[&str]; 6] = [
        &[],
        &["rdv"],
        &["rdv", "vendredi", "non"],
        &["suivi de ma commande", "12345678"],
        &["un conseiller svp"],
        &["xyzzy"],
    ];
    for messages in talks {
        let (conversation, _) = talk(&bot, messages);
        let octets = conversation.to_octets();
        assert!(octets.len() <= STATE_OCTETS_MAX);
        assert_eq!(Conversation::from_octets(&octets), Ok(conversation), "{messages:?}");
        for end in 0..octets.len() {
            assert!(Conversation::from_octets(&octets[..end]).is_err(), "{messages:?} {end}");
        }
        let longer = [&octets[..], &[0]].concat();
        assert_eq!(Conversation::from_octets(&longer), Err(Unreadable::Malformed));
        let other = [&[9], &octets[1..]].concat();
        assert_eq!(Conversation::from_octets(&other), Err(Unreadable::Version(9)));
    }
}

#[test]
fn octets_that_are_changed_are_refused_or_read_and_written_alike() {
    let (conversation, _) = talk(&bot(), &["rdv", "vendredi"]);
    let octets = conversation.to_octets();
    for at in 0..octets.len() {
        for flip in 1..=255 {
            let mut changed = octets.clone();
            changed[at] ^= flip;
            if let Ok(read) = Conversation::from_octets(&changed) {
                assert_eq!(read.to_octets(), changed, "{at} {flip}");
            }
        }
    }
}
