#!/usr/bin/env python3
"""smpp.twisted3 as a puppet, an ESME: does what each line of its input says."""

import io
import json
import logging
import sys

from smpp.pdu import operations
from smpp.pdu.pdu_encoding import PDUEncoder
from smpp.pdu.pdu_types import Option, Tag
from smpp.twisted.client import (
    SMPPClientReceiver, SMPPClientTransceiver, SMPPClientTransmitter)
from smpp.twisted.config import SMPPClientConfig
from smpp.pdu.error import SMPPTransactionError
from twisted.internet import defer, reactor, stdio
from twisted.protocols.basic import LineReceiver

import puppet

COMMANDS = {"submit_sm": operations.SubmitSM, "data_sm": operations.DataSM,
            "query_sm": operations.QuerySM, "cancel_sm": operations.CancelSM}
ENCODER = PDUEncoder()
CODECS = PDUEncoder.DefaultRequiredParamEncoders


def octet_form(value):
    """A field as it stands on the wire, by its kind."""
    if isinstance(value, int):
        return bytes([value])
    if isinstance(value, bytes):
        return bytes([len(value)]) + value
    return value.encode() + b"\0"


def built(command, fields):
    """A request. The library makes its own objects of octets better than we do of names."""
    params = {}
    for name, value in puppet.meant(fields).items():
        mandatory = name in COMMANDS[command].mandatoryParams
        params[name] = CODECS[name].decode(io.BytesIO(octet_form(value))) if mandatory else value
    return COMMANDS[command](**params)


def shown(pdu):
    """The fields of a PDU, back from the library's objects."""
    fields = {}
    for name, value in pdu.params.items():
        if value is None:
            continue
        if name in pdu.mandatoryParams:
            octets = CODECS[name].encode(value)
        else:
            octets = ENCODER.optionEncoder.encode(Option(getattr(Tag, name), value))[4:]
        if name == "short_message":
            fields[name] = octets[1:]
        elif isinstance(value, bytes):
            fields[name] = value
        elif len(octets) == 1:
            fields[name] = octets[0]
        else:
            fields[name] = octets
    return puppet.told(fields)


class Links(LineReceiver):
    """Reads the lines, and has the sessions."""

    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def __init__(self):
        self.links = {}

    def lineReceived(self, line):
        task = json.loads(line)
        done = defer.maybeDeferred(self.act, task)
        done.addErrback(lambda failure: puppet.say(error=f"{task}: {failure.value!r}"))

    def connectionLost(self, reason=None):
        reactor.stop()

    def act(self, task):
        """One line."""
        if "bind" in task:
            return self.bind(task)
        if "ask" in task:
            return self.ask(self.links[task["link"]], task)
        return self.unbind(task["unbind"])

    @defer.inlineCallbacks
    def bind(self, task):
        """A new link."""
        name = task["bind"]
        config = SMPPClientConfig(host=task["host"], port=task["port"],
                                  username=task["system_id"], password=task["password"],
                                  sessionInitTimerSecs=30, responseTimerSecs=60)

        def delivered(_smpp, pdu):
            puppet.say(link=name, came=pdu.commandId.name, fields=shown(pdu))

        if task["kind"] == "transmitter":
            client = SMPPClientTransmitter(config)
        elif task["kind"] == "receiver":
            client = SMPPClientReceiver(config, delivered)
        else:
            client = SMPPClientTransceiver(config, delivered)
        self.links[name] = yield client.connectAndBind()
        puppet.say(link=name, bound=0)

    @defer.inlineCallbacks
    def ask(self, smpp, task):
        """A request and its answer."""
        pdu = built(task["command"], task["fields"])
        # The library holds a TLV it sends to the length of the last one it received: forget it.
        smpp.encoder.optionEncoder.length = None
        try:
            response = (yield smpp.sendDataRequest(pdu)).response
        except SMPPTransactionError as error:
            response = error.response
        # The header's encoder knows the number of a status that has only a name here.
        status = PDUEncoder.HeaderEncoders["command_status"].encode(response.status)
        puppet.say(link=task["link"], answer=task["ask"], command=response.commandId.name,
                   status=int.from_bytes(status, "big"), fields=shown(response))

    @defer.inlineCallbacks
    def unbind(self, name):
        """Ends a link."""
        smpp = self.links.pop(name)
        yield smpp.unbind()
        puppet.say(link=name, unbound=0)
        smpp.disconnect()


def main():
    logging.basicConfig(level=logging.CRITICAL)
    stdio.StandardIO(Links())
    reactor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
