//! `bind`: what an operator does to binds of carriers and sessions of accounts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::Desk;
use super::request::{BindAction, Problem};
use crate::engine::account_record::SessionRecord;
use crate::engine::bind_record::{BindRecord, Wanted};
use crate::engine::history::What;
use crate::engine::world::{Carrier, World};

/// Does it, and says to which.
pub fn answer(desk: &Desk, action: BindAction, id: &str) -> Result<Value, Problem> {
    let done = match id.rsplit_once('#') {
        Some((account, number)) => session(desk, action, account, number),
        None => binds(desk, action, id),
    }?;
    tracing::info!(?action, id, "asked by the operator");
    Ok(json!({ "done": done }))
}

/// Binds of a carrier: `CARRIER/N`, or all of `CARRIER`.
fn binds(desk: &Desk, action: BindAction, id: &str) -> Result<Vec<String>, Problem> {
    let world = desk.shared.world();
    let present = || world.carriers.iter().filter(|carrier| !carrier.is_removed);
    let carrier = |name: &str| present().find(|one| one.settings.name == name);
    if let Some(carrier) = carrier(id) {
        let records = carrier.bind_records();
        let all = records.iter().enumerate();
        return Ok(all.map(|(at, record)| one(desk, action, carrier, at, record)).collect());
    }
    let Some((carrier, at, record)) = find_bind(&world, id) else {
        let message = format!("no bind {id}: `chappe status` lists them as CARRIER/N");
        return Err(Problem::new("unknown", message));
    };
    Ok(vec![one(desk, action, carrier, at, &record)])
}

fn one(
    desk: &Desk,
    action: BindAction,
    carrier: &Arc<Carrier>,
    at: usize,
    record: &BindRecord,
) -> String {
    let wall = desk.shared.clock.now().wall;
    let word = match action {
        BindAction::Pause => "pause",
        BindAction::Resume => "resume",
        BindAction::Drain => "drain",
        BindAction::Rebind => "rebind",
    };
    record.note(wall, What::Asked(word), 1);
    match action {
        BindAction::Pause => record.want(Wanted::Paused),
        BindAction::Resume => record.want(Wanted::Sends),
        BindAction::Drain => record.want(Wanted::Down),
        BindAction::Rebind => {
            if record.wanted() == Wanted::Down {
                record.want(Wanted::Sends);
            }
            record.want_rebind();
        }
    }
    format!("{}/{at}", carrier.settings.name)
}

/// The bind called `CARRIER/N`.
pub fn find_bind<'a>(
    world: &'a World,
    id: &str,
) -> Option<(&'a Arc<Carrier>, usize, Arc<BindRecord>)> {
    let (name, bind) = id.rsplit_once('/')?;
    let mut present = world.carriers.iter().filter(|carrier| !carrier.is_removed);
    let carrier = present.find(|one| one.settings.name == name)?;
    let at = bind.parse::<usize>().ok()?;
    Some((carrier, at, carrier.bind_records().get(at).cloned()?))
}

/// The session of this number of an account.
pub fn find_session(world: &World, account: &str, number: &str) -> Option<SessionRecord> {
    let account = world.by_system_id.get(account)?;
    let number = number.parse::<u64>().ok()?;
    account.record.sessions().into_iter().find(|session| session.number == number)
}

/// A session of an account, which can be unbound and no more: it is its account's to bind.
fn session(
    desk: &Desk,
    action: BindAction,
    account: &str,
    number: &str,
) -> Result<Vec<String>, Problem> {
    let id = format!("{account}#{number}");
    let Some(session) = find_session(&desk.shared.world(), account, number) else {
        let message = format!("no session {id}: `chappe status` lists them as ACCOUNT#N");
        return Err(Problem::new("unknown", message));
    };
    if action != BindAction::Drain {
        let message = format!("{id} is a session of an account: it can be drained, and no more");
        return Err(Problem::new("impossible", message));
    }
    session.handle.unbind.store(true, Ordering::Relaxed);
    session.handle.wake();
    Ok(vec![id])
}
