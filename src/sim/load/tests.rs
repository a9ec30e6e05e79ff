//! Load face to face with sessions of an SMSC, in virtual time.
