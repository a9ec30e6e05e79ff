//! `reload`: the configuration read again and put in force, or every fault in it.

use serde_json::Value;

use super::Desk;
use super::request::Problem;

/// Does it, and says what has changed.
pub async fn answer(desk: &Desk) -> Result<Value, Problem> {
    match desk.reloader.again().await {
        Ok(report) => serde_json::to_value(report)
            .map_err(|error| Problem::new("impossible", error.to_string())),
        Err(error) => Err(Problem::new("configuration", error.to_string())),
    }
}
