//! What is to be sent in the order it is due, kept until the peer has answered for it.
//!
//! ```text
//!   settle(p)         next()           push()
//!   front ... sent, unsettled ... | ... waiting ... back
//! ```
//!
//! An item is copied in once and never moved; its position is the ticket of its request.

use std::collections::VecDeque;

/// A first-in, first-out queue with receipts for what is out.
#[derive(Debug)]
pub struct Queue<T> {
    items: VecDeque<Option<T>>,
    /// The position of the item in front.
    front: u64,
    /// Items in front that were handed out.
    sent: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), front: 0, sent: 0 }
    }
}

impl<T> Queue<T> {
    /// Adds an item at the back and says its position.
    #[inline]
    pub fn push(&mut self, item: T) -> u64 {
        self.items.push_back(Some(item));
        self.front + self.items.len() as u64 - 1
    }

    /// The first item that waits, with its position.
    #[inline]
    #[must_use]
    pub fn next(&self) -> Option<(u64, &T)> {
        let item = self.items.get(self.sent)?.as_ref()?;
        Some((self.front + self.sent as u64, item))
    }

    /// The item that [`Queue::next`] shows is out.
    #[inline]
    pub fn sent(&mut self) {
        self.sent = (self.sent + 1).min(self.items.len());
    }

    /// The item at `position` is done with; `None` when it was before.
    #[inline]
    pub fn settle(&mut self, position: u64) -> Option<T> {
        let at = usize::try_from(position.checked_sub(self.front)?).ok()?;
        if at >= self.sent {
            return None;
        }
        let item = self.items.get_mut(at)?.take()?;
        while let Some(None) = self.items.front() {
            self.items.pop_front();
            self.front += 1;
            self.sent -= 1;
        }
        Some(item)
    }

    /// How many are out and not settled.
    #[must_use]
    pub fn out(&self) -> usize {
        self.items.iter().take(self.sent).flatten().count()
    }

    /// Everything that is not settled, sent or not.
    pub fn into_unsettled(self) -> impl Iterator<Item = T> {
        self.items.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_out_in_order_and_are_settled_in_any() {
        let mut queue = Queue::default();
        let positions: Vec<u64> = "abcd".chars().map(|item| queue.push(item)).collect();
        let mut out = Vec::new();
        while let Some((position, &item)) = queue.next() {
            out.push((position, item));
            queue.sent();
        }
        let items: Vec<char> = out.iter().map(|&(_, item)| item).collect();
        assert_eq!(items, ['a', 'b', 'c', 'd']);
        assert_eq!(queue.settle(positions[2]), Some('c'));
        assert_eq!(queue.settle(positions[2]), None, "once only");
        assert_eq!(queue.settle(positions[0]), Some('a'));
        assert_eq!(queue.items.len(), 3);
        assert_eq!(queue.settle(positions[1]), Some('b'));
        assert_eq!(queue.items.len(), 1, "settled ones leave");
        assert_eq!(queue.push('e'), positions[3] + 1);
        assert_eq!(queue.next().map(|(_, &item)| item), Some('e'));
        assert_eq!(queue.out(), 1);
        assert_eq!(queue.into_unsettled().collect::<String>(), "de");
    }

    #[test]
    fn what_is_not_out_cannot_be_settled() {
        let mut queue = Queue::default();
        let position = queue.push(1);
        assert_eq!(queue.settle(position), None);
        assert_eq!(queue.settle(99), None);
    }
}
