//! One engine between an account's client and an SMSC that do one thing at a time.

use std::fs;
use std::net::TcpListener;

use super::engine::{Engine, Keys, until as wait_until};
use super::peers::{Esme, Smsc, Taken, until};
use super::session::Session;
use super::strace::{Calls, Strace};

/// What may be there more than once in the end, of one message.
#[derive(Clone, Copy, Default)]
pub struct Allowed {
    /// Copies at the SMSC beyond one for each acceptance.
    pub copies: usize,
    /// Receipts beyond one for each acceptance, with the same id.
    pub receipts: usize,
    /// Acceptances that the client never heard of: it submitted the message again.
    pub unheard: usize,
}

pub struct Scene {
    pub engine: Engine,
    pub esme: Esme,
    pub smsc: Smsc,
    messages: usize,
}

impl Scene {
    /// One whose carrier takes one message at a time, so that what follows on what is certain; all
    /// of the network is one thread's.
    pub fn new() -> Self {
        let smsc = Smsc::new(TcpListener::bind("127.0.0.1:0").unwrap());
        let engine = Engine::at_rest(Keys {
            node: "workers = 1\nshards = 1",
            carrier: "window_max = 1",
            smsc: Some(smsc.address()),
            ..Keys::default()
        });
        Self::of(engine, smsc)
    }

    /// One of these, which it starts.
    pub fn of(engine: Engine, smsc: Smsc) -> Self {
        let mut scene = Self { engine, esme: Esme::default(), smsc, messages: 0 };
        scene.start();
        scene
    }

    /// Starts the engine, and has both sides bound.
    pub fn start(&mut self) {
        self.start_engine();
        self.smsc.accept();
        self.esme.bind(self.engine.smpp);
    }

    /// The text of a message that there was none like.
    pub fn token(&mut self) -> String {
        self.messages += 1;
        format!("message-{:04}", self.messages)
    }

    /// Starts it, and waits until it has made the segment of its journal that it has in stock: what
    /// it writes from then on is records.
    fn start_engine(&mut self) {
        self.engine.start();
        let journal = self.engine.directory.join("data/journal");
        wait_until("a segment is in stock", || {
            let names = fs::read_dir(&journal).unwrap().map(|file| file.unwrap().file_name());
            let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            let segments = names.iter().filter(|name| name.ends_with(".segment")).count();
            segments >= 2 && !names.iter().any(|name| name.ends_with(".new"))
        });
    }

    /// Submits a message that the engine accepts and the SMSC gets; it has not answered.
    pub fn sent(&mut self) -> Taken {
        let token = self.token();
        self.esme.submit(&token);
        let taken = self.smsc.take();
        while !self.esme.accepted.contains_key(&token) {
            self.esme.hear().expect("an answer");
        }
        assert_eq!(taken.token, token);
        taken
    }

    /// Submits a message that the SMSC has answered, and the engine has written that down. It owes
    /// a receipt.
    pub fn answered(&mut self) -> String {
        let taken = self.sent();
        let strace = self.attach("");
        self.smsc.answer(&taken);
        let written = || {
            let calls = strace.so_far();
            let sync = calls.of("fdatasync").last().is_some_and(|line| line.ends_with("= 0"));
            sync && calls.carried("recvfrom", 0x8000_0004)
        };
        wait_until("the answer is durable", written);
        taken.token
    }

    /// The client's session ends, and the engine knows.
    pub fn without_the_client(&mut self) {
        let closed = |engine: &Engine| engine.log().matches("session closed peer").count();
        let before = closed(&self.engine);
        self.esme.session = None;
        wait_until("the engine knows", || closed(&self.engine) > before);
    }

    /// The SMSC's session ends; the engine's next bind has no answer.
    pub fn without_the_carrier(&mut self) -> Session {
        self.smsc.session = None;
        self.smsc.connection()
    }

    /// Attaches strace to the engine: what it reads, writes and syncs.
    pub fn attach(&self, inject: &str) -> Strace {
        Strace::attach(&self.engine, "recvfrom,sendto,pwrite64,fdatasync", inject)
    }

    /// Waits for the end of an engine that strace kills; what it did before.
    pub fn killed(&mut self, strace: Strace) -> Calls {
        assert_eq!(self.engine.exit(), None, "it ended by itself");
        self.esme.session = None;
        self.smsc.session = None;
        strace.until_the_end()
    }

    /// Kills it from outside; what it did before.
    pub fn kill(&mut self, strace: Strace) -> Calls {
        self.engine.kill();
        self.esme.session = None;
        self.smsc.session = None;
        strace.until_the_end()
    }

    /// Starts it again; all that was submitted without an answer is submitted again. Then nothing
    /// is lost, and of this message nothing is there more often than it may be.
    pub fn is_whole(&mut self, token: &str, allowed: Allowed) {
        self.start_engine();
        self.esme.bind(self.engine.smpp);
        for token in self.esme.unanswered.clone() {
            self.esme.submit(&token);
        }
        self.settle();
        self.audit(token, allowed);
    }

    /// Waits until all that was accepted is told.
    pub fn settle(&mut self) {
        let all_done = |esme: &Esme, smsc: &Smsc| {
            let told = |(token, ids): (&String, &Vec<String>)| {
                let receipts = esme.receipts.get(token).map_or(&[][..], |receipts| receipts);
                ids.iter().all(|id| receipts.contains(id))
            };
            esme.unanswered.is_empty() && smsc.owes_nothing() && esme.accepted.iter().all(told)
        };
        loop {
            until("all is told", &mut self.esme, &mut self.smsc, all_done);
            let status = self.engine.status();
            let left = ["queued", "awaiting_receipt", "waiting"];
            if left.iter().all(|what| status[*what] == 0) {
                break;
            }
            for _ in 0..10 {
                self.smsc.serve();
                self.esme.serve();
            }
        }
    }

    /// Joins the logs of both peers.
    pub fn audit(&self, token: &str, allowed: Allowed) {
        let none = Vec::new();
        let accepted = &self.esme.accepted[token];
        let copies = self.smsc.copies.iter().filter(|copy| *copy == token).count();
        let receipts = self.esme.receipts.get(token).unwrap_or(&none);
        let story = format!("{token}: accepted {accepted:?}, {copies} copies, told {receipts:?}");
        let (least, most) = (accepted.len(), accepted.len() + allowed.unheard);
        assert!((least..=most + allowed.copies).contains(&copies), "{story}");
        assert!((least..=most + allowed.receipts).contains(&receipts.len()), "{story}");
        let mut distinct = receipts.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() <= most, "{story}");
        let all: Vec<&String> = self.esme.accepted.values().flatten().collect();
        let mut ids = all.clone();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "an id was given twice");
    }
}
