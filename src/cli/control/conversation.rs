//! `chappe conversation list|show|claim|reply|return|close|snooze`.

use std::fmt::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::super::values;
use super::table::{Table, plain, span};
use super::{Asked, Client, Exit, Failure, lines, print};
use crate::engine::control::{Command, ConversationAction, ConversationList, ConversationTold};

/// What is done with conversations.
#[derive(Clone, Debug, Subcommand)]
pub enum ConversationCommand {
    /// List those that people have, who waits the longest first
    List(ListArgs),
    /// Show one: its answers, and what was said lately
    Show(OneArgs),
    /// Take one: it is yours, and nobody else replies
    Claim(ClaimArgs),
    /// Say something in one, which claims it
    Reply(ReplyArgs),
    /// Give one back to its bot
    Return(OneArgs),
    /// End one: what the handset writes next begins another
    Close(OneArgs),
    /// Put one aside for a while, or until its handset writes
    Snooze(SnoozeArgs),
}

/// Which conversations are listed.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Those of bots too, and those that are over
    #[arg(long)]
    all: bool,
    /// Of this queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// Which one.
#[derive(Args, Clone, Debug)]
pub struct OneArgs {
    /// NUMBER/HANDSET, as the list shows it
    id: String,
    #[command(flatten)]
    asked: Asked,
}

/// Which one, and for whom.
#[derive(Args, Clone, Debug)]
pub struct ClaimArgs {
    #[command(flatten)]
    one: OneArgs,
    /// Who you are
    #[arg(long = "as", value_name = "NAME")]
    agent: String,
}

/// What is said.
#[derive(Args, Clone, Debug)]
pub struct ReplyArgs {
    #[command(flatten)]
    claim: ClaimArgs,
    /// What is said
    text: String,
}

/// How long.
#[derive(Args, Clone, Debug)]
pub struct SnoozeArgs {
    #[command(flatten)]
    one: OneArgs,
    /// How long
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration)]
    time: Duration,
}

/// Runs it.
pub fn run(command: &ConversationCommand) -> Result<Exit, Failure> {
    match command {
        ConversationCommand::List(args) => list(args),
        ConversationCommand::Show(args) => act(args, ConversationAction::Show),
        ConversationCommand::Claim(args) => {
            act(&args.one, ConversationAction::Claim { agent: args.agent.clone() })
        }
        ConversationCommand::Reply(args) => {
            let (agent, text) = (args.claim.agent.clone(), args.text.clone());
            act(&args.claim.one, ConversationAction::Reply { agent, text })
        }
        ConversationCommand::Return(args) => act(args, ConversationAction::Return),
        ConversationCommand::Close(args) => act(args, ConversationAction::Close),
        ConversationCommand::Snooze(args) => {
            let for_s = args.time.as_secs().max(1);
            act(&args.one, ConversationAction::Snooze { for_s })
        }
    }
}

fn act(args: &OneArgs, action: ConversationAction) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let answer = client.ask(Command::Conversation { id: args.id.clone(), action })?;
    tell(&args.asked, answer, |one: &ConversationTold| shown(one))
}

fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let mut client = Client::connect(&args.asked)?;
    let (all, queue) = (args.all, args.queue.clone());
    let answer = client.ask(Command::ConversationList { all, queue })?;
    tell(&args.asked, answer, table)
}

fn tell<T: serde::de::DeserializeOwned>(
    asked: &Asked,
    answer: Value,
    show: impl FnOnce(&T) -> String,
) -> Result<Exit, Failure> {
    let text = match asked.is_json() {
        true => lines::one_line(&answer) + "\n",
        false => show(&serde_json::from_value(answer).map_err(Failure::new)?),
    };
    print(&text).map(|()| Exit::Success)
}

fn table(list: &ConversationList) -> String {
    if list.conversations.is_empty() {
        return "nobody waits\n".to_owned();
    }
    let head = ["CONVERSATION", "STATE", "QUEUE", "PRIORITY", "AGENT", "FOR", "LAST"];
    let mut table = Table::new(&head, &[5]);
    for one in &list.conversations {
        let since = one.since_unix_ms.unwrap_or(one.heard_unix_ms);
        let last = one.lines.last().map_or("", |line| line.text.as_str());
        table.row(vec![
            one.id.clone(),
            one.state.clone(),
            one.queue.clone(),
            one.priority.clone(),
            one.agent.clone(),
            span(Duration::from_millis(list.now_unix_ms.saturating_sub(since))),
            last.chars().take(40).collect::<String>().replace('\n', " "),
        ]);
    }
    let more = if list.more { "and more\n" } else { "" };
    table.text() + more
}

fn shown(one: &ConversationTold) -> String {
    let mut text = format!("{}   {}   bot {}", one.id, one.state, one.bot);
    // A text takes whatever is written to it.
    for (what, value) in [("queue", &one.queue), ("priority", &one.priority), ("agent", &one.agent)]
    {
        if !value.is_empty() {
            let _ = write!(text, "   {what} {}", plain(value));
        }
    }
    text.push('\n');
    if !one.tags.is_empty() {
        let _ = writeln!(text, "tags   {}", plain(&one.tags.join("   ")));
    }
    for slot in &one.slots {
        let _ = writeln!(text, "{}   {}", slot.name, plain(&slot.value));
    }
    for line in &one.lines {
        let sign = match line.by.as_str() {
            "person" => ">",
            "agent" => "<<",
            _ => "<",
        };
        let _ = writeln!(text, "{sign} {}", plain(&line.text.replace('\n', " / ")));
    }
    text
}
