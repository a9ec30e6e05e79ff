//! What a carrier says beside a state, kept from its receipt to ours.

use std::sync::Arc;

use super::ReceiptError;

/// An error as its carrier names it, and what TLVs of the receipt go on to the account. Of most
/// messages it is a number and costs no memory of its own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Cause {
    number: u32,
    network: Option<[u8; 3]>,
    rest: Option<Arc<Rest>>,
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Rest {
    /// The error where it is no number: at most [`ReceiptError::TEXT_MAX`] octets, else none.
    text: Box<[u8]>,
    /// At most [`Cause::TLVS_MAX`] octets.
    tlvs: Box<[u8]>,
}

impl Cause {
    /// Octets of TLVs that go on, at most; those of a receipt that do not fit are left out.
    pub const TLVS_MAX: usize = 255;

    /// What a receipt says: its error, its network_error_code if that goes on, and other TLVs that
    /// do, as they stand.
    #[must_use]
    pub fn new(error: Option<ReceiptError<'_>>, network: Option<[u8; 3]>, tlvs: &[u8]) -> Self {
        let number = error.and_then(ReceiptError::number).unwrap_or(0);
        let mut text = Vec::new();
        if let Some(error @ ReceiptError::Text(_)) = error {
            error.write(&mut text);
        }
        if text == b"000" {
            // Nothing of it could be printed.
            text.clear();
        }
        let some = !text.is_empty() || !tlvs.is_empty();
        let rest = some.then(|| Arc::new(Rest { text: text.into(), tlvs: tlvs.into() }));
        Self { number, network, rest }
    }

    /// The error as it is written.
    #[must_use]
    pub fn error(&self) -> ReceiptError<'_> {
        match &self.rest {
            Some(rest) if !rest.text.is_empty() => ReceiptError::Text(&rest.text),
            _ => ReceiptError::Number(self.number),
        }
    }

    /// The error in an octet, as query_sm_resp has it: 255 for one that does not fit.
    #[must_use]
    pub fn octet(&self) -> u8 {
        self.error().number().and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
    }

    /// The network_error_code that goes on.
    #[must_use]
    pub fn network(&self) -> Option<[u8; 3]> {
        self.network
    }

    /// Other TLVs that go on.
    #[must_use]
    pub fn tlvs(&self) -> &[u8] {
        self.rest.as_ref().map_or(&[], |rest| &rest.tlvs)
    }
}

/// An error of ours.
impl From<u32> for Cause {
    fn from(number: u32) -> Self {
        Self { number, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_what_it_is() {
        let of = |error| Cause::new(Some(error), None, b"");
        assert_eq!(of(ReceiptError::Text(b"4A6")).error(), ReceiptError::Text(b"4A6"));
        assert_eq!(of(ReceiptError::Text(b"4A6")).octet(), 255);
        assert_eq!(of(ReceiptError::Number(69)), Cause::from(69));
        let network = ReceiptError::Network { network_type: 3, code: 5 };
        assert_eq!(of(network), Cause::from(5));
        assert_eq!(of(ReceiptError::Text(b"\xff ")), Cause::from(0));
        assert_eq!(Cause::new(None, None, b""), Cause::default());
        assert_eq!((Cause::from(255).octet(), Cause::from(256).octet()), (255, 255));
        let long = of(ReceiptError::Text(&[b'x'; 99]));
        assert_eq!(long.error(), ReceiptError::Text(&[b'x'; ReceiptError::TEXT_MAX]));
    }
}
