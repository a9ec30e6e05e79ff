//! What people write instead of the word: rows of classes, in order, with what may lie between.
//!
//! A row matches inside one clause. It names what must not stand in front of it (`don't stop`),
//! inside it (`stop by`) or beside it (`my order`), since most texts with the words of a request
//! to stop are none.

use super::class::*;

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phrase {
    pub name: &'static str,
    steps: &'static [Step],
    /// What the clause must not hold.
    never: Classes,
    /// What must not stand in front, whatever is looked through.
    before: Classes,
    /// What must not stand inside.
    between: Classes,
    /// Nothing that says something stands before it in its clause.
    is_first: bool,
    /// Nor behind it.
    is_last: bool,
    /// What is bought or booked in the same clause is meant, unless texts are named.
    minds_business: bool,
    /// A question is none.
    is_statement: bool,
    /// It is meant so by most, not by all.
    pub is_probable: bool,
    /// It is meant so in the United States.
    pub is_us: bool,
}

/// One of these classes, behind at most so many other words.
type Step = (Classes, usize);

/// What stands between a verb and what turns it round, or who does it.
const LOOKED_THROUGH: Classes = SUBJ | ME | PAS | MORE | WANT | I | OFF | TO;
/// What may stand before and behind where nothing else may.
const AROUND: Classes = FILLER | RUDE | DIGITS | ME | MORE | MSG | HARD;

impl Phrase {
    const fn new(name: &'static str, steps: &'static [Step]) -> Self {
        Self {
            name,
            steps,
            never: 0,
            before: 0,
            between: 0,
            is_first: false,
            is_last: false,
            minds_business: false,
            is_statement: false,
            is_probable: false,
            is_us: false,
        }
    }
    const fn never(self, never: Classes) -> Self {
        Self { never, ..self }
    }
    const fn before(self, before: Classes) -> Self {
        Self { before, ..self }
    }
    const fn between(self, between: Classes) -> Self {
        Self { between, ..self }
    }
    const fn first(self) -> Self {
        Self { is_first: true, ..self }
    }
    const fn last(self) -> Self {
        Self { is_last: true, ..self }
    }
    const fn minds_business(self) -> Self {
        Self { minds_business: true, ..self }
    }
    const fn statement(self) -> Self {
        Self { is_statement: true, ..self }
    }
    const fn probable(self) -> Self {
        Self { is_probable: true, ..self }
    }
    const fn us(self) -> Self {
        Self { is_us: true, ..self }
    }

    /// Whether a clause says this. `all` is every class in it.
    pub fn matches(&self, clause: &[Classes], all: Classes, asks: bool) -> bool {
        let lacks = |step: &Step| all & step.0 == 0;
        if self.steps.iter().any(lacks) || all & self.never != 0 || (asks && self.is_statement) {
            return false;
        }
        if self.minds_business && all & BIZ != 0 && all & MSG == 0 {
            return false;
        }
        let Some(((first, _), rest)) = self.steps.split_first() else { return false };
        clause.iter().enumerate().any(|(at, classes)| {
            classes & first != 0 && self.may_begin(clause, at) && self.goes_on(clause, at, rest)
        })
    }

    fn may_begin(&self, clause: &[Classes], at: usize) -> bool {
        let before = clause.get(..at).unwrap_or_default();
        if self.is_first && before.iter().any(|classes| classes & AROUND == 0) {
            return false;
        }
        for classes in before.iter().rev() {
            if classes & self.before != 0 {
                return false;
            }
            if classes & LOOKED_THROUGH == 0 {
                break;
            }
        }
        true
    }

    fn goes_on(&self, clause: &[Classes], at: usize, steps: &[Step]) -> bool {
        let Some(((class, gap), rest)) = steps.split_first() else {
            let behind = clause.get(at + 1..).unwrap_or_default();
            return !self.is_last || behind.iter().all(|classes| classes & AROUND != 0);
        };
        for next in at + 1..=at + 1 + gap {
            let Some(classes) = clause.get(next) else { return false };
            if classes & class != 0 && self.goes_on(clause, next, rest) {
                return true;
            }
            if classes & self.between != 0 {
                return false;
            }
        }
        false
    }
}

const fn phrase(name: &'static str, steps: &'static [Step]) -> Phrase {
    Phrase::new(name, steps)
}

/// What turns "stop" round, or tells of it.
const NOT_STOP: Classes = NEGV | AUX | CANT;
/// What between "I do not want" and texts makes it something else.
const WANT_OTHER: Classes = MISS | STOPV | UNSUB | DETAIL | SOFT | I;

/// Every row, the surest first.
pub(super) const PHRASES: &[Phrase] = &[
    phrase("stop_sending", &[(STOPV, 0), (MSG | HARASS, 5)])
        .before(NOT_STOP)
        .between(PAS | PLACE | SUBJ | WHY | GOT | I),
    phrase("stop_sending", &[(STOPV, 0), (CONTACT | TEXTV, 4)])
        .before(NOT_STOP)
        .between(PAS | PLACE | SUBJ | WHY | GOT | I),
    phrase("stop_sending", &[(STOPV, 0), (SEND, 4)])
        .before(NOT_STOP)
        .between(PAS | PLACE | SUBJ | WHY | GOT | I)
        .minds_business(),
    phrase("stop_receiving", &[(STOPV | UNSUB, 0), (RECV, 2), (MSG | PROMO | THING, 5)])
        .before(NOT_STOP)
        .never(WHY)
        .minds_business(),
    phrase("stop_receiving", &[(STOPV | UNSUB, 0), (RECV, 2)]).before(NOT_STOP).never(WHY).last(),
    phrase("stop_promotions", &[(STOPV, 0), (PROMO, 3)])
        .before(NOT_STOP)
        .between(PAS | PLACE | SUBJ | WHY | I)
        .minds_business(),
    phrase("unsubscribe", &[(UNSUB, 0)]).before(NOT_STOP).never(ERR | START),
    phrase("unsubscribed_and_still", &[(UNSUB, 0), (KEEP | MORE, 8)])
        .before(NEGV | CANT)
        .never(ERR | START),
    phrase("opt_out", &[(OPT, 0), (OUT, 2)]).before(NOT_STOP).never(ERR),
    phrase("send_no_more", &[(NEGV, 0), (ME, 1), (SEND | CONTACT, 0), (PAS, 1)])
        .before(SUBJ)
        .between(AUX | CAN)
        .never(UNTIL | WHY | GOT)
        .minds_business(),
    phrase("send_no_more", &[(NEGV, 0), (SEND | CONTACT, 0), (PAS, 0), (MSG | PROMO | THING, 3)])
        .before(SUBJ)
        .never(UNTIL | WHY)
        .minds_business(),
    phrase("send_no_more", &[(NEGV, 0), (SEND | CONTACT, 0), (THING, 0)]).before(SUBJ).never(WHY),
    phrase("no_longer_send", &[(NEGV, 0), (PAS, 0), (SEND | CONTACT, 3)])
        .between(CAN | RECV)
        .never(UNTIL | GOT | WHY)
        .minds_business(),
    phrase("no_longer_receive", &[(NEGV, 0), (MORE, 0), (RECV, 2)])
        .between(CAN)
        .never(WHY)
        .minds_business(),
    phrase("send_no_more", &[(ME, 0), (IMPER, 0), (PAS, 0)])
        .before(SUBJ | NEGV | AUX | CAN)
        .never(WHY | DETAIL | GOT | UNTIL)
        .minds_business()
        .statement(),
    phrase("want_no_texts", &[(WANT, 0), (PAS | NONE, 1), (MSG | LIST, 6)])
        .between(WANT_OTHER | SUBJ | CAN)
        .never(GOT),
    phrase("want_no_texts", &[(WANT, 0), (PAS | NONE, 1), (ME | AUX, 4), (SEND | CONTACT, 1)])
        .between(MISS | STOPV | UNSUB | CAN)
        .never(UNTIL)
        .minds_business(),
    phrase(
        "want_no_texts",
        &[(WANT, 0), (PAS | NONE, 1), (RECV, 2), (MSG | PROMO | THING | OFF, 3)],
    )
    .between(WANT_OTHER | SUBJ | CAN)
    .minds_business(),
    phrase("want_no_texts", &[(WANT, 0), (PAS | NONE, 1), (RECV, 2)])
        .between(WANT_OTHER | SUBJ | CAN)
        .minds_business()
        .last(),
    phrase("want_no_texts", &[(NEGV | NONE | MORE | PAS, 0), (WANT, 1), (MSG, 6)])
        .between(WANT_OTHER | SUBJ | GOT | TO)
        .before(CANT),
    phrase("want_no_texts", &[(NEGV | NONE | MORE | PAS, 0), (WANT, 1), (RECV, 5)])
        .between(WANT_OTHER | SUBJ)
        .minds_business()
        .last(),
    phrase(
        "want_no_texts",
        &[
            (NEGV | NONE | MORE | PAS, 0),
            (WANT, 1),
            (RECV, 5),
            (THING | OFF | MSG | PROMO | MORE, 2),
        ],
    )
    .between(WANT_OTHER | SUBJ)
    .minds_business(),
    phrase(
        "want_no_texts",
        &[(NEGV | NONE | MORE, 0), (WANT, 1), (SUBJ, 1), (SEND | TEXTV | CONTACT, 2), (ME, 1)],
    )
    .minds_business(),
    phrase("want_no_texts", &[(NEGV | MORE, 0), (WANT, 1), (AUX, 1), (CONTACT | TEXTV, 0)]),
    phrase("want_no_texts", &[(NEGV | MORE, 0), (WANT, 1), (LIST, 6)])
        .between(WANT_OTHER | SUBJ)
        .minds_business(),
    phrase("want_none", &[(NEGV, 0), (WANT, 1), (THING, 0)]).minds_business().last().probable(),
    phrase("want_none", &[(WANT, 0), (PAS, 1), (THING, 0)]).minds_business().last().probable(),
    phrase("no_texts", &[(PAS | NONE, 0), (MSG, 2)])
        .first()
        .last()
        .between(DETAIL)
        .never(GOT | AUX | CAN | CANT | WHY | UNTIL)
        .statement(),
    phrase("no_more_texts", &[(NONE, 0), (MORE, 0), (MSG | TEXTV, 2)])
        .never(GOT | AUX | WHY | CAN)
        .statement(),
    phrase("do_not_text", &[(NEGV, 0), (TEXTV | CONTACT | BOTHER, 2), (ME | NUM | MORE, 1)])
        .before(I | SUBJ | WHY | AUX)
        .between(I | SUBJ | WANT | GOT | CAN | AUX | STOPV)
        .never(UNTIL | WHY)
        .minds_business(),
    phrase("do_not_text", &[(NEGV, 0), (TEXTV | CONTACT | SEND, 1)])
        .before(I | SUBJ | WHY | AUX)
        .between(I | SUBJ | WANT | AUX | STOPV | RECV | GOT)
        .never(UNTIL | WHY | BIZ)
        .last(),
    phrase(
        "do_not_send",
        &[(NEGV | NONE, 0), (SEND, 1), (ME | MSG | PROMO, 1), (MSG | PROMO | MORE | THING, 3)],
    )
    .before(I | SUBJ | WHY | AUX)
    .between(I | SUBJ | WANT | STOPV)
    .never(UNTIL)
    .minds_business(),
    phrase("do_not_send", &[(NONE | NEGV, 0), (SEND | CONTACT, 1), (MORE, 0)])
        .before(I | SUBJ | WHY | AUX | CANT)
        .between(I | SUBJ)
        .never(DETAIL | UNTIL)
        .minds_business(),
    phrase("do_not_send", &[(NEGV, 0), (SEND, 0), (MORE, 1), (MSG | PROMO, 2)])
        .before(I | SUBJ | AUX),
    phrase("no_longer_contact", &[(MORE | NONE, 0), (TEXTV | CONTACT | SEND, 1), (ME, 0)])
        .before(SUBJ | I | AUX)
        .never(WHY | UNTIL | GOT)
        .minds_business()
        .first(),
    phrase("remove_number", &[(REMOVE, 0), (NUM, 3)])
        .before(NEGV | AUX | CANT)
        .between(PAS | SUBJ)
        .never(OTHER | NEW)
        .minds_business(),
    phrase("remove_from_list", &[(REMOVE, 0), (OFF, 3), (LIST, 3)])
        .before(NEGV | AUX | CANT)
        .between(PAS | SUBJ | LIST)
        .never(OTHER | NEW)
        .minds_business(),
    phrase("remove_me", &[(REMOVE, 0), (ME, 1)])
        .before(NEGV | AUX | CANT)
        .never(OTHER | BIZ | NEW)
        .last(),
    phrase("remove_me", &[(REMOVE, 0), (ME, 1), (OFF, 1), (LIST | MSG | THING | PROMO | ME, 3)])
        .before(NEGV | AUX | CANT)
        .never(OTHER | BIZ),
    phrase("take_me_off", &[(TAKE, 0), (ME | NUM, 1), (OUT, 3), (LIST | MSG | THING, 3)])
        .before(NEGV)
        .never(OTHER | BIZ),
    phrase("take_me_off", &[(TAKE, 0), (ME | NUM, 1), (OUT, 2)])
        .before(NEGV)
        .never(OTHER | BIZ | PLACE)
        .last(),
    phrase("leave_me_alone", &[(LEAVE, 0), (ME, 1), (ALONE, 2)]).before(NEGV),
    phrase("leave_me_alone", &[(LEAVE, 0), (ALONE, 2)]).before(NEGV).first().last(),
    phrase("leave_me_alone", &[(LEAVE, 0), (ME, 0)]).never(MSG | TEXTV).first().last().probable(),
    phrase("forget_me", &[(FORGET, 0), (ME, 1), (NUM, 1)]).before(NEGV | AUX | I).minds_business(),
    phrase("forget_me", &[(FORGET, 0), (ME, 0)]).before(NEGV | AUX | I).first().last(),
    phrase("cancel_texts", &[(SOFT, 0), (MSG, 3)])
        .before(NEGV | AUX | CANT)
        .between(BIZ | PLACE)
        .statement(),
    phrase("cancel_subscription", &[(SOFT, 0), (SIGNUP, 2)])
        .before(NEGV | AUX | CANT)
        .us()
        .probable(),
    phrase("revoke_consent", &[(REVOKE | REMOVE, 0), (CONSENT, 4)]).before(NEGV).minds_business(),
    phrase("object", &[(ME, 0), (REVOKE, 0), (MSG | CONTACT | SEND | LIST, 6)]).before(NEGV),
    phrase(
        "object",
        &[(REVOKE, 0), (RECV | SEND | CONTACT | MSG, 3), (MSG | PROMO | OFF | THING, 3)],
    )
    .before(NEGV)
    .minds_business(),
    phrase("object", &[(REVOKE, 0), (OFF, 0), (RECV | CONTACT, 1)])
        .before(NEGV)
        .minds_business()
        .last(),
    phrase("object", &[(REVOKE, 0), (MSG, 3)]).before(NEGV),
    phrase("no_consent", &[(NEGV | NONE, 0), (CONSENT, 3)])
        .never(BIZ | WHY)
        .before(CAN | AUX)
        .statement(),
    phrase("no_consent", &[(NEGV | PAS, 0), (CONSENT, 2), (TEXTV | CONTACT | SEND, 3)]),
    phrase("stop_asked_for", &[(WANT | CAN | HOW, 0), (HARD | UNSUB, 3)])
        .before(NEGV | CANT)
        .never(PLACE | BIZ | ERR)
        .between(PAS | NEGV | I | WHY)
        .last(),
    phrase("texts_stop", &[(MSG | TEXTV | THING, 0), (HARD, 1)])
        .never(PLACE | ERR | WHY | START | AUX)
        .before(WHY)
        .last()
        .statement(),
    phrase("said_stop", &[(HOW, 0), (SAY, 6), (HARD, 3)]).never(ERR | START | PLACE | UNTIL | BIZ),
    phrase("said_stop", &[(I, 0), (SAY, 6), (HARD, 3)])
        .never(ERR | START | PLACE | UNTIL | BIZ)
        .statement(),
    phrase("fed_up", &[(FED, 0), (MSG | HARASS, 4)])
        .before(HOW)
        .between(MISS | UNTIL | BIZ | AUX)
        .never(MISS),
    phrase("fed_up", &[(CAN, 0), (PAS, 0), (OFF, 0), (MSG, 2)]),
    phrase("fed_up", &[(FED, 0), (CONTACT | SEND, 4)])
        .before(HOW)
        .between(MISS | UNTIL | I)
        .never(MISS | BIZ),
    phrase("they_keep_texting", &[(SUBJ, 0), (KEEP, 1), (SEND | TEXTV | CONTACT, 3)])
        .before(CAN | WANT)
        .never(BIZ | GOT | ERR)
        .probable(),
    phrase("not_interested", &[(PAS | NEGV | NONE | MORE, 0), (INTEREST, 1)]).last().probable(),
    phrase("not_interested", &[(INTEREST, 0), (PAS | MORE, 0)]).last().probable(),
    phrase(
        "not_interested",
        &[(PAS | NEGV | NONE | MORE, 0), (INTEREST, 1), (MSG | PROMO | RECV | SEND, 3)],
    ),
    phrase("not_asked_for", &[(PAS | NONE | CANT, 0), (ASK, 1), (MSG | RECV | THING, 3)]),
    phrase("not_asked_for", &[(NONE | DIDNT, 0), (ASK | SIGNUP, 1)]).never(BIZ).last().probable(),
    phrase("no_more", &[(NONE, 0), (MORE, 0)]).first().last().statement().probable(),
    phrase("want_out", &[(WANT, 0), (OUT, 1), (LIST | MSG, 2)]).before(NEGV),
    phrase("want_out", &[(WANT, 0), (OUT, 1)]).before(NEGV).last().probable(),
    phrase("do_not_text", &[(NEGV, 0), (CALL | CONTACT | TEXTV, 0), (LIST, 0)]),
    phrase("wrong_number", &[(MISTAKEN, 0), (NUM, 2)]).first().last().statement().probable(),
    phrase("block", &[(BLOCK, 0), (NUM | ME, 2), (SEND | LIST | MSG, 4)]).before(NEGV).never(BIZ),
    phrase("stop_at_the_end", &[(NO | NONE, 0), (POLITE, 0), (HARD, 1)]).first().last(),
    phrase(
        "stop_at_the_end",
        &[(POLITE | PAS | INTEREST | NUM | RUDE | FED | DIGITS | CONTACT, 0), (HARD, 0)],
    )
    .before(CANT | WHY)
    .never(PLACE | ERR | WHY | START | BIZ | UNTIL)
    .statement()
    .last(),
    phrase("harassment", &[(HARASS, 0)]).before(NEGV).never(BIZ | WHY).probable(),
    phrase("report", &[(REPORT, 0), (AUTHORITY, 6)]).before(NEGV).never(BIZ).probable(),
    phrase("report", &[(AUX, 0), (AUTHORITY, 2)]).first().last().statement().probable(),
    phrase("never_signed_up", &[(NONE, 0), (SIGNUP, 2)]).never(BIZ | UNTIL | WHY).probable(),
    phrase("block", &[(I, 0), (BLOCK, 3), (SUBJ | ME | NUM, 1)]).before(NEGV).never(BIZ).probable(),
    phrase("block", &[(I, 0), (SUBJ, 1), (BLOCK, 0)]).before(NEGV).never(BIZ).probable(),
    phrase("rude", &[(RUDE, 0), (OUT | AWAY | SUBJ, 1)]).first().last().probable(),
    phrase("rude", &[(LEAVE | TAKE, 0), (AWAY, 1)]).first().last().probable(),
    phrase("report", &[(I, 0), (REPORT, 3), (NUM, 1)]).before(NEGV).never(BIZ).probable(),
    phrase("object", &[(CONSENT, 0), (REVOKE, 1)]).before(NEGV),
    phrase("never_signed_up", &[(PAS | CANT, 0), (SIGNUP, 1), (MSG, 3)])
        .never(UNTIL | WHY)
        .probable(),
];
