#!/usr/bin/env node
// A carrier's SMSC made of npm smpp: answers submit_sm with an id, sends receipts and MO.
//
// The first line on stdout says where it listens, the last one what it did. With --log each
// submit_sm is written as one JSON line, its octets untouched by the library's own decoding.
'use strict';
const fs = require('fs');
const { parseArgs } = require('util');
const smpp = require('smpp');

const { values: options } = parseArgs({ options: {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '2775' },             // 0: any free port
  'system-id': { type: 'string' },                       // without it any name is let in
  password: { type: 'string' },
  id: { type: 'string', default: 'decimal' },            // decimal | hex, in submit_sm_resp
  'receipt-id': { type: 'string', default: 'same' },     // same | decimal | hex, in receipts
  receipts: { type: 'string', default: 'both' },         // text | tlv | both | none
  'receipt-delay': { type: 'string', default: '50' },    // milliseconds
  stat: { type: 'string', default: 'DELIVRD' },          // what becomes of every message
  mo: { type: 'string', default: '0' },                  // how many, to the first receiver bound
  'mo-delay': { type: 'string', default: '100' },        // milliseconds after its bind
  'mo-from': { type: 'string', default: '447700900123' },
  'mo-to': { type: 'string', default: '447700900999' },
  log: { type: 'string' },
  for: { type: 'string' },                               // seconds; default until SIGTERM
} });

const STATES = { DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7,
  REJECTD: 8 };
const choices = { id: ['decimal', 'hex'], 'receipt-id': ['same', 'decimal', 'hex'],
  receipts: ['text', 'tlv', 'both', 'none'], stat: Object.keys(STATES) };
for (const [key, allowed] of Object.entries(choices)) {
  if (!allowed.includes(options[key])) {
    console.error(`--${key}: found ${options[key]}; expected ${allowed.join(' | ')}`);
    process.exit(2);
  }
}

const counts = { binds: 0, refused_binds: 0, submits: 0, receipts_sent: 0, receipts_acked: 0,
  mo_sent: 0, mo_acked: 0, enquire_links: 0, unbinds: 0, errors: [] };

// The filters turn octets into text and dates, and cannot be undone: read plainly instead.
const decodeMessage = smpp.filters.message.decode;
for (const param of Object.values(smpp.commands.submit_sm.params)) delete param.filter;
delete smpp.tlvs.message_payload.filter;

const receivers = [];     // bound sessions that can take a deliver_sm
const held = new Map();   // system_id -> receipts that wait for a receiver
let serial = 0x1A2B3C0000;
let moLeft = Number(options.mo);

const notation = { decimal: (n) => String(n), hex: (n) => n.toString(16).toUpperCase() };

function shown(value) {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return value;
}

function logSubmit(session, pdu, messageId) {
  if (!options.log) return;
  const line = { system_id: session.systemId, message_id: messageId };
  for (const key of Object.keys(smpp.commands.submit_sm.params)) line[key] = shown(pdu[key]);
  const header = ['command', 'command_length', 'command_id', 'command_status', 'sequence_number'];
  line.tlvs = {};
  for (const key of Object.keys(pdu)) {
    if (!(key in line) && !header.includes(key)) line.tlvs[key] = shown(pdu[key]);
  }
  line.text = text(pdu);
  fs.appendFileSync(options.log, JSON.stringify(line) + '\n');
}

// The text as npm smpp itself reads it.
function text(pdu) {
  const body = pdu.short_message.length ? pdu.short_message : pdu.message_payload;
  const read = body ? decodeMessage.call(pdu, body).message : '';
  return Buffer.isBuffer(read) ? read.toString('hex') : read;
}

function stamp(date) {
  return date.toISOString().replace(/[-:T]/g, '').slice(2, 12);
}

function receiptFor(pdu, number, submitted) {
  const like = options['receipt-id'] === 'same' ? options.id : options['receipt-id'];
  const id = notation[like](number);
  const delivered = options.stat === 'DELIVRD';
  const quoted = text(pdu).slice(0, 20).replace(/[^ -~]/g, '.');
  const receipt = { esm_class: 4, data_coding: 0,
    source_addr_ton: pdu.dest_addr_ton, source_addr_npi: pdu.dest_addr_npi,
    source_addr: pdu.destination_addr, dest_addr_ton: pdu.source_addr_ton,
    dest_addr_npi: pdu.source_addr_npi, destination_addr: pdu.source_addr };
  if (options.receipts !== 'tlv') {
    receipt.short_message = Buffer.from(`id:${id} sub:001 dlvrd:00${delivered ? 1 : 0} ` +
      `submit date:${stamp(submitted)} done date:${stamp(new Date())} ` +
      `stat:${options.stat} err:00${delivered ? 0 : 1} text:${quoted}`, 'latin1');
  }
  if (options.receipts !== 'text') {
    receipt.receipted_message_id = id;
    receipt.message_state = STATES[options.stat];
  }
  return receipt;
}

// A generic_nack is no acknowledgement, though its status may be 0.
function acked(resp, what, count) {
  if (resp.command === 'deliver_sm_resp' && resp.command_status === 0) counts[count] += 1;
  else counts.errors.push(`${what} answered by ${resp.command} with status ${resp.command_status}`);
}

// A receipt goes to the session that submitted, or to any receiver of the same system_id.
function sendReceipt(origin, receipt) {
  const session = receivers.includes(origin) ? origin
    : receivers.find((other) => other.systemId === origin.systemId);
  if (!session) {
    held.set(origin.systemId, [...(held.get(origin.systemId) || []), receipt]);
    return;
  }
  counts.receipts_sent += 1;
  session.deliver_sm(receipt, (resp) => acked(resp, 'receipt', 'receipts_acked'));
}

function sendMo(session) {
  for (let n = 1; moLeft > 0; n += 1, moLeft -= 1) {
    const ucs2 = n % 2 === 0;
    counts.mo_sent += 1;
    session.deliver_sm({ esm_class: 0, data_coding: ucs2 ? 8 : 0,
      source_addr_ton: 1, source_addr_npi: 1, source_addr: options['mo-from'],
      dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: options['mo-to'],
      short_message: { message: ucs2 ? `MO ${n} Привет` : `MO ${n} é@€` },
    }, (resp) => acked(resp, 'MO', 'mo_acked'));
  }
}

function bind(session, pdu, transmits, receives) {
  const { 'system-id': name, password } = options;
  let status = 0;
  if (session.systemId !== undefined) status = smpp.ESME_RALYBND;
  else if (name !== undefined && pdu.system_id !== name) status = smpp.ESME_RINVSYSID;
  else if (password !== undefined && pdu.password !== password) status = smpp.ESME_RINVPASWD;
  session.send(pdu.response({ command_status: status, system_id: 'npm-smpp',
    sc_interface_version: 0x34 }));
  if (status !== 0) {
    counts.refused_binds += 1;
    session.close();
    return;
  }
  counts.binds += 1;
  session.systemId = pdu.system_id;
  session.transmits = transmits;
  if (!receives) return;
  receivers.push(session);
  for (const receipt of held.get(session.systemId) || []) sendReceipt(session, receipt);
  held.delete(session.systemId);
  setTimeout(() => sendMo(session), Number(options['mo-delay']));
}

function submit(session, pdu) {
  if (!session.transmits) {
    session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
    return;
  }
  const number = serial += 1;
  const messageId = notation[options.id](number);
  const submitted = new Date();
  counts.submits += 1;
  logSubmit(session, pdu, messageId);
  session.send(pdu.response({ message_id: messageId }));
  // registered_delivery: 1 asks for the outcome, 2 for a failure only.
  const asked = pdu.registered_delivery & 3;
  const due = asked === 1 || (asked === 2 && options.stat !== 'DELIVRD');
  if (options.receipts === 'none' || !due) return;
  setTimeout(() => sendReceipt(session, receiptFor(pdu, number, submitted)),
    Number(options['receipt-delay']));
}

function serve(session) {
  const gone = () => {
    const at = receivers.indexOf(session);
    if (at >= 0) receivers.splice(at, 1);
  };
  session.on('close', gone);
  session.on('error', (error) => {
    counts.errors.push(String(error.message || error));
    session.destroy();
  });
  session.on('pdu', (pdu) => {
    switch (pdu.command) {
      case 'bind_transceiver': return bind(session, pdu, true, true);
      case 'bind_transmitter': return bind(session, pdu, true, false);
      case 'bind_receiver': return bind(session, pdu, false, true);
      case 'submit_sm': return submit(session, pdu);
      case 'enquire_link':
        counts.enquire_links += 1;
        return session.send(pdu.response());
      case 'unbind':
        counts.unbinds += 1;
        gone();
        session.send(pdu.response());
        return session.close();
      default:
        if (!pdu.isResponse()) session.send(pdu.response({ command_status: smpp.ESME_RINVCMDID }));
    }
  });
}

function stop() {
  console.log(JSON.stringify(counts));
  process.exit(counts.errors.length ? 1 : 0);
}

const server = smpp.createServer(serve);
server.listen(Number(options.port), options.host, () => {
  console.log(JSON.stringify({ listening: `${options.host}:${server.address().port}` }));
});
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
if (options.for) setTimeout(stop, Number(options.for) * 1000);
