//! The server under attack: a listener, and links whose owner answers what it is asked.

use std::net::SocketAddr;
use std::task::Context;
use std::time::Duration;

use tokio::task::JoinHandle;

use chappe::clock::Now;
use chappe::link::{Clock, Link, Owner, Stream, listen};
use chappe::session::{Event, Session, Settings};
use chappe::wire::{COctetString, CommandId, CommandStatus, Role, SubmitSmResp};

/// Who may bind.
pub const SYSTEM_ID: &str = "good";
/// With what.
pub const PASSWORD: &str = "secret";
/// How long a link may stay unbound.
pub const SESSION_INIT: Duration = Duration::from_millis(1500);
/// Silence until a peer is asked whether it is there, and the time it has to say so.
pub const SILENCE: Duration = Duration::from_millis(1000);

/// A running server; it ends with this value.
pub struct Server {
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// Starts the server these tests attack.
pub async fn start() -> Server {
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = tokio::spawn(async move {
        let clock = Clock::start();
        while let Ok((stream, _)) = listener.accept().await {
            let session = Session::new(Role::Smsc, settings(), clock.now());
            tokio::spawn(Link::new(Stream::plain(stream), session, Answers, clock));
        }
    });
    Server { address, accepting }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn settings() -> Settings {
    Settings {
        session_init: SESSION_INIT,
        enquire_link: SILENCE,
        response_timeout: SILENCE,
        ..Settings::default()
    }
}

struct Answers;

impl Owner for Answers {
    fn handle_event(&mut self, now: Now, session: &mut Session, event: Event<'_>) {
        match event {
            Event::BindRequested(bind) => {
                let is_known = bind.fields.system_id == COctetString::from(SYSTEM_ID)
                    && bind.fields.password == COctetString::from(PASSWORD);
                match is_known {
                    true => session.accept_bind(now, "server"),
                    false => session.refuse_bind(CommandStatus::ESME_RINVPASWD),
                }
            }
            Event::Request { header, .. } => {
                let sequence = header.sequence_number;
                if header.command_id == CommandId::SUBMIT_SM {
                    let message_id = COctetString::from("0123456789abcdef");
                    let body = SubmitSmResp { message_id, ..SubmitSmResp::default() };
                    session.respond(sequence, CommandStatus::ESME_ROK, &body).unwrap();
                } else {
                    let status = CommandStatus::ESME_RINVCMDID;
                    session.respond_status(header.command_id, sequence, status);
                }
            }
            _ => {}
        }
    }

    fn poll_work(&mut self, _cx: &mut Context<'_>, _now: Now, _session: &mut Session) {}
}
