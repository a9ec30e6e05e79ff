//! What an earlier process left, taken over by a shard before it is told anything.

use super::{ShardTask, Takes};
use crate::engine::recovery::{Part, in_world};
use crate::engine::shard::records;
use crate::mt::receipts::Notations;

impl ShardTask {
    /// Takes over what an earlier process left.
    pub fn restore(&mut self, part: Part) {
        let Self { shard, hands, .. } = self;
        let now = hands.shared.clock.now();
        let world = hands.world.clone();
        let notations = |carrier: u32| {
            let carrier = world.carriers.get(carrier as usize);
            carrier.map_or_else(Notations::default, |carrier| carrier.reading.notations)
        };
        for (number, octets) in part.parked {
            if let Some(receipt) = records::read_parked(&octets, notations) {
                shard.restore_parked(now, number, receipt);
            }
        }
        for chosen in part.chosen {
            shard.restore_chosen(chosen);
        }
        for talk in part.talks {
            shard.restore_talk(now, talk);
        }
        for texted in part.texted {
            shard.restore_texted(texted);
        }
        for ending in part.ended {
            shard.restore_ended(ending);
        }
        shard.restore_heard(part.heard);
        for was in part.awaiting {
            shard.restore_awaiting(was);
        }
        for (account, delivery) in part.owed {
            shard.restore_owed(account, delivery, hands);
        }
        for (wall, memory) in part.whole {
            shard.restore_whole(now, wall, memory);
        }
        for (owner, message) in part.held {
            shard.restore_held(now, owner, message, hands);
        }
        for mut was in part.live {
            in_world(&world, &mut was.live.message);
            shard.restore_live(now, was, hands);
        }
        debug_assert_ne!(hands.takes(), Takes::Later, "nothing was written yet");
        self.report();
    }
}
