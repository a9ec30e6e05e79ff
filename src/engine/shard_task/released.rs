//! Places in queues, on their way back to those who take messages.

use crate::engine::world::World;

/// Places in queues that messages left during one wake-up, given back together.
#[derive(Default)]
pub(super) struct Released {
    /// Runs of messages of one account or carrier: they mostly come in such.
    accounts: Vec<Places>,
    carriers: Vec<Places>,
}

/// Places, and octets of the messages that had them, of one account or carrier.
struct Places {
    of: u32,
    places: u32,
    octets: u32,
}

impl Released {
    /// A message of so many octets has left the queues of its account and carrier.
    pub fn add(&mut self, account: u32, carrier: u32, octets: u32) {
        for (of, list) in [(account, &mut self.accounts), (carrier, &mut self.carriers)] {
            match list.last_mut() {
                // A round has far fewer messages than 2^32 octets.
                Some(last) if last.of == of => {
                    last.places += 1;
                    last.octets = last.octets.saturating_add(octets);
                }
                _ => list.push(Places { of, places: 1, octets }),
            }
        }
    }

    /// Gives them back.
    pub fn flush(&mut self, world: &World) {
        for Places { of, places, octets } in self.accounts.drain(..) {
            if let Some(account) = world.accounts.get(of as usize) {
                account.queued.give(places);
                account.queued_octets.give(octets);
            }
        }
        for Places { of, places, .. } in self.carriers.drain(..) {
            if let Some(carrier) = world.carriers.get(of as usize) {
                carrier.queued.give(places);
            }
        }
    }
}
