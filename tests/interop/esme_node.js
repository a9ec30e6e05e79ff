#!/usr/bin/env node
// npm smpp as an ESME: the same conversation as the Python clients have, see scenario.py.
'use strict';
const { parseArgs } = require('util');
const smpp = require('smpp');

const PLAIN = 'Plain @ £5 é _ {ok} 10€';
const UCS2 = 'Привет, 世界 😀';
const LONG = 'Three segments carry this text and a handset joins them again. '
  .repeat(7).slice(0, 400);
const PAYLOAD = 'One message_payload carries this text, longer than short_message. '
  .repeat(7).slice(0, 400);
const STATES = { 1: 'ENROUTE', 2: 'DELIVRD', 3: 'EXPIRED', 4: 'DELETED', 5: 'UNDELIV',
  6: 'ACCEPTD', 7: 'UNKNOWN', 8: 'REJECTD' };
const TYPE_MASK = 0x3C, RECEIPT = 0x04; // esm_class: the message type bits
const LINGER_MS = 300; // how long to listen on after all that is awaited has come

const { values: options } = parseArgs({ options: {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '2775' },
  'system-id': { type: 'string' },
  password: { type: 'string' },
  to: { type: 'string', default: '447700900123' },
  from: { type: 'string', default: '447700900999' },
  'expect-mo': { type: 'string', default: '0' },
  multi: { type: 'boolean', default: false }, // one submit_multi instead of all that
  timeout: { type: 'string', default: '20' }, // seconds
} });
if (!options['system-id'] || !options.password) {
  console.error('--system-id and --password are required');
  process.exit(2);
}
const timeoutMs = Number(options.timeout) * 1000;

const report = { client: 'npm smpp 0.5.1', bound: false, submitted: 0, accepted: 0, ids: [],
  receipts: {}, unmatched: 0, failed: [], mo: [], unbound: false, errors: [] };
const asked = new Map(); // message_id -> whether a receipt was asked for
let awaited = 0;         // receipts that the id of a submit_multi is to bring
const receipted = [];    // message_id of every receipt

function messages() {
  const segments = [];
  for (let at = 0; at < LONG.length; at += 153) segments.push(LONG.slice(at, at + 153));
  return [
    { short_message: PLAIN, data_coding: 0, registered_delivery: 1 },
    { short_message: UCS2, data_coding: 8 },
    // The library sets the user data header indicator in esm_class by itself.
    ...segments.map((message, n) => ({ data_coding: 0, registered_delivery: 1,
      short_message: { udh: Buffer.from([5, 0, 3, 0xA7, segments.length, n + 1]), message } })),
    { message_payload: PAYLOAD, data_coding: 0, registered_delivery: 1 },
  ].map((fields) => ({ source_addr_ton: 1, source_addr_npi: 1, source_addr: options.from,
    dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: options.to, ...fields }));
}

function deliver(pdu) {
  // What is in message_payload the library decodes like short_message, when it is alone.
  const body = pdu.short_message && pdu.short_message.message.length ? pdu.short_message
    : pdu.message_payload;
  const text = body ? body.message : '';
  const kind = pdu.esm_class & TYPE_MASK;
  if (kind === RECEIPT) {
    const id = (/id:(\S+)/.exec(text) || [])[1];
    const stat = (/stat:(\w+)/.exec(text) || [])[1];
    const tlvId = pdu.receipted_message_id;
    if (id && tlvId && id !== tlvId) {
      report.errors.push(`receipt says ${id} in its text, ${tlvId} in its TLV`);
    }
    if (stat && pdu.message_state !== undefined && STATES[pdu.message_state] !== stat) {
      report.errors.push(`receipt says ${stat} in its text, state ${pdu.message_state} in its TLV`);
    }
    const outcome = stat || STATES[pdu.message_state];
    report.receipts[outcome] = (report.receipts[outcome] || 0) + 1;
    receipted.push(id || tlvId);
  } else if (kind === 0) {
    report.mo.push({ source: pdu.source_addr, destination: pdu.destination_addr,
      text: Buffer.isBuffer(text) ? text.toString('hex') : text });
  } else {
    report.errors.push(`deliver_sm with esm_class ${pdu.esm_class}`);
  }
}

// What has not come yet, in words.
function waiting() {
  const missing = [];
  if (asked.size < report.submitted) missing.push(`${report.submitted - asked.size} responses`);
  for (const [id, wanted] of asked) {
    if (wanted && !receipted.includes(id)) missing.push(`a receipt for ${id}`);
  }
  if (receipted.length < awaited) missing.push(`${awaited - receipted.length} receipts`);
  if (report.mo.length < Number(options['expect-mo'])) {
    missing.push(`${Number(options['expect-mo']) - report.mo.length} MO`);
  }
  return missing;
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Sends one request; its response, or an error after the time-out.
function ask(session, command, fields = {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${command}_resp`)), timeoutMs);
    const sent = session[command](fields, (pdu) => {
      clearTimeout(timer);
      if (pdu.command_status === 0) resolve(pdu);
      else reject(new Error(`${pdu.command} with status ${pdu.command_status}`));
    });
    if (!sent) {
      clearTimeout(timer);
      reject(new Error(`${command} on a closed connection`));
    }
  });
}

async function submit(session, fields) {
  report.submitted += 1;
  const { message_id: id } = await ask(session, 'submit_sm', fields);
  if (!id) throw new Error('submit_sm_resp with an empty message_id');
  if (asked.has(id)) throw new Error(`message_id ${id} was given twice`);
  asked.set(id, fields.registered_delivery === 1);
}

// One text to three numbers, one of them twice; a list and a name, which must both fail; and what
// is asked of the one id that they have.
async function submitMulti(session) {
  const to = (destination_addr) => ({ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr });
  const numbers = [1, 2, 3].map((n) => to(`44770090000${n}`));
  report.submitted += 1;
  const { message_id: id, unsuccess_sme: failed } = await ask(session, 'submit_multi', {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: options.from, short_message: PLAIN,
    data_coding: 0, registered_delivery: 1,
    dest_address: [...numbers, numbers[0], to('nobody'), { dl_name: 'friends' }] });
  report.failed = failed.map((one) => [one.destination_addr, one.error_status_code]);
  asked.set(id, true);
  awaited = numbers.length;
  const query = { message_id: id, source_addr: options.from };
  const { message_id: again, message_state: state } = await ask(session, 'query_sm', query);
  if (again !== id || !STATES[state]) report.errors.push(`query_sm says ${again}: ${state}`);
}

async function converse() {
  const session = smpp.connect({ host: options.host, port: Number(options.port) });
  await new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('error', reject);
  });
  session.on('error', (error) => report.errors.push(String(error.message || error)));
  session.on('deliver_sm', (pdu) => {
    deliver(pdu);
    session.send(pdu.response());
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    report.errors.push('the SMSC unbound');
    session.send(pdu.response());
    session.close();
  });

  await ask(session, 'bind_transceiver',
    { system_id: options['system-id'], password: options.password, interface_version: 0x34 });
  report.bound = true;

  const sending = options.multi ? [submitMulti(session)]
    : messages().map((fields) => submit(session, fields));
  const submits = await Promise.allSettled(sending);
  for (const { reason } of submits) if (reason) report.errors.push(reason.message);
  const deadline = Date.now() + timeoutMs;
  while (waiting().length && Date.now() < deadline) await sleep(50);
  await sleep(LINGER_MS);

  await ask(session, 'enquire_link');
  await ask(session, 'unbind');
  report.unbound = true;
  session.close();
}

function finish() {
  report.ids = [...asked.keys()];
  report.accepted = asked.size;
  report.unmatched = receipted.filter((id) => !asked.has(id)).length;
  for (const what of waiting()) report.errors.push(`still waiting for ${what}`);
  for (const id of receipted) {
    if (asked.get(id) === false) report.errors.push(`receipt for ${id}, which asked for none`);
  }
  console.log(JSON.stringify(report));
  const good = report.bound && report.unbound && !report.unmatched && !report.errors.length;
  process.exit(good ? 0 : 1);
}

converse().catch((error) => report.errors.push(error.message)).finally(finish);
