#!/usr/bin/env python3
"""smpplib (synchronous, Python) as a puppet, an ESME: does what each line of its input says."""

import json
import logging
import os
import select
import sys

import smpplib.client
import smpplib.consts
import smpplib.smpp

import puppet

HEADER = ("client", "command", "length", "sequence", "status")


class Link(smpplib.client.Client):
    """smpplib's client, which tells of each PDU before it acts on it."""

    def __init__(self, name, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.name = name
        self.asked = {}  # sequence_number -> number of the line
        self.set_error_pdu_handler(lambda pdu: None)
        self.set_message_sent_handler(lambda pdu, **_: None)
        self.set_query_resp_handler(lambda pdu, **_: None)
        self.set_message_received_handler(lambda pdu, **_: None)

    def read_pdu(self):
        pdu = super().read_pdu()
        # What came, and not what the library holds ready for other fields.
        fields = puppet.told({name: getattr(pdu, name, None) for name in pdu.params})
        if pdu.command == "unbind_resp":
            puppet.say(link=self.name, unbound=pdu.status)
        elif pdu.sequence in self.asked and pdu.command.endswith("_resp"):
            puppet.say(link=self.name, answer=self.asked.pop(pdu.sequence), command=pdu.command,
                       status=pdu.status, fields=fields)
        elif pdu.command in ("deliver_sm", "alert_notification"):
            puppet.say(link=self.name, came=pdu.command, fields=fields)
        return pdu

    def ask(self, number, command, fields):
        """Sends a request."""
        pdu = smpplib.smpp.make_pdu(command, client=self, **puppet.meant(fields))
        self.asked[pdu.sequence] = number
        self.send_pdu(pdu)


def bind(task):
    """A new link, bound if it is let in."""
    link = Link(task["bind"], task["host"], task["port"], timeout=30,
                allow_unknown_opt_params=True)
    link.connect()
    try:
        getattr(link, f"bind_{task['kind']}")(
            system_id=task["system_id"], password=task["password"])
    except smpplib.exceptions.PDUError as error:
        puppet.say(link=link.name, bound=error.args[1])
    else:
        puppet.say(link=link.name, bound=0)
    return link


def act(links, task):
    """One line of the input."""
    if "bind" in task:
        links[task["bind"]] = bind(task)
    elif "ask" in task:
        links[task["link"]].ask(task["ask"], task["command"], task["fields"])
    elif "unbind" in task:
        link = links[task["unbind"]]
        # unbind() would take the next PDU for its response, whatever it is.
        link.send_pdu(smpplib.smpp.make_pdu("unbind", client=link))


def main():
    logging.basicConfig(level=logging.ERROR)
    links, lines = {}, b""
    while True:
        sockets = {link._socket: link for link in links.values()}
        for ready in select.select([sys.stdin, *sockets], [], [])[0]:
            if ready is not sys.stdin:
                try:
                    sockets[ready].read_once()
                except smpplib.exceptions.ConnectionError:
                    puppet.say(link=sockets[ready].name, closed=True)
                    del links[sockets[ready].name]
                continue
            octets = os.read(sys.stdin.fileno(), 65536)
            if not octets:
                return 0
            *whole, lines = (lines + octets).split(b"\n")
            for line in whole:
                act(links, json.loads(line))


if __name__ == "__main__":
    sys.exit(main())
