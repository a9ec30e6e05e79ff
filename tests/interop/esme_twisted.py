#!/usr/bin/env python3
"""smpp.twisted3 (the Twisted client that Jasmin grew from) as an ESME: see scenario.py."""

import logging
import sys

from smpp.pdu.operations import DeliverSM, EnquireLink, SubmitSM
from smpp.pdu.pdu_encoding import DataCodingEncoder, EsmClassEncoder
from smpp.pdu.pdu_types import (
    AddrNpi, AddrTon, DataCoding, DataCodingDefault, EsmClass, EsmClassGsmFeatures, EsmClassMode,
    EsmClassType, RegisteredDelivery, RegisteredDeliveryReceipt)
from smpp.twisted.client import SMPPClientTransceiver
from smpp.twisted.config import SMPPClientConfig
from twisted.internet import defer, reactor, task

import scenario

GSM7 = DataCoding(schemeData=DataCodingDefault.SMSC_DEFAULT_ALPHABET)
UCS2 = DataCoding(schemeData=DataCodingDefault.UCS2)
UDHI = EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT,
                [EsmClassGsmFeatures.UDHI_INDICATOR_SET])
ASKED = RegisteredDelivery(RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED)


def messages(options):
    """The six submit_sm. The library has no GSM-7 of its own: it takes octets."""
    common = {
        "source_addr_ton": AddrTon.INTERNATIONAL, "source_addr_npi": AddrNpi.ISDN,
        "source_addr": options.sender.encode(),
        "dest_addr_ton": AddrTon.INTERNATIONAL, "dest_addr_npi": AddrNpi.ISDN,
        "destination_addr": options.to.encode(),
    }
    segments = scenario.udh_segments(scenario.gsm7_encode(scenario.LONG), reference=0x5A)
    return [
        SubmitSM(short_message=scenario.gsm7_encode(scenario.PLAIN), data_coding=GSM7,
                 registered_delivery=ASKED, **common),
        SubmitSM(short_message=scenario.UCS2.encode("utf-16-be"), data_coding=UCS2, **common),
        *(SubmitSM(short_message=segment, data_coding=GSM7, esm_class=UDHI,
                   registered_delivery=ASKED, **common) for segment in segments),
        SubmitSM(short_message=b"", message_payload=scenario.gsm7_encode(scenario.PAYLOAD),
                 data_coding=GSM7, registered_delivery=ASKED, **common),
    ]


def delivered(report, pdu):
    """A request from the SMSC; the library answers it when this returns."""
    if not isinstance(pdu, DeliverSM):
        report.errors.append(f"unexpected {pdu.id.name}")
        return
    params = pdu.params
    state = params.get("message_state")
    states = {"ENROUTE": 1, "DELIVERED": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIVERABLE": 5,
              "ACCEPTED": 6, "UNKNOWN": 7, "REJECTED": 8}
    # The library turned both octets into objects; its own encoders turn them back.
    report.deliver(
        EsmClassEncoder().encode(params["esm_class"])[0],
        params["source_addr"].decode("latin-1"), params["destination_addr"].decode("latin-1"),
        DataCodingEncoder().encode(params["data_coding"])[0],
        params["short_message"] or params.get("message_payload") or b"",
        (params.get("receipted_message_id") or b"").decode("latin-1"),
        states[state.name] if state else None)


def submit(smpp, pdu, report):
    """Sends one submit_sm; notes what came for it."""
    asked = pdu.params["registered_delivery"] is ASKED
    report.submitted += 1
    # The library holds a message_payload it sends to the length of the last TLV it received,
    # be it the sc_interface_version of the bind response: make it forget.
    smpp.encoder.optionEncoder.length = None
    sent = smpp.sendDataRequest(pdu)
    sent.addCallbacks(
        lambda result: report.accept(
            (result.response.params["message_id"] or b"").decode("latin-1"), asked),
        lambda failure: report.errors.append(f"submit_sm: {failure.value}"))


@defer.inlineCallbacks
def until(condition, seconds):
    """Waits until `condition()` holds, at most `seconds`."""
    end = reactor.seconds() + seconds
    while not condition() and reactor.seconds() < end:
        yield task.deferLater(reactor, 0.05)


@defer.inlineCallbacks
def converse(options, report):
    config = SMPPClientConfig(
        host=options.host, port=options.port, username=options.system_id,
        password=options.password, sessionInitTimerSecs=options.timeout,
        responseTimerSecs=options.timeout)
    client = SMPPClientTransceiver(config, lambda _smpp, pdu: delivered(report, pdu))
    smpp = yield client.connectAndBind()
    report.bound = True
    for pdu in messages(options):
        submit(smpp, pdu, report)
    yield until(lambda: not report.waiting(), options.timeout)
    yield task.deferLater(reactor, scenario.LINGER_SECONDS)
    yield smpp.sendRequest(EnquireLink(), options.timeout)
    report.enquired = True
    yield smpp.unbind()
    report.unbound = True
    smpp.disconnect()
    yield smpp.getDisconnectedDeferred()


def main():
    options = scenario.arguments(__doc__)
    logging.basicConfig(level=logging.CRITICAL)
    report = scenario.Report("smpp.twisted3 0.8", options.expect_mo)
    over = task.deferLater(reactor, 0, converse, options, report)
    over.addErrback(lambda failure: report.errors.append(
        f"{failure.type.__name__}: {failure.getErrorMessage()}"))
    over.addBoth(lambda _: reactor.stop())
    reactor.callLater(3 * options.timeout, lambda: over.cancel())
    reactor.run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
