//! What a row of the table becomes: a type, both directions of its codec and a [`PduRow`].
//!
//! ```text
//! /// Doc (section).
//! Type name CONST = number, V34|V50,
//! esme [states of 3.4] [added by 5.0] smsc [..] [..] response [CONST]
//! { field: kind, ... }
//! tlvs [of 3.4] v50 [added by 5.0]
//! ```
//!
//! A field's kind is one of `int`, `c_string(max)`, `time`, `short_message`, `dest_addresses` and
//! `unsuccess_smes`; the macros named `kind_*` say what each becomes. `read_fields` and
//! `write_fields` take the fields off the front one by one, holding back numbers in brackets until
//! another kind or the end follows.

macro_rules! kind_type {
    (int) => { u8 };
    (c_string $max:tt) => { COctetString<'a> };
    (time) => { COctetString<'a> };
    (short_message) => { &'a [u8] };
    (dest_addresses) => { DestAddresses<'a> };
    (unsuccess_smes) => { UnsuccessSmes<'a> };
}

macro_rules! kind_row {
    (int) => {
        FieldKind::Int
    };
    (c_string ($max:literal)) => {
        FieldKind::CString($max)
    };
    (time) => {
        FieldKind::Time
    };
    (short_message) => {
        FieldKind::ShortMessage
    };
    (dest_addresses) => {
        FieldKind::DestAddresses
    };
    (unsuccess_smes) => {
        FieldKind::UnsuccessSmes
    };
}

/// `let` for every field, in wire order. A run of numbers is read in one piece: it is checked once
/// for being there.
macro_rules! read_fields {
    ($reader:ident [$($int:ident)*] $field:ident: int, $($rest:tt)*) => {
        read_fields!($reader [$($int)* $field] $($rest)*);
    };
    ($reader:ident [$($int:ident)+] $($rest:tt)*) => {
        let [$($int),+] = $reader.ints(&[$(stringify!($int)),+])?;
        read_fields!($reader [] $($rest)*);
    };
    ($reader:ident [] $field:ident: $kind:ident $(($max:literal))?, $($rest:tt)*) => {
        let $field = kind_read!($reader stringify!($field), $kind $(($max))?);
        read_fields!($reader [] $($rest)*);
    };
    ($reader:ident []) => {};
}

macro_rules! kind_read {
    ($reader:ident $field:expr, c_string ($max:literal)) => {
        $reader.c_string($max, $field)?
    };
    ($reader:ident $field:expr, time) => {
        $reader.c_string(TIME_MAX, $field)?
    };
    ($reader:ident $field:expr, short_message) => {
        $reader.short_message($field)?
    };
    ($reader:ident $field:expr, dest_addresses) => {
        DestAddresses::read($reader)?
    };
    ($reader:ident $field:expr, unsuccess_smes) => {
        UnsuccessSmes::read($reader)?
    };
}

/// Octets of a field whose strings may be longer than the table says (quirk 53).
macro_rules! kind_long_len {
    ($value:expr, $field:expr, c_string ($max:literal)) => {
        c_string_len($value, LONG_C_STRING_MAX, $field)?
    };
    ($value:expr, $field:expr, $kind:ident) => {
        kind_len!($value, $field, $kind)
    };
}

macro_rules! kind_len {
    ($value:expr, $field:expr, int) => {
        1
    };
    ($value:expr, $field:expr, c_string ($max:literal)) => {
        c_string_len($value, $max, $field)?
    };
    ($value:expr, $field:expr, time) => {
        c_string_len($value, TIME_MAX, $field)?
    };
    ($value:expr, $field:expr, short_message) => {
        short_message_len($value, $field)?
    };
    ($value:expr, $field:expr, dest_addresses) => {
        $value.encoded_len()?
    };
    ($value:expr, $field:expr, unsuccess_smes) => {
        $value.encoded_len()?
    };
}

/// Writes every field, in wire order and numbers in runs as they are read.
macro_rules! write_fields {
    ($out:ident $body:ident [$($int:ident)*] $field:ident: int, $($rest:tt)*) => {
        write_fields!($out $body [$($int)* $field] $($rest)*);
    };
    ($out:ident $body:ident [$($int:ident)+] $($rest:tt)*) => {
        $out.ints([$($body.$int),+]);
        write_fields!($out $body [] $($rest)*);
    };
    ($out:ident $body:ident [] $field:ident: $kind:ident $(($max:literal))?, $($rest:tt)*) => {
        kind_write!($out $body.$field, $kind);
        write_fields!($out $body [] $($rest)*);
    };
    ($out:ident $body:ident []) => {};
}

macro_rules! kind_write {
    ($out:ident $value:expr, c_string) => {
        $out.c_string($value)
    };
    ($out:ident $value:expr, time) => {
        $out.c_string($value)
    };
    ($out:ident $value:expr, short_message) => {
        $out.short_message($value)
    };
    ($out:ident $value:expr, dest_addresses) => {
        $value.write($out)
    };
    ($out:ident $value:expr, unsuccess_smes) => {
        $value.write($out)
    };
}

macro_rules! kind_value {
    ($value:expr, int) => {
        Value::Int($value)
    };
    ($value:expr, c_string $max:tt) => {
        Value::CString($value)
    };
    ($value:expr, time) => {
        Value::CString($value)
    };
    ($value:expr, short_message) => {
        Value::Octets($value)
    };
    ($value:expr, dest_addresses) => {
        Value::DestAddresses($value)
    };
    ($value:expr, unsuccess_smes) => {
        Value::UnsuccessSmes($value)
    };
}

macro_rules! pdus {
    ($(
        $(#[doc = $doc:literal])+
        $Type:ident $name:ident $CONST:ident = $id:literal, $version:ident,
        esme [$($esme:ident)*] [$($esme_v50:ident)*] smsc [$($smsc:ident)*] [$($smsc_v50:ident)*]
        response [$($response:ident)?]
        { $($field:ident: $kind:ident $(($max:literal))?,)* }
        tlvs [$($tlv:ident)*] v50 [$($tlv_v50:ident)*]
    )*) => {
        impl CommandId {
            $($(#[doc = $doc])+ pub const $CONST: Self = Self($id);)*
        }

        /// Every PDU, one row each.
        pub const PDUS: &[PduRow] = &[$(PduRow {
            name: stringify!($name),
            command_id: CommandId($id),
            since: Version::$version,
            esme: States::of(&[$(State::$esme,)* $(State::$esme_v50,)*]),
            esme_v34: States::of(&[$(State::$esme),*]),
            smsc: States::of(&[$(State::$smsc,)* $(State::$smsc_v50,)*]),
            smsc_v34: States::of(&[$(State::$smsc),*]),
            response: first!($(CommandId::$response)?),
            fields: &[$(FieldRow {
                name: stringify!($field),
                kind: kind_row!($kind $(($max))?),
            }),*],
            tlvs: &[$(TlvTag::$tlv),*],
            tlvs_v50: &[$(TlvTag::$tlv_v50),*],
        }),*];

        /// The row of this command, found without a search: each request of a session asks.
        #[inline]
        #[must_use]
        pub fn row(command_id: CommandId) -> Option<&'static PduRow> {
            /// Where a row stands, counted by the compiler.
            enum Place {
                $($Type,)*
            }
            let place = match command_id {
                $(CommandId::$CONST => Place::$Type,)*
                _ => return None,
            };
            PDUS.get(place as usize)
        }

        /// Any PDU, borrowed from the frame it came in.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Pdu<'a> {
            $($(#[doc = $doc])+ $Type($Type<'a>),)*
        }

        impl<'a> Pdu<'a> {
            /// Decodes one whole frame.
            ///
            /// # Errors
            /// Names the field, its offset and what was wrong; the header is always there.
            pub fn decode(frame: &'a [u8], rules: &Rules) -> Result<(Header, Self), DecodeError> {
                let header = checked_header(frame)?;
                match header.command_id {
                    $(CommandId::$CONST if Version::$version <= rules.version =>
                        decode_as::<$Type<'a>>(header, frame, rules),)*
                    _ => Err(unknown_command(header)),
                }
            }

            /// Appends the PDU to `out`.
            ///
            /// # Errors
            /// When a field is too long; nothing is appended then.
            pub fn encode(
                &self,
                status: CommandStatus,
                sequence: SequenceNumber,
                out: &mut Vec<u8>,
            ) -> Result<(), EncodeError> {
                match self {
                    $(Self::$Type(body) => body.encode(status, sequence, out),)*
                }
            }

            /// Writes the PDU to the front of `room` and says how many octets it took; `None` when
            /// there is not room enough.
            ///
            /// # Errors
            /// When a field is too long; nothing is written then.
            pub fn encode_to(
                &self,
                room: &mut [u8],
                status: CommandStatus,
                sequence: SequenceNumber,
            ) -> Result<Option<usize>, EncodeError> {
                match self {
                    $(Self::$Type(body) => body.encode_to(room, status, sequence),)*
                }
            }

            /// Which command it is.
            #[must_use]
            pub fn command_id(&self) -> CommandId {
                match self {
                    $(Self::$Type(_) => CommandId::$CONST,)*
                }
            }

            /// Its TLVs.
            #[must_use]
            pub fn tlvs(&self) -> Tlvs<'a> {
                match self {
                    $(Self::$Type(body) => body.tlvs,)*
                }
            }

            /// Hands every field to `see`, in wire order.
            pub fn visit(&self, see: &mut dyn FnMut(&'static str, Value<'a>)) {
                match self {
                    $(Self::$Type(_body) => {
                        $(see(stringify!($field), kind_value!(_body.$field, $kind $(($max))?));)*
                    })*
                }
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
            pub struct $Type<'a> {
                $(
                    #[doc = concat!("`", stringify!($field), "`.")]
                    pub $field: kind_type!($kind $(($max))?),
                )*
                /// What follows the mandatory fields.
                pub tlvs: Tlvs<'a>,
            }

            impl<'a> From<$Type<'a>> for Pdu<'a> {
                #[inline(always)]
                fn from(body: $Type<'a>) -> Self {
                    Self::$Type(body)
                }
            }

            impl<'a> Body<'a> for $Type<'a> {
                const COMMAND_ID: CommandId = CommandId($id);

                #[inline(always)]
                fn read(_reader: &mut Reader<'a>) -> Result<Self, Flaw> {
                    read_fields!(_reader [] $($field: $kind $(($max))?,)*);
                    let tlvs = _reader.tlvs(CommandId($id).is_response())?;
                    Ok(Self { $($field,)* tlvs })
                }

                #[allow(clippy::needless_update, reason = "rows without a field have TLVs alone")]
                fn of_tlvs(tlvs: Tlvs<'a>) -> Self {
                    Self { tlvs, ..Self::default() }
                }

                #[inline]
                fn tlvs(&self) -> Tlvs<'a> {
                    self.tlvs
                }

                #[inline]
                fn body_len(&self) -> Result<usize, EncodeError> {
                    Ok(self.tlvs.octets().len()
                        $(+ kind_len!(self.$field, stringify!($field), $kind $(($max))?))*)
                }

                fn long_body_len(&self) -> Result<usize, EncodeError> {
                    Ok(self.tlvs.octets().len()
                        $(+ kind_long_len!(self.$field, stringify!($field), $kind $(($max))?))*)
                }

                #[inline]
                fn write(&self, out: &mut Writer<'_>) {
                    let _body = self;
                    write_fields!(out _body [] $($field: $kind $(($max))?,)*);
                    out.tlvs(self.tlvs);
                }
            }
        )*
    };
}

macro_rules! first {
    () => {
        None
    };
    ($only:expr) => {
        Some($only)
    };
}

pub(super) use {
    first, kind_len, kind_long_len, kind_read, kind_row, kind_type, kind_value, kind_write, pdus,
    read_fields, write_fields,
};
