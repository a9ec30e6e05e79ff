//! `chappe pdu`: PDUs in hexadecimal to JSON objects, and back.

mod decode;
mod dialect;
mod encode;
mod members;
mod replay;
mod shown;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};

use super::lines::{Lines, Said, each_line, one_line};
use super::{Exit, Failure};
use crate::message::dialect::Dialect;
use crate::wire::{ErrorBody, Rules, Version};

pub use decode::{decode_line, decode_line_with};
pub use dialect::DialectArgs;
pub use encode::encode_line;
pub use replay::{PeerKind, ReplayArgs, run as run_replay};

/// Most octets of a line: the largest PDU in hexadecimal or JSON, with room for spaces.
pub const LINE_MAX: usize = 1024 * 1024;

/// What `chappe pdu` does.
#[derive(Clone, Debug, Subcommand)]
pub enum PduCommand {
    /// Read a PDU in hexadecimal from each line of standard input and print it as JSON
    Decode(DecodeArgs),
    /// Read a JSON object as `decode` prints them from each line and print its PDU in hexadecimal
    Encode,
    /// Run a recorded exchange, a direction and hexadecimal octets a line, against a dialect and
    /// print what we would have made of each PDU
    Replay(ReplayArgs),
}

impl PduCommand {
    /// Finds the dialect that was named.
    ///
    /// # Errors
    /// A name that nothing has, and every fault of a file.
    pub fn ready(&mut self) -> Result<(), Failure> {
        match self {
            Self::Decode(args) => args.dialect = args.from.resolve()?,
            Self::Replay(args) => args.dialect = args.from.resolve()?,
            Self::Encode => {}
        }
        Ok(())
    }
}

/// What `pdu decode` can be asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct DecodeArgs {
    /// The edition whose commands are known; 5.0 has the broadcast commands as well
    #[arg(long, value_name = "EDITION", default_value = "3.4")]
    pub smpp: Edition,
    /// Take no deviation: octets after the last TLV, missing bodies, bodies of error responses but
    /// for TLVs that say what went wrong
    #[arg(long, conflicts_with = "dialect")]
    pub strict: bool,
    /// Whose habits lines are read by, and who names vendor TLVs.
    #[command(flatten)]
    pub from: DialectArgs,
    /// The dialect, once it is known.
    #[arg(skip)]
    pub dialect: Option<Arc<Dialect>>,
}

/// An edition of the standard, as it is named on a command line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Edition {
    /// SMPP 3.4 Issue 1.2.
    #[default]
    #[value(name = "3.4")]
    V34,
    /// SMPP 5.0.
    #[value(name = "5.0")]
    V50,
}

impl DecodeArgs {
    /// The rules that lines are read by.
    ///
    /// A dump has no peer whose habits could be known, so the body of an error response is read as
    /// the standard has it and never taken for TLVs alone; unless a profile says what they are.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let version = match self.smpp {
            Edition::V34 => Version::V34,
            Edition::V50 => Version::V50,
        };
        if let Some(dialect) = &self.dialect {
            return Rules { version, ..dialect.rules() };
        }
        if self.strict {
            Rules { version, ..Rules::STRICT }
        } else {
            Rules { version, error_body: ErrorBody::MessageId, ..Rules::default() }
        }
    }
}

/// Runs a command that is ready over standard input or whatever stands for it.
///
/// # Errors
/// What reading or writing fails with.
pub fn run(command: &PduCommand, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    match command {
        PduCommand::Decode(args) => run_decode(args, input, output),
        PduCommand::Encode => run_encode(input, output),
        PduCommand::Replay(args) => match &args.file {
            None => run_replay(args, input, output),
            Some(path) => {
                let named = |error| io::Error::other(format!("{}: {error}", path.display()));
                run_replay(args, BufReader::new(File::open(path).map_err(named)?), output)
            }
        },
    }
}

/// Prints an object for every line of hexadecimal digits.
///
/// # Errors
/// What reading or writing fails with; what a line holds is answered on its line.
pub fn run_decode(args: &DecodeArgs, input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let rules = args.rules();
    let tlvs = args.dialect.as_ref().map_or(&[][..], |dialect| &dialect.tlvs);
    let lines = Lines { max: LINE_MAX, too_long: decode::line_too_long };
    each_line(input, output, lines, |line| {
        Said::of(&decode_line_with(&String::from_utf8_lossy(line), &rules, tlvs))
    })
}

/// Prints hexadecimal digits for every line that is an object of a PDU, and an error object for
/// every other.
///
/// # Errors
/// What reading or writing fails with; what a line holds is answered on its line.
pub fn run_encode(input: impl BufRead, output: impl Write) -> io::Result<Exit> {
    let lines = Lines { max: LINE_MAX, too_long: encode::line_too_long };
    each_line(input, output, lines, |line| match encode_line(&String::from_utf8_lossy(line)) {
        Ok(digits) => Said::Answer(digits),
        Err(error) => Said::Error(one_line(&error)),
    })
}
