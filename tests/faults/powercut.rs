//! Power cuts of the whole engine: what it wrote and did not sync may be gone.
//!
//! ```text
//!   engine --> ext4 --loop--> a file on xfs --loop--> a file here
//!                             `-- its state at one moment, by reflink, is the disk after the cut
//! ```
//!
//! The engine is stopped, so that it promises nothing more; then the file is copied as it is at
//! that moment, without what the ext4 above still has in memory; then the engine is killed, and the
//! next one starts on the copy. Root, mkfs.xfs and loop devices are needed, which few machines that
//! test have, so that it is run by hand: `README.md` says how. A drive that loses what it said was
//! synced is not modelled; `sim::disk` tears what was not.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::engine::signal;
use super::foreign::skip;
use super::kills::{Storm, number, survive};

/// The two file systems.
struct Disk {
    directory: PathBuf,
    mounted_at: PathBuf,
}

impl Disk {
    /// One with nothing on it, mounted there.
    fn new(directory: &Path, mounted_at: &Path) -> Self {
        let disk = Self { directory: directory.into(), mounted_at: mounted_at.into() };
        disk.shell(
            "mkdir -p \"$1\" below && truncate -s 4G below.img && mkfs.xfs -q below.img &&
             mount -o loop below.img below && truncate -s 1G below/disk.img &&
             mkfs.ext4 -q below/disk.img && mount -o loop below/disk.img \"$1\"",
        );
        disk
    }

    /// Keeps what is on it at this moment.
    fn snapshot(&self) {
        self.shell("cp --reflink=always below/disk.img below/cut.img");
    }

    /// Goes back to what was kept. Nobody may have a file open.
    fn go_back(&self) {
        self.shell(
            "umount \"$1\" && mv below/cut.img below/disk.img &&
             mount -o loop below/disk.img \"$1\"",
        );
    }

    fn shell(&self, script: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-ec", script, "sh"]).arg(&self.mounted_at).current_dir(&self.directory);
        assert!(shell.status().unwrap().success(), "{script}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.shell("umount -l \"$1\"; umount -l below; rm -f below.img");
    }
}

#[test]
fn power_cuts_at_random_moments_cost_nothing_that_was_promised() {
    let cuts = number("CHAPPE_POWER_CUTS", 0);
    if cuts == 0 {
        return skip("CHAPPE_POWER_CUTS does not say how many; it needs root and mkfs.xfs");
    }
    let storm = Storm {
        ends: cuts,
        messages: number("CHAPPE_MESSAGES", 10_000),
        cycle_ms: 1500,
        in_starts: false,
    };
    let directory = std::env::temp_dir().join(format!("chappe-disk-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let disk = OnceCell::new();
    survive(
        &storm,
        |engine| {
            let made = Disk::new(&directory, &engine.directory.join("data"));
            assert!(disk.set(made).is_ok());
        },
        |engine| {
            signal(engine.pid(), "-STOP");
            let disk = disk.get().unwrap();
            disk.snapshot();
            engine.kill();
            disk.go_back();
        },
    );
    drop(disk);
    std::fs::remove_dir_all(&directory).unwrap();
}
