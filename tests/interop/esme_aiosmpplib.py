#!/usr/bin/env python3
"""aiosmpplib (asyncio, Python) as an ESME: see scenario.py for what it does."""

import asyncio
import logging
import struct
import sys

from aiosmpplib import ESME, AbstractHook, PhoneNumber, SubmitSm
from aiosmpplib.protocol import DeliverSm, SmppMessage
from aiosmpplib.state import MESSAGE_STATE, NPI, RECEIPTED_MESSAGE_ID, TON

import scenario

BIND_RESP, SUBMIT_RESP, UNBIND_RESP, ENQUIRE_RESP = (
    0x80000009, 0x80000004, 0x80000006, 0x80000015)
DELIVER, NACK = 0x00000005, 0x80000000


class Hook(AbstractHook):
    """Sees all that goes out and comes in. The library reports a segmented message as one, so
    what came for a segment is taken from its PDU."""

    def __init__(self, report):
        self.report = report
        self.asked = {}  # sequence_number -> whether a receipt was asked for
        self.refused = asyncio.Event()

    async def sending(self, message, pdu, client_id):
        if isinstance(message, SubmitSm) and not isinstance(message, DeliverSm):
            self.report.submitted += 1
            self.asked[message.sequence_num] = bool(message.registered_delivery)

    async def received(self, message, pdu, client_id):
        _, command, status, sequence = struct.unpack_from("!IIII", pdu)
        if command >= NACK and status != 0:
            self.report.errors.append(f"response {command:#010x} with status {status:#010x}")
        if command == BIND_RESP:
            if self.report.bound:
                self.report.errors.append("the session was lost and bound again")
            self.report.bound = status == 0
            if status:
                self.refused.set()
        elif command == SUBMIT_RESP and status == 0:
            message_id = pdu[16:].split(b"\0")[0].decode("latin-1")
            self.report.accept(message_id, self.asked.get(sequence))
        elif command == ENQUIRE_RESP:
            self.report.enquired = True
        elif command == UNBIND_RESP:
            self.report.unbound = status == 0
        elif command == DELIVER:
            try:
                self.delivered(DeliverSm.from_pdu(pdu, SmppMessage.parse_header(pdu[:16]),
                                                  "gsm0338"))
            except ValueError as error:  # an exception out of a hook ends the session
                self.report.errors.append(f"deliver_sm {pdu.hex()}: {error}")

    def delivered(self, message):
        if not message.is_receipt():
            self.report.mobile_originated(message.source.number, message.destination.number,
                                          message.short_message or message.message_payload)
            return
        tlvs = {param.tag: param.value for param in message.optional_params}
        read = message.parse_receipt()
        self.report.receipt(str(read.get("id", "")), str(read.get("stat", "")),
                            str(tlvs.get(RECEIPTED_MESSAGE_ID, "")), tlvs.get(MESSAGE_STATE))

    async def send_error(self, smpp_message, error, client_id):
        self.report.errors.append(f"could not send: {error!r}")


def messages(options):
    """The six submit_sm as four messages: the library cuts the long one itself, and asks for a
    receipt unless told not to."""
    common = {
        "source": PhoneNumber(options.sender, TON.INTERNATIONAL, NPI.ISDN),
        "destination": PhoneNumber(options.to, TON.INTERNATIONAL, NPI.ISDN),
    }
    return [
        SubmitSm(short_message=scenario.PLAIN, registered_delivery=1, log_id="plain", **common),
        SubmitSm(short_message=scenario.UCS2, encoding="ucs2", registered_delivery=0,
                 log_id="ucs2", **common),
        SubmitSm(short_message=scenario.LONG, registered_delivery=1, log_id="long",
                 esm_class=scenario.UDHI, auto_message_payload=False, **common),
        SubmitSm(short_message="", message_payload=scenario.PAYLOAD, registered_delivery=1,
                 log_id="payload", **common),
    ]


async def until(condition, seconds):
    """Waits until `condition()` holds, at most `seconds`."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)
    return condition()


async def converse(options, report):
    hook = Hook(report)
    # It sends enquire_link by itself, after this long without anything received.
    esme = ESME(options.host, options.port, options.system_id, options.password, hook=hook,
                enquire_link_interval=1.0, socket_timeout=options.timeout,
                log_level=logging.CRITICAL)
    running = asyncio.create_task(esme.start())
    await until(lambda: report.bound or hook.refused.is_set(), options.timeout)
    if report.bound:
        for message in messages(options):
            await esme.broker.enqueue(message)
        await until(lambda: not report.waiting(), options.timeout)
        await asyncio.sleep(scenario.LINGER_SECONDS)
        await until(lambda: report.enquired, options.timeout)
        # stop() sends unbind, closes its half of the connection at once and lets go of the
        # stream, which Python 3.11.5 and later then close before unbind_resp can come: hold it.
        stream = esme._writer
        await asyncio.wait_for(esme.stop(), options.timeout)
        del stream
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def main():
    options = scenario.arguments(__doc__)
    report = scenario.Report("aiosmpplib 0.7.4", options.expect_mo)
    try:
        asyncio.run(converse(options, report))
    except Exception as error:  # whatever the library raises belongs into the report
        report.errors.append(f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
