// Commands, roles and the move to PostgreSQL.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { cli, fresh_folder, nano, null_models, remove, root, start, until } from './harness.mjs';
import { audit, completion, price, skip, two_servers } from './servers.mjs';

const all = two_servers();

test('commands work on the database where no server runs', { skip }, async () => {
  const { url, one } = all;
  const data = fresh_folder();
  const server = await start({ ledger: url, data });
  const tenant = await server.tenant('2.00');
  await server.stop();
  const secret = url.replace('mains@', 'mains:verysecret@');
  const env = { MAINS_LEDGER: secret };
  const check = await cli(['ledger', 'check', '--data', data], { env });
  assert.equal(check.code, 0, check.err);
  assert.match(check.out, /The books are right/);
  const credit = await cli(['credit', 'add', tenant.name, '1.00', '--data', data, '--ledger', secret]);
  assert.equal(credit.code, 0, credit.err);
  await until(async () => (await one.call('/v1/models', { key: tenant.key })).status === 200,
    'the key to be known');
  assert.equal((await one.balance(tenant)).available, nano('3.00'));
  // Without the address nobody starts on empty books by accident.
  const lost = await cli(['tenant', 'list', '--data', data]);
  assert.equal(lost.code, 1);
  assert.match(lost.err, /--ledger/);
  const gone = await cli(['tenant', 'list', '--data', data, '--ledger',
    'postgres://someone:verysecret@/nowhere?host=/nonexistent']);
  assert.equal(gone.code, 1);
  for (const { out, err } of [check, credit, lost, gone]) {
    assert.ok(!(out + err).includes('verysecret'));
  }
  assert.ok(!readFileSync(path.join(data, 'ledger.postgres'), 'utf8').includes('verysecret'));
  remove(data);
});

test('a role with only the rights in docs/postgresql.md serves', { skip }, async () => {
  const { cluster } = all;
  const database = `e${process.pid}_roles`;
  cluster.sql(`CREATE ROLE mains_owner LOGIN`);
  cluster.sql(`CREATE ROLE mains_app LOGIN`);
  cluster.sql(`CREATE DATABASE ${database} OWNER mains_owner`);
  const data = fresh_folder();
  const app = cluster.url(database, 'mains_app');
  // The application role cannot make the tables ...
  const refused = await cli(['serve', '--data', data, '--ledger', app, ...null_models]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /permission denied/);
  // ... the owner does.
  const none = await cli(['ledger', 'check', '--data', data, '--ledger',
    cluster.url(database, 'mains_owner')]);
  assert.equal(none.code, 1);
  assert.match(none.err, /there are no books/);
  assert.ok(readdirSync(data).every((file) => file === 'lock'), 'a command that looks makes nothing');
  const made = await cli(['init', '--data', data, '--ledger',
    cluster.url(database, 'mains_owner')]);
  assert.equal(made.code, 0, made.err);
  const [grants, to_forget] = [...readFileSync(path.join(root, 'docs/postgresql.md'), 'utf8')
    .matchAll(/```sql\n([^]*?)```/g)].map(([, sql]) => sql);
  cluster.sql(grants, database);
  const config = path.join(data, 'retention.toml');
  writeFileSync(config, '[retention]\nreceipts_days = 30\n');
  const args = [...null_models, '--config', config];
  let server = await start({ ledger: app, data, args });
  await until(() => /GRANT DELETE ON mains_ledger.receipts/.test(server.err), 'what is missing');
  const tenant = await server.tenant('1.00', { requests_per_minute: 100 });
  assert.equal((await server.call('/v1/completions', { key: tenant.key, body: completion })).status,
    200);
  await server.admin('PUT', `/keys/${tenant.key_id}/limits`, { tokens_per_minute: 1000 });
  await server.admin('POST', `/keys/${tenant.key_id}/revoke`, {});
  const books = await server.books();
  assert.equal(books.ok, true);
  const as_app = (text) => {
    try {
      cluster.run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', app, '-c', text]);
      return 'done';
    } catch (error) {
      return String(error.stderr);
    }
  };
  for (const forbidden of [
    'UPDATE mains_ledger.postings SET amount = 1', 'DELETE FROM mains_ledger.receipts',
    'DELETE FROM mains_ledger.tenants', 'UPDATE mains_ledger.holds SET amount = 0',
    'DROP TABLE mains_ledger.postings', 'TRUNCATE mains_ledger.leaves',
    'UPDATE mains_registry.keys SET tenant = 1', 'DELETE FROM mains_registry.keys',
    'UPDATE mains_registry.price_lists SET published = 0',
    'ALTER TABLE mains_ledger.postings DISABLE TRIGGER ALL',
    'CREATE TABLE mains_ledger.mine (n bigint)']) {
    assert.match(as_app(forbidden), /permission denied|must be owner/, forbidden);
  }
  // With the rights to forget it forgets a tenant; receipts stay until a mark covers them.
  cluster.sql(to_forget, database);
  const forgotten = await cli(['tenant', 'delete', tenant.name, '--yes', '--refund', '--data', data,
    '--ledger', app]);
  assert.equal(forgotten.code, 0, forgotten.err);
  assert.match(as_app('DELETE FROM mains_ledger.receipts'), /insert-only/);
  assert.match(as_app('DELETE FROM mains_ledger.pruned'), /permission denied/);
  assert.match(as_app('DELETE FROM mains_ledger.postings'), /permission denied/);
  assert.equal(server.err.match(/receipts_days/g).length, 1, 'said once');
  await server.stop();
  server = await start({ ledger: app, data, args });
  await server.stop();
  assert.doesNotMatch(server.err, /receipts_days/);
  await server.clear();
});

test('SQLite is moved to PostgreSQL, proved equal, and goes on there', { skip }, async () => {
  const { cluster } = all;
  const data = fresh_folder();
  const old = await start({ ledger: 'sqlite', data });
  const tenant = await old.tenant('5.00', { cap_per_month: '4.00' });
  for (let i = 0; i < 5; ++i) {
    const { status } = await old.call('/v1/completions',
      { key: tenant.key, body: completion, headers: { 'idempotency-key': `k${i}` } });
    assert.equal(status, 200);
  }
  const balance = await old.balance(tenant);
  const { headers } = await old.call('/v1/completions', { key: tenant.key, body: completion });
  const receipt = await old.receipt(tenant, headers.get('x-receipt-id'));
  const to = cluster.fresh();
  const busy = await cli(['ledger', 'migrate', '--to', to, '--data', data]);
  assert.equal(busy.code, 1);
  assert.match(busy.err, /another mains/);
  // Killed in the middle of a request: what was open is ended first.
  const running = old.call('/v1/completions', {
    key: tenant.key, body: { model: 'long', prompt: 'go on', max_tokens: 900_000 },
  }).catch(() => null);
  await until(async () => (await old.books()).open_holds === 1, 'the request to begin');
  await old.stop('SIGKILL');
  assert.equal(await running, null);

  const moved = await cli(['ledger', 'migrate', '--to', to, '--data', data]);
  assert.equal(moved.code, 0, moved.err);
  assert.match(moved.out, /^Moved and proved equal, row by row: 1 tenants .* 6 receipts/);
  assert.equal(moved.out.trim().split('\n').length, 1);
  const again = await cli(['ledger', 'migrate', '--to', to, '--data', data]);
  assert.equal(again.code, 1);
  const refused = await cli(['serve', '--data', data, '--listen', '127.0.0.1:0', ...null_models]);
  assert.equal(refused.code, 1, 'nobody goes on with the old files by accident');
  assert.match(refused.err, /--ledger/);

  const server = await start({ ledger: to, data });
  assert.deepEqual(await server.balance(tenant),
    { available: balance.available - price, held: 0n });
  const there = await server.receipt(tenant, receipt.id);
  assert.deepEqual({ ...there, in_checkpoint: receipt.in_checkpoint }, receipt);
  const repeated = await server.call('/v1/completions',
    { key: tenant.key, body: completion, headers: { 'idempotency-key': 'k0' } });
  assert.equal(repeated.status, 409, 'idempotency keys have moved, too');
  assert.equal((await server.call('/v1/completions', { key: tenant.key, body: completion })).status,
    200);
  assert.equal((await audit(tenant, server)).requests, 7);

  // A database with books in it is left alone.
  const other = fresh_folder();
  const second = await start({ ledger: 'sqlite', data: other });
  await second.tenant();
  await second.stop();
  const full = await cli(['ledger', 'migrate', '--to', to, '--data', other]);
  assert.equal(full.code, 1);
  assert.match(full.err, /books in it already/);
  assert.equal((await server.books()).ok, true);
  await server.clear();
  remove(other);
});
