// Statements, cost reports and events, as a customer and an operator get them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { cli, mains, nano, null_models, start, sum, until } from './harness.mjs';

let server;
let tenant;
const month = new Date().toISOString().slice(0, 7);
const body = { model: 'null', prompt: 'canary-7f3a Once upon a time', max_tokens: 10 };

async function use(times) {
  const ids = [];
  for (let i = 0; i < times; ++i) {
    const { status, headers } = await server.call('/v1/completions', { key: tenant.key, body });
    assert.equal(status, 200);
    ids.push(headers.get('x-receipt-id'));
  }
  return ids;
}

before(async () => {
  server = await start({ args: null_models });
  tenant = await server.tenant();
  await use(5);
});
after(() => server?.clear());

const run = (...args) => cli([...args, '--data', server.data],
  { env: { MAINS_LEDGER: server.ledger ?? '' } });

/** Rows of a CSV without line ends in its fields, as objects. */
function rows(csv) {
  const [header, ...lines] = csv.trimEnd().split('\r\n').map((line) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
      quoted?.replaceAll('""', '"') ?? plain));
  return lines.map((line) => Object.fromEntries(line.map((cell, at) => [header[at], cell])));
}

test('a customer reads the month in four formats, and they tell the same', async () => {
  const route = `/v1/statement?month=${month}&format=`;
  const json = (await server.call(`${route}json`, { key: tenant.key })).json;
  const { available } = await server.balance(tenant);
  assert.equal(nano(json.closing_balance), available);
  assert.equal(nano(json.opening_balance) + nano(json.topped_up) - nano(json.charged), available);
  assert.equal(json.usage[0].requests, 5);

  const csv = await server.fetch(`${route}csv`, { key: tenant.key });
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  const table = rows(await csv.text());
  assert.equal(table.at(-1).line, 'closing_balance');
  assert.equal(sum(table.slice(0, -1).map((row) => nano(row.amount))), available);

  const html = await server.fetch(`${route}html`, { key: tenant.key });
  assert.match(html.headers.get('content-type'), /^text\/html/);
  assert.match(await html.text(), /^<!DOCTYPE html>[\s\S]*<svg /);
  const text = await (await server.fetch(`${route}text`, { key: tenant.key })).text();
  assert.ok(text.includes(json.closing_balance), text);

  assert.equal((await server.call(`${route}pdf`, { key: tenant.key })).status, 400);
  assert.equal((await server.call('/v1/statement?month=2999-01', { key: tenant.key })).status, 400);
  assert.equal((await server.call('/v1/statement')).status, 401);
});

test("the operator's cost report adds up to the statement", async () => {
  const { code, out, err } = await run('export', 'focus', '--month', month, '--tenant', tenant.name);
  assert.equal(code, 0, err);
  const table = rows(out);
  const json = (await server.call('/v1/statement', { key: tenant.key })).json;
  const fine = (text) => {  // 10^-15 of the currency
    const [whole, part = ''] = text.split('.');
    return BigInt(whole + part.padEnd(15, '0'));
  };
  assert.equal(sum(table.map((row) => fine(row.EffectiveCost))), nano(json.charged) * 1_000_000n);
  assert.equal(sum(table.map((row) => fine(row.BilledCost))), nano(json.topped_up) * 1_000_000n);
});

test('events come once each, after any cursor, and have no content', async () => {
  const more = await use(3);
  const { code, out, err } = await run('export', 'events', '--tenant', tenant.name);
  assert.equal(code, 0, err);
  assert.ok(!out.includes('canary'), 'counts only');
  const events = out.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(events.length, 8);
  assert.deepEqual(events.slice(5).map((event) => event.id), more);
  assert.equal(new Set(events.map((event) => event.subject)).size, 1);
  const rest = await server.fetch(`/v1/events?after=${events[4].cursor}`, { key: tenant.key });
  assert.equal(await rest.text(), out.trimEnd().split('\n').slice(5).join('\n') + '\n');
  const other = await server.tenant();
  assert.equal(await (await server.fetch('/v1/events', { key: other.key })).text(), '');
});

test('--follow waits for new receipts', async () => {
  const child = spawn(mains, ['export', 'events', '--follow', '--data', server.data],
    { env: { ...process.env, MAINS_LEDGER: server.ledger ?? '' } });
  const seen = [];
  createInterface({ input: child.stdout }).on('line', (line) => seen.push(JSON.parse(line).id));
  try {
    await until(() => seen.length === 8, 'the events there are');
    const more = await use(2);
    await until(() => seen.length === 10, 'the new ones');
    assert.deepEqual(seen.slice(8), more);
  } finally {
    child.kill();
  }
});
