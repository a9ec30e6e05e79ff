//! How much text there is with many accounts and numbers.

use super::accounts::NAMED_MAX;
use super::{EngineMetrics, Registry};
use crate::message::state::MessageState;
use crate::wire::CommandStatus;

const ACCOUNTS: usize = 10_000;
const NUMBERS: usize = 1_000_000;
/// What an account counts without a reason.
const PLAIN: usize = 5;
/// Octets that a scrape may have: some 200 for each series of an account.
const OCTETS_MAX: usize = 1_000_000;

#[test]
fn series_stay_bounded_with_ten_thousand_accounts_and_a_million_numbers() {
    let registry = Registry::new();
    let engine = EngineMetrics::new(&registry);
    let accounts: Vec<_> =
        (0..ACCOUNTS).map(|at| registry.account(&format!("customer-{at:05}"))).collect();
    let reasons = [
        CommandStatus::ESME_RTHROTTLED,
        CommandStatus::ESME_RMSGQFUL,
        CommandStatus::ESME_RINVDSTADR,
        CommandStatus(0x0bad),
        CommandStatus(0x0bae),
    ];
    let mut most = 0;
    for number in 0..NUMBERS {
        // Those that are busy change all the time.
        let Some(account) = accounts.get(number * 7 % ACCOUNTS) else { continue };
        account.submits.increment(1);
        account.accepted.increment(1 + (number % 1000 / 999 * 500) as u64);
        if let Some(status) = reasons.get(number % 50) {
            account.refuse(*status);
        }
        engine.ended(MessageState((number % 300) as u8), 1);
        if number % 100_000 == 0 {
            most = most.max(registry.render().len());
        }
    }
    let text = registry.render();
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let of_accounts = series.clone().filter(|line| line.contains("account=")).count();
    // Statuses without a name are one reason.
    let bound = (NAMED_MAX + 1) * (PLAIN + reasons.len() - 1);
    assert!(of_accounts <= bound, "{of_accounts} of at most {bound}");
    let others = series.count() - of_accounts;
    assert!(others < 200, "{others} that no account multiplies");
    assert!(text.len().max(most) < OCTETS_MAX, "{} octets", text.len());
    assert!(text.contains("account=\"other\""));
}
