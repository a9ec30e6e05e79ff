//! The published crate `smpp34`, server and client, as peers of the interoperability tests.
//!
//! Command lines and the JSON printed are those of `tests/interop/smsc_node.js` and `esme_node.js`,
//! so that a test can put one in the place of the other:
//!
//! ```text
//! smpp34-peer smsc --port 0 --system-id carrier --password secret08 --mo 2 --log submits.jsonl
//! smpp34-peer esme --port 2775 --system-id acct --password secret08 --expect-mo 2
//! ```

mod esme;
mod options;
mod septets;
mod smsc;

use std::process::ExitCode;

use options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let role = words.next();
    let outcome = match (role.as_deref(), Options::new(words)) {
        (Some("esme"), Ok(options)) => esme::run(options).await,
        (Some("smsc"), Ok(options)) => smsc::run(options).await,
        (_, Err(fault)) => Err(fault),
        _ => Err("found no role; expected esme or smsc".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("smpp34-peer: {fault}");
            ExitCode::from(2)
        }
    }
}
