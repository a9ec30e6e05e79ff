//! smpp34's server as a carrier's SMSC: answers `submit_sm` with ids, sends receipts and MO.
//!
//! The first line printed says where it listens, the last one what it did: on SIGTERM, SIGINT or
//! after `--for` seconds. With `--log` each `submit_sm` becomes a line of JSON.

mod settings;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use smpp34::server::ESME;
use smpp34::{
    SmppConnectionInformation, SmppError, SmppServer, SmppServerListener, bind_receiver,
    bind_receiver_resp, bind_transceiver, bind_transceiver_resp, bind_transmitter,
    bind_transmitter_resp, deliver_sm, submit_sm, submit_sm_resp, unbind, unbind_resp,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::options::Options;
use settings::Settings;

/// The name this SMSC gives itself.
const SYSTEM_ID: &str = "smpp34";
const INTERFACE_VERSION: u8 = 0x34;
/// How long an `unbind_resp` may take to the socket.
const UNBIND_RESP: Duration = Duration::from_millis(100);
const FIRST_ID: u64 = 0x1A_2B3C_0000;

/// Serves until it is told to stop; `true` if all it sent was answered as it should be.
pub async fn run(mut options: Options) -> Result<bool, String> {
    let host = options.number("host", IpAddr::V4(Ipv4Addr::LOCALHOST))?;
    let port = options.number("port", 2775)?;
    let seconds: u64 = options.number("for", u64::MAX)?;
    let settings = Settings::of(&mut options)?;
    let smsc = Smsc(Arc::new(Inner { settings, state: Mutex::default() }));
    smsc.state().mo_left = options.number("mo", 0)?;
    options.finish()?;

    let mut term = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let port = if port == 0 { free_port(host).map_err(|error| error.to_string())? } else { port };
    let mut server = SmppServer::new(host, port, Arc::new(smsc.clone()));
    server.start().await;
    if !server.is_alive() {
        return Err(format!("cannot listen on {host}:{port}"));
    }
    println!("{}", json!({ "listening": format!("{host}:{port}") }));
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
        () = sleep(Duration::from_secs(seconds)) => {}
    }
    Ok(smsc.state().counts.print())
}

/// smpp34 does not tell which port it was given, so one is looked for beforehand.
fn free_port(host: IpAddr) -> std::io::Result<u16> {
    Ok(TcpListener::bind((host, 0))?.local_addr()?.port())
}

/// What happened so far.
#[derive(Default)]
struct State {
    counts: Counts,
    mo_left: usize,
    last_id: u64,
    /// Bound sessions by smpp34's id of them.
    bound: HashMap<String, Arc<ESME>>,
    /// Receipts for which no receiver was bound, with the system_id they are for.
    held: Vec<(String, deliver_sm)>,
}

#[derive(Default)]
struct Counts {
    binds: u64,
    refused_binds: u64,
    submits: u64,
    receipts_sent: u64,
    receipts_acked: u64,
    mo_sent: u64,
    mo_acked: u64,
    unbinds: u64,
    errors: Vec<String>,
}

impl Counts {
    /// Prints the last line; `true` if it tells of no error.
    fn print(&self) -> bool {
        let Self { binds, refused_binds, submits, receipts_sent, receipts_acked, .. } = self;
        let Self { mo_sent, mo_acked, unbinds, errors, .. } = self;
        println!(
            "{}",
            json!({
                "binds": binds, "refused_binds": refused_binds, "submits": submits,
                "receipts_sent": receipts_sent, "receipts_acked": receipts_acked,
                "mo_sent": mo_sent, "mo_acked": mo_acked, "unbinds": unbinds, "errors": errors,
            })
        );
        errors.is_empty() && receipts_sent == receipts_acked && mo_sent == mo_acked
    }
}

/// The listener that smpp34 calls.
#[derive(Clone)]
struct Smsc(Arc<Inner>);

struct Inner {
    settings: Settings,
    state: Mutex<State>,
}

/// Which of the two counts a `deliver_sm` belongs to.
#[derive(Clone, Copy)]
enum What {
    Mo,
    Receipt,
}

impl Smsc {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, system_id: &str, password: &str) -> Result<(), SmppError> {
        let refusal = self.0.settings.refusal(system_id, password);
        let counts = &mut self.state().counts;
        match refusal {
            Some(_) => counts.refused_binds += 1,
            None => counts.binds += 1,
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Sends on a task of its own: smpp34 reads nothing while a listener's method waits.
    fn send(&self, esme: Arc<ESME>, pdu: deliver_sm, what: What) {
        let smsc = self.clone();
        match what {
            What::Mo => smsc.state().counts.mo_sent += 1,
            What::Receipt => smsc.state().counts.receipts_sent += 1,
        }
        tokio::spawn(async move {
            let answer = esme.send_deliver_sm_pdu(pdu).await;
            let counts = &mut smsc.state().counts;
            match (answer, what) {
                (Ok(answer), What::Mo) if answer.is_success() => counts.mo_acked += 1,
                (Ok(answer), What::Receipt) if answer.is_success() => counts.receipts_acked += 1,
                (Ok(answer), _) => {
                    counts.errors.push(format!("deliver_sm_resp with {:?}", answer.get_error()));
                }
                (Err(error), _) => counts.errors.push(format!("deliver_sm: {error:?}")),
            }
        });
    }

    /// A receipt goes to the session that submitted, or to any receiver of the same system_id; it
    /// waits where none is bound.
    fn send_receipt(&self, session_id: &str, system_id: &str, receipt: deliver_sm) {
        let mut state = self.state();
        let origin = state.bound.get(session_id).filter(|esme| esme.can_receive);
        let mut others = state.bound.values();
        let receiver = origin
            .or_else(|| others.find(|esme| esme.can_receive && esme.system_id == system_id))
            .cloned();
        match receiver {
            Some(esme) => {
                drop(state);
                self.send(esme, receipt, What::Receipt);
            }
            None => state.held.push((system_id.to_owned(), receipt)),
        }
    }
}

#[async_trait]
impl SmppServerListener for Smsc {
    async fn on_bind_transmitter(
        &self,
        bind: bind_transmitter,
        _connection: &SmppConnectionInformation,
        _session_id: &String,
    ) -> bind_transmitter_resp {
        match self.judge(&bind.system_id, &bind.password) {
            Ok(()) => bind.accept(SYSTEM_ID.to_owned(), Some(INTERFACE_VERSION)),
            Err(status) => bind.reject(status),
        }
    }

    async fn on_bind_receiver(
        &self,
        bind: bind_receiver,
        _connection: &SmppConnectionInformation,
        _session_id: &String,
    ) -> bind_receiver_resp {
        match self.judge(&bind.system_id, &bind.password) {
            Ok(()) => bind.accept(SYSTEM_ID.to_owned(), Some(INTERFACE_VERSION)),
            Err(status) => bind.reject(status),
        }
    }

    async fn on_bind_transceiver(
        &self,
        bind: bind_transceiver,
        _connection: &SmppConnectionInformation,
        _session_id: &String,
    ) -> bind_transceiver_resp {
        match self.judge(&bind.system_id, &bind.password) {
            Ok(()) => bind.accept(SYSTEM_ID.to_owned(), Some(INTERFACE_VERSION)),
            Err(status) => bind.reject(status),
        }
    }

    async fn on_esme_bound(&self, esme: ESME, session_id: &String) {
        let esme = Arc::new(esme);
        let mut state = self.state();
        state.bound.insert(session_id.clone(), esme.clone());
        if !esme.can_receive {
            return;
        }
        let (due, held) = std::mem::take(&mut state.held)
            .into_iter()
            .partition(|(system_id, _)| *system_id == esme.system_id);
        state.held = held;
        let mo = std::mem::take(&mut state.mo_left);
        drop(state);
        let due: Vec<(String, deliver_sm)> = due;
        for (_, receipt) in due {
            self.send(esme.clone(), receipt, What::Receipt);
        }
        let smsc = self.clone();
        tokio::spawn(async move {
            sleep(smsc.0.settings.mo_delay).await;
            for number in 1..=mo {
                smsc.send(esme.clone(), smsc.0.settings.mo(number), What::Mo);
            }
        });
    }

    async fn on_esme_unbound(&self, session_id: &String) {
        self.state().bound.remove(session_id);
        // When this returns smpp34 stops its writer, mostly before it has written the unbind_resp.
        sleep(UNBIND_RESP).await;
    }

    async fn on_unbind(
        &self,
        unbind: unbind,
        _connection: &SmppConnectionInformation,
        session_id: &String,
    ) -> unbind_resp {
        let mut state = self.state();
        state.counts.unbinds += 1;
        state.bound.remove(session_id);
        unbind.accept()
    }

    async fn on_submit_sm(
        &self,
        submit: submit_sm,
        _connection: &SmppConnectionInformation,
        session_id: &String,
    ) -> submit_sm_resp {
        let settings = &self.0.settings;
        let mut state = self.state();
        let Some(esme) = state.bound.get(session_id).cloned() else {
            return submit.reject(SmppError::ESME_RINVBNDSTS);
        };
        state.counts.submits += 1;
        state.last_id += 1;
        let number = FIRST_ID + state.last_id;
        let message_id = settings.message_id(number);
        if let Err(error) = settings.log(&submit, &message_id) {
            state.counts.errors.push(format!("log: {error}"));
        }
        drop(state);
        if settings.owes_receipt(&submit) {
            let (smsc, session_id) = (self.clone(), session_id.clone());
            let receipt = settings.receipt(&submit, number);
            tokio::spawn(async move {
                sleep(smsc.0.settings.receipt_delay).await;
                smsc.send_receipt(&session_id, &esme.system_id, receipt);
            });
        }
        submit.accept(message_id)
    }
}
