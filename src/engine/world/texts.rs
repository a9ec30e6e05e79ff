//! What a world makes of texts.

use std::time::Duration;

use super::World;
use crate::message::class::TrafficClass;
use crate::message::envelope::Message;
use crate::mt::ingress::Replacement;
use crate::wire::CommandStatus;

impl World {
    /// What a replacement makes of a message that waits for this carrier.
    ///
    /// # Errors
    /// As [`Replacement::of`].
    pub fn replaced(
        &self,
        message: &Message,
        carrier: u32,
        replacement: &Replacement,
        wall: Duration,
    ) -> Result<Message, CommandStatus> {
        let carrier = self.carriers.get(carrier as usize);
        let account = self.accounts.get(message.account as usize);
        let (Some(carrier), Some(account)) = (carrier, account) else {
            return Err(CommandStatus::ESME_RREPLACEFAIL);
        };
        // A route that is no more wants nothing of it.
        let cutting = match self.route_of(message, wall) {
            Some(found) => self.cutting(carrier, found.route),
            None => carrier.cutting,
        };
        let (source, destination) = (message.source.octets(), message.destination.octets());
        let mention = self.stop_mention((message.account, message.class), source, destination);
        replacement.of(message, account.form.as_ref(), (cutting, mention), wall)
    }

    /// What the text of a message says at its end, unless it says how to stop it.
    #[must_use]
    pub fn stop_mention(
        &self,
        (account, class): (u32, TrafficClass),
        sender: &[u8],
        destination: &[u8],
    ) -> Option<&str> {
        let policies = self.policies.as_ref().filter(|_| class == TrafficClass::Marketing)?;
        policies.of(account, sender, destination)?.stop_mention.as_deref()
    }
}
