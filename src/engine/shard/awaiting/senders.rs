//! Accounts and the senders they use, each pair once however many messages it has.

use std::collections::HashMap;

use crate::wire::Address;

/// The pairs that any message has.
#[derive(Debug, Default)]
pub struct Senders {
    places: HashMap<(u32, Address), u32, foldhash::fast::FixedState>,
    all: Vec<Sender>,
    free: Vec<u32>,
    /// The one entered last: messages of one account mostly come in runs.
    last: u32,
}

#[derive(Debug)]
struct Sender {
    account: u32,
    address: Address,
    messages: u32,
}

impl Senders {
    /// One message more of this account from this sender; gives the place of the pair.
    pub fn enter(&mut self, account: u32, address: &Address) -> u32 {
        if let Some(last) = self.all.get_mut(self.last as usize)
            && last.messages > 0
            && last.account == account
            && last.address == *address
        {
            last.messages += 1;
            return self.last;
        }
        let pair = (account, address.clone());
        let place = match self.places.get(&pair) {
            Some(place) => *place,
            None => {
                let place = self.free.pop().unwrap_or(self.all.len() as u32);
                self.places.insert(pair, place);
                let sender = Sender { account, address: address.clone(), messages: 0 };
                match self.all.get_mut(place as usize) {
                    Some(free) => *free = sender,
                    None => self.all.push(sender),
                }
                place
            }
        };
        if let Some(sender) = self.all.get_mut(place as usize) {
            sender.messages += 1;
        }
        self.last = place;
        place
    }

    /// One message less of the pair at this place.
    pub fn leave(&mut self, place: u32) {
        let Some(sender) = self.all.get_mut(place as usize) else { return };
        sender.messages -= 1;
        if sender.messages == 0 {
            let address = std::mem::take(&mut sender.address);
            self.places.remove(&(sender.account, address));
            self.free.push(place);
        }
    }

    /// The pair at this place.
    pub fn get(&self, place: u32) -> Option<(u32, &Address)> {
        self.all.get(place as usize).map(|sender| (sender.account, &sender.address))
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}
