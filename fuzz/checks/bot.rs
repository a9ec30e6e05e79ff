//! What must hold for any text as a bot's file, and for what people write to a bot.

use std::time::Duration;

use chappe::clock::Now;
use chappe::config;
use chappe::mo::bot::Bot;
use chappe::mo::conversation::{Conversation, Event, STATE_OCTETS_MAX, Status};
use chappe::mo::intent::Scratch;

/// Whatever the text, it is a bot or faults of one line each. A bot answers every line of its own
/// file: never with silence or an open brace until people have the conversation, and what it keeps
/// of it is small and read as it was written.
pub fn bot(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    match config::bot::parse("fuzz.toml", &text) {
        Err(errors) => {
            assert!(!errors.errors().is_empty());
            for error in errors.errors() {
                assert!(!error.to_string().contains(['\n', '\r']), "{error:?}");
            }
        }
        Ok(bot) => talk(&bot, &text),
    }
}

fn talk(bot: &Bot, text: &str) {
    let (mut conversation, mut scratch) = (Conversation::default(), Scratch::default());
    let mut now = Now { monotonic: Duration::ZERO, wall: Duration::from_secs(1_778_572_800) };
    for (line, written) in text.lines().take(64).enumerate() {
        now = now.plus(Duration::from_secs(20));
        let event = match line % 5 {
            3 => Event::Timer,
            4 => Event::Undelivered,
            _ => Event::Message(written),
        };
        if let (Event::Timer, Some(due)) = (event, conversation.due()) {
            now = now.plus(due.saturating_sub(now.wall));
        }
        let turn = conversation.step(bot, now, event, &mut scratch);
        let hears = matches!(conversation.status(), Status::Bot | Status::Ended);
        assert!(
            !hears || !matches!(event, Event::Message(_)) || !turn.replies.is_empty(),
            "silence: {turn:?}"
        );
        let kept = conversation.to_octets();
        assert!(kept.len() <= STATE_OCTETS_MAX);
        assert_eq!(Conversation::from_octets(&kept).as_ref(), Ok(&conversation));
    }
}
