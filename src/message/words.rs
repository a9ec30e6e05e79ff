//! Enums that people write as one word, in a configuration, a command or a report.
//!
//! The word stands beside its variant and nowhere else, so the reader of a configuration, its
//! error messages and what a report prints cannot disagree.

/// A closed set of values, each with the one word it is written as.
pub trait Word: Copy + Sized + 'static {
    /// Every word, in the order of the variants.
    const WORDS: &'static [&'static str];

    /// The value that `word` stands for; `None` when it is not one of [`Word::WORDS`].
    fn from_word(word: &str) -> Option<Self>;

    /// The word this value is written as.
    fn word(self) -> &'static str;
}

/// Declares an enum and its [`Word`]s: `pub enum Name { Variant = "word", ... }`. Attributes and
/// documentation pass through, so a `#[derive(Default)]` with a `#[default]` variant works.
///
/// `impl Name { Variant = "word", ... }` gives words to an enum of a module that knows none.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident { $( $(#[$about:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name { $( $(#[$about])* $variant ),+ }

        words! { impl $name { $( $variant = $word ),+ } }
    };
    (impl $name:ident { $( $variant:ident = $word:literal ),+ $(,)? }) => {
        impl $crate::message::words::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }

            fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad($crate::message::words::Word::word(*self))
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::Word;

    words! {
        /// Two of them.
        #[derive(Default)]
        pub enum Light {
            /// Go.
            Green = "green",
            /// Stop.
            #[default]
            Red = "red",
        }
    }

    #[test]
    fn every_word_comes_back_as_the_value_that_wrote_it() {
        for word in Light::WORDS {
            assert_eq!(Light::from_word(word).map(Word::word), Some(*word));
        }
        assert_eq!(Light::from_word("amber"), None);
        assert_eq!(Light::default().to_string(), "red");
        assert_eq!(Light::Green.word(), "green");
    }
}
