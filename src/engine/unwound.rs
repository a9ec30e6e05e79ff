//! A task's panic as a value, so that what it leaves can be seen to.
//!
//! A session that panics takes its own task along and no other: a bad peer costs its own session.
//! What it had in its hands is given back, where it would otherwise be waited for without end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// It panicked; the hook has told where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unwound;

/// Polls this until it is done, or has panicked, after which it is not to be polled again.
///
/// # Errors
/// When it has.
pub async fn unwound<F: Future + Unpin>(future: &mut F) -> Result<F::Output, Unwound> {
    std::future::poll_fn(|cx| {
        // Whoever looks at what it leaves knows that it may be half done.
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *future).poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(Unwound)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_value_and_all_else_passes() {
        assert_eq!(unwound(&mut std::future::ready(7)).await, Ok(7));
        let mut polls = 0;
        let mut late = std::future::poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls == 3 { Poll::Ready(polls) } else { Poll::Pending }
        });
        assert_eq!(unwound(&mut late).await, Ok(3));
        let mut panics = std::future::poll_fn(|_| -> Poll<()> { panic!("on purpose") });
        assert_eq!(unwound(&mut panics).await, Err(Unwound));
    }
}
