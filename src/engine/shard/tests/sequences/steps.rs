//! What can happen to a shard.

use proptest::prelude::*;

/// Something happens. Numbers choose among what there is at the time. `SubmitOwn` is one of three
/// segments that the account cut itself; `Bound` says whether a session is bound for our numbers.
#[derive(Clone, Debug)]
pub enum Step {
    Submit { account: u32, handset: usize, segments: u16, valid_s: u64, wait_s: u64 },
    Market { handset: usize, segments: u16, wait_s: u64 },
    SubmitOwn { account: u32, handset: usize, reference: u8, sequence: u8 },
    Send(u8),
    Take { which: usize, id: u8 },
    Refuse { which: usize, status: u32 },
    NotSent(usize),
    InDoubt(usize),
    LateTake { which: usize, id: u8 },
    LateRefuse { which: usize, status: u32 },
    Receipt { id: u8, handset: usize, state: u8 },
    Pass(u32),
    Room { account: u32, room: usize },
    Ready(u32),
    Bound(bool),
    GiveBack { account: u32, count: usize, pause_s: u64 },
    Settle(usize),
    Crash,
    Checkpoint,
    Mo(u32),
    Writes { handset: usize, stop: bool },
    Segment { account: u32, reference: u8, sequence: u8, text: u8 },
    Cancel { account: u32, which: Option<usize> },
    Replace { account: u32, which: usize, octets: usize },
}

pub fn step() -> impl Strategy<Value = Step> {
    let account = 0..2_u32;
    let which = 0..32_usize;
    let status = prop_oneof![Just(0x58), Just(0x14), Just(0x08), Just(0x0b), Just(0x7777)];
    prop_oneof![
        6 => (account.clone(), 0..3_usize, 1..4_u16, 1..200_u64, 0..20_u64).prop_map(
            |(account, handset, segments, valid_s, wait_s)| {
                Step::Submit { account, handset, segments, valid_s, wait_s }
            }
        ),
        3 => (0..3_usize, 1..3_u16, 0..20_u64).prop_map(|(handset, segments, wait_s)| {
            Step::Market { handset, segments, wait_s }
        }),
        1 => (0..3_usize, prop::bool::weighted(0.7)).prop_map(|(handset, stop)| {
            Step::Writes { handset, stop }
        }),
        4 => (account.clone(), 0..2_usize, 0..2_u8, 1..4_u8).prop_map(
            |(account, handset, reference, sequence)| {
                Step::SubmitOwn { account, handset, reference, sequence }
            }
        ),
        6 => (1..4_u8).prop_map(Step::Send),
        8 => (which.clone(), 0..12_u8).prop_map(|(which, id)| Step::Take { which, id }),
        3 => (which.clone(), status.clone()).prop_map(|(which, status)| {
            Step::Refuse { which, status }
        }),
        1 => which.clone().prop_map(Step::NotSent),
        2 => which.clone().prop_map(Step::InDoubt),
        1 => (which.clone(), 0..12_u8).prop_map(|(which, id)| Step::LateTake { which, id }),
        1 => (which, status).prop_map(|(which, status)| Step::LateRefuse { which, status }),
        8 => (0..12_u8, 0..3_usize, 0..10_u8).prop_map(|(id, handset, state)| {
            Step::Receipt { id, handset, state }
        }),
        4 => (1..70_000_u32).prop_map(Step::Pass),
        2 => (account.clone(), 0..4_usize).prop_map(|(account, room)| Step::Room { account, room }),
        2 => account.clone().prop_map(Step::Ready),
        2 => prop::bool::ANY.prop_map(Step::Bound),
        1 => (account.clone(), 0..4_usize, 0..7_u64).prop_map(|(account, count, pause_s)| {
            Step::GiveBack { account, count, pause_s }
        }),
        2 => (0..32_usize).prop_map(Step::Settle),
        1 => Just(Step::Crash),
        1 => Just(Step::Checkpoint),
        1 => account.clone().prop_map(Step::Mo),
        2 => (account.clone(), 0..64_usize, 1..400_usize).prop_map(|(account, which, octets)| {
            Step::Replace { account, which, octets }
        }),
        2 => (account.clone(), prop::option::of(0..64_usize)).prop_map(|(account, which)| {
            Step::Cancel { account, which }
        }),
        3 => (account, 0..3_u8, 1..3_u8, 0..2_u8).prop_map(
            |(account, reference, sequence, text)| {
                Step::Segment { account, reference, sequence, text }
            }
        ),
    ]
}
