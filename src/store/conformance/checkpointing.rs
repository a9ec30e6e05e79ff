//! The contract of checkpoints.

use super::*;

/// The records of the newest checkpoint, and where replay goes on.
fn checkpoint(journal: &impl Checkpoints) -> (Vec<Vec<u8>>, Position) {
    let mut records = Vec::new();
    let from = journal.read(&mut |record| {
        records.push(record.to_vec());
        ControlFlow::Continue(())
    });
    (records, from.unwrap())
}

/// Records of a state that depends on this number: some empty, some of many octets.
fn state(number: u64) -> Vec<Vec<u8>> {
    let size = |at: u64| [0, 3, 300, 40_000][(at % 4) as usize];
    (0..number).map(|at| vec![(number + at) as u8; size(at)]).collect()
}

fn write(journal: &impl Checkpoints, number: u64, from: Position) -> Result<(), Error> {
    let mut writer = journal.begin()?;
    for record in state(number) {
        writer.write(&record)?;
    }
    writer.finish(from)
}

pub(crate) fn the_newest_checkpoint_is_read_back(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    assert_eq!((journal.newest(), checkpoint(&journal)), (None, (vec![], Position::FIRST)));
    submit(&journal, 1, 40);
    fixture.settle(&journal);
    for (size, from) in [(50, 10), (0, 11), (200, 41), (3, 41)] {
        write(&journal, size, Position::new(from)).unwrap();
        assert_eq!(journal.newest(), Some(Position::new(from)));
        assert_eq!(checkpoint(&journal), (state(size), Position::new(from)));
    }
    let mut given = 0;
    let from = journal.read(&mut |_| {
        given += 1;
        ControlFlow::Break(())
    });
    assert_eq!((given, from.unwrap()), (1, Position::new(41)));
    fixture.crash(journal);
    assert_eq!(checkpoint(&fixture.open().unwrap()), (state(3), Position::new(41)));
}

pub(crate) fn an_unfinished_checkpoint_was_never_there(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    submit(&journal, 1, 10);
    fixture.settle(&journal);
    write(&journal, 7, Position::new(5)).unwrap();
    for _ in 0..3 {
        let mut writer = journal.begin().unwrap();
        assert!(matches!(journal.begin(), Err(Error::Locked)), "there is one at a time");
        state(100).iter().for_each(|record| writer.write(record).unwrap());
        drop(writer);
        assert_eq!(checkpoint(&journal), (state(7), Position::new(5)));
    }
    fixture.crash(journal);
    assert_eq!(checkpoint(&fixture.open().unwrap()), (state(7), Position::new(5)));
}

pub(crate) fn a_checkpoint_ahead_of_the_journal_is_refused(fixture: &mut impl Fixture) {
    let journal = fixture.open().unwrap();
    submit(&journal, 1, 10);
    fixture.settle(&journal);
    write(&journal, 3, Position::new(11)).unwrap();
    let ahead = write(&journal, 4, Position::new(12));
    assert!(matches!(ahead, Err(Error::NotDurable { .. })), "{ahead:?}");
    assert_eq!(checkpoint(&journal), (state(3), Position::new(11)));
}

/// The state is the sum of all numbers submitted: whatever is truncated, it stays the same.
pub(crate) fn a_checkpoint_and_a_replay_are_the_whole_state(fixture: &mut impl Fixture) {
    fn sum(journal: &(impl Journal + Checkpoints)) -> u64 {
        let number = |octets: &[u8]| u64::from_le_bytes(octets[..8].try_into().unwrap());
        let mut sum = 0;
        let from = journal.read(&mut |record| {
            sum += number(record);
            ControlFlow::Continue(())
        });
        let end = journal.replay(from.unwrap(), &mut |entry| {
            sum += number(Records::new(entry.octets).next().unwrap());
            ControlFlow::Continue(())
        });
        end.unwrap();
        sum
    }
    let mut end = 0;
    for life in 0..6 {
        let journal = fixture.open().unwrap();
        let expected = |end: u64| end * (end + 1) / 2;
        assert_eq!(sum(&journal), expected(end), "life {life}");
        submit(&journal, end + 1, end + 60);
        fixture.settle(&journal);
        end += 60;
        let mut writer = journal.begin().unwrap();
        writer.write(&expected(end - 20).to_le_bytes()).unwrap();
        writer.finish(Position::new(end - 20).next()).unwrap();
        journal.truncate_before(journal.newest().unwrap()).unwrap();
        assert_eq!(sum(&journal), expected(end), "life {life}");
        fixture.crash(journal);
    }
}
