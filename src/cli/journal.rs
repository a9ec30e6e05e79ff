//! `chappe journal check|repair DIR`: what a journal that nobody has open holds, where it is
//! damaged, and the damage cut out of it. `backup`: a copy of one that an engine has.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::control::{self, Asked, table::Table};
use super::{Exit, Failure, lines, written};
use crate::engine::control::{Command, JournalCopy};
use crate::store::{self, Damage, Directory, Error, Position, Repaired, Report, Settings};

/// What is done with a journal.
#[derive(Debug, clap::Subcommand)]
pub enum JournalCommand {
    /// Read all of a journal and say what it holds, and where it is damaged
    Check(Args),
    /// Cut a journal at its first damage; what is cut is put aside in files beside it
    Repair(Args),
    /// Have a running engine copy its journal, to a directory that can be a data_dir
    Backup(BackupArgs),
}

/// Which journal, and how the answer is printed.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The directory of the journal; no engine may have it open
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Where a copy goes, and whose journal it is of.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// The directory, which is made; it holds texts and the keys to read them
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    asked: Asked,
}

/// Runs the command.
///
/// # Errors
/// Why it could not: exit code 1 while an engine has it open, 2 where there is no journal, 3 where
/// the storage fails or the journal cannot be repaired.
pub fn run(command: &JournalCommand, out: &mut impl Write) -> Result<Exit, Failure> {
    let (text, exit) = match command {
        JournalCommand::Check(args) => {
            let disk = open(&args.directory, Directory::read_only)?;
            let report = store::check(&disk).map_err(|error| unread(&args.directory, &error))?;
            let text = match args.json {
                true => lines::one_line(&report_as_json(&report)) + "\n",
                false => report_as_text(&report, &args.directory),
            };
            (text, if is_sound(&report) { Exit::Success } else { Exit::Storage })
        }
        JournalCommand::Repair(args) => {
            let disk = open(&args.directory, Directory::open)?;
            let repaired = store::repair(&disk, Settings::default().segment_octets)
                .map_err(|error| refused(&args.directory, &error))?;
            let text = match args.json {
                true => lines::one_line(&repaired_as_json(&repaired)) + "\n",
                false => repaired_as_text(&repaired),
            };
            (text, if is_sound(&repaired.left) { Exit::Success } else { Exit::Storage })
        }
        JournalCommand::Backup(args) => (backup(args)?, Exit::Success),
    };
    print(&text, out).map(|()| exit)
}

fn print(text: &str, out: &mut impl Write) -> Result<(), Failure> {
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Has the engine that is meant copy its journal; what it says of it.
fn backup(args: &BackupArgs) -> Result<String, Failure> {
    let absolute = std::path::absolute(&args.directory)
        .map_err(|error| Failure::usage(format!("{}: {error}", args.directory.display())))?;
    let Some(directory) = absolute.to_str().map(str::to_owned) else {
        let message = format!("{}: expected a path of UTF-8", args.directory.display());
        return Err(Failure::usage(message));
    };
    let answer = control::ask_patiently(&args.asked, Command::JournalBackup { directory })?;
    if args.asked.is_json() {
        return Ok(lines::one_line(&answer) + "\n");
    }
    let copy: JournalCopy = serde_json::from_value(answer).map_err(Failure::new)?;
    let JournalCopy { directory, position } = copy;
    Ok(format!(
        "copied up to position {position}; an engine goes on from it with\n\
                [node]\ndata_dir = \"{directory}\"\n"
    ))
}

fn open(
    directory: &Path,
    how: impl Fn(&Path) -> io::Result<Directory>,
) -> Result<Directory, Failure> {
    how(directory).map_err(|error| {
        let message = format!("{}: {error}", directory.display());
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::usage(message),
            _ => Failure::storage(message),
        }
    })
}

fn refused(directory: &Path, error: &Error) -> Failure {
    let message = format!("{}: {error}", directory.display());
    match error {
        Error::Absent => Failure::usage(message),
        Error::Locked => Failure::new(message),
        _ => Failure::storage(message),
    }
}

/// Why a journal cannot be checked: without its manifest there is nothing to be said of the rest.
fn unread(directory: &Path, error: &Error) -> Failure {
    let mut failure = refused(directory, error);
    if let Error::Damaged { .. } | Error::Missing { .. } = error {
        let remedy = format!("; chappe journal repair {} makes it anew", directory.display());
        failure.message.push_str(&remedy);
    }
    failure
}

const fn is_sound(report: &Report) -> bool {
    let damages = [&report.damage, &report.checkpoint_damage, &report.history_damage];
    matches!(damages, [None, None, None])
}

/// From one position to another, in words.
fn range(first: Position, last: Position) -> String {
    match last.number().checked_sub(first.number()) {
        None => "none".to_owned(),
        Some(0) => format!("{first}"),
        Some(_) => format!("{first} to {last}"),
    }
}

fn report_as_text(report: &Report, directory: &Path) -> String {
    let head = ["SEGMENT", "POSITIONS", "FRAMES", "RECORDS", "OCTETS"];
    let mut table = Table::new(&head, &[2, 3, 4]);
    for holds in &report.segments {
        table.row(vec![
            holds.file.clone(),
            range(holds.first, holds.last),
            holds.frames.to_string(),
            holds.records.to_string(),
            holds.octets.to_string(),
        ]);
    }
    let mut text = table.text();
    if let Some(checkpoint) = &report.checkpoint {
        let (file, records, from) = (&checkpoint.file, checkpoint.records, checkpoint.from);
        text += &format!("{file}: {records} records, replay goes on from {from}\n");
    }
    text += &damages_as_text(report);
    let is_history_alone = report.damage.is_none() && report.checkpoint_damage.is_none();
    text += &match is_sound(report) {
        true => format!("sound, positions: {}\n", range(report.first, report.last)),
        false if is_history_alone => format!(
            "an engine starts with it; chappe journal repair {} puts aside what is before position \
             {}\n",
            directory.display(),
            report.first
        ),
        false => format!(
            "readable positions: {}; chappe journal repair {} cuts what is behind\n",
            range(report.first, report.last),
            directory.display()
        ),
    };
    text
}

fn damages_as_text(report: &Report) -> String {
    let mut text = String::new();
    if let Some(Damage { file, offset, what, lost, .. }) = &report.history_damage {
        text += &format!("damaged, and needed no more: {file}, octet {offset}: {what}\n");
        if let Some((from, to)) = lost {
            text += &format!("history up to there: positions {}\n", range(*from, *to));
        }
    }
    for damage in report.damage.iter().chain(&report.checkpoint_damage) {
        let Damage { file, offset, what, lost, .. } = damage;
        text += &format!("damaged: {file}, octet {offset}: {what}\n");
        if let Some((from, to)) = lost {
            text += &format!("lost: positions {}\n", range(*from, *to));
        }
    }
    if report.checkpoint_damage.is_some() && report.first > Position::FIRST {
        text += &format!("lost: the state before position {}\n", report.first);
    }
    text
}

fn repaired_as_text(repaired: &Repaired) -> String {
    let Repaired { manifest_damage, found, left, put_aside } = repaired;
    let mut text = String::new();
    if let Some(Damage { file, what, .. }) = manifest_damage {
        text += &format!("made anew: {file}: {what}\n");
    }
    text += &damages_as_text(found);
    for name in put_aside {
        text += &format!("put aside: {name}\n");
    }
    text += match put_aside.is_empty() {
        true => "nothing was cut; ",
        false => "what was put aside can be read with its keys: remove it when it is of no use; ",
    };
    text + &format!("positions: {}\n", range(left.first, left.last))
}

fn report_as_json(report: &Report) -> Value {
    let segments: Vec<Value> = report
        .segments
        .iter()
        .map(|holds| {
            json!({
                "file": holds.file,
                "first": holds.first.number(),
                "last": holds.last.number(),
                "frames": holds.frames,
                "records": holds.records,
                "octets": holds.octets,
            })
        })
        .collect();
    let checkpoint = report.checkpoint.as_ref().map(|checkpoint| {
        let (file, from) = (&checkpoint.file, checkpoint.from.number());
        json!({ "file": file, "from": from, "records": checkpoint.records })
    });
    json!({
        "sound": is_sound(report),
        "first": report.first.number(),
        "last": report.last.number(),
        "segments": segments,
        "checkpoint": checkpoint,
        "damage": report.damage.as_ref().map(damage_as_json),
        "checkpoint_damage": report.checkpoint_damage.as_ref().map(damage_as_json),
        "history_damage": report.history_damage.as_ref().map(damage_as_json),
    })
}

fn damage_as_json(damage: &Damage) -> Value {
    let lost = damage.lost.map(|(from, to)| json!({ "from": from.number(), "to": to.number() }));
    json!({ "file": damage.file, "offset": damage.offset, "what": damage.what, "lost": lost })
}

fn repaired_as_json(repaired: &Repaired) -> Value {
    json!({
        "manifest_damage": repaired.manifest_damage.as_ref().map(damage_as_json),
        "found": report_as_json(&repaired.found),
        "left": report_as_json(&repaired.left),
        "put_aside": repaired.put_aside,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::store::{Batch, FileJournal, Journal};

    /// A directory of its own, removed afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("chappe-journal-cli-{}-{number}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        /// A journal of this many batches, of two records each, each in a frame of its own.
        fn journal(batches: u64) -> Self {
            let scratch = Self::new();
            let journal = FileJournal::open(&scratch.0, small()).unwrap();
            let watcher = journal.shared_progress().watch().unwrap();
            for _ in 0..batches {
                let mut batch = Batch::new();
                batch.push(b"one");
                batch.push(&[7; 1000]);
                let position = journal.submit(&mut batch).unwrap();
                assert!(watcher.wait(position, std::time::Duration::from_secs(60)));
            }
            journal.close().unwrap();
            drop(journal);
            scratch
        }

        fn run(&self, repairs: bool, json: bool) -> (Exit, String) {
            let args = Args { directory: self.0.clone(), json };
            let command = match repairs {
                true => JournalCommand::Repair(args),
                false => JournalCommand::Check(args),
            };
            let mut out = Vec::new();
            match run(&command, &mut out) {
                Ok(exit) => (exit, String::from_utf8(out).unwrap()),
                Err(failure) => (failure.exit, failure.message),
            }
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn small() -> Settings {
        Settings { segment_octets: 64 << 10, batch_octets_max: 8 << 10, ..Settings::default() }
    }

    #[test]
    fn a_sound_journal_is_summed_up() {
        let scratch = Scratch::journal(3);
        let (exit, text) = scratch.run(false, false);
        assert_eq!(exit, Exit::Success, "{text}");
        assert!(
            text.contains("SEGMENT             POSITIONS  FRAMES  RECORDS  OCTETS\n"),
            "{text}"
        );
        assert!(
            text.contains("0000000001.segment  1 to 3          3        6    8704\n"),
            "{text}"
        );
        assert!(text.ends_with("sound, positions: 1 to 3\n"), "{text}");
        let (exit, text) = scratch.run(false, true);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (exit, &report["sound"], &report["last"]),
            (Exit::Success, &json!(true), &json!(3))
        );
        assert_eq!(report["segments"][0]["records"], 6);
        let (exit, text) = scratch.run(true, false);
        assert_eq!((exit, &*text), (Exit::Success, "nothing was cut; positions: 1 to 3\n"));
    }

    #[test]
    fn damage_is_named_and_cut_and_what_is_lost_is_said() {
        let scratch = Scratch::journal(5);
        let file = scratch.0.join("0000000001.segment");
        let mut octets = std::fs::read(&file).unwrap();
        // In the second frame: each of them takes three blocks.
        octets[4096 + 1536 + 100] ^= 1;
        std::fs::write(&file, &octets).unwrap();
        let (exit, text) = scratch.run(false, false);
        assert_eq!(exit, Exit::Storage);
        assert!(text.contains("damaged: 0000000001.segment, octet 5632: a frame begins here"));
        assert!(text.contains("lost: positions 2 to 5\n"), "{text}");
        let (exit, text) = scratch.run(true, true);
        assert_eq!(exit, Exit::Success, "{text}");
        let repaired: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(repaired["found"]["damage"]["lost"], json!({ "from": 2, "to": 5 }));
        assert_eq!(
            (&repaired["left"]["sound"], &repaired["left"]["last"]),
            (&json!(true), &json!(1))
        );
        let aside = repaired["put_aside"][0].as_str().unwrap();
        assert_eq!(std::fs::read(scratch.0.join(aside)).unwrap(), octets[5632..]);
        let journal = FileJournal::open(&scratch.0, small()).unwrap();
        assert_eq!(journal.progress().durable(), Position::FIRST);
    }

    #[test]
    fn what_is_no_journal_is_a_fault_of_the_command_line() {
        let scratch = Scratch::new();
        assert_eq!(scratch.run(false, false).0, Exit::Usage);
        std::fs::create_dir(&scratch.0).unwrap();
        let (exit, text) = scratch.run(true, false);
        assert_eq!(exit, Exit::Usage);
        assert!(text.ends_with(": there is no journal"), "{text}");
    }

    #[test]
    fn a_journal_that_is_open_is_left_alone_and_one_without_manifest_is_a_storage_fault() {
        let scratch = Scratch::journal(1);
        let journal = FileJournal::open(&scratch.0, small()).unwrap();
        for repairs in [false, true] {
            let (exit, text) = scratch.run(repairs, false);
            assert_eq!(exit, Exit::Failure);
            assert!(text.ends_with("another program has this journal open"), "{text}");
        }
        drop(journal);
        std::fs::remove_file(scratch.0.join("journal")).unwrap();
        let (exit, text) = scratch.run(false, false);
        assert_eq!(exit, Exit::Storage);
        let hint = format!("chappe journal repair {} makes it anew", scratch.0.display());
        assert!(text.ends_with(&format!("journal: it is missing; {hint}")), "{text}");
    }
}
