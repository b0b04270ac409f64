// A tenant that is deleted: what is gone, and what can still be proved.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, nano, null_models, remove, start, until } from './harness.mjs';

const folder = fresh_folder();
const name = 'canary-corporation-7f3a';
const month = new Date().toISOString().slice(0, 7);
let server;
let key;
let other;
let account;
let proof;

const run = (...args) => cli([...args, '--data', server.data],
  { env: { MAINS_LEDGER: server.ledger ?? '' } });
const proof_of = (tenant_key) => until(async () => {
  const answer = await server.call(`/v1/statement?month=${month}&format=proof`, { key: tenant_key });
  assert.ok([200, 503].includes(answer.status), answer.text);
  return answer.status === 200 && answer.text;
}, 'a statement under a checkpoint');

before(async () => {
  server = await start({ args: null_models });
  await server.admin('POST', '/tenants', { name, credit: '5.00' });
  key = (await server.admin('POST', '/keys', { tenant: name, name: 'canary-key-7f3a' })).key;
  other = await server.tenant('2.00');
  for (const user of [key, key, other.key]) {
    const { status } = await server.call('/v1/completions',
      { key: user, body: { model: 'null', prompt: 'a b c', max_tokens: 5 } });
    assert.equal(status, 200);
  }
  await until(async () => (await proof_of(key)).split('\n').length > 5, 'both receipts in the log');
  proof = await proof_of(key);
  account = JSON.parse(proof.split('\n')[0]).account;
});
after(async () => {
  await server?.clear();
  remove(folder);
});

test('it is refused while there is credit, and without a clear yes', async () => {
  assert.match((await run('tenant', 'delete', name)).err, /--yes/);
  const { code, err } = await run('tenant', 'delete', name, '--yes');
  assert.equal(code, 1);
  assert.match(err, /still has 4\.9\d+; with refund/);
  const { status } = await server.call('/v1/balance', { key });
  assert.equal(status, 200, 'nothing happened');
});

test('then keys and names are gone, and nothing is owed', async () => {
  const done = await run('tenant', 'delete', name, '--yes', '--refund', '--json');
  assert.equal(done.code, 0, done.err);
  assert.equal(JSON.parse(done.out).account, account);
  assert.equal((await server.call('/v1/balance', { key })).status, 401);
  assert.equal((await run('tenant', 'show', name)).code, 1);
  assert.ok(!(await run('tenant', 'list')).out.includes(name));
  const owed = await server.admin('POST', '/log/liabilities');
  const { accounts, total_nano } = JSON.parse(owed.document);
  assert.equal(Number(accounts), 1);
  assert.equal(BigInt(total_nano), (await server.balance(other)).available);
});

test('its names are in no file of the data folder', () => {
  for (const entry of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const place = path.join(entry.parentPath ?? entry.path, entry.name);
    assert.ok(!readFileSync(place).includes('7f3a'), place);
  }
});

test('the books are right, and what was billed can be asked for by account', async () => {
  assert.equal((await server.books()).finding_count, 0);
  const bill = JSON.parse((await run('bill', account, '--format', 'json')).out);
  assert.equal(bill.closing_balance, '0.00');
  assert.ok(nano(bill.charged) > 0n);
  assert.match((await run('export', 'focus', '--month', month)).out, new RegExp(`#${account}`));
  const events = (await run('export', 'events')).out.trimEnd().split('\n').map(JSON.parse);
  assert.ok(events.filter((event) => event.subject === account).length >= 2);
});

test('the log goes on, and proofs from before stay valid', async () => {
  const vkey = (await server.admin('GET', '/log')).keys[0];
  const before_it = path.join(folder, 'before.jsonl');
  writeFileSync(before_it, proof);
  const good = await cli(['verify', '--key', vkey, before_it]);
  assert.equal(good.code, 0, good.err);
  const after_it = path.join(folder, 'after.jsonl');
  const told = await until(async () => {
    const { code, out } = await run('bill', account, '--format', 'proof');
    return code === 0 && out;
  }, 'the account under a checkpoint');
  writeFileSync(after_it, told);
  const still = await cli(['verify', '--key', vkey, after_it]);
  assert.equal(still.code, 0, still.err);
  assert.match(still.out, new RegExp(`receipts of account ${account}`));
});
