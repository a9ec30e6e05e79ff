//! `chappe bot`: what answers people, tried without an engine.

use std::io::{BufRead, Write};

use clap::Subcommand;

use super::{Exit, Failure};

mod eval;
mod labelled;
mod talk;

/// What `chappe bot` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum BotCommand {
    /// Measure how well intents are recognised on texts whose intents are known
    Eval(eval::EvalArgs),
    /// Hold the conversations that stand in a bot's file
    Test(talk::TestArgs),
    /// Talk to a bot, a message a line
    Chat(talk::FileArgs),
    /// Draw a bot's flows, for Graphviz
    Draw(talk::FileArgs),
}

/// Runs one of the commands.
///
/// # Errors
/// When a file is not what the command needs, or the output cannot be written.
pub fn run(
    command: &BotCommand,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<Exit, Failure> {
    match command {
        BotCommand::Eval(args) => eval::run(args, output),
        BotCommand::Test(args) => talk::test(args, output),
        BotCommand::Chat(args) => talk::chat(args, input, output),
        BotCommand::Draw(args) => talk::print(args, output),
    }
}
