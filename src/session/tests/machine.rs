//! Random sequences of what owners, links and time do to a pair of sessions.

use proptest::prelude::*;

use super::*;

/// One step of a sequence.
#[derive(Clone, Copy, Debug)]
enum Op {
    Bind(BindKind),
    Outbind,
    Submit,
    Deliver,
    Alert,
    /// Answer what the ESME (or the SMSC) holds.
    Answer(Role),
    /// Hold requests from now on, or answer them at once.
    Hold(Role, bool),
    /// Carry so many octets from this side to the other.
    Carry(Role, usize),
    CarryAll,
    Wait(u64),
    Timeout,
    Window(Role, usize),
    Unbind(Role),
    Close(Role),
    Stall(Role),
    Pause(Role),
    Resume(Role),
    /// Octets nobody sent.
    Noise(Role, u32),
    Disconnect,
    Shrink,
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Esme), Just(Role::Smsc)]
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![Just(BindKind::Transmitter), Just(BindKind::Receiver), Just(TRX)];
    prop_oneof![
        4 => kind.prop_map(Op::Bind),
        1 => Just(Op::Outbind),
        20 => Just(Op::Submit),
        20 => Just(Op::Deliver),
        2 => Just(Op::Alert),
        8 => role().prop_map(Op::Answer),
        4 => (role(), any::<bool>()).prop_map(|(role, hold)| Op::Hold(role, hold)),
        20 => (role(), 1_usize..200).prop_map(|(role, octets)| Op::Carry(role, octets)),
        12 => Just(Op::CarryAll),
        6 => (0_u64..40_000).prop_map(Op::Wait),
        6 => Just(Op::Timeout),
        2 => (role(), 0_usize..8).prop_map(|(role, window)| Op::Window(role, window)),
        1 => role().prop_map(Op::Unbind),
        1 => role().prop_map(Op::Close),
        1 => role().prop_map(Op::Stall),
        1 => role().prop_map(Op::Pause),
        1 => role().prop_map(Op::Resume),
        1 => (role(), any::<u32>()).prop_map(|(role, noise)| Op::Noise(role, noise)),
        1 => Just(Op::Disconnect),
        2 => Just(Op::Shrink),
    ]
}

/// A pair whose octets travel only when told to, a few at a time.
struct World {
    pair: Pair,
    /// On their way to the SMSC, and to the ESME.
    up: Vec<u8>,
    down: Vec<u8>,
}

impl World {
    fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Esme => &mut self.pair.esme,
            Role::Smsc => &mut self.pair.smsc,
        }
    }

    fn apply(&mut self, op: Op) {
        let now = self.pair.now;
        match op {
            Op::Bind(kind) => {
                let bind = BindRequest::new(kind, "esme", "secret");
                let _ = self.pair.esme.session.bind(now, &bind);
            }
            Op::Outbind => {
                let _ = self.pair.smsc.session.outbind(now, &Outbind::default());
            }
            Op::Submit => {
                let _ = self.pair.esme.send_message(now);
            }
            Op::Deliver => {
                let _ = self.pair.smsc.send_message(now);
            }
            Op::Alert => {
                let _ = self.pair.smsc.session.notify(&AlertNotification::default());
            }
            Op::Answer(role) => self.end(role).answer_held(),
            Op::Hold(role, true) => self.end(role).on_request = OnRequest::Hold,
            Op::Hold(role, false) => self.end(role).on_request = OnRequest::Answer,
            Op::Carry(role, octets) => self.carry(role, octets),
            Op::CarryAll => {
                self.carry(Role::Esme, usize::MAX);
                self.carry(Role::Smsc, usize::MAX);
            }
            Op::Wait(millis) => self.pair.now = now.plus(Duration::from_millis(millis)),
            Op::Timeout => {
                self.pair.esme.timeout(now);
                self.pair.smsc.timeout(now);
            }
            Op::Window(role, window) => self.end(role).set_window_max(window),
            Op::Unbind(role) => self.end(role).session.unbind(now),
            Op::Close(role) => self.end(role).session.close(),
            Op::Stall(role) => self.end(role).session.handle_stall(),
            Op::Pause(role) => self.end(role).session.handle_pause(now),
            Op::Resume(role) => self.end(role).session.handle_resume(now),
            Op::Noise(role, noise) => {
                let header = octets(CommandId(noise & 0x8000_001f), OK, noise >> 24, b"");
                self.end(role).feed(now, &header);
            }
            Op::Disconnect => self.pair.disconnect(),
            Op::Shrink => {
                self.pair.esme.session.shrink();
                self.pair.smsc.session.shrink();
            }
        }
        self.pair.esme.poll(now);
        self.pair.smsc.poll(now);
    }

    /// Octets from this role to the other, as far as the link still holds.
    fn carry(&mut self, from: Role, octets: usize) {
        if !self.pair.is_linked {
            return;
        }
        let now = self.pair.now;
        let sent = self.end(from).sent();
        let travelling = if from == Role::Esme { &mut self.up } else { &mut self.down };
        travelling.extend(sent);
        let some: Vec<u8> = travelling.drain(..octets.min(travelling.len())).collect();
        if !some.is_empty() {
            self.end(from.peer()).feed(now, &some);
        }
    }

    /// Lets everything arrive and all time pass: both ends must come to an end by themselves.
    fn run_out(&mut self) {
        self.carry(Role::Esme, usize::MAX);
        self.carry(Role::Smsc, usize::MAX);
        self.pair.drive();
        let now = self.pair.now;
        self.pair.esme.session.unbind(now);
        self.pair.smsc.session.unbind(now);
        self.pair.drive();
        self.pair.run_out();
    }
}

proptest! {
    #[test]
    fn no_sequence_of_operations_loses_a_ticket_or_an_end(
        bound in any::<bool>(),
        window_max in 1_usize..6,
        inactive in any::<bool>(),
        ops in prop::collection::vec(op(), 0..120),
    ) {
        let inactivity = inactive.then_some(seconds(45));
        let settings = Settings { window_max, inactivity, ..Settings::default() };
        let pair = if bound { Pair::bound(TRX, settings) } else { Pair::new(settings) };
        let mut world = World { pair, up: Vec::new(), down: Vec::new() };
        for op in ops {
            world.apply(op);
        }
        world.run_out();
    }
}
