#!/usr/bin/env python3
"""What Wireshark reads in SMPP PDUs: hex in, one PDU a line; one JSON object a line out.

Each PDU travels in a TCP connection of its own in a capture written here, so that a broken one
harms no other. The objects look like those of `chappe pdu decode`: integers as numbers,
C-octet strings as text (octets read as Latin-1), short_message and TLV values as hex; `read` in
a TLV is what Wireshark makes of its value. `malformed` is Wireshark's own mark; `dissected` is
false where it saw no SMPP at all. Wireshark shows no empty C-octet string, no empty
short_message, no empty list (all missing here) and no command_status of a request (null here).
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

PORT = 2775
# As many octets of TCP payload as fit well into one IP packet; longer PDUs are cut.
PACKET_OCTETS = 32768

STRINGS = {"service_type", "source_addr", "destination_addr", "schedule_delivery_time",
           "validity_period", "system_id", "password", "system_type", "address_range",
           "message_id", "dl_name", "final_date", "esme_addr"}
# Wireshark shows the bits of these octets one by one, each with the whole octet beside it.
BIT_FIELDS = {"smpp.esm.submit": "esm_class", "smpp.regdel": "registered_delivery"}
HEADER = ("command_id", "command_status", "sequence_number")
NOT_PRINTED = {"command_length", "sm_length", "message_text", "opt_params", "opt_param"}
LISTS = {"dlist": "dest_addresses", "dlist_resp": "unsuccess_smes"}


def checksum(octets):
    """The Internet checksum (RFC 1071)."""
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(number, sequence, payload):
    """One Ethernet frame of connection `number`, from an address of its own to port 2775."""
    source = struct.pack("!I", 0x0A000001 + number)
    target = b"\x0a\xff\xff\xfe"
    tcp = struct.pack("!HHIIBBHHH", 40000, PORT, sequence, 1, 0x50, 0x18, 65535, 0, 0) + payload
    pseudo = source + target + struct.pack("!HH", 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + source + target
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\x02" + b"\0" * 5 + b"\x02" + b"\0" * 4 + b"\x01" + b"\x08\x00" + ip + tcp


def write_capture(path, pdus):
    """The pcap file with every PDU in its own connection."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, pdu in enumerate(pdus):
            for at in range(0, max(len(pdu), 1), PACKET_OCTETS):
                frame = packet(number, 1 + at, pdu[at:at + PACKET_OCTETS])
                file.write(struct.pack("<IIII", 1700000000 + number, at, len(frame), len(frame)))
                file.write(frame)


def short_name(field):
    """`smpp.source_addr` to `source_addr`; the suffix of relative times is dropped."""
    name = field.get("name", "").removeprefix("smpp.")
    return name.removesuffix("_r") if name.endswith(("_time_r", "_period_r", "_date_r")) else name


def value(name, field):
    """A field's octets as `pdu decode` would print them."""
    octets = bytes.fromhex(field.get("unmaskedvalue") or field.get("value", ""))
    if name in STRINGS:
        return octets.split(b"\0")[0].decode("latin-1")
    return int.from_bytes(octets, "big")


def tlv(field, start, pdu):
    """One smpp.opt_param: its tag, the octets it spans and what Wireshark reads in them."""
    tag, read = None, {}
    for part in field.iter("field"):
        name = short_name(part)
        if name == "opt_param_tag":
            tag = int(part.get("value"), 16)
        elif part is not field and name != "opt_param_len":
            read[name] = part.get("show")
    at = int(field.get("pos")) - start
    return {"tag": tag, "value": pdu[at + 4:at + int(field.get("size"))].hex(), "read": read}


def entries(kind, field):
    """The addresses in a list of submit_multi or its response."""
    found = []
    for part in field.findall("field"):
        name = short_name(part)
        if name in ("dest_addr_ton", "dl_name"):
            flag = {"dest_flag": 1 if name == "dest_addr_ton" else 2}
            found.append(flag if kind == "dest_addresses" else {})
        if found:
            found[-1][name] = value(name, part)
    return found


def read_pdu(smpp, octets):
    """The JSON object of one dissected PDU."""
    pdu = {"command_id": None, "command_status": None, "sequence_number": None,
           "fields": {}, "tlvs": []}
    for field in smpp.findall("field"):
        name = short_name(field)
        bits = BIT_FIELDS.get(field.get("name", "").rpartition(".")[0])
        if name in HEADER:
            pdu[name] = value(name, field)
        elif bits:
            pdu["fields"][bits] = int(field.get("unmaskedvalue", field.get("value")), 16)
        elif name == "message":
            pdu["fields"]["short_message"] = field.get("value", "")
        elif name in LISTS:
            pdu["fields"][LISTS[name]] = entries(LISTS[name], field)
        elif name == "opt_params":
            pdu["tlvs"] = [tlv(part, int(smpp.get("pos")), octets)
                           for part in field.findall("field")
                           if part.get("name") == "smpp.opt_param"]
        elif field.get("name", "").startswith("smpp.") and name not in NOT_PRINTED:
            pdu["fields"][name] = value(name, field)
    return pdu


def dissect(path, pdus):
    """{connection: object} of all the capture's PDUs."""
    command = ["tshark", "-r", path, "-d", f"tcp.port=={PORT},smpp", "-T", "pdml",
               "-o", "tcp.desegment_tcp_streams:TRUE"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode != 0:
        sys.exit(run.stderr.decode("utf-8", "replace"))
    found = {}
    for frame in xml.fromstring(run.stdout).findall("packet"):
        stream = int(frame.find(".//field[@name='tcp.stream']").get("show"))
        smpp = frame.findall("proto[@name='smpp']")
        pdu = found.setdefault(stream, {"dissected": False, "malformed": False})
        if smpp:
            pdu.update(read_pdu(smpp[0], pdus[stream]), dissected=True)
        if frame.find(".//*[@name='_ws.malformed']") is not None:
            pdu["malformed"] = True
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", default="-", help="hex PDUs, one a line; - is stdin")
    parser.add_argument("--pcap", metavar="FILE", help="keep the capture here")
    options = parser.parse_args()
    file = sys.stdin if options.file == "-" else open(options.file, encoding="ascii")
    with file:
        pdus = [bytes.fromhex(line) for line in file if line.strip()]
    with tempfile.TemporaryDirectory(prefix="chappe-tshark-") as directory:
        path = options.pcap or os.path.join(directory, "pdus.pcap")
        write_capture(path, pdus)
        found = dissect(path, pdus)
    for number in range(len(pdus)):
        print(json.dumps(found.get(number, {"dissected": False, "malformed": False})))
    return 0 if len(found) == len(pdus) and all(pdu["dissected"] for pdu in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
