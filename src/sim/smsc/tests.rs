//! The simulated SMSC face to face with an ESME's session, in virtual time.
