//! The list of every key a configuration may hold.
//!
//! One row a key, in `rows`: its name, what it may be, its unit, its default and why. The rows
//! find unknown keys, word the error messages, bound the numbers, and make the manual's page of
//! defaults, so none of these can say another thing than the others.

mod rows;

use crate::text::Language;

/// One key of one table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Whether it must be there, and what holds when it is not.
    pub presence: Presence,
    /// What it does and why its default is what it is: sentences in Markdown, with a blank before
    /// each line.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A decimal number, exact to the millionth, of this unit.
    Decimal(&'static str),
    /// One cap or several.
    Caps,
    /// One day of the week or several.
    Days,
    /// One alphabet or several.
    Encodings,
    /// `"HOST:PORT"` to connect to.
    Endpoint,
    /// The path of a file that must be there.
    File,
    /// `true` or `false`.
    Flag,
    /// From one time of day to another.
    Hours,
    /// A whole number within bounds, both allowed.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// What it counts; empty where there is nothing to count.
        unit: &'static str,
    },
    /// One word of a text or several, of any alphabet.
    Keywords,
    /// Nothing yet: the key is a later version's, and refused.
    Later,
    /// Languages with national tables, one or several.
    Languages,
    /// `"IP:PORT"` to listen on.
    Listen,
    /// `"IP:PORT"` to listen on, or `"off"`.
    ListenOrOff,
    /// What a text says of how to stop it.
    Mention,
    /// A name for reports and references: letters, digits, `.`, `_`, `-`.
    Name,
    /// One name or several.
    Names,
    /// One network or several.
    Networks,
    /// A path that need not be there.
    Path,
    /// One sender or several, a `*` at the end standing for any ending.
    Patterns,
    /// One start of a destination or several.
    Prefixes,
    /// What is said to people: of any alphabet, without control characters but new lines.
    Said {
        /// The most characters.
        chars_max: usize,
    },
    /// A text that is not shown, or where to read it.
    Secret,
    /// A table with keys of its own.
    Table(Table),
    /// An array of tables.
    TableArray(Table),
    /// Tables under names that the file chooses.
    TableMap(Table),
    /// Printable ASCII.
    Text {
        /// The most octets.
        octets_max: usize,
    },
    /// One of a few words.
    Word {
        /// Those that may be used.
        now: &'static [&'static str],
        /// Those of a later version.
        later: &'static [&'static str],
    },
    /// A time zone.
    Zone,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug)]
pub enum Presence {
    /// It may be absent; the sentence says what that means.
    Absent(&'static str),
    /// It may be absent, which means this value, as it would be written in the file.
    Default(&'static str),
    /// It must be there.
    Required,
}

/// A table, or what a key of one holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Table {
    /// The file itself.
    Root,
    /// `[node]`.
    Node,
    /// `[smpp]`.
    Smpp,
    /// `[smpp] tls`.
    ListenerTls,
    /// `[http]`.
    Http,
    /// `[metrics]`.
    Metrics,
    /// `[log]`.
    Log,
    /// `[store]`.
    Store,
    /// `[simulator]`.
    Simulator,
    /// `[[account]]`.
    Account,
    /// `[[carrier]]`.
    Carrier,
    /// `[[carrier]] tls`.
    CarrierTls,
    /// `[[number]]`.
    Number,
    /// `[[number]] owner`.
    Owner,
    /// `[[number]] keyword`.
    Keyword,
    /// `[[bot]]`.
    Bot,
    /// `[[policy]]`.
    Policy,
    /// `[[pool]]`.
    Pool,
    /// `[[route]]`.
    Route,
    /// `[[route]] to`.
    Target,
    /// `[dialect.NAME]`.
    Dialect,
    /// `[dialect.NAME] tlv.NAME`.
    Tlv,
    /// `[dialect.NAME] receipt_state.WORD`.
    State,
    /// `[dialect.NAME] status.0xNN`.
    Status,
}

impl Table {
    /// Every table, in the order of the manual.
    pub const ALL: &'static [Self] = &[
        Self::Root,
        Self::Node,
        Self::Smpp,
        Self::ListenerTls,
        Self::Http,
        Self::Metrics,
        Self::Log,
        Self::Store,
        Self::Simulator,
        Self::Account,
        Self::Carrier,
        Self::CarrierTls,
        Self::Number,
        Self::Owner,
        Self::Keyword,
        Self::Bot,
        Self::Policy,
        Self::Pool,
        Self::Route,
        Self::Target,
        Self::Dialect,
        Self::Tlv,
        Self::State,
        Self::Status,
    ];

    /// Its keys, in the order of the manual.
    #[must_use]
    pub fn keys(self) -> &'static [Key] {
        match self {
            Self::Root => rows::ROOT,
            Self::Node => rows::NODE,
            Self::Smpp => rows::SMPP,
            Self::ListenerTls => rows::LISTENER_TLS,
            Self::Http => rows::HTTP,
            Self::Metrics => rows::METRICS,
            Self::Log => rows::LOG,
            Self::Store => rows::STORE,
            Self::Simulator => rows::SIMULATOR,
            Self::Account => rows::ACCOUNT,
            Self::Carrier => rows::CARRIER,
            Self::CarrierTls => rows::CARRIER_TLS,
            Self::Number => rows::NUMBER,
            Self::Owner => rows::OWNER,
            Self::Keyword => rows::KEYWORD,
            Self::Bot => rows::BOT,
            Self::Policy => rows::POLICY,
            Self::Pool => rows::POOL,
            Self::Route => rows::ROUTE,
            Self::Target => rows::TARGET,
            Self::Dialect => rows::DIALECT,
            Self::Tlv => rows::TLV,
            Self::State => rows::STATE,
            Self::Status => rows::STATUS,
        }
    }

    /// How the table is written, for headings.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Root => "Tables",
            Self::Node => "`[node]`",
            Self::Smpp => "`[smpp]`",
            Self::ListenerTls => "`[smpp] tls = { .. }`",
            Self::Http => "`[http]`",
            Self::Metrics => "`[metrics]`",
            Self::Log => "`[log]`",
            Self::Store => "`[store]`",
            Self::Simulator => "`[simulator]`",
            Self::Account => "`[[account]]`",
            Self::Carrier => "`[[carrier]]`",
            Self::CarrierTls => "`[[carrier]] tls = { .. }`",
            Self::Number => "`[[number]]`",
            Self::Owner => "`[[number]] owner = { .. }`",
            Self::Keyword => "`[[number]] keyword = [{ .. }]`",
            Self::Bot => "`[[bot]]`",
            Self::Policy => "`[[policy]]`",
            Self::Pool => "`[[pool]]`",
            Self::Route => "`[[route]]`",
            Self::Target => "`[[route]] to = [{ .. }]`",
            Self::Dialect => "`[dialect.NAME]`",
            Self::Tlv => "`[dialect.NAME] tlv.NAME = { .. }`",
            Self::State => "`[dialect.NAME] receipt_state.WORD = { .. }`",
            Self::Status => "`[dialect.NAME] status.0xNN = { .. }`",
        }
    }

    /// The key of this name.
    #[must_use]
    pub fn key(self, name: &str) -> Option<&'static Key> {
        self.keys().iter().find(|key| key.name == name)
    }
}

impl Key {
    /// What a number of this key counts; empty where there is nothing to count.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.kind {
            Kind::Decimal(unit) => unit,
            Kind::Integer { unit, .. } => unit,
            _ => "",
        }
    }

    /// What a value of this key must be, for an error message.
    #[must_use]
    pub fn expected(&self) -> String {
        match self.kind {
            Kind::Decimal(_) => "a decimal number such as 0.045".to_owned(),
            Kind::Caps => {
                r#"a cap such as "1/day" or "4/30d", or several: ["1/day", "4/30d"]"#.to_owned()
            }
            Kind::Days => r#""mon", "tue" and so on, or several: ["mon", "tue"]"#.to_owned(),
            Kind::Encodings => {
                r#""gsm7", "latin1" or "ucs2", or several: ["gsm7", "ucs2"]"#.to_owned()
            }
            Kind::Languages => {
                let names: Vec<_> = Language::national().filter_map(Language::name).collect();
                format!("one of {}, or several", names.join(", "))
            }
            Kind::Endpoint => r#""HOST:PORT" with a port from 1 to 65535"#.to_owned(),
            Kind::File => "the path of a readable file".to_owned(),
            Kind::Flag => "true or false".to_owned(),
            Kind::Hours => r#""HH:MM-HH:MM" such as "08:00-20:00""#.to_owned(),
            Kind::Integer { min, max, unit: "" } => format!("an integer from {min} to {max}"),
            Kind::Integer { min, max, unit } => {
                format!("an integer from {min} to {max} ({unit})")
            }
            Kind::Keywords => r#"a single word such as "JOIN", or several: ["a", "b"]"#.to_owned(),
            Kind::Later => "no such key in this version".to_owned(),
            Kind::Listen => r#""IP:PORT" such as "127.0.0.1:2775""#.to_owned(),
            Kind::ListenOrOff => r#""IP:PORT" such as "127.0.0.1:2775", or "off""#.to_owned(),
            Kind::Mention => {
                r#"1 to 40 letters, digits and signs such as "STOP au 36105""#.to_owned()
            }
            Kind::Name => "1 to 64 letters, digits, '.', '_' or '-' in quotes".to_owned(),
            Kind::Names => r#"a name in quotes, or several: ["a", "b"]"#.to_owned(),
            Kind::Networks => {
                r#"a network such as "192.0.2.0/24", or several: ["a", "b"]"#.to_owned()
            }
            Kind::Path => "a path in quotes".to_owned(),
            Kind::Patterns => {
                r#"a sender such as "Acme" or "33*", or several: ["a", "b"]"#.to_owned()
            }
            Kind::Prefixes => r#"1 to 15 digits such as "336", or several: ["a", "b"]"#.to_owned(),
            Kind::Said { chars_max } => format!("at most {chars_max} characters in quotes"),
            Kind::Secret => {
                r#"1 to 64 octets in quotes, { env = "NAME" } or { file = "PATH" }"#.to_owned()
            }
            Kind::Table(_) => format!("a table such as {} = {{ .. }}", self.name),
            Kind::TableArray(Table::Keyword | Table::Target) => {
                format!("tables such as {} = [{{ .. }}]", self.name)
            }
            Kind::TableArray(_) => format!("tables, each begun with [[{}]]", self.name),
            Kind::TableMap(_) => format!("tables such as {}.NAME = {{ .. }}", self.name),
            Kind::Text { octets_max } => match self.presence {
                Presence::Required => {
                    format!("1 to {octets_max} printable ASCII characters in quotes")
                }
                _ => format!("at most {octets_max} printable ASCII characters in quotes"),
            },
            Kind::Word { now, .. } => {
                let words: Vec<String> = now.iter().map(|word| format!("{word:?}")).collect();
                words.join(" or ")
            }
            Kind::Zone => {
                r#"a zone such as "Europe/Paris", or an offset such as "+02:00""#.to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_table_has_a_key_twice_and_every_key_says_why() {
        for table in Table::ALL {
            let mut names = HashSet::new();
            for key in table.keys() {
                assert!(names.insert(key.name), "{table:?}.{} stands twice", key.name);
                assert!(key.doc.ends_with('.'), "{table:?}.{}: no full sentence", key.name);
                assert!(!key.doc.contains('|'), "{table:?}.{}: breaks the manual", key.name);
            }
        }
    }

    #[test]
    fn a_name_that_ends_in_a_unit_has_that_unit() {
        let units = [
            ("_ms", "milliseconds"),
            ("_hours", "hours"),
            ("_minutes", "minutes"),
            ("_bytes", "octets"),
            ("_messages", "messages"),
            ("_per_second", "segments a second"),
        ];
        for key in Table::ALL.iter().flat_map(|table| table.keys()) {
            for (ending, unit) in units {
                if key.name.ends_with(ending)
                    && !matches!(key.kind, Kind::Later | Kind::Word { .. })
                {
                    assert_eq!(key.unit(), unit, "{}", key.name);
                }
            }
        }
    }
}
