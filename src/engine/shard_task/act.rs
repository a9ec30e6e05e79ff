//! What a shard wants done that others see, to be held until it may be.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Gate, Hands};
use crate::engine::handles::{CarrierHandle, LinkHandle};
use crate::engine::shard::{Delivery, Findings, Granted, Standing};
use crate::engine::shared::ToDispatcher;
use crate::message::message_id::MessageId;
use crate::wire::{CommandStatus, SequenceNumber};

/// See [`super::Effects`].
#[derive(Debug)]
pub enum Act {
    Accepted(LinkHandle, SequenceNumber, MessageId),
    Answer(Arc<CarrierHandle>, SequenceNumber, CommandStatus),
    Deliver(u32, Delivery),
    Operated(u64, Findings),
    Passed(oneshot::Sender<()>),
    Granted(oneshot::Sender<Granted>, Box<Granted>),
    Stands(LinkHandle, SequenceNumber, Standing),
    Tell(u32, ToDispatcher),
}

impl Hands {
    /// Does this now if nothing has to be written down before it, else when that is durable.
    pub(super) fn act(&mut self, act: Act) {
        match &mut self.gate {
            Some(gate) => gate.hold(act),
            None => self.carry_out(act),
        }
    }

    /// Holds this until what has to be written down before it is durable; whether anything is
    /// written down.
    pub(super) fn holds(&mut self, act: impl FnOnce() -> Act) -> bool {
        let Some(gate) = &mut self.gate else { return false };
        gate.hold(act());
        true
    }

    /// Does what may be done by now.
    pub(super) fn release(&mut self) {
        while let Some(act) = self.gate.as_mut().and_then(Gate::pop) {
            self.carry_out(act);
        }
    }

    fn carry_out(&mut self, act: Act) {
        match act {
            Act::Accepted(link, sequence, id) => self.tell_accepted(&link, sequence, id),
            Act::Answer(link, sequence, status) => self.answer_carrier(&link, sequence, status),
            Act::Deliver(account, delivery) => self.due.push((account, delivery)),
            Act::Operated(number, findings) => self.operators.tell(number, findings),
            // Who has gone meanwhile wants no answer.
            Act::Passed(waits) => drop(waits.send(())),
            Act::Granted(waits, granted) => drop(waits.send(*granted)),
            Act::Stands(link, sequence, standing) => self.tell_standing(&link, sequence, standing),
            Act::Tell(carrier, item) => self.push(carrier, item),
        }
    }
}
