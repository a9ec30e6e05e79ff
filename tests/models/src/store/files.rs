#[path = "../../../../src/store/files/intake.rs"]
pub mod intake;
