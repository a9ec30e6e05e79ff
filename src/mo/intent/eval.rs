//! How good a model is on texts whose intents are known.

use std::collections::{BTreeMap, HashMap};

use super::model::{Guess, Intents, Scratch};

/// A text and the name of the intent that its writer had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// The intent.
    pub label: String,
}

/// What a model made of one text, beside what it should have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The intent; `None` is out of scope.
    pub expected: Option<u16>,
    /// What the model said.
    pub guess: Guess,
}

/// The figures of a set of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Texts of an intent that the model knows.
    pub in_scope: usize,
    /// Of these, for how many that intent is the likeliest, however unlikely.
    pub right: usize,
    /// Of those in scope, how many an intent is acted on for.
    pub accepted: usize,
    /// Of these, how many rightly.
    pub accepted_right: usize,
    /// Of those in scope, how many are asked about with the right intent among the two offered.
    pub offered_right: usize,
    /// Texts of none.
    pub out_of_scope: usize,
    /// Of these, how many no intent is acted on for.
    pub rejected: usize,
    /// The greatest threshold that keeps nine tenths of what is right without one.
    pub kept_threshold: f32,
    /// How many of those out of scope are rejected at that one.
    pub kept_rejected: usize,
    /// By the number of the intent.
    pub intents: Vec<IntentFigures>,
    /// Most frequent first.
    pub confusions: Vec<Confusion>,
}

/// The figures of one intent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct IntentFigures {
    /// Texts that have it.
    pub texts: usize,
    /// Of these, how many are recognised and acted on.
    pub accepted_right: usize,
    /// Texts that it is acted on for.
    pub accepted: usize,
}

/// One intent taken for another and acted on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Confusion {
    /// How often.
    pub times: usize,
    /// What it was; `None` is out of scope.
    pub expected: Option<u16>,
    /// What it was taken for.
    pub taken_for: u16,
}

impl Judged {
    /// What `model` makes of texts; `name` says which intent a label is.
    #[must_use]
    pub fn all<'t>(
        model: &Intents,
        texts: impl IntoIterator<Item = &'t LabelledText>,
        name: impl Fn(&str) -> Option<u16>,
    ) -> Vec<Self> {
        let mut scratch = Scratch::default();
        let judged = |text: &LabelledText| Self {
            expected: name(&text.label),
            guess: model.classify(&text.text, &mut scratch),
        };
        texts.into_iter().map(judged).collect()
    }

    fn is_right(&self) -> bool {
        self.expected.is_some() && self.expected == self.guess.first
    }
}

impl Evaluation {
    /// The figures of `judged`, where an intent is acted on from the confidence `accept` on, and
    /// asked about from `unsure` on.
    #[must_use]
    pub fn of(judged: &[Judged], accept: f32, unsure: f32) -> Self {
        let mut found = Self::default();
        let mut confusions = HashMap::new();
        for one in judged {
            found.count(one, accept, unsure);
            let acted = one.guess.first.filter(|_| one.guess.confidence >= accept);
            if let Some(taken_for) = acted.filter(|_| !one.is_right()) {
                *confusions.entry((one.expected, taken_for)).or_insert(0) += 1;
            }
        }
        let confusion = |((expected, taken_for), times)| Confusion { times, expected, taken_for };
        found.confusions = confusions.into_iter().map(confusion).collect();
        found.confusions.sort_unstable_by(|a, b| {
            b.times.cmp(&a.times).then((a.expected, a.taken_for).cmp(&(b.expected, b.taken_for)))
        });
        found.keep_nine_tenths(judged);
        found
    }

    fn count(&mut self, one: &Judged, accept: f32, unsure: f32) {
        let accepted = one.guess.first.is_some() && one.guess.confidence >= accept;
        let right = one.is_right();
        if let Some(acted) = one.guess.first.filter(|_| accepted) {
            self.figures(acted).accepted += 1;
        }
        let Some(expected) = one.expected else {
            self.out_of_scope += 1;
            self.rejected += usize::from(!accepted);
            return;
        };
        self.figures(expected).texts += 1;
        self.in_scope += 1;
        self.right += usize::from(right);
        self.accepted += usize::from(accepted);
        if accepted && right {
            self.figures(expected).accepted_right += 1;
            self.accepted_right += 1;
        }
        let asked = !accepted && one.guess.confidence >= unsure;
        let offered = right || one.guess.second == Some(expected);
        self.offered_right += usize::from(asked && offered);
    }

    fn figures(&mut self, intent: u16) -> &mut IntentFigures {
        let at = usize::from(intent);
        if self.intents.len() <= at {
            self.intents.resize(at + 1, IntentFigures::default());
        }
        // There are as many as that now.
        #[expect(clippy::indexing_slicing)]
        &mut self.intents[at]
    }

    fn keep_nine_tenths(&mut self, judged: &[Judged]) {
        let right = judged.iter().filter(|one| one.is_right());
        let mut confidences: Vec<f32> = right.map(|one| one.guess.confidence).collect();
        confidences.sort_unstable_by(f32::total_cmp);
        self.kept_threshold = confidences.get(confidences.len() / 10).copied().unwrap_or_default();
        let out = judged.iter().filter(|one| one.expected.is_none());
        self.kept_rejected = out.filter(|one| one.guess.confidence < self.kept_threshold).count();
    }
}

/// Which fold of `folds` each text is in: texts of one label are dealt out in turn, from the first
/// fold on, so that each has its part of every label.
#[must_use]
pub fn folds(texts: &[LabelledText], folds: usize) -> Vec<usize> {
    let mut dealt: BTreeMap<&str, usize> = BTreeMap::new();
    let mut into = Vec::with_capacity(texts.len());
    for text in texts {
        let turn = dealt.entry(&text.label).or_insert(0);
        into.push(*turn % folds.max(1));
        *turn += 1;
    }
    into
}
