//! The `command_status` table (SMPP 3.4 §5.1.3; those of 5.0 are marked so).

use std::fmt;

/// A `command_status` as it stood on the wire, known or not.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CommandStatus(pub u32);

/// What a status says about trying again, before any dialect has its say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StatusClass {
    /// It worked.
    Ok,
    /// The message will not be taken, however often it is sent.
    Permanent,
    /// The PDU itself was wrong.
    Protocol,
    /// The session or bind is at fault, not the message.
    Session,
    /// It may be taken later.
    Temporary,
    /// We are too fast.
    Throttle,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct StatusRow {
    /// The number.
    pub code: CommandStatus,
    /// The specification's name.
    pub name: &'static str,
    /// What it says, in a few words.
    pub meaning: &'static str,
    /// What it says about trying again.
    pub class: StatusClass,
    /// Whether only SMPP 5.0 has it.
    pub since_v50: bool,
}

/// Rows become a constant each and the table behind [`CommandStatus::name`].
macro_rules! statuses {
    ($($code:literal $name:ident $class:ident $since:ident $meaning:literal)*) => {
        impl CommandStatus {
            $(
                #[doc = concat!($meaning, ".")]
                pub const $name: Self = Self($code);
            )*
        }

        /// Every status this engine knows by name, in ascending order.
        pub const STATUSES: &[StatusRow] = &[$(StatusRow {
            code: CommandStatus($code),
            name: stringify!($name),
            meaning: $meaning,
            class: StatusClass::$class,
            since_v50: version!($since),
        }),*];
    };
}

macro_rules! version {
    (V34) => {
        false
    };
    (V50) => {
        true
    };
}

statuses! {
    0x00000000 ESME_ROK Ok V34 "no error"
    0x00000001 ESME_RINVMSGLEN Permanent V34 "message length invalid"
    0x00000002 ESME_RINVCMDLEN Protocol V34 "command length invalid"
    0x00000003 ESME_RINVCMDID Protocol V34 "command id invalid"
    0x00000004 ESME_RINVBNDSTS Session V34 "wrong bind state for this command"
    0x00000005 ESME_RALYBND Session V34 "already bound"
    0x00000006 ESME_RINVPRTFLG Permanent V34 "priority flag invalid"
    0x00000007 ESME_RINVREGDLVFLG Permanent V34 "registered_delivery invalid"
    0x00000008 ESME_RSYSERR Temporary V34 "system error"
    0x0000000a ESME_RINVSRCADR Permanent V34 "source address invalid"
    0x0000000b ESME_RINVDSTADR Permanent V34 "destination address invalid"
    0x0000000c ESME_RINVMSGID Permanent V34 "message id invalid"
    0x0000000d ESME_RBINDFAIL Session V34 "bind failed"
    0x0000000e ESME_RINVPASWD Session V34 "password invalid"
    0x0000000f ESME_RINVSYSID Session V34 "system id invalid"
    0x00000011 ESME_RCANCELFAIL Permanent V34 "cancel failed"
    0x00000013 ESME_RREPLACEFAIL Permanent V34 "replace failed"
    0x00000014 ESME_RMSGQFUL Throttle V34 "message queue full"
    0x00000015 ESME_RINVSERTYP Permanent V34 "service type invalid"
    0x00000033 ESME_RINVNUMDESTS Permanent V34 "number of destinations invalid"
    0x00000034 ESME_RINVDLNAME Permanent V34 "distribution list name invalid"
    0x00000040 ESME_RINVDESTFLAG Permanent V34 "dest_flag invalid"
    0x00000042 ESME_RINVSUBREP Permanent V34 "submit-with-replace invalid"
    0x00000043 ESME_RINVESMCLASS Permanent V34 "esm_class invalid"
    0x00000044 ESME_RCNTSUBDL Permanent V34 "cannot submit to distribution list"
    0x00000045 ESME_RSUBMITFAIL Temporary V34 "submit failed"
    0x00000048 ESME_RINVSRCTON Permanent V34 "source TON invalid"
    0x00000049 ESME_RINVSRCNPI Permanent V34 "source NPI invalid"
    0x00000050 ESME_RINVDSTTON Permanent V34 "destination TON invalid"
    0x00000051 ESME_RINVDSTNPI Permanent V34 "destination NPI invalid"
    0x00000053 ESME_RINVSYSTYP Session V34 "system_type invalid"
    0x00000054 ESME_RINVREPFLAG Permanent V34 "replace_if_present invalid"
    0x00000055 ESME_RINVNUMMSGS Permanent V34 "number of messages invalid"
    0x00000058 ESME_RTHROTTLED Throttle V34 "allowed message limit exceeded"
    0x00000061 ESME_RINVSCHED Permanent V34 "scheduled delivery time invalid"
    0x00000062 ESME_RINVEXPIRY Permanent V34 "validity period invalid"
    0x00000063 ESME_RINVDFTMSGID Permanent V34 "predefined message invalid or not found"
    0x00000064 ESME_RX_T_APPN Temporary V34 "ESME receiver temporary application error"
    0x00000065 ESME_RX_P_APPN Permanent V34 "ESME receiver permanent application error"
    0x00000066 ESME_RX_R_APPN Permanent V34 "ESME receiver rejects the message"
    0x00000067 ESME_RQUERYFAIL Temporary V34 "query_sm failed"
    0x000000c0 ESME_RINVOPTPARSTREAM Protocol V34 "error in the optional part of the body"
    0x000000c1 ESME_ROPTPARNOTALLWD Permanent V34 "optional parameter not allowed"
    0x000000c2 ESME_RINVPARLEN Permanent V34 "parameter length invalid"
    0x000000c3 ESME_RMISSINGOPTPARAM Permanent V34 "expected optional parameter missing"
    0x000000c4 ESME_RINVOPTPARAMVAL Permanent V34 "optional parameter value invalid"
    0x000000fe ESME_RDELIVERYFAILURE Temporary V34 "delivery failed (in a data_sm_resp)"
    0x000000ff ESME_RUNKNOWNERR Temporary V34 "unknown error"
    0x00000100 ESME_RSERTYPUNAUTH Permanent V50 "not authorised for this service_type"
    0x00000101 ESME_RPROHIBITED Permanent V50 "operation prohibited for this ESME"
    0x00000102 ESME_RSERTYPUNAVAIL Temporary V50 "service_type unavailable"
    0x00000103 ESME_RSERTYPDENIED Permanent V50 "service_type denied"
    0x00000104 ESME_RINVDCS Permanent V50 "data coding scheme invalid"
    0x00000105 ESME_RINVSRCADDRSUBUNIT Permanent V50 "source address subunit invalid"
    0x00000106 ESME_RINVDSTADDRSUBUNIT Permanent V50 "destination address subunit invalid"
    0x00000107 ESME_RINVBCASTFREQINT Permanent V50 "broadcast frequency interval invalid"
    0x00000108 ESME_RINVBCASTALIAS_NAME Permanent V50 "broadcast alias name invalid"
    0x00000109 ESME_RINVBCASTAREAFMT Permanent V50 "broadcast area format invalid"
    0x0000010a ESME_RINVNUMBCAST_AREAS Permanent V50 "number of broadcast areas invalid"
    0x0000010b ESME_RINVBCASTCNTTYPE Permanent V50 "broadcast content type invalid"
    0x0000010c ESME_RINVBCASTMSGCLASS Permanent V50 "broadcast message class invalid"
    0x0000010d ESME_RBCASTFAIL Permanent V50 "broadcast_sm failed"
    0x0000010e ESME_RBCASTQUERYFAIL Permanent V50 "query_broadcast_sm failed"
    0x0000010f ESME_RBCASTCANCELFAIL Permanent V50 "cancel_broadcast_sm failed"
    0x00000110 ESME_RINVBCAST_REP Permanent V50 "number of repeated broadcasts invalid"
    0x00000111 ESME_RINVBCASTSRVGRP Permanent V50 "broadcast service group invalid"
    0x00000112 ESME_RINVBCASTCHANIND Permanent V50 "broadcast channel indicator invalid"
}

impl CommandStatus {
    /// The row of this status, if it is known.
    #[must_use]
    pub fn row(self) -> Option<&'static StatusRow> {
        let at = STATUSES.binary_search_by_key(&self, |row| row.code).ok()?;
        STATUSES.get(at)
    }

    /// The specification's name, if it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// The status of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        STATUSES.iter().find(|row| row.name == name).map(|row| row.code)
    }

    /// Whether this is ESME_ROK.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// What it says about trying again. An unknown status (vendors use 0x400 to 0x4ff) counts as
    /// permanent: trying again what nobody understands makes duplicates.
    #[must_use]
    pub fn class(self) -> StatusClass {
        self.row().map_or(StatusClass::Permanent, |row| row.class)
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}
