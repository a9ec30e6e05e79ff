//! A text to user data: the choice of alphabet, then the segment plan.
//!
//! The order of preference: the default GSM 7-bit alphabet; national tables, where allowed; smart
//! rewriting, where asked for; UCS-2. What alters the text least wins, then what takes the fewest
//! segments. No choice ever costs more segments than UCS-2 would, unless GSM 7-bit was asked for.

use super::Unencodable;
use super::alphabet::Alphabet;
use super::graphemes::GraphemeCuts;
use super::gsm7::{Language, Shifts};
use super::plan::{Layout, Plan, Reference, SegmentRange, SegmentRanges, TooLong};
use super::smart::{self, Change};
use super::udh::Header;

/// A text as user data, cut into segments.
#[derive(Clone, Debug)]
pub struct TextPlan {
    /// Alphabet, national tables, segments and units.
    pub plan: Plan,
    /// The whole message as octets of the plan's alphabet, without headers.
    pub user_data: Vec<u8>,
    /// What smart rewriting changed, in order.
    pub changed: Vec<Change>,
    /// The first character that forced the message out of GSM 7-bit, or out of the alphabet asked
    /// for. With smart rewriting: the first that no replacement could save.
    pub forced_by: Option<char>,
    cuts: GraphemeCuts,
}

/// What a text may become.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TextOptions<'a> {
    /// The alphabet wanted.
    pub encoding: Encoding,
    /// How segments are tied together.
    pub reference: Reference,
    /// The national tables the route allows; languages without tables are passed over.
    pub languages: &'a [Language],
    /// Whether characters may be replaced by similar ones to fit the alphabet.
    pub smart: bool,
    /// Whether cutting inside a grapheme cluster is to be avoided.
    pub graphemes: bool,
}

/// The alphabet wanted for a text. UCS-2 is used where the text does not fit it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Encoding {
    /// GSM 7-bit, or UCS-2 if that is needed or takes fewer segments.
    #[default]
    Auto,
    /// GSM 7-bit if at all possible.
    Gsm7,
    /// ISO-8859-1 if at all possible.
    Latin1,
    /// UCS-2.
    Ucs2,
}

impl TextPlan {
    /// Encodes and plans `text`.
    ///
    /// # Errors
    /// [`TooLong`] where the best choice needs more than [`super::plan::SEGMENTS_MAX`] segments.
    pub fn of(text: &str, options: &TextOptions<'_>) -> Result<Self, TooLong> {
        let wanted = match options.encoding {
            Encoding::Ucs2 => return Self::in_ucs2(text, options, None),
            Encoding::Latin1 => Alphabet::Latin1,
            Encoding::Auto | Encoding::Gsm7 => Alphabet::Gsm7,
        };
        let plain = match Candidate::unchanged(text, wanted, Shifts::NONE, options) {
            Ok(candidate) => return candidate.plan(None, options),
            Err(stranger) => stranger,
        };
        let (best, forced_by) = best_candidate(text, wanted, plain, options);
        let in_ucs2 = |forced_by| Self::in_ucs2(text, options, Some(forced_by));
        let Some(best) = best else { return in_ucs2(forced_by.ch) };
        if options.encoding != Encoding::Auto {
            return best.plan(None, options);
        }
        match (best.plan(None, options), in_ucs2(plain.ch)) {
            (Ok(best), Ok(ucs2)) if best.plan.segments() > ucs2.plan.segments() => Ok(ucs2),
            (Ok(best), _) => Ok(best),
            (Err(_), ucs2) => ucs2,
        }
    }

    /// The alphabet of the user data.
    #[must_use]
    pub fn alphabet(&self) -> Alphabet {
        self.plan.layout().alphabet
    }

    /// The segments of [`TextPlan::user_data`].
    #[must_use]
    pub fn segments(&self) -> SegmentRanges<'_> {
        self.plan.ranges_at(&self.user_data, &self.cuts)
    }

    /// The octets of one segment.
    #[must_use]
    pub fn octets(&self, segment: SegmentRange) -> &[u8] {
        segment.of(&self.user_data)
    }

    /// The header of one segment, counted from 1; see [`Plan::header`].
    #[must_use]
    pub fn header(&self, reference_number: u16, sequence: u8) -> Header {
        self.plan.header(reference_number, sequence)
    }

    fn in_ucs2(
        text: &str,
        options: &TextOptions<'_>,
        forced_by: Option<char>,
    ) -> Result<Self, TooLong> {
        let mut user_data = Vec::with_capacity(text.len() * 2);
        user_data.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        let layout = layout(Alphabet::Ucs2, Shifts::NONE, options);
        Candidate { layout, user_data, changed: Vec::new() }.plan(forced_by, options)
    }
}

/// One way to write the text in the alphabet wanted.
struct Candidate {
    layout: Layout,
    user_data: Vec<u8>,
    changed: Vec<Change>,
}

impl Candidate {
    fn unchanged(
        text: &str,
        alphabet: Alphabet,
        shifts: Shifts,
        options: &TextOptions<'_>,
    ) -> Result<Self, Unencodable> {
        let mut user_data = Vec::new();
        alphabet.encode(text, shifts, &mut user_data)?;
        Ok(Self { layout: layout(alphabet, shifts, options), user_data, changed: Vec::new() })
    }

    fn rewritten(
        text: &str,
        alphabet: Alphabet,
        shifts: Shifts,
        options: &TextOptions<'_>,
    ) -> Result<Self, Unencodable> {
        let (text, changed) = smart::rewrite(text, |ch| alphabet.has(ch, shifts))?;
        let unchanged = Self::unchanged(&text, alphabet, shifts, options)?;
        Ok(Self { changed, ..unchanged })
    }

    /// What makes one candidate better than another: the text least altered, then the bill.
    fn cost(&self) -> (usize, usize, usize) {
        let plan = Plan::new(&self.user_data, self.layout);
        let segments = plan.map_or(usize::MAX, |plan| plan.segments());
        (self.changed.len(), segments, self.user_data.len())
    }

    fn plan(self, forced_by: Option<char>, options: &TextOptions<'_>) -> Result<TextPlan, TooLong> {
        let Self { layout, user_data, changed } = self;
        let mut plan = Plan::new(&user_data, layout)?;
        let mut cuts = GraphemeCuts::default();
        if options.graphemes && plan.segments() > 1 {
            cuts = GraphemeCuts::of(&user_data, layout.alphabet, layout.shifts);
            plan = Plan::with_cuts(&user_data, layout, &cuts)?;
        }
        Ok(TextPlan { plan, user_data, changed, forced_by, cuts })
    }
}

/// The best way to write `text`, whose plain form fails at `plain`, in the alphabet wanted; and the
/// character that got furthest in the way, which is to blame if there is no way at all.
fn best_candidate(
    text: &str,
    wanted: Alphabet,
    plain: Unencodable,
    options: &TextOptions<'_>,
) -> (Option<Candidate>, Unencodable) {
    let mut best: Option<Candidate> = None;
    let mut furthest = plain;
    let mut consider = |candidate: Result<Candidate, Unencodable>| match candidate {
        Ok(candidate) => {
            if best.as_ref().is_none_or(|best| candidate.cost() < best.cost()) {
                best = Some(candidate);
            }
        }
        Err(stranger) if stranger.at > furthest.at => furthest = stranger,
        Err(_) => {}
    };
    if options.smart {
        consider(Candidate::rewritten(text, wanted, Shifts::NONE, options));
    }
    let languages = if wanted == Alphabet::Gsm7 { options.languages } else { &[] };
    for shifts in choices(languages) {
        let unchanged = Candidate::unchanged(text, wanted, shifts, options);
        if unchanged.is_err() && options.smart {
            consider(Candidate::rewritten(text, wanted, shifts, options));
        }
        consider(unchanged);
    }
    (best, furthest)
}

/// Every pair of tables the languages allow, those with one header element first.
fn choices(languages: &[Language]) -> impl Iterator<Item = Shifts> {
    let singles = || languages.iter().copied().filter(|language| language.has_single());
    let lockings = || languages.iter().copied().filter(|language| language.has_locking());
    let single = singles().map(|single| Shifts { single, ..Shifts::NONE });
    let locking = lockings().map(|locking| Shifts { locking, ..Shifts::NONE });
    let both =
        lockings().flat_map(move |locking| singles().map(move |single| Shifts { locking, single }));
    single.chain(locking).chain(both).filter(|shifts| !shifts.is_default())
}

fn layout(alphabet: Alphabet, shifts: Shifts, options: &TextOptions<'_>) -> Layout {
    Layout { alphabet, reference: options.reference, shifts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str, options: TextOptions<'_>) -> TextPlan {
        TextPlan::of(text, &options).expect("not too long")
    }

    fn languages(languages: &[Language]) -> TextOptions<'_> {
        TextOptions { languages, ..TextOptions::default() }
    }

    #[test]
    fn gsm_7_bit_is_kept_until_a_character_forces_it_out() {
        let kept = plan("Salut à tous", TextOptions::default());
        assert_eq!((kept.alphabet(), kept.forced_by), (Alphabet::Gsm7, None));
        let forced = plan("Sa fenêtre, 你", TextOptions::default());
        assert_eq!((forced.alphabet(), forced.forced_by), (Alphabet::Ucs2, Some('ê')));
    }

    #[test]
    fn national_tables_are_used_only_where_allowed() {
        let text = "Ğğ İı Şş Çç";
        assert_eq!(plan(text, TextOptions::default()).forced_by, Some('Ğ'));
        assert_eq!(plan(text, languages(&[Language::SPANISH])).alphabet(), Alphabet::Ucs2);
        let turkish = plan(text, languages(&[Language::SPANISH, Language::TURKISH]));
        assert_eq!((turkish.alphabet(), turkish.forced_by), (Alphabet::Gsm7, None));
        assert_eq!(turkish.header(0, 1).as_octets(), [3, 0x25, 1, 1]);
        // What the default alphabet can write never gets a header.
        let plain = plan("abc", languages(&[Language::TURKISH]));
        assert!(plain.header(0, 1).as_octets().is_empty());
    }

    #[test]
    fn what_forces_the_message_out_is_what_no_allowed_table_has() {
        let options = TextOptions { smart: true, ..languages(&[Language::TURKISH]) };
        assert_eq!(plan("ğê你", options).forced_by, Some('你'));
        assert_eq!(plan("ğê你", languages(&[Language::TURKISH])).forced_by, Some('ê'));
    }

    #[test]
    fn smart_rewriting_alters_as_little_as_it_can() {
        let options = TextOptions { smart: true, ..languages(&[Language::TURKISH]) };
        let turkish = plan("“ğ”", options);
        assert_eq!((turkish.alphabet(), turkish.changed.len()), (Alphabet::Gsm7, 2));
        assert_eq!(plan("ğ", options).changed, []);
        let smart = plan("fenêtre", TextOptions { smart: true, ..TextOptions::default() });
        assert_eq!((smart.user_data.as_slice(), smart.changed.len()), (&b"fenetre"[..], 1));
        assert_eq!(plan("ê你", options).changed, [], "a text in UCS-2 is left alone");
    }

    #[test]
    fn no_choice_costs_more_segments_than_ucs_2() {
        let ellipses = "…".repeat(70);
        let smart = TextOptions { smart: true, ..TextOptions::default() };
        let auto = plan(&ellipses, smart);
        assert_eq!((auto.alphabet(), auto.plan.segments()), (Alphabet::Ucs2, 1));
        assert_eq!((auto.forced_by, auto.changed.len()), (Some('…'), 0));
        let asked = plan(&ellipses, TextOptions { encoding: Encoding::Gsm7, ..smart });
        assert_eq!((asked.alphabet(), asked.plan.segments()), (Alphabet::Gsm7, 2));
    }

    #[test]
    fn latin_1_and_ucs_2_come_when_asked_for() {
        let asked = |encoding| TextOptions { encoding, ..TextOptions::default() };
        assert_eq!(plan("fenêtre", asked(Encoding::Latin1)).alphabet(), Alphabet::Latin1);
        let forced = plan("5 €", asked(Encoding::Latin1));
        assert_eq!((forced.alphabet(), forced.forced_by), (Alphabet::Ucs2, Some('€')));
        let ucs2 = plan("a", asked(Encoding::Ucs2));
        assert_eq!((ucs2.user_data.as_slice(), ucs2.forced_by), (&[0, 0x61][..], None));
    }

    #[test]
    fn clusters_stay_whole_when_asked_for() {
        let flags = "🇮🇹".repeat(20);
        let cut = plan(&flags, TextOptions::default());
        assert_eq!(cut.segments().map(|s| s.units).collect::<Vec<_>>(), [66, 14]);
        let whole = plan(&flags, TextOptions { graphemes: true, ..TextOptions::default() });
        assert_eq!(whole.segments().map(|s| s.units).collect::<Vec<_>>(), [64, 16]);
        // A cluster that no segment can hold is cut as any text.
        let tower = format!("e{}", "\u{301}".repeat(99));
        let cut = plan(&tower, TextOptions { graphemes: true, ..TextOptions::default() });
        assert_eq!(cut.segments().map(|s| s.units).collect::<Vec<_>>(), [67, 33]);
    }
}
