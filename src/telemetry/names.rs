//! The table of metrics.

/// What a metric is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct MetricRow {
    /// As Prometheus sees it.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// Rows become a constant each and the table.
macro_rules! metrics {
    ($($CONST:ident $name:literal $kind:ident [$($label:literal)*] $help:literal)*) => {
        $(#[doc = $help] pub const $CONST: &str = $name;)*

        /// Every metric there is.
        pub const METRICS: &[MetricRow] = &[$(MetricRow {
            name: $name,
            kind: MetricKind::$kind,
            labels: &[$($label),*],
            help: $help,
        }),*];
    };
}

metrics! {
    SUBMITS "chappe_submits_total" Counter ["account"] "Messages submitted: submit_sm, data_sm, and each destination of a submit_multi."
    ACCEPTED "chappe_accepted_total" Counter ["account"] "Messages accepted."
    REQUESTS "chappe_requests_total" Counter ["command" "reason"] "Requests of accounts other than submit_sm, by the command_status they were answered: data_sm, submit_multi, query_sm, cancel_sm and replace_sm."
    REFUSED "chappe_refused_total" Counter ["account" "reason"] "Messages refused at submit, by the command_status they were answered."
    RECEIPTS_OUT "chappe_receipts_delivered_total" Counter ["account"] "Receipts an account has acknowledged."
    MO_OUT "chappe_mo_delivered_total" Counter ["account"] "MO messages an account has acknowledged."
    DELIVERIES_REFUSED "chappe_deliveries_refused_total" Counter ["account"] "Receipts and MO that an account answered with an error."
    SEGMENTS_SENT "chappe_segments_sent_total" Counter ["carrier"] "Segments sent to a carrier."
    SEGMENTS_ACCEPTED "chappe_segments_accepted_total" Counter ["carrier"] "Segments a carrier accepted."
    SEGMENTS_REJECTED "chappe_segments_rejected_total" Counter ["carrier" "reason"] "Segments a carrier answered with an error, by command_status."
    SEGMENTS_IN_DOUBT "chappe_segments_in_doubt_total" Counter ["carrier"] "Segments sent whose answer never came."
    QUERIES "chappe_queries_total" Counter ["carrier" "reason"] "query_sm sent to a carrier, by what they brought: a final state (final), another (underway), an error (refused) or no answer (unanswered)."
    ADDRESSES_ALTERED "chappe_addresses_altered_total" Counter ["carrier"] "Alphanumeric addresses with a character that the carrier's alphabet lacks, or that ours does."
    RECEIPTS_IN "chappe_receipts_received_total" Counter ["carrier"] "Receipts received from a carrier."
    MO_IN "chappe_mo_received_total" Counter ["carrier"] "MO segments received from a carrier."
    ALERTS "chappe_alerts_total" Counter ["carrier" "reason"] "alert_notification of a carrier, by what became of it: passed to a session, unowned (nobody owns the number), or unheard (no session of its owner could take it)."
    ENDED "chappe_messages_ended_total" Counter ["state"] "Messages that reached a final state."
    FAILED_OVER "chappe_failed_over_total" Counter [] "Queued messages of a carrier that was down that went to another."
    RETRIED "chappe_retries_total" Counter [] "Messages put aside to be sent again after an error."
    MAYBE_TWICE "chappe_maybe_twice_total" Counter [] "Messages in doubt that were sent again and may arrive twice."
    IN_DOUBT_SETTLED "chappe_in_doubt_settled_total" Counter ["reason"] "Segments in doubt that it became known of, by what settled them: a late response, or a receipt of an id that no response had named."
    TWICE "chappe_taken_twice_total" Counter [] "Segments that were sent again after a doubt and of which the carrier took both copies."
    RECEIPTS_MATCHED "chappe_receipts_matched_total" Counter ["state"] "Receipts matched to their message."
    RECEIPTS_PARKED "chappe_receipts_parked_total" Counter ["carrier"] "Receipts that came before the response they belong to."
    RECEIPTS_UNKNOWN "chappe_receipts_unknown_total" Counter ["carrier"] "Receipts that belong to no message."
    RECEIPTS_DUPLICATE "chappe_receipts_duplicate_total" Counter [] "Receipts for what had ended already."
    CORRELATIONS_DROPPED "chappe_correlations_dropped_total" Counter [] "Messages that ended UNKNOWN because no receipt came: after correlation_hours, or as the oldest of too many."
    DELIVERIES_DROPPED "chappe_deliveries_dropped_total" Counter [] "Receipts and MO dropped because too many waited for their account."
    MO_UNOWNED "chappe_mo_unowned_total" Counter [] "MO for numbers nobody owns."
    MO_REQUESTS "chappe_mo_requests_total" Counter ["reason"] "MO that ask for something of the engine itself: stop, start, help."
    REPLIES "chappe_replies_total" Counter ["reason"] "What the engine itself says to handsets: said, loop (too many to one handset within ten minutes, or to a number of ours or a service: not said), or refused (no route or no room)."
    TURNS "chappe_conversation_turns_total" Counter ["reason"] "Turns of conversations with bots, by why they went as they did: the open question was answered (answer) or not (refused), a word (rule), a recognised wish (intent), two offered (offer), nothing (fallback), no way on (stuck), silence, undelivered, people have it (people), a machine writes (machine), brought a second time by its carrier (again), or nothing."
    TALKS "chappe_conversations" Gauge [] "Conversations that are held with handsets."
    TALKS_DROPPED "chappe_conversations_dropped_total" Counter [] "Conversations that were forgotten because there were conversations_max."
    POLICY_HELD "chappe_policy_held_total" Counter ["reason"] "Marketing that was put off, by the rule that says so: quiet_hours, paused."
    POLICY_REFUSED "chappe_policy_refused_total" Counter ["reason"] "Marketing that is not sent, by the rule that says so, refused at submit or ended later: opted_out, no_consent, sender, cap, quiet_hours."
    MO_REASSEMBLED "chappe_mo_reassembled_total" Counter [] "MO put together from all their segments."
    MO_INCOMPLETE "chappe_mo_incomplete_total" Counter ["reason"] "MO that went on with segments missing."
    MO_DUPLICATES "chappe_mo_duplicate_segments_total" Counter [] "MO segments dropped because they were there already."
    MO_HELD "chappe_mo_segments_held" Gauge [] "MO segments that wait for others of their message."
    ACCOUNT_BINDS "chappe_account_binds" Gauge [] "Sessions that accounts have bound."
    CARRIER_BINDS "chappe_carrier_binds" Gauge ["carrier"] "Sessions bound to a carrier."
    BIND_REFUSED "chappe_binds_refused_total" Counter ["reason"] "Binds of accounts that were refused."
    ACCOUNT_SESSIONS_CLOSED "chappe_account_sessions_closed_total" Counter ["reason"] "Connections of accounts that ended, bound or not."
    CARRIER_SESSIONS_CLOSED "chappe_carrier_sessions_closed_total" Counter ["carrier" "reason"] "Connections to a carrier that ended, bound or not."
    CONNECTS_FAILED "chappe_carrier_connects_failed_total" Counter ["carrier" "reason"] "Connections to a carrier that did not come about: nobody listens (refused), nothing answers (timed_out), no way (unreachable), a host without address (no_host), no TLS where we want it (no_tls), its certificate (certificate), TLS (tls), or other."
    ACCOUNT_FRAMING_LOST "chappe_account_framing_lost_total" Counter ["reason"] "Streams of accounts that stopped being SMPP, by what stood where a length belongs: http, tls, amqp, ssh, tpkt (remote desktop), misaligned, too_short or too_long."
    BINDS_BY_STATE "chappe_carrier_binds_by_state" Gauge ["carrier" "state"] "Binds of a carrier by state: bound, throttled (told to slow down), paused (by its operator), draining, connecting, binding, waiting (to connect again) or down (by its operator)."
    BIND_IN_FLIGHT "chappe_bind_segments_in_flight" Gauge ["carrier" "bind"] "Segments sent on a bind and not yet answered."
    SUBMIT_RESPONSE_SECONDS "chappe_submit_response_seconds" Histogram [] "From reading an account's submit_sm or data_sm to writing our response."
    BUILD_INFO "chappe_build_info" Gauge ["version"] "The version that runs; always 1."
    UPTIME "chappe_uptime_seconds" Gauge [] "How long the engine has run."
    LOG_DROPPED "chappe_log_lines_dropped_total" Counter [] "Log lines that standard error did not take in time."
    PROCESS_MEMORY "process_resident_memory_bytes" Gauge [] "Memory of the process that is resident."
    PROCESS_FDS "process_open_fds" Gauge [] "File descriptors that are open."
    PROCESS_MAX_FDS "process_max_fds" Gauge [] "File descriptors that may be open."
    PROCESS_CPU "process_cpu_seconds_total" Counter [] "CPU time used, in user and system mode together."
    PROCESS_START "process_start_time_seconds" Gauge [] "When the process started, in seconds since 1970."
    CARRIER_FRAMING_LOST "chappe_carrier_framing_lost_total" Counter ["carrier" "reason"] "Streams of a carrier that stopped being SMPP, by what stood where a length belongs."
    JOURNAL_STATE "chappe_journal_state" Gauge ["state"] "1 for the state that the journal is in: running, low (no space behind the segment being written), full, failed, fenced or closed; 0 for all where messages are in memory alone."
    JOURNAL_BYTES "chappe_journal_bytes_total" Counter [] "Octets of records given to the journal."
    HISTORY_BYTES "chappe_history_bytes" Gauge [] "Octets of disk that the history takes: what is kept of ended messages, and the indexes by which it is found."
    HISTORY_OLDEST "chappe_history_oldest_timestamp_seconds" Gauge [] "When the oldest of the history came about, as far as it has been read; 0 where there is none."
    CHECKPOINTS "chappe_checkpoints_total" Counter ["reason"] "Checkpoints of the journal: ok, or failed and tried again."
    TEXTS_IN_MEMORY "chappe_queued_text_bytes" Gauge [] "Octets of the texts and TLVs of queued messages that are in memory."
    SPILL_BYTES "chappe_spill_bytes" Gauge [] "Octets of disk that texts take which are queued and not in memory."
    SPILLED "chappe_spilled_messages_total" Counter [] "Messages whose text went to disk, since so many waited in memory."
    SPILLED_BYTES "chappe_spilled_bytes_total" Counter [] "Octets of these texts."
    SPILL_READS "chappe_spill_reads_total" Counter [] "Texts that were read from there: when they are sent, for one."
    SPILL_REFUSED "chappe_spill_refused_total" Counter ["reason"] "Texts that found no room there: at spill_max_bytes (limit), with a full disk (space), or since the disk failed (error)."
    SESSIONS "chappe_sessions" Gauge [] "Connections of accounts, bound or not."
    SESSIONS_PANICKED "chappe_sessions_panicked_total" Counter ["stage"] "Sessions that ended by a panic, a bug of ours, with a carrier or an account: what they had out is in doubt, or goes out again, and the next session goes on."
    HANDSHAKES_FAILED "chappe_account_handshakes_failed_total" Counter ["reason"] "Connections of accounts that did not come through the TLS handshake: the peer does not speak TLS (no_tls), ended the connection (closed), does not go on with our certificate (refused), shows none of its own (no_certificate) or one that we do not trust (certificate), has no version or cipher that we have (incompatible), took too long (timed_out), was the oldest of too many without a bind (unbound_sessions_max), or other."
    CONNECTIONS_REFUSED "chappe_connections_refused_total" Counter ["reason"] "Connections of accounts closed at once (sessions_max) or not to be had (accept)."
    PDU_ODD "chappe_pdu_odd_total" Counter ["reason"] "PDUs that were malformed, not permitted or answered nothing."
    RELOADS "chappe_reloads_total" Counter ["reason"] "Times a configuration was read again: ok, or failed and nothing changed."
    RELOADED_AT "chappe_config_last_reload_success_timestamp_seconds" Gauge [] "When the configuration in force was read, in seconds since 1970."
    QUEUED "chappe_messages_queued" Gauge [] "Messages accepted that their carrier has not answered."
    AWAITING_RECEIPT "chappe_messages_awaiting_receipt" Gauge [] "Messages sent that await their receipt."
    DELIVERIES_WAITING "chappe_deliveries_waiting" Gauge [] "Receipts and MO that wait for an account."
    CARRIER_WAITING "chappe_carrier_waiting" Gauge ["carrier"] "Messages that wait at a carrier's dispatcher."
    NUMBERS_WAITING "chappe_carrier_waiting_for_numbers" Gauge ["carrier"] "Of the messages at a carrier's dispatcher, those that wait for their number: for its rate, or for the pace that the carrier has taught it."
    NUMBERS_SLOWED "chappe_carrier_numbers_slowed" Gauge ["carrier"] "Sender numbers that a carrier has throttled and that go at a pace of their own; only where throttled_slows is number."
    QUEUE_MESSAGES "chappe_carrier_queue_messages" Gauge ["carrier" "class"] "Messages that wait at a carrier's dispatcher, by traffic class."
    QUEUE_OLDEST "chappe_carrier_queue_oldest_seconds" Gauge ["carrier" "class"] "Age of the oldest message that waits at a carrier's dispatcher, by traffic class; 0 when none does."
    BIND_PACE "chappe_bind_pace_segments" Gauge ["carrier" "bind"] "Segments a second that a bind may send, as learnt from throttled answers; 0 while the carrier has not throttled it, or not for long."
    RESPONSE_SECONDS "chappe_carrier_response_seconds" Histogram ["carrier"] "From submit_sm to its response at a carrier."
    RECEIPT_SECONDS "chappe_receipt_seconds" Histogram [] "From acceptance to the final receipt."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_from_a_closed_set_and_gauges_name_no_account() {
        const LABELS: [&str; 8] =
            ["carrier", "bind", "class", "stage", "reason", "command", "state", "version"];
        for row in METRICS {
            for label in row.labels {
                let is_counter = row.kind == MetricKind::Counter;
                let known = LABELS.contains(label) || (*label == "account" && is_counter);
                assert!(known, "{} has a label {label}", row.name);
            }
        }
    }
}
