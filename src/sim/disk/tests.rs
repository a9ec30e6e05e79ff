//! The disk itself, and the journal in files over it.

use super::*;

mod backup;
mod crashes;
mod damage;
mod erasing;
mod forged;
mod history;
mod journal;
mod repair;
mod resized;
mod spill;
mod stepped;

fn written(disk: &SimDisk, name: &str, octets: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.create(name).unwrap();
    file.write_at(octets, 0).unwrap();
    file
}

#[test]
fn what_is_synced_outlives_a_power_cut_and_the_rest_is_torn_by_blocks() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..50 {
        let disk = SimDisk::new(seed);
        let file = written(&disk, "a", &[1; 4 * BLOCK]);
        file.sync_data().unwrap();
        disk.sync_dir().unwrap();
        file.write_at(&[2; 2 * BLOCK], BLOCK as u64).unwrap();
        disk.power_cut();
        assert!(file.octets().is_err(), "the machine is off");
        let found = disk.restart().contents("a").unwrap();
        assert_eq!(found.len(), 4 * BLOCK);
        for (at, block) in found.chunks(BLOCK).enumerate() {
            assert!(block.iter().all(|octet| *octet == block[0]), "half a block");
            match (at, block[0]) {
                (0 | 3, 1) => {}
                (1 | 2, 1) => lost += 1,
                (1 | 2, 2) => kept += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(kept > 20 && lost > 20, "{kept} {lost}");
}

#[test]
fn a_name_lasts_when_the_directory_was_synced() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..50 {
        let disk = SimDisk::new(seed);
        written(&disk, "old", b"1").sync_data().unwrap();
        disk.sync_dir().unwrap();
        written(&disk, "new", b"2").sync_data().unwrap();
        disk.rename("old", "older").unwrap();
        disk.power_cut();
        outcomes.insert(disk.restart().list().unwrap().join(" "));
    }
    let all = ["new old", "new older", "old", "older"].map(str::to_owned);
    assert!(outcomes.iter().eq(&all), "{outcomes:?}");
}

#[test]
fn a_sync_that_failed_is_not_made_good_by_the_next_one() {
    let disk = SimDisk::new(3);
    let file = written(&disk, "a", &[1; 64 * BLOCK]);
    disk.sync_dir().unwrap();
    disk.fault_at(disk.calls() + 1, Fault::Error);
    assert!(file.sync_data().is_err());
    file.sync_data().unwrap();
    assert_eq!(disk.contents("a").unwrap(), [1; 64 * BLOCK]);
    disk.power_cut();
    assert_ne!(disk.restart().contents("a").unwrap(), [1; 64 * BLOCK]);
}

#[test]
fn what_is_full_takes_no_more_until_there_is_room() {
    let disk = SimDisk::new(1);
    disk.set_capacity(1000);
    let file = written(&disk, "a", &[1; 900]);
    let full = file.write_at(&[1; 101], 900).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    file.write_at(&[2; 900], 0).unwrap();
    disk.set_capacity(2000);
    file.write_at(&[1; 101], 900).unwrap();
    disk.remove("a").unwrap();
    let opened = file.octets().unwrap();
    assert_eq!((opened, disk.list().unwrap()), (1001, vec![]));
}
