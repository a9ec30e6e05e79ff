"""What the Python puppets share: the lines of tests/interop/README.md."""

import json
import sys

# Fields that are octets: hexadecimal in a line.
OCTETS = ("short_message", "message_payload")
# smpp.pdu3 prints of dates that it reads: what a library prints is not what a puppet tells.
TOLD, sys.stdout = sys.stdout, sys.stderr


def say(**line):
    """Tells what happened."""
    TOLD.write(json.dumps(line) + "\n")
    TOLD.flush()


def meant(fields):
    """The fields of a line, octets as octets."""
    return {name: bytes.fromhex(value) if name in OCTETS else value
            for name, value in fields.items()}


def told(fields):
    """Fields for a line: octets as hexadecimal, other octet strings as text."""
    def shown(name, value):
        if isinstance(value, bytes):
            return value.hex() if name in OCTETS else value.rstrip(b"\0").decode("latin-1")
        return value
    return {name: shown(name, value) for name, value in fields.items() if value is not None}
