//! Quiet hours: what waits, when it goes, and what it is told by.

use super::super::records::image::Image;
use super::*;
use crate::engine::shard::{HeldBy, SegmentPlace, Trace};
use crate::message::class::TrafficClass;
use crate::mt::policy::ledger::Source;
use crate::mt::policy::{
    AtQuietHours, Cap, Choice, Chosen, Consent, Handset, Policies, QuietHours, Rule, Scope, Terms,
};
use crate::mt::routing::Filter;

/// 2026-05-12, a Tuesday, at so many minutes of the day in Paris.
fn tuesday(minute: u64) -> Duration {
    Duration::from_secs(1_778_536_800 + 60 * minute)
}

const MORNING: u64 = 8 * 60;
const EVENING: u64 = 20 * 60;

fn terms() -> Terms {
    let quiet_hours = QuietHours::named("fr-strict").unwrap();
    Terms { quiet_hours, spread: Duration::ZERO, ..Terms::default() }
}

fn policies(terms: Terms) -> Option<Arc<Policies>> {
    Some(Arc::new(Policies::new([(Filter::default(), Vec::new(), terms)])))
}

/// A world of these terms in which it is then.
fn world(terms: Terms, wall: Duration) -> World {
    let limits = Limits { policies: policies(terms), ..Rules::default().limits };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.now.wall = wall;
    world
}

impl World {
    fn marketing_to(&self, handset: &str) -> Message {
        let wall = self.now.wall;
        let message = message_to(handset);
        Message {
            class: TrafficClass::Marketing,
            accepted_at: wall,
            expires_at: wall + VALID,
            ..message
        }
    }

    fn marketing(&self) -> Message {
        self.marketing_to(HANDSET)
    }

    fn live(&self, id: MessageId) -> (Option<HeldBy>, Duration, Vec<SegmentPlace>) {
        match &self.shard.trace(id)[..] {
            [Trace::Live(live)] => {
                let places = live.segments.iter().map(|one| one.place).collect();
                (live.held_by, live.wake_at, places)
            }
            other => panic!("{other:?}"),
        }
    }

    fn held(&self) -> usize {
        self.counts(Counted::PolicyHeld(Rule::QuietHours))
    }
}

#[test]
fn marketing_waits_for_the_morning_and_nothing_else_does() {
    let mut world = world(terms(), tuesday(EVENING));
    assert!(world.submit(message()).is_some());
    let conversational = Message { class: TrafficClass::Conversational, ..message() };
    assert!(world.submit(conversational).is_some());
    let ids = [world.sent().unwrap(), world.sent().unwrap()];
    let held = world.submit(world.marketing()).unwrap();
    let morning = tuesday(24 * 60 + MORNING);
    assert_eq!(world.live(held), (Some(HeldBy::QuietHours), morning, vec![SegmentPlace::Waits]));
    world.seconds(12 * 3600 - 1);
    assert!(world.sent().is_none(), "nothing leaves before eight");
    world.seconds(2);
    assert!(world.sent().is_some());
    assert_eq!((world.live(held).0, ids.len(), world.held()), (None, 2, 1));
}

#[test]
fn what_waits_leaves_spread_and_in_the_order_it_came_to_each_handset() {
    let spread = Duration::from_secs(600);
    let mut world = world(Terms { spread, ..terms() }, tuesday(EVENING));
    for turn in 0..3 {
        for handset in 0..200 {
            let message = world.marketing_to(&format!("336{handset:08}"));
            let text = UserData::new(&[turn]);
            world.submit(Message { user_data: text, ..message }).unwrap();
        }
    }
    world.seconds(12 * 3600);
    assert!(world.notes.out.len() < 30, "a burst");
    let mut left = [0; 10];
    let mut last: HashMap<Vec<u8>, u8> = HashMap::new();
    for minute in &mut left {
        world.seconds(61);
        while let Some(sent) = world.sent() {
            *minute += 1;
            let handset = sent.message.destination.octets().to_vec();
            let turn = sent.message.read().segment(0)[0];
            assert_eq!(last.insert(handset, turn), turn.checked_sub(1), "out of order");
        }
    }
    assert!(left.iter().all(|minute| (30..=90).contains(minute)), "{left:?}");
    assert_eq!(left.iter().sum::<i32>(), 600);
}

#[test]
fn what_its_dispatcher_still_has_at_eight_in_the_evening_comes_back_and_waits() {
    let mut world = world(terms(), tuesday(EVENING - 1));
    let begun = world.submit(Message { cuts: [1, 2].into_iter().collect(), ..world.marketing() });
    let first = world.sent().unwrap();
    world.take(&first, "1");
    let waits = world.submit(world.marketing()).unwrap();
    let code = world.submit(message()).unwrap();
    world.seconds(61);
    let left: Vec<_> = std::iter::from_fn(|| world.sent()).map(|sent| sent.order).collect();
    assert_eq!(left.len(), 2, "what has begun is finished, and a code is never held");
    assert_eq!(world.live(waits).0, Some(HeldBy::QuietHours));
    assert!([begun.unwrap(), code].iter().all(|id| world.live(*id).0.is_none()));
    world.seconds(12 * 3600);
    assert!(world.sent().is_some());
}

#[test]
fn one_that_was_withdrawn_and_taken_all_the_same_is_finished() {
    let mut world = world(terms(), tuesday(EVENING - 1));
    let id = world.submit(world.marketing()).unwrap();
    let sent = world.sent().unwrap();
    world.seconds(61);
    world.take(&sent, "1");
    world.receipt("1", DELIVERED);
    assert_eq!(world.told(), [(0, id, DELIVERED, 0)]);
    world.assert_empty();
}

#[test]
fn a_retry_waits_for_the_morning_too() {
    let mut world = world(terms(), tuesday(EVENING - 1));
    let id = world.submit(world.marketing()).unwrap();
    let sent = world.sent().unwrap();
    world.seconds(45);
    world.refuse(&sent, CommandStatus::ESME_RSYSERR);
    world.seconds(60);
    assert!(world.sent().is_none());
    assert_eq!(world.live(id).0, Some(HeldBy::QuietHours));
    world.seconds(12 * 3600);
    assert!(world.sent().is_some());
}

#[test]
fn its_validity_ends_while_it_waits() {
    let mut world = world(terms(), tuesday(EVENING));
    let hour = Duration::from_secs(3600);
    let short = Message { expires_at: world.now.wall + hour, ..world.marketing() };
    let id = world.submit(short).unwrap();
    world.seconds(3601);
    assert_eq!(world.told(), [(0, id, MessageState::EXPIRED, 11)]);
    world.assert_empty();
}

#[test]
fn a_policy_may_refuse_instead() {
    let refuse = Terms { at_quiet_hours: AtQuietHours::Refuse, ..terms() };
    let mut world = world(refuse, tuesday(EVENING - 1));
    let open = world.submit(world.marketing());
    let scheduled = Message { send_at: tuesday(EVENING), ..world.marketing() };
    assert_eq!(world.submit(scheduled), None);
    assert!(open.is_some());
    let refused: Vec<_> = world.notes.refused.iter().map(|(_, _, status)| *status).collect();
    assert_eq!(refused, [CommandStatus::ESME_RX_R_APPN]);
    assert_eq!(world.counts(Counted::PolicyRefused(Rule::QuietHours)), 1);
}

#[test]
fn what_is_scheduled_is_judged_for_its_moment() {
    let mut world = world(terms(), tuesday(12 * 60));
    let night = Message { send_at: tuesday(23 * 60), ..world.marketing() };
    let noon = Message { send_at: tuesday(13 * 60), ..world.marketing() };
    let (night, noon) = (world.submit(night).unwrap(), world.submit(noon).unwrap());
    assert_eq!(world.live(night).1, tuesday(24 * 60 + MORNING));
    assert_eq!((world.live(noon).0, world.live(noon).1), (None, tuesday(13 * 60)));
    world.seconds(3601);
    assert!(world.sent().is_some() && world.sent().is_none());
}

#[test]
fn an_answer_to_a_handset_goes_at_night_until_it_writes_stop() {
    let mut world = world(terms(), tuesday(EVENING));
    let answer = Message { source: Address::new(3, 0, b"36105"), ..world.marketing() };
    let id = world.submit(answer.clone()).unwrap();
    assert_eq!(world.live(id).0, Some(HeldBy::QuietHours), "nobody wrote");
    world.mo(&owned_by(0), mo("Vous livrez le dimanche ?"));
    let id = world.submit(answer.clone()).unwrap();
    assert_eq!(world.live(id).0, None);
    assert!(world.sent().is_some());
    let other = world.submit(world.marketing()).unwrap();
    assert_eq!(world.live(other).0, Some(HeldBy::QuietHours), "from another number");
    world.mo(&owned_by(0), mo("STOP"));
    assert_eq!(world.submit(answer.clone()), None);
    world.mo(&owned_by(0), mo("START"));
    world.seconds(25 * 3600);
    let id = world.submit(Message { expires_at: world.now.wall + VALID, ..answer }).unwrap();
    assert_eq!(world.live(id).0, Some(HeldBy::QuietHours), "a day has passed");
}

#[test]
fn a_reload_that_closes_hours_takes_back_what_waits() {
    let open = Terms { quiet_hours: QuietHours::None, ..terms() };
    let mut world = world(open, tuesday(EVENING));
    let id = world.submit(world.marketing()).unwrap();
    let limits = Limits { policies: policies(terms()), ..Rules::default().limits };
    let carriers = vec![Rules::default().carrier; 2];
    world.shard.reconfigure(limits, carriers, &mut world.notes);
    world.seconds(1);
    assert!(world.sent().is_none());
    assert_eq!(world.live(id).0, Some(HeldBy::QuietHours));
}

#[test]
fn a_stop_ends_what_waits_for_the_morning() {
    let mut world = world(terms(), tuesday(EVENING));
    let own = Message { source: Address::new(3, 0, b"36105"), ..world.marketing() };
    let id = world.submit(own).unwrap();
    world.mo(&owned_by(0), mo("STOP"));
    assert_eq!(world.told(), [(0, id, REJECTED, 10)]);
    world.seconds(13 * 3600);
    assert!(world.sent().is_none());
    world.assert_empty();
}

#[test]
fn a_handset_gets_as_many_as_its_cap_and_more_when_the_span_has_slid() {
    let caps = vec![Cap::parse("2/day").unwrap()];
    let open = Terms { caps, quiet_hours: QuietHours::None, ..terms() };
    let mut world = world(open, tuesday(12 * 60));
    let later = Message { send_at: tuesday(13 * 60), ..world.marketing() };
    assert!(world.submit(later).is_some(), "counted when it goes");
    assert!(world.submit(world.marketing()).is_some());
    assert!(world.submit(world.marketing()).is_some());
    assert_eq!(world.submit(world.marketing()), None);
    assert!(world.submit(world.marketing_to("33687654321")).is_some(), "another handset");
    assert!(world.submit(message()).is_some(), "no marketing");
    world.seconds(3_700);
    assert_eq!(
        world.told().iter().map(|told| (told.2, told.3)).collect::<Vec<_>>(),
        [(REJECTED, 10)]
    );
    assert_eq!(world.counts(Counted::PolicyRefused(Rule::Cap)), 2);
    world.seconds(24 * 3600);
    assert!(world.submit(world.marketing()).is_some());
}

#[test]
fn one_that_goes_again_counts_once() {
    let caps = vec![Cap::parse("1/day").unwrap()];
    let open = Terms { caps, quiet_hours: QuietHours::None, ..terms() };
    let mut world = world(open, tuesday(12 * 60));
    world.submit(world.marketing()).unwrap();
    for _ in 0..2 {
        let sent = world.sent().unwrap();
        world.refuse(&sent, CommandStatus::ESME_RSYSERR);
        world.seconds(31);
    }
    assert!(world.sent().is_some());
    assert_eq!(world.submit(world.marketing()), None);
}

#[test]
fn a_sender_that_the_country_does_not_take_is_told_so() {
    let mut world = world(Terms { quiet_hours: QuietHours::None, ..terms() }, tuesday(12 * 60));
    let mobile = Message { source: Address::new(1, 1, b"33612000000"), ..world.marketing() };
    assert_eq!(world.submit(mobile.clone()), None);
    let code = Message { class: TrafficClass::Transactional, ..mobile };
    assert!(world.submit(code).is_some());
    assert_eq!(world.notes.refused.last().unwrap().2, CommandStatus::ESME_RINVSRCADR);
}

#[test]
fn what_waits_and_what_was_counted_outlive_a_restart() {
    let caps = vec![Cap::parse("1/day").unwrap()];
    let capped = Terms { caps, ..terms() };
    let mut before = world(capped.clone(), tuesday(EVENING - 60));
    before.shard.keep_ledger();
    let mut image = Image::new(10);
    before.submit(before.marketing()).unwrap();
    before.write_to(&mut image);
    before.seconds(3_600);
    let held = before.submit(before.marketing_to("33687654321")).unwrap();
    before.write_to(&mut image);
    let mut after = world(capped, before.now.wall);
    for texted in std::mem::take(&mut image.texted).into_values() {
        after.shard.restore_texted(texted);
    }
    let mut live: Vec<_> = std::mem::take(&mut image.live).into_values().collect();
    live.sort_unstable_by_key(|was| was.live.id);
    for was in live {
        after.shard.restore_live(after.now, was, &mut after.notes);
    }
    after.seconds(1);
    assert!(after.sent().is_none(), "what was queued waits for the morning as well");
    assert_eq!(after.live(held).0, Some(HeldBy::QuietHours));
    assert_eq!(after.submit(after.marketing()), None, "over its cap");
    after.seconds(12 * 3600 + 1);
    assert!(after.sent().is_some() && after.sent().is_some() && after.sent().is_none());
}

/// Everything, as this handset chose it so many seconds after the day began.
fn chosen(choice: Choice, at: u32) -> Chosen {
    let handset = Handset::of(HANDSET.as_bytes()).unwrap();
    let at_s = tuesday(0).as_secs() as u32 + at;
    Chosen { handset, scope: Scope::ALL, choice, at_s, source: Source::Import }
}

#[test]
fn of_what_is_told_in_any_order_the_newest_counts() {
    let wanted = Terms { consent: Consent::OptIn, quiet_hours: QuietHours::None, ..terms() };
    let mut world = world(wanted, tuesday(12 * 60));
    assert_eq!(world.submit(world.marketing()), None);
    assert_eq!(world.counts(Counted::PolicyRefused(Rule::NoConsent)), 1);
    let take = |world: &mut World, choice, at| {
        world.shard.take_choices(world.now, vec![chosen(choice, at)], &mut world.notes)
    };
    assert_eq!(take(&mut world, Choice::In, 10), 1);
    assert_eq!(take(&mut world, Choice::Out, 5), 0, "it is older");
    let later = Message { send_at: tuesday(13 * 60), ..world.marketing() };
    let waits = world.submit(later).unwrap();
    assert_eq!(take(&mut world, Choice::Out, 10), 1);
    assert_eq!(world.told(), [(0, waits, REJECTED, 10)], "what waits ends");
    assert_eq!(take(&mut world, Choice::In, 10), 0, "of one second that to get none counts");
    assert_eq!(world.submit(world.marketing()), None);
    // The same again is of its newer time, and no pause ends it.
    assert_eq!(take(&mut world, Choice::Out, 20), 0);
    assert_eq!(take(&mut world, Choice::In, 15), 0);
    assert_eq!(take(&mut world, Choice::PausedUntil(u32::MAX), 30), 0);
    let (all, next) = world.shard.choices_from(0, 10);
    assert_eq!((all, next), (vec![chosen(Choice::Out, 20)], None));
    // One of a time to come is of now.
    assert_eq!(take(&mut world, Choice::In, u32::MAX / 4), 1);
    assert_eq!(take(&mut world, Choice::Out, 12 * 3600), 1);
}

#[test]
fn what_comes_in_a_pause_waits_for_its_end() {
    let mut world = world(Terms { quiet_hours: QuietHours::None, ..terms() }, tuesday(12 * 60));
    let until = tuesday(15 * 60);
    let pause = chosen(Choice::PausedUntil(until.as_secs() as u32), 0);
    world.shard.take_choices(world.now, vec![pause], &mut world.notes);
    let id = world.submit(world.marketing()).unwrap();
    assert_eq!((world.live(id).0, world.live(id).1), (Some(HeldBy::Pause), until));
    world.seconds(3 * 3600 + 1);
    assert!(world.sent().is_some());
}
