//! What operators see of marketing that waits for its hours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chappe::mt::policy::{Opening, Profile, Regions, opening, places};

use super::world::{World, carrier, free_address, route, submit_to, until};

/// A number to which French marketing may not be sent now: of three around the world one is asleep.
fn asleep() -> &'static str {
    let profile = Profile::named("fr-strict").unwrap();
    // Whatever happens meanwhile, as an hour ends.
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(120);
    let is_closed = |number: &&str| {
        let places = places::of(number.as_bytes());
        opening(profile, places, Regions::NONE, soon) != Opening::Now
    };
    ["33612345678", "687751234", "68987123456"].into_iter().find(is_closed).unwrap()
}

#[test]
fn marketing_that_waits_says_why_and_until_when_also_after_a_restart() {
    let address = free_address().to_string();
    let tables = format!(
        "{}{}[[number]]\naddress = \"Shop\"\nkind = \"alphanumeric\"\nclass = \"marketing\"\n\
         [[policy]]\nname = \"all\"\nquiet_hours = \"by_country\"\nrelease_spread_ms = 0\n\
         [store]\nengine = \"embedded\"\n",
        carrier("north", &address, ""),
        route("north"),
    );
    let mut world = World::start(&tables);
    let (_account, id) = submit_to(&world, asleep());
    for _ in 0..2 {
        let trace = &world.ask(&format!("trace {id}"))["messages"][0];
        assert_eq!(
            (&trace["state"], &trace["live"]["held_by"]),
            (&"held".into(), &"quiet_hours".into())
        );
        assert_eq!(trace["live"]["class"], "marketing");
        let next = trace["live"]["next_unix_ms"].as_u64().unwrap();
        assert!(next > trace["now_unix_ms"].as_u64().unwrap() && next.is_multiple_of(60_000));
        assert!(world.shown(&format!("trace {id}")).contains("(quiet_hours)"));
        let row = &world.ask("queue list")["rows"][0];
        assert_eq!((&row["held"], &row["scheduled"]), (&1.into(), &0.into()));
        assert_eq!(row["held_until_unix_ms"], next);
        world.kill();
        world.begin_again();
    }
    until("it can be ended", || world.ask("queue purge --yes")["messages"] == 1);
}
