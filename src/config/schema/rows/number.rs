//! The rows of who owns a number, and of bots.

use super::super::Presence::{Absent, Required};
use super::super::{Key, Kind, Table};
use super::NOT_YET;

/// `[[number]] owner`.
pub(in crate::config::schema) const OWNER: &[Key] = keys! {
    /// The system_id of the account that gets the MO.
    account: Kind::Text { octets_max: 64 }, Absent("a bot does");
    /// The name of the bot that answers them: of a `[[bot]]`, or `accueil` or `satisfaction`.
    bot: Kind::Text { octets_max: 64 }, Absent("an account does");
    /// A web server gets them.
    webhook: Kind::Later, NOT_YET;
};

/// `[[number]] keyword`.
pub(in crate::config::schema) const KEYWORD: &[Key] = keys! {
    /// First words of a text, whatever their case and accents.
    words: Kind::Keywords, Required;
    /// Who gets them.
    owner: Kind::Table(Table::Owner), Required;
};

/// `[[bot]]`.
pub(in crate::config::schema) const BOT: &[Key] = keys! {
    /// Its file, which says its name, and holds the conversations that must go as they are written:
    /// one that goes otherwise keeps the engine from starting, and a reload from taking effect. The
    /// manual's page on bots explains it.
    file: Kind::File, Required;
};
