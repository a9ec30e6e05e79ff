//! What words are to a request to stop. A word may be several things.

/// A set of classes, a bit each.
pub(super) type Classes = u128;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $bit:literal,)*) => {
        $($(#[$doc])* pub(super) const $name: Classes = 1 << $bit;)*
    };
}

classes! {
    /// Stops by itself, with whatever is only polite around it.
    HARD = 0,
    /// Stops when nothing else is said.
    SOLO = 1,
    /// The same, but an open question has it first.
    SOFT = 2,
    /// "Non": the same, but nothing may stand beside it.
    NO = 3,
    /// To stop doing something: arrêtez, quit, dejen.
    STOPV = 4,
    /// Ending a subscription: désabonner, unsubscribe.
    UNSUB = 5,
    /// A text, or what nobody wants more of: sms, pub, spam.
    MSG = 6,
    /// What one may want more of: offres, alerts.
    PROMO = 7,
    /// To send.
    SEND = 8,
    /// To send, as an order: envoyez.
    IMPER = 9,
    /// To write to, to disturb.
    CONTACT = 10,
    /// To receive, as one wishes to.
    RECV = 11,
    /// Received, arrived: what is said of a message that one waits for.
    GOT = 12,
    /// No, in front of a verb: ne, don't, nicht.
    NEGV = 13,
    /// The other half of it: plus, pas, jamais.
    PAS = 14,
    /// No longer: plus, anymore, mehr.
    MORE = 15,
    /// To want.
    WANT = 16,
    /// The writer: me, moi, us.
    ME = 17,
    /// To remove.
    REMOVE = 18,
    /// To take, get, drop: "take me off".
    TAKE = 19,
    /// Where numbers are kept: list, fichier.
    LIST = 20,
    /// What is kept: numéro, name.
    NUM = 21,
    /// Off, from.
    OFF = 22,
    /// To leave someone.
    LEAVE = 23,
    /// Alone, in peace.
    ALONE = 24,
    /// Says nothing: svp, bonjour, les.
    FILLER = 25,
    /// Polite, and nothing else.
    POLITE = 26,
    /// What is bought, booked, carried or paid.
    BIZ = 27,
    /// Why.
    WHY = 28,
    /// By mistake.
    ERR = 29,
    /// What makes a verb past: avez, was.
    AUX = 30,
    /// Somebody else as the one who does it: vous, they.
    SUBJ = 31,
    /// The writer as the one who does it: je, I.
    I = 32,
    /// To go on doing it: keep, continuez.
    KEEP = 33,
    /// To say or send a word.
    SAY = 34,
    /// Enough of it: marre, tired.
    FED = 35,
    /// To tell an authority.
    REPORT = 36,
    /// Those who are told: CNIL, FTC, lawyer.
    AUTHORITY = 37,
    /// Permission.
    CONSENT = 38,
    /// To take it back.
    REVOKE = 39,
    /// What buses stop at and people stop by.
    PLACE = 40,
    /// Signed up.
    SIGNUP = 41,
    /// Asks for help, alone.
    HELP = 42,
    /// Asks to go on, alone.
    START = 43,
    /// The same, but an open question has it first, and only in the United States.
    YES = 44,
    /// To text.
    TEXTV = 45,
    /// Interested.
    INTEREST = 46,
    /// Opt.
    OPT = 47,
    /// Out.
    OUT = 48,
    /// In.
    IN = 49,
    /// Rude.
    RUDE = 50,
    /// A number in digits.
    DIGITS = 51,
    /// To block.
    BLOCK = 52,
    /// Anything, nothing, this: what is left when nothing is named.
    THING = 53,
    /// Until, before: it may go on later.
    UNTIL = 54,
    /// Lists and messages of another kind: waiting, voice.
    OTHER = 55,
    /// Not to get what one wants: miss, rater, attendre.
    MISS = 56,
    /// To be able.
    CAN = 57,
    /// Never, not any: jamais, aucun, keine.
    NONE = 58,
    /// To forget, to lose.
    FORGET = 59,
    /// To harass.
    HARASS = 60,
    /// Away: "go away".
    AWAY = 61,
    /// Details one asks for.
    DETAIL = 62,
    /// New, another: what stands in for the old.
    NEW = 63,
    /// Not able, not done: what is said of something that was wanted.
    CANT = 64,
    /// How.
    HOW = 65,
    /// Asked for.
    ASK = 66,
    /// The wrong one.
    MISTAKEN = 67,
    /// To.
    TO = 68,
    /// Did not.
    DIDNT = 69,
    /// To disturb: with the one who is disturbed.
    BOTHER = 70,
    /// To call.
    CALL = 71,
}

/// Whose words are also known with one letter wrong.
pub(super) const FUZZY: Classes =
    HARD | UNSUB | STOPV | MSG | SEND | CONTACT | RECV | REMOVE | WANT | TEXTV | HARASS | CONSENT;

/// Those that decide alone.
pub(super) const DECIDES: Classes = HARD | SOLO | SOFT | NO | HELP | START | YES;
