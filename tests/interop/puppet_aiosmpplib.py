#!/usr/bin/env python3
"""aiosmpplib (asyncio, Python) as a puppet, an ESME: does what each line of its input says. Of
requests it knows submit_sm alone; who throttles it is told so by its own throttle handler."""

import asyncio
import json
import logging
import struct
import sys

from aiosmpplib import ESME, AbstractHook, PhoneNumber, SubmitSm
from aiosmpplib.protocol import DeliverSm, SmppMessage
from aiosmpplib.state import NPI, TON, BindMode
from aiosmpplib.throttle import SimpleThrottleHandler

import puppet

BIND_RESPONSES, SUBMIT_RESP, UNBIND_RESP, DELIVER = (
    (0x80000001, 0x80000002, 0x80000009), 0x80000004, 0x80000006, 0x00000005)


class Hook(AbstractHook):
    """Tells of each PDU, read by the library's own readers."""

    def __init__(self, name):
        self.name = name
        self.asked = {}  # sequence_number -> number of the line

    async def sending(self, message, pdu, client_id):
        if isinstance(message, SubmitSm) and not isinstance(message, DeliverSm):
            self.asked[message.sequence_num] = int(message.log_id)

    async def received(self, message, pdu, client_id):
        _, command, status, sequence = struct.unpack_from("!IIII", pdu)
        if command in BIND_RESPONSES:
            puppet.say(link=self.name, bound=status)
        elif command == UNBIND_RESP:
            puppet.say(link=self.name, unbound=status)
        elif command == SUBMIT_RESP:
            identifier = pdu[16:].split(b"\0")[0].decode("latin-1")
            puppet.say(link=self.name, answer=self.asked.pop(sequence), command="submit_sm_resp",
                       status=status, fields={"message_id": identifier})
        elif command == DELIVER:
            try:
                self.delivered(pdu)
            except ValueError as error:  # an exception out of a hook ends the session
                puppet.say(link=self.name, error=f"deliver_sm {pdu.hex()}: {error}")

    def delivered(self, pdu):
        read = DeliverSm.from_pdu(pdu, SmppMessage.parse_header(pdu[:16]), "gsm0338")
        tlvs = {"message_payload": read.message_payload.encode("latin-1") or None}
        text = read.short_message.encode("latin-1")
        if read.is_receipt():
            read.parse_receipt()  # strict about every field: what it cannot read, it tells
        puppet.say(link=self.name, came="deliver_sm", fields=puppet.told({
            "source_addr": read.source.number, "destination_addr": read.destination.number,
            "esm_class": int(read.esm_class), "short_message": text, **tlvs}))

    async def send_error(self, smpp_message, error, client_id):
        puppet.say(link=self.name, error=f"could not send: {error!r}")


class Links:
    """The sessions, and the tasks that run them."""

    def __init__(self):
        self.links, self.running = {}, []

    async def act(self, task):
        """One line."""
        if "bind" in task:
            modes = {"transceiver": BindMode.TRANSCEIVER, "transmitter": BindMode.TRANSMITTER,
                     "receiver": BindMode.RECEIVER}
            esme = ESME(task["host"], task["port"], task["system_id"], task["password"],
                        bind_mode=modes[task["kind"]], hook=Hook(task["bind"]),
                        log_level=logging.CRITICAL)
            # It holds back for three minutes after a throttled answer; here for a second.
            esme.throttle_handler = SimpleThrottleHandler(
                esme._logger, sampling_period=1.0, sample_size=10.0, throttle_wait=0.2)
            self.links[task["bind"]] = esme
            self.running.append(asyncio.create_task(esme.start()))
        elif "ask" in task:
            fields = puppet.meant(task["fields"])
            await self.links[task["link"]].broker.enqueue(SubmitSm(
                source=PhoneNumber(fields["source_addr"], TON.INTERNATIONAL, NPI.ISDN),
                destination=PhoneNumber(fields["destination_addr"], TON.INTERNATIONAL, NPI.ISDN),
                short_message=fields["short_message"].decode(), log_id=str(task["ask"]),
                registered_delivery=fields["registered_delivery"]))
        else:
            esme = self.links.pop(task["unbind"])
            stream = esme._writer  # see esme_aiosmpplib.py
            await esme.stop()
            del stream


async def main():
    links = Links()
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await links.act(json.loads(line))
    for task in links.running:
        task.cancel()
    await asyncio.gather(*links.running, return_exceptions=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
