#!/usr/bin/env python3
"""Kannel (bearerbox and smsbox from Debian) as an ESME, driven through its HTTP interface.

Writes a configuration into a temporary directory, starts both boxes on their own loopback address,
sends a plain, a UCS-2 and a long text through sendsms, takes the delivery reports and MO that
Kannel calls back with, shuts Kannel down and prints the JSON object the other clients print.
The bind, the enquire_link and the unbind are read from bearerbox's own PDU log.
"""

import http.server
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import scenario

CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = {own}
admin-password = interop
smsbox-port = {box}
smsbox-interface = {own}
box-allow-ip = 127.0.0.1
dlr-storage = internal
sms-resend-freq = 1

{links}
group = smsbox
bearerbox-host = {own}
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = {own}

group = sendsms-user
username = interop
password = interop
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{callback}/mo?from=%p&to=%P&text=%b&coding=%c&charset=%C"
"""
# Both of two share the id: by it and the message's id the box finds whose a receipt is.
LINK = """
group = smsc
smsc = smpp
smsc-id = peer
host = {host}
{mode}
smsc-username = "{system_id}"
smsc-password = "{password}"
system-type = ""
enquire-link-interval = 1
reconnect-delay = 1
{more}
"""
# Kannel's types of delivery report.
DELIVERED, FAILED, BUFFERED, SMSC_ACCEPTED, SMSC_REFUSED = 1, 2, 4, 8, 16


class Callbacks(http.server.BaseHTTPRequestHandler):
    """Takes delivery reports (/dlr) and MO (/mo) and keeps their parameters."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        # Text comes as octets in the charset that a parameter names: latin-1 keeps them.
        values = urllib.parse.parse_qs(query, keep_blank_values=True, encoding="latin-1")
        with self.server.lock:
            self.server.seen.append((path, {key: value[0] for key, value in values.items()}))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def own_address():
    """An address of this machine that no other process listens at: a port of 127.0.0.1 that was
    free a moment ago may be somebody's by now."""
    return f"127.{os.getpid() >> 8 & 255}.{os.getpid() & 255}.78"


def fetch(url):
    """The body of an HTTP GET, whatever its status; empty while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.read().decode("utf-8", "replace")
    except OSError:
        return ""


def until(condition, seconds):
    """Waits until `condition()` holds, at most `seconds`."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def messages(options, callback):
    """What goes through sendsms: (name, parameters)."""
    def parameters(name, **fields):
        report = f"http://127.0.0.1:{callback}/dlr?name={name}&type=%d&id=%F"
        mask = DELIVERED | FAILED | SMSC_ACCEPTED | SMSC_REFUSED
        return name, {"username": "interop", "password": "interop", "from": options.sender,
                      "to": options.to, "charset": "UTF-8", "dlr-mask": mask,
                      "dlr-url": report, **fields}
    return [
        parameters("plain", text=scenario.PLAIN, coding=0),
        parameters("ucs2", text=scenario.UCS2, coding=2),
        parameters("long", text=scenario.LONG, coding=0),
        *(parameters(f"more{n}", text=f"Message {n}", coding=0) for n in range(options.more)),
    ]


class Kannel:
    """Both boxes as child processes in a temporary directory."""

    def __init__(self, options, directory, callback):
        self.own, self.admin, box, self.sendsms = own_address(), 13000, 13001, 13013
        self.log_file = os.path.join(directory, "bearerbox.log")
        self.configuration = os.path.join(directory, "kannel.conf")
        modes = [f"port = {options.port}\ntransceiver-mode = true"]
        if options.apart:
            modes = [f"port = {options.port}", f"receive-port = {options.port}"]
        links = [LINK.format(
            host=options.host, system_id=options.system_id, password=options.password, mode=mode,
            more="\n".join(options.set)) for mode in modes]
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                own=self.own, admin=self.admin, box=box, sendsms=self.sendsms, callback=callback,
                links="".join(links)))
        self.boxes = []
        self.directory = directory

    def start(self, name):
        """Starts one box; its log, PDUs included, goes to a file in the directory."""
        log = open(os.path.join(self.directory, f"{name}.log"), "wb")
        path = next((p for p in (f"/usr/sbin/{name}", f"/usr/local/sbin/{name}")
                     if os.path.exists(p)), name)
        self.boxes.append(subprocess.Popen(
            [path, "-v", "0", self.configuration], cwd=self.directory, stdout=log, stderr=log))

    def status(self):
        """What bearerbox says of its links to the SMSC: online when all are."""
        page = fetch(f"http://{self.own}:{self.admin}/status.xml?password=interop")
        found = set(re.findall(r"<smsc>.*?<status>([a-z-]+)", page, re.DOTALL))
        return " ".join(sorted(found))

    def log(self):
        """All bearerbox has logged so far."""
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def logged(self, pdu):
        """Whether bearerbox logged a PDU of this type."""
        return f"type_name: {pdu}\n" in self.log()

    def stop(self):
        """Asks bearerbox to shut down, which unbinds, and ends what is left."""
        for box in self.boxes:
            box.send_signal(signal.SIGTERM)
        for box in self.boxes:
            try:
                box.wait(10)
            except subprocess.TimeoutExpired:
                box.kill()
                box.wait()


def text(values):
    """The text of an MO, from the octets and the charset Kannel gives; hex where it gives none."""
    octets = values["text"].encode("latin-1")
    charset = "utf-16-be" if values["coding"] == "2" else values["charset"] or "utf-8"
    try:
        return octets.decode(charset, "replace")
    except LookupError:  # 8-BIT
        return octets.hex()


def judge(report, seen):
    """Rebuilds the report from every callback there has been so far."""
    report.asked, report.stats, report.mo = {}, [], []
    for path, values in seen:
        if path == "/mo":
            report.mobile_originated(values["from"], values["to"], text(values))
        elif int(values["type"]) == SMSC_ACCEPTED:
            report.accept(values["id"], True)
    for path, values in seen:
        if path == "/dlr" and int(values["type"]) in (DELIVERED, FAILED):
            stat = "DELIVRD" if int(values["type"]) == DELIVERED else "UNDELIV"
            report.receipt(values["id"], stat)


def converse(kannel, server, options, report):
    """From the bind to the unbind."""
    kannel.start("bearerbox")
    report.bound = until(lambda: kannel.status() == "online", options.timeout)
    if not report.bound:
        report.errors.append(f"the link is {kannel.status() or 'unknown'}")
        return
    kannel.start("smsbox")
    base = f"http://{kannel.own}:{kannel.sendsms}/cgi-bin/sendsms?"
    until(lambda: fetch(base) != "", options.timeout)
    for name, parameters in messages(options, server.server_address[1]):
        answer = fetch(base + urllib.parse.urlencode(parameters))
        report.submitted += 1
        if not answer.startswith("0:"):
            report.errors.append(f"sendsms {name}: {answer}")

    def step(seconds):
        time.sleep(seconds)
        with server.lock:
            judge(report, list(server.seen))

    report.wait(step, options.timeout)
    for path, values in server.seen:
        if path == "/dlr" and int(values["type"]) == SMSC_REFUSED:
            report.errors.append(f"{values['name']} was refused")
    if options.expect_throttled and "command_status: 88 =" not in kannel.log():
        report.errors.append("nothing was throttled")
    report.enquired = until(lambda: kannel.logged("enquire_link_resp"), options.timeout)


def main():
    parser = scenario.parser(__doc__.splitlines()[0])
    parser.add_argument("--set", action="append", default=[], metavar="LINE",
                        help="one more line for Kannel's smsc group, e.g. 'msg-id-type = 1'")
    parser.add_argument("--apart", action="store_true",
                        help="bind a transmitter and a receiver, and no transceiver")
    parser.add_argument("--more", type=int, default=0, metavar="N", help="so many short texts more")
    parser.add_argument("--expect-throttled", action="store_true",
                        help="fail unless a submit_sm was refused with ESME_RTHROTTLED")
    parser.add_argument("--keep", action="store_true", help="print Kannel's log to stderr")
    options = parser.parse_args()
    report = scenario.Report("Kannel 1.4.5", options.expect_mo)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callbacks)
    server.seen, server.lock = [], threading.Lock()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="chappe-kannel-") as directory:
        kannel = Kannel(options, directory, server.server_address[1])
        try:
            converse(kannel, server, options, report)
        except Exception as error:  # so that Kannel is stopped and the report printed
            report.errors.append(f"{type(error).__name__}: {error}")
        finally:
            kannel.stop()
            report.unbound = kannel.logged("unbind_resp")
            if options.keep:
                sys.stderr.write(kannel.log())
    server.shutdown()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
