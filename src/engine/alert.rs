//! That a handset can be reached again, which a carrier tells (SMPP 3.4 §4.12) and the owner of the
//! number that was called hears.

use std::sync::Arc;

use super::handles::AccountHandle;
use super::world::World;
use crate::message::translation::{Form, Translator, bare};
use crate::text::DefaultAlphabet;
use crate::wire::table::{AlertNotification, DeliverSm};
use crate::wire::{Address, COctetString, Tlvs};

/// An alert_notification, as ours are written.
#[derive(Debug)]
pub struct Alert {
    handset: Address,
    number: Address,
    tlvs: Box<[u8]>,
}

impl Alert {
    /// What a carrier told; `form` is how it writes addresses.
    #[must_use]
    pub fn new(
        alert: &AlertNotification<'_>,
        form: Option<&Form>,
        translator: &mut Translator,
    ) -> Self {
        let ends = ends(
            (alert.source_addr_ton, alert.source_addr_npi, alert.source_addr),
            (alert.esme_addr_ton, alert.esme_addr_npi, alert.esme_addr),
        );
        let read = form.map_or(ends, |form| translator.read_deliver(form, &ends));
        let (from, to) = (read.source_addr_ton, read.dest_addr_ton);
        Self {
            handset: Address::new(
                from,
                read.source_addr_npi,
                bare(from, read.source_addr.octets()),
            ),
            number: Address::new(to, read.dest_addr_npi, bare(to, read.destination_addr.octets())),
            tlvs: alert.tlvs.octets().into(),
        }
    }

    /// Hands it to the first session of its number's owner that has room. It is not kept for one:
    /// by then the handset may be gone again. What became of it.
    #[must_use]
    pub fn pass_on(self, world: &World) -> &'static str {
        let owner = world.owners.of(self.number.octets());
        let owner = owner.and_then(|owner| owner.of(None, DefaultAlphabet::default()));
        let account = owner.and_then(|owner| world.accounts.get(owner.account()? as usize));
        let Some(account) = account else { return "unowned" };
        let alert = Arc::new(self);
        let receivers = account.receivers.load();
        let took = |handle: &&Arc<AccountHandle>| {
            handle.is_for(alert.number.octets()) && handle.alerts.push(Arc::clone(&alert)).is_ok()
        };
        match receivers.iter().find(took) {
            Some(handle) => {
                handle.wake();
                "passed"
            }
            None => "unheard",
        }
    }

    /// Sends it in the form of its account.
    pub fn with_pdu<R>(
        &self,
        form: Option<&Form>,
        translator: &mut Translator,
        send: impl FnOnce(&AlertNotification<'_>) -> R,
    ) -> R {
        let ends = ends(
            (self.handset.ton, self.handset.npi, self.handset.as_field()),
            (self.number.ton, self.number.npi, self.number.as_field()),
        );
        let written = form.map_or(ends, |form| translator.written_deliver(form, &ends));
        send(&AlertNotification {
            source_addr_ton: written.source_addr_ton,
            source_addr_npi: written.source_addr_npi,
            source_addr: written.source_addr,
            esme_addr_ton: written.dest_addr_ton,
            esme_addr_npi: written.dest_addr_npi,
            esme_addr: written.destination_addr,
            tlvs: Tlvs::take(&self.tlvs).0,
        })
    }
}

/// Both addresses where a deliver_sm has them.
fn ends<'a>(
    (source_addr_ton, source_addr_npi, source_addr): (u8, u8, COctetString<'a>),
    (dest_addr_ton, dest_addr_npi, destination_addr): (u8, u8, COctetString<'a>),
) -> DeliverSm<'a> {
    DeliverSm {
        source_addr_ton,
        source_addr_npi,
        source_addr,
        dest_addr_ton,
        dest_addr_npi,
        destination_addr,
        ..DeliverSm::default()
    }
}
