//! What handsets got and what they have chosen, to octets and back.

use super::octets::Reader;
use super::{kind, record};
use crate::mt::policy::ledger::Source;
use crate::mt::policy::{Choice, Chosen, Handset, Scope, Texted};
use crate::store::Batch;

/// Messages were sent to a handset then; what was written of the same before is past.
pub fn texted(batch: &mut Batch, texted: &Texted) {
    record(batch, kind::TEXTED, |to| {
        to.u64(texted.handset.number());
        to.u64(texted.scope.number());
        // As many as the largest cap is of.
        to.u8(texted.times.len() as u8);
        texted.times.iter().for_each(|at_s| to.u32(*at_s));
    });
}

pub(super) fn read_texted(from: &mut Reader<'_>) -> Option<Texted> {
    Some(Texted {
        handset: Handset::from_number(from.u64()?),
        scope: Scope::from_number(from.u64()?),
        times: (0..from.u8()?).map(|_| from.u32()).collect::<Option<_>>()?,
    })
}

/// A handset has chosen what to get; what it chose before of the same is past.
pub fn chosen(batch: &mut Batch, chosen: &Chosen) {
    record(batch, kind::CHOSEN, |to| {
        to.u64(chosen.handset.number());
        to.u64(chosen.scope.number());
        let (choice, until_s) = match chosen.choice {
            Choice::Out => (0, 0),
            Choice::In => (1, 0),
            Choice::PausedUntil(until_s) => (2, until_s),
        };
        to.u8(choice);
        to.u32(until_s);
        to.u32(chosen.at_s);
        to.u8(chosen.source.number());
    });
}

pub(super) fn read_chosen(from: &mut Reader<'_>) -> Option<Chosen> {
    let handset = Handset::from_number(from.u64()?);
    let scope = Scope::from_number(from.u64()?);
    let choice = match (from.u8()?, from.u32()?) {
        (0, _) => Choice::Out,
        (1, _) => Choice::In,
        (2, until_s) => Choice::PausedUntil(until_s),
        _ => return None,
    };
    let at_s = from.u32()?;
    // Earlier builds wrote down what handsets wrote, and nothing else.
    let source = from.u8().and_then(Source::from_number).unwrap_or(Source::Keyword);
    Some(Chosen { handset, scope, choice, at_s, source })
}
