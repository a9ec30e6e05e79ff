//! The GSM 7-bit alphabets as tables: the default one and thirteen national languages.
//!
//! Source: 3GPP TS 23.038 §6.2.1 and annexes A.2 and A.3. A locking table has a place for each of
//! the 128 septets; a single shift table lists only the septets it assigns, in rising order. Every
//! other direction (character to septet) is derived from these rows at compile time, so that no
//! row is written twice. The page break and CR2 of the extension tables: 0x0A is a form feed, 0x0D
//! is left unassigned and so shows as the carriage return of the locking table.

use super::lookup::{ESC, NONE, National, by_char, numbered};

/// One row a language, in the order of the language identifiers of 3GPP TS 23.038 §6.2.1.2.4.
pub(super) static NATIONAL: [National; 14] = [
    National {
        name: "default",
        locking: Some(&DEFAULT_LOCKING),
        single: &DEFAULT_SINGLE,
        locking_by_char: &by_char(numbered(&DEFAULT_LOCKING)),
        single_by_char: &by_char(DEFAULT_SINGLE),
    },
    National {
        name: "turkish",
        locking: Some(&TURKISH_LOCKING),
        single: &TURKISH_SINGLE,
        locking_by_char: &by_char(numbered(&TURKISH_LOCKING)),
        single_by_char: &by_char(TURKISH_SINGLE),
    },
    National {
        name: "spanish",
        locking: None,
        single: &SPANISH_SINGLE,
        locking_by_char: &[],
        single_by_char: &by_char(SPANISH_SINGLE),
    },
    National {
        name: "portuguese",
        locking: Some(&PORTUGUESE_LOCKING),
        single: &PORTUGUESE_SINGLE,
        locking_by_char: &by_char(numbered(&PORTUGUESE_LOCKING)),
        single_by_char: &by_char(PORTUGUESE_SINGLE),
    },
    National {
        name: "bengali",
        locking: Some(&BENGALI_LOCKING),
        single: &BENGALI_SINGLE,
        locking_by_char: &by_char(numbered(&BENGALI_LOCKING)),
        single_by_char: &by_char(BENGALI_SINGLE),
    },
    National {
        name: "gujarati",
        locking: Some(&GUJARATI_LOCKING),
        single: &GUJARATI_SINGLE,
        locking_by_char: &by_char(numbered(&GUJARATI_LOCKING)),
        single_by_char: &by_char(GUJARATI_SINGLE),
    },
    National {
        name: "hindi",
        locking: Some(&HINDI_LOCKING),
        single: &HINDI_SINGLE,
        locking_by_char: &by_char(numbered(&HINDI_LOCKING)),
        single_by_char: &by_char(HINDI_SINGLE),
    },
    National {
        name: "kannada",
        locking: Some(&KANNADA_LOCKING),
        single: &KANNADA_SINGLE,
        locking_by_char: &by_char(numbered(&KANNADA_LOCKING)),
        single_by_char: &by_char(KANNADA_SINGLE),
    },
    National {
        name: "malayalam",
        locking: Some(&MALAYALAM_LOCKING),
        single: &MALAYALAM_SINGLE,
        locking_by_char: &by_char(numbered(&MALAYALAM_LOCKING)),
        single_by_char: &by_char(MALAYALAM_SINGLE),
    },
    National {
        name: "oriya",
        locking: Some(&ORIYA_LOCKING),
        single: &ORIYA_SINGLE,
        locking_by_char: &by_char(numbered(&ORIYA_LOCKING)),
        single_by_char: &by_char(ORIYA_SINGLE),
    },
    National {
        name: "punjabi",
        locking: Some(&PUNJABI_LOCKING),
        single: &PUNJABI_SINGLE,
        locking_by_char: &by_char(numbered(&PUNJABI_LOCKING)),
        single_by_char: &by_char(PUNJABI_SINGLE),
    },
    National {
        name: "tamil",
        locking: Some(&TAMIL_LOCKING),
        single: &TAMIL_SINGLE,
        locking_by_char: &by_char(numbered(&TAMIL_LOCKING)),
        single_by_char: &by_char(TAMIL_SINGLE),
    },
    National {
        name: "telugu",
        locking: Some(&TELUGU_LOCKING),
        single: &TELUGU_SINGLE,
        locking_by_char: &by_char(numbered(&TELUGU_LOCKING)),
        single_by_char: &by_char(TELUGU_SINGLE),
    },
    National {
        name: "urdu",
        locking: Some(&URDU_LOCKING),
        single: &URDU_SINGLE,
        locking_by_char: &by_char(numbered(&URDU_LOCKING)),
        single_by_char: &by_char(URDU_SINGLE),
    },
];

/// The default alphabet, sixteen septets a row (3GPP TS 23.038 §6.2.1).
#[rustfmt::skip]
pub(super) const DEFAULT_LOCKING: [char; 128] = [
    // 0x00
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì',
    'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    // 0x10
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ',
    'Σ', 'Θ', 'Ξ', ESC, 'Æ', 'æ', 'ß', 'É',
    // 0x20
    ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '<', '=', '>', '?',
    // 0x40
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    // 0x50
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    // 0x60
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The default extension table (3GPP TS 23.038 §6.2.1.1).
#[rustfmt::skip]
pub(super) const DEFAULT_SINGLE: [(u8, char); 10] = [
    (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'),
    (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x65, '€'),
];

/// Turkish: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const TURKISH_LOCKING: [char; 128] = [
    // 0x00
    '@', '£', '$', '¥', '€', 'é', 'ù', 'ı',
    'ò', 'Ç', '\n', 'Ğ', 'ğ', '\r', 'Å', 'å',
    // 0x10
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ',
    'Σ', 'Θ', 'Ξ', ESC, 'Ş', 'ş', 'ß', 'É',
    // 0x20
    ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '<', '=', '>', '?',
    // 0x40
    'İ', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    // 0x50
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    // 0x60
    'ç', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Turkish: what an escape gives.
#[rustfmt::skip]
pub(super) const TURKISH_SINGLE: [(u8, char); 17] = [
    (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'),
    (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x47, 'Ğ'),
    (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x65, '€'), (0x67, 'ğ'),
    (0x69, 'ı'), (0x73, 'ş'),
];

/// Spanish: what an escape gives.
#[rustfmt::skip]
pub(super) const SPANISH_SINGLE: [(u8, char); 19] = [
    (0x09, 'ç'), (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'),
    (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'),
    (0x41, 'Á'), (0x49, 'Í'), (0x4F, 'Ó'), (0x55, 'Ú'), (0x61, 'á'),
    (0x65, '€'), (0x69, 'í'), (0x6F, 'ó'), (0x75, 'ú'),
];

/// Portuguese: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const PORTUGUESE_LOCKING: [char; 128] = [
    // 0x00
    '@', '£', '$', '¥', 'ê', 'é', 'ú', 'í',
    'ó', 'ç', '\n', 'Ô', 'ô', '\r', 'Á', 'á',
    // 0x10
    'Δ', '_', 'ª', 'Ç', 'À', '∞', '^', '\\',
    '€', 'Ó', '|', ESC, 'Â', 'â', 'Ê', 'É',
    // 0x20
    ' ', '!', '"', '#', 'º', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '<', '=', '>', '?',
    // 0x40
    'Í', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    // 0x50
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', 'Ã', 'Õ', 'Ú', 'Ü', '§',
    // 0x60
    '~', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', 'ã', 'õ', '`', 'ü', 'à',
];

/// Portuguese: what an escape gives.
#[rustfmt::skip]
pub(super) const PORTUGUESE_SINGLE: [(u8, char); 37] = [
    (0x05, 'ê'), (0x09, 'ç'), (0x0A, '\u{C}'), (0x0B, 'Ô'), (0x0C, 'ô'),
    (0x0E, 'Á'), (0x0F, 'á'), (0x12, 'Φ'), (0x13, 'Γ'), (0x14, '^'),
    (0x15, 'Ω'), (0x16, 'Π'), (0x17, 'Ψ'), (0x18, 'Σ'), (0x19, 'Θ'),
    (0x1F, 'Ê'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['),
    (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x41, 'À'), (0x49, 'Í'),
    (0x4F, 'Ó'), (0x55, 'Ú'), (0x5B, 'Ã'), (0x5C, 'Õ'), (0x61, 'Â'),
    (0x65, '€'), (0x69, 'í'), (0x6F, 'ó'), (0x75, 'ú'), (0x7B, 'ã'),
    (0x7C, 'õ'), (0x7F, 'â'),
];

/// Bengali: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const BENGALI_LOCKING: [char; 128] = [
    // 0x00
    '\u{981}', '\u{982}', '\u{983}', '\u{985}', '\u{986}', '\u{987}', '\u{988}', '\u{989}',
    '\u{98A}', '\u{98B}', '\n', '\u{98C}', NONE, '\r', NONE, '\u{98F}',
    // 0x10
    '\u{990}', NONE, NONE, '\u{993}', '\u{994}', '\u{995}', '\u{996}', '\u{997}',
    '\u{998}', '\u{999}', '\u{99A}', ESC, '\u{99B}', '\u{99C}', '\u{99D}', '\u{99E}',
    // 0x20
    ' ', '!', '\u{99F}', '\u{9A0}', '\u{9A1}', '\u{9A2}', '\u{9A3}', '\u{9A4}',
    ')', '(', '\u{9A5}', '\u{9A6}', ',', '\u{9A7}', '.', '\u{9A8}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{9AA}', '\u{9AB}', '?',
    // 0x40
    '\u{9AC}', '\u{9AD}', '\u{9AE}', '\u{9AF}', '\u{9B0}', NONE, '\u{9B2}', NONE,
    NONE, NONE, '\u{9B6}', '\u{9B7}', '\u{9B8}', '\u{9B9}', '\u{9BC}', '\u{9BD}',
    // 0x50
    '\u{9BE}', '\u{9BF}', '\u{9C0}', '\u{9C1}', '\u{9C2}', '\u{9C3}', '\u{9C4}', NONE,
    NONE, '\u{9C7}', '\u{9C8}', NONE, NONE, '\u{9CB}', '\u{9CC}', '\u{9CD}',
    // 0x60
    '\u{9CE}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{9D7}', '\u{9DC}', '\u{9DD}', '\u{9F0}', '\u{9F1}',
];

/// Bengali: what an escape gives.
#[rustfmt::skip]
pub(super) const BENGALI_SINGLE: [(u8, char); 82] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{9E6}'),
    (0x1A, '\u{9E7}'), (0x1C, '\u{9E8}'), (0x1D, '\u{9E9}'), (0x1E, '\u{9EA}'), (0x1F, '\u{9EB}'),
    (0x20, '\u{9EC}'), (0x21, '\u{9ED}'), (0x22, '\u{9EE}'), (0x23, '\u{9EF}'), (0x24, '\u{9DF}'),
    (0x25, '\u{9E0}'), (0x26, '\u{9E1}'), (0x27, '\u{9E2}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{9E3}'), (0x2B, '\u{9F2}'), (0x2C, '\u{9F3}'), (0x2D, '\u{9F4}'), (0x2E, '\u{9F5}'),
    (0x2F, '\\'), (0x30, '\u{9F6}'), (0x31, '\u{9F7}'), (0x32, '\u{9F8}'), (0x33, '\u{9F9}'),
    (0x34, '\u{9FA}'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'),
    (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'), (0x45, 'E'),
    (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'),
    (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'),
    (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'), (0x54, 'T'),
    (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'),
    (0x5A, 'Z'), (0x65, '€'),
];

/// Gujarati: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const GUJARATI_LOCKING: [char; 128] = [
    // 0x00
    '\u{A81}', '\u{A82}', '\u{A83}', '\u{A85}', '\u{A86}', '\u{A87}', '\u{A88}', '\u{A89}',
    '\u{A8A}', '\u{A8B}', '\n', '\u{A8C}', '\u{A8D}', '\r', NONE, '\u{A8F}',
    // 0x10
    '\u{A90}', '\u{A91}', NONE, '\u{A93}', '\u{A94}', '\u{A95}', '\u{A96}', '\u{A97}',
    '\u{A98}', '\u{A99}', '\u{A9A}', ESC, '\u{A9B}', '\u{A9C}', '\u{A9D}', '\u{A9E}',
    // 0x20
    ' ', '!', '\u{A9F}', '\u{AA0}', '\u{AA1}', '\u{AA2}', '\u{AA3}', '\u{AA4}',
    ')', '(', '\u{AA5}', '\u{AA6}', ',', '\u{AA7}', '.', '\u{AA8}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{AAA}', '\u{AAB}', '?',
    // 0x40
    '\u{AAC}', '\u{AAD}', '\u{AAE}', '\u{AAF}', '\u{AB0}', NONE, '\u{AB2}', '\u{AB3}',
    NONE, '\u{AB5}', '\u{AB6}', '\u{AB7}', '\u{AB8}', '\u{AB9}', '\u{ABC}', '\u{ABD}',
    // 0x50
    '\u{ABE}', '\u{ABF}', '\u{AC0}', '\u{AC1}', '\u{AC2}', '\u{AC3}', '\u{AC4}', '\u{AC5}',
    NONE, '\u{AC7}', '\u{AC8}', '\u{AC9}', NONE, '\u{ACB}', '\u{ACC}', '\u{ACD}',
    // 0x60
    '\u{AD0}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{AE0}', '\u{AE1}', '\u{AE2}', '\u{AE3}', '\u{AF1}',
];

/// Gujarati: what an escape gives.
#[rustfmt::skip]
pub(super) const GUJARATI_SINGLE: [(u8, char); 70] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{AE6}'), (0x1D, '\u{AE7}'), (0x1E, '\u{AE8}'), (0x1F, '\u{AE9}'),
    (0x20, '\u{AEA}'), (0x21, '\u{AEB}'), (0x22, '\u{AEC}'), (0x23, '\u{AED}'), (0x24, '\u{AEE}'),
    (0x25, '\u{AEF}'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['),
    (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x41, 'A'), (0x42, 'B'),
    (0x43, 'C'), (0x44, 'D'), (0x45, 'E'), (0x46, 'F'), (0x47, 'G'),
    (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'),
    (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'),
    (0x52, 'R'), (0x53, 'S'), (0x54, 'T'), (0x55, 'U'), (0x56, 'V'),
    (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];

/// Hindi: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const HINDI_LOCKING: [char; 128] = [
    // 0x00
    '\u{901}', '\u{902}', '\u{903}', '\u{905}', '\u{906}', '\u{907}', '\u{908}', '\u{909}',
    '\u{90A}', '\u{90B}', '\n', '\u{90C}', '\u{90D}', '\r', '\u{90E}', '\u{90F}',
    // 0x10
    '\u{910}', '\u{911}', '\u{912}', '\u{913}', '\u{914}', '\u{915}', '\u{916}', '\u{917}',
    '\u{918}', '\u{919}', '\u{91A}', ESC, '\u{91B}', '\u{91C}', '\u{91D}', '\u{91E}',
    // 0x20
    ' ', '!', '\u{91F}', '\u{920}', '\u{921}', '\u{922}', '\u{923}', '\u{924}',
    ')', '(', '\u{925}', '\u{926}', ',', '\u{927}', '.', '\u{928}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '\u{929}', '\u{92A}', '\u{92B}', '?',
    // 0x40
    '\u{92C}', '\u{92D}', '\u{92E}', '\u{92F}', '\u{930}', '\u{931}', '\u{932}', '\u{933}',
    '\u{934}', '\u{935}', '\u{936}', '\u{937}', '\u{938}', '\u{939}', '\u{93C}', '\u{93D}',
    // 0x50
    '\u{93E}', '\u{93F}', '\u{940}', '\u{941}', '\u{942}', '\u{943}', '\u{944}', '\u{945}',
    '\u{946}', '\u{947}', '\u{948}', '\u{949}', '\u{94A}', '\u{94B}', '\u{94C}', '\u{94D}',
    // 0x60
    '\u{950}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{972}', '\u{97B}', '\u{97C}', '\u{97E}', '\u{97F}',
];

/// Hindi: what an escape gives.
#[rustfmt::skip]
pub(super) const HINDI_SINGLE: [(u8, char); 88] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{966}'), (0x1D, '\u{967}'), (0x1E, '\u{968}'), (0x1F, '\u{969}'),
    (0x20, '\u{96A}'), (0x21, '\u{96B}'), (0x22, '\u{96C}'), (0x23, '\u{96D}'), (0x24, '\u{96E}'),
    (0x25, '\u{96F}'), (0x26, '\u{951}'), (0x27, '\u{952}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{953}'), (0x2B, '\u{954}'), (0x2C, '\u{958}'), (0x2D, '\u{959}'), (0x2E, '\u{95A}'),
    (0x2F, '\\'), (0x30, '\u{95B}'), (0x31, '\u{95C}'), (0x32, '\u{95D}'), (0x33, '\u{95E}'),
    (0x34, '\u{95F}'), (0x35, '\u{960}'), (0x36, '\u{961}'), (0x37, '\u{962}'), (0x38, '\u{963}'),
    (0x39, '\u{970}'), (0x3A, '\u{971}'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'),
    (0x40, '|'), (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'),
    (0x45, 'E'), (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'),
    (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'),
    (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'),
    (0x54, 'T'), (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'),
    (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];

/// Kannada: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const KANNADA_LOCKING: [char; 128] = [
    // 0x00
    NONE, '\u{C82}', '\u{C83}', '\u{C85}', '\u{C86}', '\u{C87}', '\u{C88}', '\u{C89}',
    '\u{C8A}', '\u{C8B}', '\n', '\u{C8C}', NONE, '\r', '\u{C8E}', '\u{C8F}',
    // 0x10
    '\u{C90}', NONE, '\u{C92}', '\u{C93}', '\u{C94}', '\u{C95}', '\u{C96}', '\u{C97}',
    '\u{C98}', '\u{C99}', '\u{C9A}', ESC, '\u{C9B}', '\u{C9C}', '\u{C9D}', '\u{C9E}',
    // 0x20
    ' ', '!', '\u{C9F}', '\u{CA0}', '\u{CA1}', '\u{CA2}', '\u{CA3}', '\u{CA4}',
    ')', '(', '\u{CA5}', '\u{CA6}', ',', '\u{CA7}', '.', '\u{CA8}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{CAA}', '\u{CAB}', '?',
    // 0x40
    '\u{CAC}', '\u{CAD}', '\u{CAE}', '\u{CAF}', '\u{CB0}', '\u{CB1}', '\u{CB2}', '\u{CB3}',
    NONE, '\u{CB5}', '\u{CB6}', '\u{CB7}', '\u{CB8}', '\u{CB9}', '\u{CBC}', '\u{CBD}',
    // 0x50
    '\u{CBE}', '\u{CBF}', '\u{CC0}', '\u{CC1}', '\u{CC2}', '\u{CC3}', '\u{CC4}', NONE,
    '\u{CC6}', '\u{CC7}', '\u{CC8}', NONE, '\u{CCA}', '\u{CCB}', '\u{CCC}', '\u{CCD}',
    // 0x60
    '\u{CD5}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{CD6}', '\u{CE0}', '\u{CE1}', '\u{CE2}', '\u{CE3}',
];

/// Kannada: what an escape gives.
#[rustfmt::skip]
pub(super) const KANNADA_SINGLE: [(u8, char); 73] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{CE6}'), (0x1D, '\u{CE7}'), (0x1E, '\u{CE8}'), (0x1F, '\u{CE9}'),
    (0x20, '\u{CEA}'), (0x21, '\u{CEB}'), (0x22, '\u{CEC}'), (0x23, '\u{CED}'), (0x24, '\u{CEE}'),
    (0x25, '\u{CEF}'), (0x26, '\u{CDE}'), (0x27, '\u{CF1}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{CF2}'), (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'),
    (0x40, '|'), (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'),
    (0x45, 'E'), (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'),
    (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'),
    (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'),
    (0x54, 'T'), (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'),
    (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];

/// Malayalam: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const MALAYALAM_LOCKING: [char; 128] = [
    // 0x00
    NONE, '\u{D02}', '\u{D03}', '\u{D05}', '\u{D06}', '\u{D07}', '\u{D08}', '\u{D09}',
    '\u{D0A}', '\u{D0B}', '\n', '\u{D0C}', NONE, '\r', '\u{D0E}', '\u{D0F}',
    // 0x10
    '\u{D10}', NONE, '\u{D12}', '\u{D13}', '\u{D14}', '\u{D15}', '\u{D16}', '\u{D17}',
    '\u{D18}', '\u{D19}', '\u{D1A}', ESC, '\u{D1B}', '\u{D1C}', '\u{D1D}', '\u{D1E}',
    // 0x20
    ' ', '!', '\u{D1F}', '\u{D20}', '\u{D21}', '\u{D22}', '\u{D23}', '\u{D24}',
    ')', '(', '\u{D25}', '\u{D26}', ',', '\u{D27}', '.', '\u{D28}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{D2A}', '\u{D2B}', '?',
    // 0x40
    '\u{D2C}', '\u{D2D}', '\u{D2E}', '\u{D2F}', '\u{D30}', '\u{D31}', '\u{D32}', '\u{D33}',
    '\u{D34}', '\u{D35}', '\u{D36}', '\u{D37}', '\u{D38}', '\u{D39}', NONE, '\u{D3D}',
    // 0x50
    '\u{D3E}', '\u{D3F}', '\u{D40}', '\u{D41}', '\u{D42}', '\u{D43}', '\u{D44}', NONE,
    '\u{D46}', '\u{D47}', '\u{D48}', NONE, '\u{D4A}', '\u{D4B}', '\u{D4C}', '\u{D4D}',
    // 0x60
    '\u{D57}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{D60}', '\u{D61}', '\u{D62}', '\u{D63}', '\u{D79}',
];

/// Malayalam: what an escape gives.
#[rustfmt::skip]
pub(super) const MALAYALAM_SINGLE: [(u8, char); 82] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{D66}'), (0x1D, '\u{D67}'), (0x1E, '\u{D68}'), (0x1F, '\u{D69}'),
    (0x20, '\u{D6A}'), (0x21, '\u{D6B}'), (0x22, '\u{D6C}'), (0x23, '\u{D6D}'), (0x24, '\u{D6E}'),
    (0x25, '\u{D6F}'), (0x26, '\u{D70}'), (0x27, '\u{D71}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{D72}'), (0x2B, '\u{D73}'), (0x2C, '\u{D74}'), (0x2D, '\u{D75}'), (0x2E, '\u{D7A}'),
    (0x2F, '\\'), (0x30, '\u{D7B}'), (0x31, '\u{D7C}'), (0x32, '\u{D7D}'), (0x33, '\u{D7E}'),
    (0x34, '\u{D7F}'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'),
    (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'), (0x45, 'E'),
    (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'),
    (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'),
    (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'), (0x54, 'T'),
    (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'),
    (0x5A, 'Z'), (0x65, '€'),
];

/// Oriya: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const ORIYA_LOCKING: [char; 128] = [
    // 0x00
    '\u{B01}', '\u{B02}', '\u{B03}', '\u{B05}', '\u{B06}', '\u{B07}', '\u{B08}', '\u{B09}',
    '\u{B0A}', '\u{B0B}', '\n', '\u{B0C}', NONE, '\r', NONE, '\u{B0F}',
    // 0x10
    '\u{B10}', NONE, NONE, '\u{B13}', '\u{B14}', '\u{B15}', '\u{B16}', '\u{B17}',
    '\u{B18}', '\u{B19}', '\u{B1A}', ESC, '\u{B1B}', '\u{B1C}', '\u{B1D}', '\u{B1E}',
    // 0x20
    ' ', '!', '\u{B1F}', '\u{B20}', '\u{B21}', '\u{B22}', '\u{B23}', '\u{B24}',
    ')', '(', '\u{B25}', '\u{B26}', ',', '\u{B27}', '.', '\u{B28}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{B2A}', '\u{B2B}', '?',
    // 0x40
    '\u{B2C}', '\u{B2D}', '\u{B2E}', '\u{B2F}', '\u{B30}', NONE, '\u{B32}', '\u{B33}',
    NONE, '\u{B35}', '\u{B36}', '\u{B37}', '\u{B38}', '\u{B39}', '\u{B3C}', '\u{B3D}',
    // 0x50
    '\u{B3E}', '\u{B3F}', '\u{B40}', '\u{B41}', '\u{B42}', '\u{B43}', '\u{B44}', NONE,
    NONE, '\u{B47}', '\u{B48}', NONE, NONE, '\u{B4B}', '\u{B4C}', '\u{B4D}',
    // 0x60
    '\u{B56}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{B57}', '\u{B60}', '\u{B61}', '\u{B62}', '\u{B63}',
];

/// Oriya: what an escape gives.
#[rustfmt::skip]
pub(super) const ORIYA_SINGLE: [(u8, char); 75] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{B66}'), (0x1D, '\u{B67}'), (0x1E, '\u{B68}'), (0x1F, '\u{B69}'),
    (0x20, '\u{B6A}'), (0x21, '\u{B6B}'), (0x22, '\u{B6C}'), (0x23, '\u{B6D}'), (0x24, '\u{B6E}'),
    (0x25, '\u{B6F}'), (0x26, '\u{B5C}'), (0x27, '\u{B5D}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{B5F}'), (0x2B, '\u{B70}'), (0x2C, '\u{B71}'), (0x2F, '\\'), (0x3C, '['),
    (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x41, 'A'), (0x42, 'B'),
    (0x43, 'C'), (0x44, 'D'), (0x45, 'E'), (0x46, 'F'), (0x47, 'G'),
    (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'),
    (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'),
    (0x52, 'R'), (0x53, 'S'), (0x54, 'T'), (0x55, 'U'), (0x56, 'V'),
    (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];

/// Punjabi: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const PUNJABI_LOCKING: [char; 128] = [
    // 0x00
    '\u{A01}', '\u{A02}', '\u{A03}', '\u{A05}', '\u{A06}', '\u{A07}', '\u{A08}', '\u{A09}',
    '\u{A0A}', NONE, '\n', NONE, NONE, '\r', NONE, '\u{A0F}',
    // 0x10
    '\u{A10}', NONE, NONE, '\u{A13}', '\u{A14}', '\u{A15}', '\u{A16}', '\u{A17}',
    '\u{A18}', '\u{A19}', '\u{A1A}', ESC, '\u{A1B}', '\u{A1C}', '\u{A1D}', '\u{A1E}',
    // 0x20
    ' ', '!', '\u{A1F}', '\u{A20}', '\u{A21}', '\u{A22}', '\u{A23}', '\u{A24}',
    ')', '(', '\u{A25}', '\u{A26}', ',', '\u{A27}', '.', '\u{A28}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{A2A}', '\u{A2B}', '?',
    // 0x40
    '\u{A2C}', '\u{A2D}', '\u{A2E}', '\u{A2F}', '\u{A30}', NONE, '\u{A32}', '\u{A33}',
    NONE, '\u{A35}', '\u{A36}', NONE, '\u{A38}', '\u{A39}', '\u{A3C}', NONE,
    // 0x50
    '\u{A3E}', '\u{A3F}', '\u{A40}', '\u{A41}', '\u{A42}', NONE, NONE, NONE,
    NONE, '\u{A47}', '\u{A48}', NONE, NONE, '\u{A4B}', '\u{A4C}', '\u{A4D}',
    // 0x60
    '\u{A51}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{A70}', '\u{A71}', '\u{A72}', '\u{A73}', '\u{A74}',
];

/// Punjabi: what an escape gives.
#[rustfmt::skip]
pub(super) const PUNJABI_SINGLE: [(u8, char); 76] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{A66}'), (0x1D, '\u{A67}'), (0x1E, '\u{A68}'), (0x1F, '\u{A69}'),
    (0x20, '\u{A6A}'), (0x21, '\u{A6B}'), (0x22, '\u{A6C}'), (0x23, '\u{A6D}'), (0x24, '\u{A6E}'),
    (0x25, '\u{A6F}'), (0x26, '\u{A59}'), (0x27, '\u{A5A}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{A5B}'), (0x2B, '\u{A5C}'), (0x2C, '\u{A5E}'), (0x2D, '\u{A75}'), (0x2F, '\\'),
    (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x41, 'A'),
    (0x42, 'B'), (0x43, 'C'), (0x44, 'D'), (0x45, 'E'), (0x46, 'F'),
    (0x47, 'G'), (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'), (0x4B, 'K'),
    (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'), (0x50, 'P'),
    (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'), (0x54, 'T'), (0x55, 'U'),
    (0x56, 'V'), (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'), (0x5A, 'Z'),
    (0x65, '€'),
];

/// Tamil: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const TAMIL_LOCKING: [char; 128] = [
    // 0x00
    NONE, '\u{B82}', '\u{B83}', '\u{B85}', '\u{B86}', '\u{B87}', '\u{B88}', '\u{B89}',
    '\u{B8A}', NONE, '\n', NONE, NONE, '\r', '\u{B8E}', '\u{B8F}',
    // 0x10
    '\u{B90}', NONE, '\u{B92}', '\u{B93}', '\u{B94}', '\u{B95}', NONE, NONE,
    NONE, '\u{B99}', '\u{B9A}', ESC, NONE, '\u{B9C}', NONE, '\u{B9E}',
    // 0x20
    ' ', '!', '\u{B9F}', NONE, NONE, NONE, '\u{BA3}', '\u{BA4}',
    ')', '(', NONE, NONE, ',', NONE, '.', '\u{BA8}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '\u{BA9}', '\u{BAA}', NONE, '?',
    // 0x40
    NONE, NONE, '\u{BAE}', '\u{BAF}', '\u{BB0}', '\u{BB1}', '\u{BB2}', '\u{BB3}',
    '\u{BB4}', '\u{BB5}', '\u{BB6}', '\u{BB7}', '\u{BB8}', '\u{BB9}', NONE, NONE,
    // 0x50
    '\u{BBE}', '\u{BBF}', '\u{BC0}', '\u{BC1}', '\u{BC2}', NONE, NONE, NONE,
    '\u{BC6}', '\u{BC7}', '\u{BC8}', NONE, '\u{BCA}', '\u{BCB}', '\u{BCC}', '\u{BCD}',
    // 0x60
    '\u{BD0}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{BD7}', '\u{BF0}', '\u{BF1}', '\u{BF2}', '\u{BF9}',
];

/// Tamil: what an escape gives.
#[rustfmt::skip]
pub(super) const TAMIL_SINGLE: [(u8, char); 77] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{964}'),
    (0x1A, '\u{965}'), (0x1C, '\u{BE6}'), (0x1D, '\u{BE7}'), (0x1E, '\u{BE8}'), (0x1F, '\u{BE9}'),
    (0x20, '\u{BEA}'), (0x21, '\u{BEB}'), (0x22, '\u{BEC}'), (0x23, '\u{BED}'), (0x24, '\u{BEE}'),
    (0x25, '\u{BEF}'), (0x26, '\u{BF3}'), (0x27, '\u{BF4}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{BF5}'), (0x2B, '\u{BF6}'), (0x2C, '\u{BF7}'), (0x2D, '\u{BF8}'), (0x2E, '\u{BFA}'),
    (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'),
    (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'), (0x45, 'E'),
    (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'),
    (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'),
    (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'), (0x54, 'T'),
    (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'),
    (0x5A, 'Z'), (0x65, '€'),
];

/// Telugu: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const TELUGU_LOCKING: [char; 128] = [
    // 0x00
    '\u{C01}', '\u{C02}', '\u{C03}', '\u{C05}', '\u{C06}', '\u{C07}', '\u{C08}', '\u{C09}',
    '\u{C0A}', '\u{C0B}', '\n', '\u{C0C}', NONE, '\r', '\u{C0E}', '\u{C0F}',
    // 0x10
    '\u{C10}', NONE, '\u{C12}', '\u{C13}', '\u{C14}', '\u{C15}', '\u{C16}', '\u{C17}',
    '\u{C18}', '\u{C19}', '\u{C1A}', ESC, '\u{C1B}', '\u{C1C}', '\u{C1D}', '\u{C1E}',
    // 0x20
    ' ', '!', '\u{C1F}', '\u{C20}', '\u{C21}', '\u{C22}', '\u{C23}', '\u{C24}',
    ')', '(', '\u{C25}', '\u{C26}', ',', '\u{C27}', '.', '\u{C28}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', NONE, '\u{C2A}', '\u{C2B}', '?',
    // 0x40
    '\u{C2C}', '\u{C2D}', '\u{C2E}', '\u{C2F}', '\u{C30}', '\u{C31}', '\u{C32}', '\u{C33}',
    NONE, '\u{C35}', '\u{C36}', '\u{C37}', '\u{C38}', '\u{C39}', NONE, '\u{C3D}',
    // 0x50
    '\u{C3E}', '\u{C3F}', '\u{C40}', '\u{C41}', '\u{C42}', '\u{C43}', '\u{C44}', NONE,
    '\u{C46}', '\u{C47}', '\u{C48}', NONE, '\u{C4A}', '\u{C4B}', '\u{C4C}', '\u{C4D}',
    // 0x60
    '\u{C55}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{C56}', '\u{C60}', '\u{C61}', '\u{C62}', '\u{C63}',
];

/// Telugu: what an escape gives.
#[rustfmt::skip]
pub(super) const TELUGU_SINGLE: [(u8, char); 78] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x1C, '\u{C66}'),
    (0x1D, '\u{C67}'), (0x1E, '\u{C68}'), (0x1F, '\u{C69}'), (0x20, '\u{C6A}'), (0x21, '\u{C6B}'),
    (0x22, '\u{C6C}'), (0x23, '\u{C6D}'), (0x24, '\u{C6E}'), (0x25, '\u{C6F}'), (0x26, '\u{C58}'),
    (0x27, '\u{C59}'), (0x28, '{'), (0x29, '}'), (0x2A, '\u{C78}'), (0x2B, '\u{C79}'),
    (0x2C, '\u{C7A}'), (0x2D, '\u{C7B}'), (0x2E, '\u{C7C}'), (0x2F, '\\'), (0x30, '\u{C7D}'),
    (0x31, '\u{C7E}'), (0x32, '\u{C7F}'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'),
    (0x40, '|'), (0x41, 'A'), (0x42, 'B'), (0x43, 'C'), (0x44, 'D'),
    (0x45, 'E'), (0x46, 'F'), (0x47, 'G'), (0x48, 'H'), (0x49, 'I'),
    (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'), (0x4D, 'M'), (0x4E, 'N'),
    (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'), (0x52, 'R'), (0x53, 'S'),
    (0x54, 'T'), (0x55, 'U'), (0x56, 'V'), (0x57, 'W'), (0x58, 'X'),
    (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];

/// Urdu: the locking table, sixteen septets a row.
#[rustfmt::skip]
pub(super) const URDU_LOCKING: [char; 128] = [
    // 0x00
    '\u{627}', '\u{622}', '\u{628}', '\u{67B}', '\u{680}', '\u{67E}', '\u{6A6}', '\u{62A}',
    '\u{6C2}', '\u{67F}', '\n', '\u{679}', '\u{67D}', '\r', '\u{67A}', '\u{67C}',
    // 0x10
    '\u{62B}', '\u{62C}', '\u{681}', '\u{684}', '\u{683}', '\u{685}', '\u{686}', '\u{687}',
    '\u{62D}', '\u{62E}', '\u{62F}', ESC, '\u{68C}', '\u{688}', '\u{689}', '\u{68A}',
    // 0x20
    ' ', '!', '\u{68F}', '\u{68D}', '\u{630}', '\u{631}', '\u{691}', '\u{693}',
    ')', '(', '\u{699}', '\u{632}', ',', '\u{696}', '.', '\u{698}',
    // 0x30
    '0', '1', '2', '3', '4', '5', '6', '7',
    '8', '9', ':', ';', '\u{69A}', '\u{633}', '\u{634}', '?',
    // 0x40
    '\u{635}', '\u{636}', '\u{637}', '\u{638}', '\u{639}', '\u{641}', '\u{642}', '\u{6A9}',
    '\u{6AA}', '\u{6AB}', '\u{6AF}', '\u{6B3}', '\u{6B1}', '\u{644}', '\u{645}', '\u{646}',
    // 0x50
    '\u{6BA}', '\u{6BB}', '\u{6BC}', '\u{648}', '\u{6C4}', '\u{6D5}', '\u{6C1}', '\u{6BE}',
    '\u{621}', '\u{6CC}', '\u{6D0}', '\u{6D2}', '\u{64D}', '\u{650}', '\u{64F}', '\u{657}',
    // 0x60
    '\u{654}', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    // 0x70
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
    'x', 'y', 'z', '\u{655}', '\u{651}', '\u{653}', '\u{656}', '\u{670}',
];

/// Urdu: what an escape gives.
#[rustfmt::skip]
pub(super) const URDU_SINGLE: [(u8, char); 90] = [
    (0x00, '@'), (0x01, '£'), (0x02, '$'), (0x03, '¥'), (0x04, '¿'),
    (0x05, '"'), (0x06, '¤'), (0x07, '%'), (0x08, '&'), (0x09, '\''),
    (0x0A, '\u{C}'), (0x0B, '*'), (0x0C, '+'), (0x0E, '-'), (0x0F, '/'),
    (0x10, '<'), (0x11, '='), (0x12, '>'), (0x13, '¡'), (0x14, '^'),
    (0x15, '¡'), (0x16, '_'), (0x17, '#'), (0x18, '*'), (0x19, '\u{600}'),
    (0x1A, '\u{601}'), (0x1C, '\u{6F0}'), (0x1D, '\u{6F1}'), (0x1E, '\u{6F2}'), (0x1F, '\u{6F3}'),
    (0x20, '\u{6F4}'), (0x21, '\u{6F5}'), (0x22, '\u{6F6}'), (0x23, '\u{6F7}'), (0x24, '\u{6F8}'),
    (0x25, '\u{6F9}'), (0x26, '\u{60C}'), (0x27, '\u{60D}'), (0x28, '{'), (0x29, '}'),
    (0x2A, '\u{60E}'), (0x2B, '\u{60F}'), (0x2C, '\u{610}'), (0x2D, '\u{611}'), (0x2E, '\u{612}'),
    (0x2F, '\\'), (0x30, '\u{613}'), (0x31, '\u{614}'), (0x32, '\u{61B}'), (0x33, '\u{61F}'),
    (0x34, '\u{640}'), (0x35, '\u{652}'), (0x36, '\u{658}'), (0x37, '\u{66B}'), (0x38, '\u{66C}'),
    (0x39, '\u{672}'), (0x3A, '\u{673}'), (0x3B, '\u{6CD}'), (0x3C, '['), (0x3D, '~'),
    (0x3E, ']'), (0x3F, '\u{6D4}'), (0x40, '|'), (0x41, 'A'), (0x42, 'B'),
    (0x43, 'C'), (0x44, 'D'), (0x45, 'E'), (0x46, 'F'), (0x47, 'G'),
    (0x48, 'H'), (0x49, 'I'), (0x4A, 'J'), (0x4B, 'K'), (0x4C, 'L'),
    (0x4D, 'M'), (0x4E, 'N'), (0x4F, 'O'), (0x50, 'P'), (0x51, 'Q'),
    (0x52, 'R'), (0x53, 'S'), (0x54, 'T'), (0x55, 'U'), (0x56, 'V'),
    (0x57, 'W'), (0x58, 'X'), (0x59, 'Y'), (0x5A, 'Z'), (0x65, '€'),
];
