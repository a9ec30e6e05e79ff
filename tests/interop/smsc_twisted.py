#!/usr/bin/env python3
"""A carrier's SMSC made of smpp.twisted3, the server that Jasmin grew from: answers submit_sm with an
id, sends receipts and MO. Its options and output are those of smsc_node.js, as far as it has them."""

import argparse
import json
import logging
import sys
import time

from smpp.pdu.operations import DeliverSM, SubmitSM
from smpp.pdu.pdu_encoding import DataCodingEncoder, EsmClassEncoder
from smpp.pdu.pdu_types import (
    AddrNpi, AddrTon, CommandStatus, DataCoding, DataCodingDefault, EsmClass, EsmClassMode,
    EsmClassType, MessageState)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred import checkers, credentials, error, portal
from twisted.internet import reactor
from zope.interface import implementer

import scenario

# smpp.pdu3 prints of dates that it reads: what a library prints is no output of ours.
TOLD, sys.stdout = sys.stdout, sys.stderr
RECEIPT = EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT)
INTERNATIONAL = {
    "source_addr_ton": AddrTon.INTERNATIONAL, "source_addr_npi": AddrNpi.ISDN,
    "dest_addr_ton": AddrTon.INTERNATIONAL, "dest_addr_npi": AddrNpi.ISDN}


@implementer(checkers.ICredentialsChecker)
class Login:
    """Knows one name and its password."""

    credentialInterfaces = (credentials.IUsernamePassword,)

    def __init__(self, *login):
        self.login = login

    def requestAvatarId(self, given):
        if (given.username, given.password) != self.login:
            raise error.UnauthorizedLogin()
        return given.username


@implementer(portal.IRealm)
class Realm:
    """Lets in whoever it knows."""

    def requestAvatar(self, avatar_id, _mind, *interfaces):
        return interfaces[0], avatar_id, lambda: None


class Smsc:
    """What it does with what comes, and what it counts."""

    def __init__(self, options):
        self.options, self.serial, self.mo_left = options, 0x1A2B3C0000, options.mo
        self.counts = {"submits": 0, "receipts_sent": 0, "receipts_acked": 0, "mo_sent": 0,
                       "mo_acked": 0, "errors": []}

    def handle(self, _system_id, smpp, pdu):
        """A request; what is given back becomes its response."""
        if not isinstance(pdu, SubmitSM):
            self.counts["errors"].append(f"unexpected {pdu.commandId.name}")
            return CommandStatus.ESME_RINVCMDID
        self.serial += 1
        self.counts["submits"] += 1
        message_id = format(self.serial, "X")
        self.log(pdu, message_id)
        if pdu.params["registered_delivery"].receipt.name == "SMSC_DELIVERY_RECEIPT_REQUESTED":
            reactor.callLater(0.05, self.receipt, smpp, pdu, message_id)
        return DataHandlerResponse(status=CommandStatus.ESME_ROK, message_id=message_id)

    def log(self, pdu, message_id):
        """A line for each submit_sm."""
        params = pdu.params
        line = {
            "message_id": message_id, "source_addr": params["source_addr"].decode(),
            "destination_addr": params["destination_addr"].decode(),
            "esm_class": EsmClassEncoder().encode(params["esm_class"])[0],
            "data_coding": DataCodingEncoder().encode(params["data_coding"])[0],
            "short_message": params["short_message"].hex()}
        with open(self.options.log, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def receipt(self, smpp, pdu, message_id):
        """What became of a message: text and TLVs."""
        now = time.strftime("%y%m%d%H%M", time.gmtime())
        text = (f"id:{message_id} sub:001 dlvrd:001 submit date:{now} done date:{now} "
                "stat:DELIVRD err:000 text:")
        self.deliver(smpp, "receipts", DeliverSM(
            source_addr=pdu.params["destination_addr"], destination_addr=pdu.params["source_addr"],
            esm_class=RECEIPT, short_message=text.encode(), receipted_message_id=message_id.encode(),
            message_state=MessageState.DELIVERED, **INTERNATIONAL))

    def send_mo(self, smpp):
        """MO to the first receiver, GSM-7 and UCS-2 in turn."""
        for number in range(1, self.mo_left + 1):
            ucs2 = number % 2 == 0
            text = f"MO {number} Привет" if ucs2 else f"MO {number} é@€"
            coding = DataCodingDefault.UCS2 if ucs2 else DataCodingDefault.SMSC_DEFAULT_ALPHABET
            octets = text.encode("utf-16-be") if ucs2 else scenario.gsm7_encode(text)
            self.deliver(smpp, "mo", DeliverSM(
                source_addr=b"447700900123", destination_addr=b"447700900999",
                data_coding=DataCoding(schemeData=coding), short_message=octets, **INTERNATIONAL))
        self.mo_left = 0

    def deliver(self, smpp, what, pdu):
        """Sends a deliver_sm, and counts it and its answer."""
        def acked(_result):
            self.counts[f"{what}_acked"] += 1

        # The library holds a TLV it sends to the length of the last one it received: forget it.
        smpp.encoder.optionEncoder.length = None
        self.counts[f"{what}_sent"] += 1
        smpp.sendDataRequest(pdu).addCallbacks(
            acked, lambda failure: self.counts["errors"].append(f"{what}: {failure.value}"))


class Factory(SMPPServerFactory):
    """Has MO for the first bind."""

    def __init__(self, smsc, *args):
        super().__init__(*args)
        self.smsc = smsc

    def addBoundConnection(self, connection):
        super().addBoundConnection(connection)
        reactor.callLater(0.1, self.smsc.send_mo, connection)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=2775)
    parser.add_argument("--system-id", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--mo", type=int, default=0)
    parser.add_argument("--log", required=True)
    parser.add_argument("--for", dest="seconds", type=float, default=3600)
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    smsc = Smsc(options)
    config = SMPPServerConfig(
        msgHandler=smsc.handle, systems={options.system_id: {"max_bindings": 8}})
    known = Login(options.system_id, options.password)
    listening = reactor.listenTCP(
        options.port, Factory(smsc, config, portal.Portal(Realm(), [known])),
        interface="127.0.0.1")
    TOLD.write(json.dumps({"listening": f"127.0.0.1:{listening.getHost().port}"}) + "\n")
    TOLD.flush()
    reactor.callLater(options.seconds, reactor.stop)
    reactor.run()
    TOLD.write(json.dumps(smsc.counts) + "\n")
    TOLD.flush()
    return 1 if smsc.counts["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
