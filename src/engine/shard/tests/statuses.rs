//! What each status of the table does to a message, row by row. Which class a row is of is compared
//! with a second opinion in `wire`.

use super::*;
use crate::wire::StatusClass;
use crate::wire::status::STATUSES;

#[test]
fn each_status_is_retried_sent_again_at_once_or_the_end_as_its_class_says() {
    let mut classes = [0; 3];
    for row in STATUSES.iter().filter(|row| row.code != CommandStatus::ESME_ROK) {
        let mut world = World::new();
        let id = world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.refuse(&sent, row.code);
        let (told, again) = (world.told(), world.sent());
        match row.class {
            StatusClass::Permanent | StatusClass::Protocol => {
                classes[0] += 1;
                assert_eq!(told, [(0, id, REJECTED, row.code.0)], "{}", row.name);
                world.seconds(3600);
                assert!(world.sent().is_none(), "{}", row.name);
                world.assert_empty();
            }
            StatusClass::Temporary | StatusClass::Session => {
                classes[1] += 1;
                assert!(told.is_empty() && again.is_none(), "{}", row.name);
                world.seconds(31);
                let again = world.sent().unwrap_or_else(|| panic!("{} goes again", row.name));
                assert_eq!(world.counts(Counted::Retried), 1, "{}", row.name);
                world.take(&again, "5");
                assert_eq!(world.shard.awaiting_receipt(), 1, "{}", row.name);
            }
            StatusClass::Throttle => {
                classes[2] += 1;
                assert!(told.is_empty() && again.is_some(), "{}", row.name);
                assert_eq!(world.counts(Counted::Retried), 0, "{}: no attempt", row.name);
            }
            StatusClass::Ok => panic!("{} is an error", row.name),
        }
    }
    assert_eq!(classes, [51, 13, 2], "each row of the table was here");
}

#[test]
fn a_status_that_nobody_knows_is_the_end() {
    for code in [0x09, 0x94, 0x400, 0x4ff, 0xffff_ffff] {
        let status = CommandStatus(code);
        assert!(status.name().is_none());
        let mut world = World::new();
        let id = world.submit(message()).unwrap();
        let sent = world.sent().unwrap();
        world.refuse(&sent, status);
        assert_eq!(world.told(), [(0, id, REJECTED, code)]);
    }
}
