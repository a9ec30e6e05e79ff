//! The vectors of the rules: moments, numbers and what each profile says of them.

mod vectors;
