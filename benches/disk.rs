//! The disk that something is measured on: which file system it has, and what it does by itself.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Says which file system this directory is on; ends the process where nothing is ever written.
pub fn print_file_system(directory: &Path) {
    let directory = directory.canonicalize().expect("the directory is there");
    let (name, point) = file_system(&directory);
    if ["tmpfs", "ramfs"].contains(&&*name) {
        eprintln!("{}: found {name}; expected a file system on a disk", directory.display());
        std::process::exit(2);
    }
    println!("{name}, mounted on {}", point.display());
}

/// The name of the file system that a directory is on, and where that is mounted.
fn file_system(directory: &Path) -> (String, PathBuf) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let point = PathBuf::from(words.next()?);
        directory.starts_with(&point).then_some((words.next()?.to_owned(), point))
    });
    // The last one of those of the same length is on top.
    mounts.max_by_key(|(_, point)| point.as_os_str().len()).expect("something is mounted on /")
}

/// What the disk does by itself: a write and an fdatasync, one after the other for so long each, in
/// a file whose octets were all written before.
pub fn print_syncs(path: &Path, lasts: Duration) {
    const OCTETS: u64 = 64 << 20;
    let file = File::create(path).expect("a file");
    for at in (0..OCTETS).step_by(1 << 20) {
        file.write_all_at(&[1; 1 << 20], at).expect("room for it");
    }
    file.sync_all().expect("a disk that syncs");
    println!("\n{:<24} {:>10} {:>8} {:>8}", "", "syncs/s", "p50 ms", "p99 ms");
    for block in [4 << 10, 64 << 10] {
        let octets = vec![2; block];
        let (mut took, mut at) = (Vec::new(), 0);
        let start = Instant::now();
        while start.elapsed() < lasts {
            let begun = Instant::now();
            file.write_all_at(&octets, at).expect("it is there");
            file.sync_data().expect("a disk that syncs");
            took.push(begun.elapsed());
            at = (at + block as u64) % OCTETS;
        }
        let rate = took.len() as f64 / start.elapsed().as_secs_f64();
        let (p50, p99) = (quantile(&mut took, 0.5), quantile(&mut took, 0.99));
        println!("{:<24} {rate:>10.0} {p50:>8.2} {p99:>8.2}", format!("disk/{}_kib", block >> 10));
    }
}

/// A quantile in milliseconds.
pub fn quantile(took: &mut [Duration], share: f64) -> f64 {
    took.sort_unstable();
    let at = ((took.len().max(1) - 1) as f64 * share) as usize;
    took.get(at).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}
