#!/usr/bin/env python3
"""smpplib (synchronous, Python) as an ESME: see scenario.py for what it does."""

import logging
import select
import sys
import time

import smpplib.client
import smpplib.consts
import smpplib.gsm
import smpplib.smpp

import scenario

# Where smpplib has no name for it: source and destination are international E.164 numbers.
TON, NPI = smpplib.consts.SMPP_TON_INTL, smpplib.consts.SMPP_NPI_ISDN


class Client(smpplib.client.Client):
    """smpplib's client, which shows enquire_link_resp and unbind_resp too."""

    def __init__(self, report, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.report = report

    def read_pdu(self):
        pdu = super().read_pdu()
        self.report.enquired |= pdu.command == "enquire_link_resp"
        self.report.unbound |= pdu.command == "unbind_resp" and pdu.status == 0
        return pdu

    def step(self, seconds):
        """Handles what arrives within `seconds`."""
        if select.select([self._socket], [], [], seconds)[0]:
            self.read_once()


def submit_all(client, options, report):
    """Sends the six messages without waiting in between; gives {sequence_number: asked}."""
    gsm7, ucs2 = smpplib.consts.SMPP_ENCODING_DEFAULT, smpplib.consts.SMPP_ENCODING_ISO10646
    parts = [(scenario.PLAIN, gsm7, 1), (scenario.UCS2, ucs2, 0), (scenario.LONG, gsm7, 1)]
    asked = {}

    def submit(registered_delivery, **fields):
        pdu = client.send_message(
            source_addr_ton=TON, source_addr_npi=NPI, source_addr=options.sender,
            dest_addr_ton=TON, dest_addr_npi=NPI, destination_addr=options.to,
            registered_delivery=registered_delivery, **fields)
        asked[pdu.sequence] = bool(registered_delivery)
        report.submitted += 1

    for text, encoding, registered_delivery in parts:
        segments, data_coding, esm_class = smpplib.gsm.make_parts(text, encoding)
        for segment in segments:
            submit(registered_delivery, short_message=segment, data_coding=data_coding,
                   esm_class=esm_class)
    submit(1, message_payload=smpplib.gsm.gsm_encode(scenario.PAYLOAD), data_coding=gsm7)
    return asked


def query_all(client, options, report):
    """Asks how each message stands: delivered, or taken by the carrier if no receipt was wanted."""
    states = {}

    def stands(pdu, **_):
        states[(pdu.message_id or b"").decode("latin-1")] = pdu.message_state

    client.set_query_resp_handler(stands)
    for message_id in report.asked:
        client.query_message(message_id=message_id, source_addr_ton=TON, source_addr_npi=NPI,
                             source_addr=options.sender)
    deadline = time.monotonic() + options.timeout
    while len(states) < len(report.asked) and time.monotonic() < deadline:
        client.step(0.1)
    delivered, accepted = 2, 6
    for message_id, asked in report.asked.items():
        wanted, state = delivered if asked else accepted, states.get(message_id)
        if state != wanted:
            report.errors.append(f"query_sm of {message_id} says {state}, not {wanted}")


def converse(client, options, report):
    """The whole conversation, from bind to unbind."""
    asked = {}

    def responded(pdu, **_):
        if pdu.status == 0:
            report.accept((pdu.message_id or b"").decode("latin-1"), asked.get(pdu.sequence))

    def delivered(pdu, **_):
        report.deliver(
            pdu.esm_class, pdu.source_addr.decode("latin-1"),
            pdu.destination_addr.decode("latin-1"), pdu.data_coding,
            pdu.short_message or pdu.message_payload or b"",
            (pdu.receipted_message_id or b"").decode("latin-1"), pdu.message_state)

    client.set_message_sent_handler(responded)
    client.set_message_received_handler(delivered)
    client.set_error_pdu_handler(
        lambda pdu: report.errors.append(f"{pdu.command} with status {pdu.status:#010x}"))

    client.connect()
    client.bind_transceiver(system_id=options.system_id, password=options.password)
    report.bound = True
    asked.update(submit_all(client, options, report))
    report.wait(client.step, options.timeout)
    if options.query:
        query_all(client, options, report)

    client.send_pdu(smpplib.smpp.make_pdu("enquire_link", client=client))
    deadline = time.monotonic() + options.timeout
    while not report.enquired and time.monotonic() < deadline:
        client.step(0.1)
    # unbind() takes the next PDU for its response, whatever it is; read on to the real one.
    client.unbind()
    while not report.unbound and time.monotonic() < deadline:
        client.step(0.1)


def main():
    shared = scenario.parser(__doc__)
    shared.add_argument("--query", action="store_true",
                        help="ask how each message stands once all receipts are there")
    options = shared.parse_args()
    logging.basicConfig(level=logging.ERROR)
    report = scenario.Report("smpplib 2.2.4", options.expect_mo)
    client = Client(report, options.host, options.port, timeout=options.timeout,
                    allow_unknown_opt_params=True)
    try:
        converse(client, options, report)
    except Exception as error:  # whatever the library raises belongs into the report
        report.errors.append(f"{type(error).__name__}: {error}")
    finally:
        client.state = smpplib.consts.SMPP_CLIENT_STATE_OPEN  # disconnect() warns otherwise
        client.disconnect()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
