// Receipts go when their time is over: a server of forty days ago, and the same books today.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, nano, null_models, remove, start, until } from './harness.mjs';

/** Debian's libfaketime, which the loader puts before the clock. */
const library = readdirSync('/usr/lib').map((dir) => `/usr/lib/${dir}/faketime/libfaketime.so.1`)
  .find((place) => existsSync(place));
const days_ago = (days) => ({
  LD_PRELOAD: library, FAKETIME: `-${days}d`, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1',
});
const month_of = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 7);

const folder = fresh_folder();
const data = fresh_folder();
const config = path.join(folder, 'mains.toml');
const skip = !library && 'there is no libfaketime on this machine';
let tenant;
let server;
let old_receipt;
let old_bill;

const use = async () => {
  const { status, headers, text } = await server.call('/v1/completions',
    { key: tenant.key, body: { model: 'null', prompt: 'a b c', max_tokens: 5 } });
  assert.equal(status, 200, text);
  return headers.get('x-receipt-id');
};
const bill = async (month) => (await server.call(`/v1/statement?month=${month}`,
  { key: tenant.key })).json;

before(async () => {
  if (skip) return;
  server = await start({ args: null_models, data, env: days_ago(40) });
  tenant = await server.tenant('5.00');
  old_receipt = await use();
  await use();
  old_bill = await bill(month_of(40));
  assert.equal(old_bill.usage[0].requests, 2);
  await server.stop();
  server = await start({ args: null_models, data, env: days_ago(3) });
  await use();
  await server.stop();
  writeFileSync(config, '[retention]\nreceipts_days = 30\n');
});
after(async () => {
  await server?.clear();
  remove(folder);
});

test('what is not asked for is kept', { skip }, async () => {
  server = await start({ args: null_models, data });
  assert.equal((await server.receipt(tenant, old_receipt)).id, old_receipt);
  assert.equal((await server.books()).receipts, 3);
  await server.stop();
});

test('after thirty days receipts go; bills, books and log stay', { skip }, async () => {
  server = await start({ args: [...null_models, '--config', config], data });
  await until(async () => (await server.call(`/v1/receipts/${old_receipt}`,
    { key: tenant.key })).status === 404, 'the old receipt to go');
  const events = (await (await server.fetch('/v1/events', { key: tenant.key })).text()).trimEnd();
  await until(async () => (await server.books()).receipts === 1, 'all old ones to go');
  assert.ok(events.split('\n').length <= 2);
  const books = await server.books();
  assert.equal(books.finding_count, 0, JSON.stringify(books));
  const now = await bill(month_of(40));
  assert.equal(now.charged, old_bill.charged);
  assert.equal(now.closing_balance, old_bill.closing_balance);
});

test('a month of which receipts went is not proved; the one that goes on is', { skip }, async () => {
  const gone = await server.call(`/v1/statement?month=${month_of(40)}&format=proof`,
    { key: tenant.key });
  assert.equal(gone.status, 410, gone.text);
  assert.equal(gone.json.error.code, 'receipts_not_kept');
  await use();
  // Whether the receipt of three days ago is in this month depends on the day.
  const vkey = (await server.admin('GET', '/log')).keys[0];
  const month = month_of(0);
  if (month === month_of(40)) return;
  const told = await until(async () => {
    const answer = await server.call(`/v1/statement?month=${month}&format=proof`,
      { key: tenant.key });
    return answer.status === 200 && answer.text.includes('"type":"receipt"') && answer.text;
  }, 'this month under a checkpoint');
  const place = path.join(folder, 'month.jsonl');
  writeFileSync(place, told);
  const proved = await cli(['verify', '--key', vkey, place]);
  assert.equal(proved.code, 0, proved.err);
  const opening = JSON.parse(told.split('\n')[0]).opening;
  assert.ok(opening.sequence >= 2, 'it begins behind what went');
});

test('and the server goes on for ever after', { skip }, async () => {
  await use();
  const { finding_count } = await server.books();
  assert.equal(finding_count, 0);
  assert.ok(nano((await bill(month_of(0))).charged) > 0n);
});
