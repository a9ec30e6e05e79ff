#!/usr/bin/env node
// npm smpp as a puppet, ESME or SMSC: does what each line of its input says, tells what happens.
// tests/interop/README.md has the lines.
'use strict';
const readline = require('readline');
const smpp = require('smpp');

// Octets stay octets, times stay text: what is said is sent, what comes is told.
for (const { params = {} } of Object.values(smpp.commands)) {
  for (const param of Object.values(params)) delete param.filter;
}
for (const tlv of Object.values(smpp.tlvs)) delete tlv.filter;

const OCTETS = ['short_message', 'message_payload'];
const BINDS = ['bind_transceiver', 'bind_transmitter', 'bind_receiver'];
const HEADER = ['command', 'command_length', 'command_id', 'command_status', 'sequence_number'];

const links = new Map();
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// The fields of a PDU for JSON, octets as hex.
function told(pdu) {
  const fields = {};
  for (const [name, value] of Object.entries(pdu)) {
    if (!HEADER.includes(name)) fields[name] = Buffer.isBuffer(value) ? value.toString('hex') : value;
  }
  return fields;
}

// The same the other way.
function meant(fields = {}) {
  const pdu = { data_coding: 0, ...fields };
  for (const name of OCTETS) if (name in pdu) pdu[name] = Buffer.from(pdu[name], 'hex');
  return pdu;
}

// Requests that the puppet answers itself; all others of an SMSC are for whoever holds the strings.
function came(link, session, serves, pdu) {
  const { command } = pdu;
  if (pdu.isResponse()) return;
  if (command === 'enquire_link') session.send(pdu.response());
  else if (command === 'unbind') {
    session.send(pdu.response());
    session.close();
    say({ link, unbound: 'by the peer' });
  } else if (BINDS.includes(command)) {
    session.send(pdu.response({ system_id: 'puppet', sc_interface_version: 0x34 }));
    say({ link, bound: command.slice('bind_'.length) });
  } else {
    say({ link, came: command, number: pdu.sequence_number, fields: told(pdu) });
    if (!serves && command !== 'alert_notification') session.send(pdu.response());
  }
}

function watch(link, session, serves) {
  links.set(link, session);
  session.on('pdu', (pdu) => came(link, session, serves, pdu));
  session.on('error', (error) => say({ link, error: String(error.message || error) }));
  session.on('close', () => say({ link, closed: true }));
}

function ask(link, command, fields, tell) {
  const sent = links.get(link)[command](fields, tell);
  if (!sent) say({ link, error: `${command} on a closed connection` });
}

let served = 0;
const tasks = {
  listen: ({ listen }) => {
    const server = smpp.createServer((session) => watch(`${served++}`, session, true));
    server.listen(0, listen, () => say({ listening: `${listen}:${server.address().port}` }));
  },
  bind: ({ bind: link, kind, host, port, system_id, password }) => {
    const session = smpp.connect({ host, port });
    watch(link, session, false);
    session.once('connect', () => ask(link, `bind_${kind}`,
      { system_id, password, interface_version: 0x34 },
      (pdu) => say({ link, bound: pdu.command_status })));
  },
  ask: ({ link, ask: number, command, fields }) => ask(link, command, meant(fields),
    (pdu) => say({ link, answer: number, command: pdu.command, status: pdu.command_status,
      fields: told(pdu) })),
  // No response of the library's own making: the number alone says to what it answers.
  respond: ({ link, respond: sequence_number, command, status = 0, fields }) =>
    links.get(link).send(new smpp.PDU(command,
      { ...fields, sequence_number, command_status: status })),
  unbind: ({ unbind: link }) => ask(link, 'unbind', {},
    (pdu) => {
      say({ link, unbound: pdu.command_status });
      links.get(link).close();
    }),
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const task = JSON.parse(line);
  const name = Object.keys(tasks).find((one) => one in task);
  tasks[name](task);
}).on('close', () => process.exit(0));
