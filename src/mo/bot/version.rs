//! A bot as its file was read once. Conversations go on with the one that they began with.

use std::fmt;

use super::Bot;

/// A bot, and which reading of its file it is.
pub struct Version {
    name: String,
    print: u64,
    bot: Bot,
}

impl Version {
    /// The bot that this text described.
    #[must_use]
    pub fn new(text: &str, bot: Bot) -> Self {
        // FNV-1a: journals hold it, so it is the same in every version of this program.
        let print = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { name: bot.draft().name.clone(), print, bot }
    }

    /// What numbers call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that another text has not.
    #[must_use]
    pub const fn print(&self) -> u64 {
        self.print
    }

    /// It.
    #[must_use]
    pub const fn bot(&self) -> &Bot {
        &self.bot
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.print) == (&other.name, other.print)
    }
}

impl Eq for Version {}

/// Without what it has learnt, which are thousands of numbers.
impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:016x}", self.name, self.print)
    }
}
