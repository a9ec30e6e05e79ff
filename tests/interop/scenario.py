"""What every ESME here submits, what it must get back, and the one JSON object it prints.

Six submit_sm: plain GSM-7, UCS-2, three segments joined by a user data header, and one
message_payload longer than 254 octets. All ask for a receipt except the UCS-2 one, so that a
receipt nobody asked for shows up as an error. Afterwards an enquire_link and a clean unbind.
"""

import argparse
import json
import re
import sys
import time

PLAIN = "Plain @ £5 é _ {ok} 10€"
UCS2 = "Привет, 世界 😀"
LONG = ("Three segments carry this text and a handset joins them again. " * 7)[:400]
PAYLOAD = ("One message_payload carries this text, longer than short_message. " * 7)[:400]

GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}
# esm_class: the message type bits, and the user data header indicator.
TYPE_MASK, RECEIPT, UDHI = 0x3C, 0x04, 0x40
STATES = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD",
          7: "UNKNOWN", 8: "REJECTD"}
# How long a client goes on listening after all it waits for has come, to catch what must not.
LINGER_SECONDS = 0.3


def gsm7_encode(text):
    """Text to septets, one an octet, for the libraries that have no GSM-7 of their own."""
    escaped = {character: bytes([0x1B, code]) for code, character in GSM7_ESCAPED.items()}
    return b"".join(escaped.get(c) or bytes([GSM7.index(c)]) for c in text)


def gsm7_decode(octets):
    """Septets, one an octet, to text."""
    text, escape = "", False
    for octet in octets:
        if escape:
            text, escape = text + GSM7_ESCAPED.get(octet, " "), False
        elif octet == 0x1B:
            escape = True
        else:
            text += GSM7[octet & 0x7F]
    return text


def decode(data_coding, octets):
    """The text of an MO by its data_coding; what is not text comes back as hex."""
    if data_coding == 0:
        return gsm7_decode(octets)
    codec = {1: "ascii", 3: "latin-1", 8: "utf-16-be"}.get(data_coding)
    return octets.decode(codec, "replace") if codec else octets.hex()


def udh_segments(octets, reference, size=153):
    """Cuts septets into segments, each with an 8-bit concatenation header."""
    cuts = [octets[at:at + size] for at in range(0, len(octets), size)]
    return [bytes([5, 0, 3, reference, len(cuts), number]) + cut
            for number, cut in enumerate(cuts, start=1)]


def parser(description):
    """The command line all clients share."""
    shared = argparse.ArgumentParser(description=description)
    shared.add_argument("--host", default="127.0.0.1")
    shared.add_argument("--port", type=int, default=2775)
    shared.add_argument("--system-id", required=True)
    shared.add_argument("--password", required=True, help="at most 8 characters")
    shared.add_argument("--to", default="447700900123")
    shared.add_argument("--from", dest="sender", default="447700900999")
    shared.add_argument("--expect-mo", type=int, default=0, metavar="N")
    shared.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS",
                        help="for everything from the first submit_sm to the last receipt and MO")
    return shared


def arguments(description):
    """The shared command line, parsed."""
    return parser(description).parse_args()


class Report:
    """Collects what one client saw and judges it."""

    def __init__(self, client, expect_mo):
        self.client = client
        self.expect_mo = expect_mo
        self.bound = False
        self.unbound = False
        self.enquired = False
        self.submitted = 0
        self.asked = {}  # message_id -> whether a receipt was asked for
        self.stats = []  # (message_id, stat) of every receipt
        self.mo = []
        self.errors = []

    def accept(self, message_id, asked):
        """A submit_sm_resp with status 0 came for a message that asked for a receipt or not."""
        if not message_id:
            self.errors.append("submit_sm_resp with an empty message_id")
        elif message_id in self.asked:
            self.errors.append(f"message_id {message_id} was given twice")
        else:
            self.asked[message_id] = asked

    def deliver(self, esm_class, source, destination, data_coding, octets, tlv_id="", state=None):
        """A deliver_sm came; `tlv_id` and `state` are its receipt TLVs, if it has any."""
        kind = esm_class & TYPE_MASK
        if kind == RECEIPT:
            text = octets.decode("latin-1")
            found = re.search(r"id:(\S+)", text)
            stat = re.search(r"stat:(\w+)", text)
            self.receipt(found.group(1) if found else "", stat.group(1) if stat else "",
                         tlv_id, state)
        elif kind == 0:
            if esm_class & UDHI and octets:
                octets = octets[octets[0] + 1:]
            self.mobile_originated(source, destination, decode(data_coding, octets))
        else:
            self.errors.append(f"deliver_sm with esm_class {esm_class:#04x}")

    def receipt(self, text_id, stat, tlv_id="", state=None):
        """A receipt, by its text and its TLVs; where both speak they must agree."""
        if text_id and tlv_id and text_id != tlv_id:
            self.errors.append(f"receipt says {text_id} in its text, {tlv_id} in its TLV")
        if stat and state is not None and STATES.get(state) != stat:
            self.errors.append(f"receipt says {stat} in its text, state {state} in its TLV")
        self.stats.append((text_id or tlv_id, stat or STATES.get(state, "")))

    def mobile_originated(self, source, destination, text):
        """An MO message, as the library read it."""
        self.mo.append({"source": source, "destination": destination, "text": text})

    def waiting(self):
        """What has not come yet, in words; empty when all has."""
        missing = []
        if self.submitted == 0:
            missing.append("a bind and a first submit_sm")
        if len(self.asked) < self.submitted:
            missing.append(f"{self.submitted - len(self.asked)} responses")
        receipted = {message_id for message_id, _ in self.stats}
        open_ids = [i for i, asked in self.asked.items() if asked and i not in receipted]
        if open_ids:
            missing.append(f"receipts for {', '.join(open_ids)}")
        if len(self.mo) < self.expect_mo:
            missing.append(f"{self.expect_mo - len(self.mo)} MO")
        return missing

    def wait(self, step, seconds):
        """Calls `step(seconds)` until nothing is awaited, then once more for latecomers."""
        deadline = time.monotonic() + seconds
        while self.waiting() and time.monotonic() < deadline:
            step(0.1)
        end = time.monotonic() + LINGER_SECONDS
        while time.monotonic() < end:
            step(0.1)

    def finish(self):
        """Prints the JSON object and gives the exit code."""
        unmatched = [i for i, _ in self.stats if i not in self.asked]
        self.errors += [f"still waiting for {what}" for what in self.waiting()]
        self.errors += [f"receipt for {i}, which asked for none"
                        for i, _ in self.stats if self.asked.get(i) is False]
        if not self.enquired:
            self.errors.append("no enquire_link_resp")
        receipts = {}
        for _, stat in self.stats:
            receipts[stat] = receipts.get(stat, 0) + 1
        print(json.dumps({
            "client": self.client, "bound": self.bound, "submitted": self.submitted,
            "accepted": len(self.asked), "ids": list(self.asked), "receipts": receipts,
            "unmatched": len(unmatched), "mo": self.mo, "unbound": self.unbound,
            "errors": self.errors,
        }, ensure_ascii=False))
        sys.stdout.flush()
        good = self.bound and self.unbound and not self.errors and not unmatched
        return 0 if good else 1
