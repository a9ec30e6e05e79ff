//! The verdict on one message.

use std::time::Duration;

use super::choices::Choice;
use super::hours::Opening;
use crate::message::class::TrafficClass;
use crate::message::words::words;
use crate::wire::CommandStatus;

/// What is known of a message and its handset. What needs a look-up is asked for only if it counts.
pub trait Facts {
    /// Why the message is sent.
    fn class(&self) -> TrafficClass;
    /// What the handset has chosen of what this message belongs to.
    fn choice(&self) -> Option<Choice>;
    /// Whether marketing needs a consent that is written down.
    fn needs_consent(&self) -> bool;
    /// The rule of the destination's country by which this sender must not send there.
    fn sender_refusal(&self) -> Option<&'static str>;
    /// Until when the handset has had as many as a cap allows.
    fn capped_until(&self) -> Option<Duration>;
    /// What quiet hours say.
    fn opening(&mut self) -> Opening;
    /// What is done at quiet hours.
    fn at_quiet_hours(&self) -> AtQuietHours;
    /// The present moment, as wall time since 1970.
    fn wall(&self) -> Duration;
}

words! {
    /// What becomes of a message that comes at quiet hours.
    #[derive(Default)]
    pub enum AtQuietHours {
        /// It waits until they end.
        #[default]
        Hold = "hold",
        /// It is refused.
        Refuse = "refuse",
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is sent.
    Send,
    /// It waits until then, and is judged again.
    Hold(Duration, Rule),
    /// It is not sent.
    Refuse(Rule),
}

/// What says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// The handset wants no more of it.
    OptedOut,
    /// The handset wants none for a while.
    Paused,
    /// The handset never said that it wants it.
    NoConsent,
    /// The country does not take this sender.
    Sender(&'static str),
    /// The handset has had as many as it may.
    Cap,
    /// Nobody is to be disturbed now.
    QuietHours,
}

impl Rule {
    /// What configurations, metrics and reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptedOut => "opted_out",
            Self::Paused => "paused",
            Self::NoConsent => "no_consent",
            Self::Sender(name) => name,
            Self::Cap => "cap",
            Self::QuietHours => "quiet_hours",
        }
    }

    /// What counts in metrics with it: a country's rules of senders are one there.
    #[must_use]
    pub const fn family(self) -> &'static str {
        match self {
            Self::Sender(_) => "sender",
            other => other.name(),
        }
    }

    /// Families of rules that put messages off.
    pub const HOLDS: [&'static str; 2] = ["quiet_hours", "paused"];
    /// Families of rules by which messages are not sent.
    pub const REFUSES: [&'static str; 5] =
        ["opted_out", "no_consent", "sender", "cap", "quiet_hours"];

    /// What an account is told that submits such a message.
    #[must_use]
    pub const fn status(self) -> CommandStatus {
        match self {
            Self::Sender(_) => CommandStatus::ESME_RINVSRCADR,
            _ => CommandStatus::ESME_RX_R_APPN,
        }
    }

    /// The error of the receipt of one that was taken earlier: REJECTD 010.
    pub const ERROR: u32 = 10;
}

/// The verdict. Only marketing is ever held or refused.
///
/// What the handset chose counts before all, and what waits (a pause, quiet hours) after what
/// never passes, so that nothing is kept that would be refused at its release.
#[must_use]
pub fn judge(facts: &mut impl Facts) -> Verdict {
    if facts.class() != TrafficClass::Marketing {
        return Verdict::Send;
    }
    let choice = facts.choice();
    if choice == Some(Choice::Out) {
        return Verdict::Refuse(Rule::OptedOut);
    }
    if choice.is_none() && facts.needs_consent() {
        return Verdict::Refuse(Rule::NoConsent);
    }
    if let Some(rule) = facts.sender_refusal() {
        return Verdict::Refuse(Rule::Sender(rule));
    }
    if facts.capped_until().is_some() {
        return Verdict::Refuse(Rule::Cap);
    }
    if let Some(Choice::PausedUntil(until_s)) = choice {
        let until = Duration::from_secs(u64::from(until_s));
        if until > facts.wall() {
            return Verdict::Hold(until, Rule::Paused);
        }
    }
    match (facts.opening(), facts.at_quiet_hours()) {
        (Opening::Now, _) => Verdict::Send,
        (Opening::At(until), AtQuietHours::Hold) => Verdict::Hold(until, Rule::QuietHours),
        (Opening::At(_), AtQuietHours::Refuse) | (Opening::Never, _) => {
            Verdict::Refuse(Rule::QuietHours)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Duration = Duration::from_secs(1_000);
    const LATER: Duration = Duration::from_secs(2_000);

    #[derive(Clone, Copy, Debug)]
    struct Case {
        class: TrafficClass,
        choice: Option<Choice>,
        needs_consent: bool,
        sender: Option<&'static str>,
        capped: Option<Duration>,
        opening: Opening,
        at_quiet_hours: AtQuietHours,
    }

    impl Facts for Case {
        fn class(&self) -> TrafficClass {
            self.class
        }
        fn choice(&self) -> Option<Choice> {
            self.choice
        }
        fn needs_consent(&self) -> bool {
            self.needs_consent
        }
        fn sender_refusal(&self) -> Option<&'static str> {
            self.sender
        }
        fn capped_until(&self) -> Option<Duration> {
            self.capped
        }
        fn opening(&mut self) -> Opening {
            self.opening
        }
        fn at_quiet_hours(&self) -> AtQuietHours {
            self.at_quiet_hours
        }
        fn wall(&self) -> Duration {
            WALL
        }
    }

    fn every_case() -> Vec<Case> {
        let mut cases = Vec::new();
        let choices = [
            None,
            Some(Choice::In),
            Some(Choice::Out),
            Some(Choice::PausedUntil(2_000)),
            Some(Choice::PausedUntil(500)),
        ];
        let openings = [Opening::Now, Opening::At(LATER), Opening::Never];
        for class in TrafficClass::ALL {
            for choice in choices {
                for bits in 0..16 {
                    for opening in openings {
                        let is = |bit: u8| bits >> bit & 1 == 1;
                        cases.push(Case {
                            class,
                            choice,
                            needs_consent: is(0),
                            sender: is(1).then_some("fr_mobile_sender"),
                            capped: is(2).then_some(LATER),
                            opening,
                            at_quiet_hours: match is(3) {
                                true => AtQuietHours::Refuse,
                                false => AtQuietHours::Hold,
                            },
                        });
                    }
                }
            }
        }
        cases
    }

    /// The same by what each verdict means.
    fn expected(case: &Case) -> Verdict {
        let paused = case.choice == Some(Choice::PausedUntil(2_000));
        let refused = [
            (case.choice == Some(Choice::Out), Rule::OptedOut),
            (case.choice.is_none() && case.needs_consent, Rule::NoConsent),
            (case.sender.is_some(), Rule::Sender("fr_mobile_sender")),
            (case.capped.is_some(), Rule::Cap),
        ];
        match refused.into_iter().find(|(applies, _)| *applies) {
            _ if case.class != TrafficClass::Marketing => Verdict::Send,
            Some((_, rule)) => Verdict::Refuse(rule),
            None if paused => Verdict::Hold(LATER, Rule::Paused),
            None if case.opening == Opening::Now => Verdict::Send,
            None if case.opening == Opening::At(LATER)
                && case.at_quiet_hours == AtQuietHours::Hold =>
            {
                Verdict::Hold(LATER, Rule::QuietHours)
            }
            None => Verdict::Refuse(Rule::QuietHours),
        }
    }

    #[test]
    fn the_whole_matrix_is_as_it_is_meant() {
        let cases = every_case();
        assert_eq!(cases.len(), 3 * 5 * 16 * 3);
        for mut case in cases {
            let verdict = judge(&mut case);
            assert_eq!(verdict, expected(&case), "{case:?}");
            // What must hold whatever the order of the rules.
            if case.class != TrafficClass::Marketing {
                assert_eq!(verdict, Verdict::Send, "held or refused: {case:?}");
            } else if case.choice == Some(Choice::Out) {
                assert_eq!(verdict, Verdict::Refuse(Rule::OptedOut));
            }
            if let Verdict::Hold(until, _) = verdict {
                assert!(until > WALL);
            }
        }
    }

    #[test]
    fn each_rule_has_a_name_and_what_the_account_is_told() {
        let rules = [
            Rule::OptedOut,
            Rule::Paused,
            Rule::NoConsent,
            Rule::Sender("us_name_sender"),
            Rule::Cap,
            Rule::QuietHours,
        ];
        let names: std::collections::HashSet<_> = rules.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), rules.len());
        assert_eq!(Rule::OptedOut.status(), CommandStatus::ESME_RX_R_APPN);
        assert_eq!(Rule::Sender("").status(), CommandStatus::ESME_RINVSRCADR);
    }
}
