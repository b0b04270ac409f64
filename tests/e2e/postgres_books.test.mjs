// The parts of the books in PostgreSQL belong together: a schema that is lost, emptied, older, of
// other books or in another's place is refused by name, by each command and at each start.
import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { start_cluster } from './cluster.mjs';
import { cli, fresh_folder, null_models, remove, start } from './harness.mjs';
import { completion, skip } from './servers.mjs';

const parts = ['registry', 'ledger', 'log'];
const schema = (part) => `mains_${part}`;
const folders = [];
let cluster;
let right;    // {data, name}: a folder, its database, and `older`: the schemas' earlier text
let foreign;  // the same of other books

const folder = () => { folders.push(fresh_folder()); return folders.at(-1); };
const name_of = (url) => new URL(url.replace('@/', '@x/')).pathname.slice(1);
const dump = (name, part) => cluster.run('pg_dump', ['-n', schema(part), '-d', cluster.url(name)]);

/** Puts the text of a schema in the place of the one that is there. */
function restore(name, part, text) {
  cluster.sql(`DROP SCHEMA ${schema(part)} CASCADE`, name);
  cluster.load(text, name);
}

async function paid(server, requests) {
  const tenant = await server.tenant('5.00');
  for (let i = 0; i < requests; ++i) {
    const { status, text } = await server.call('/v1/completions', { key: tenant.key, body: completion });
    assert.equal(status, 200, text);
  }
}

/** Used books whose server has stopped, and what their schemas were before the second half. */
async function used() {
  const data = folder();
  const url = cluster.fresh();
  const name = name_of(url);
  let server = await start({ ledger: url, data });
  await paid(server, 1);
  await server.stop();
  const older = Object.fromEntries(parts.map((part) => [part, dump(name, part)]));
  server = await start({ ledger: url, data });
  await paid(server, 3);
  await server.stop();
  return { data, url, name, older };
}

/** Changes the database; nothing starts on it, and each command says the same. Then it is restored. */
async function refused(change, says, from = right.data) {
  const { name, url } = right;
  change(name);
  const tables = () => cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname LIKE 'mains%'", name);
  const data = folder();
  cpSync(from, data, { recursive: true, filter: (file) => !file.endsWith('.sock') });
  const seen = () => [tables(), ...readdirSync(data).filter((file) => file !== 'lock')];
  const before = seen();
  try {
    for (const command of [['serve', '--listen', '127.0.0.1:0', ...null_models],
      ['tenant', 'create', 'x'], ['ledger', 'check'], ['tenant', 'list']]) {
      const { code, err } = await cli([...command, '--data', data, '--ledger', url]);
      assert.equal(code, 1, `${command.join(' ')}: ${err}`);
      assert.match(err, says, command.join(' '));
    }
    assert.deepEqual(seen(), before, 'nothing is made in its place');
  } finally {
    cluster.sql(`DROP DATABASE ${name}`);
    cluster.sql(`CREATE DATABASE ${name} TEMPLATE saved`);
  }
}

before(async () => {
  if (skip) return;
  cluster = await start_cluster();
  right = await used();
  foreign = await used();
  cluster.sql(`CREATE DATABASE saved TEMPLATE ${right.name}`);
});
after(async () => {
  await cluster?.clear();
  folders.forEach(remove);
});

test('a schema that is lost is refused by name', { skip }, async () => {
  for (const part of parts) {
    await refused((name) => cluster.sql(`DROP SCHEMA ${schema(part)} CASCADE`, name),
      new RegExp(schema(part)));
    // A server that has seen nothing of it yet makes nothing either.
    await refused((name) => cluster.sql(`DROP SCHEMA ${schema(part)} CASCADE`, name),
      new RegExp(schema(part)), folder());
  }
  await refused((name) => cluster.sql('DROP SCHEMA mains_ledger, mains_log CASCADE', name),
    /mains_ledger/);
  await refused((name) => cluster.sql('DROP SCHEMA mains_registry, mains_ledger, mains_log CASCADE',
    name), /there are no books in/);
});

test('a schema from an older backup is refused by name', { skip }, async () => {
  for (const part of parts) {
    await refused((name) => restore(name, part, right.older[part]), new RegExp(schema(part)));
  }
  for (const [a, b] of [['registry', 'ledger'], ['registry', 'log'], ['ledger', 'log']]) {
    await refused((name) => [a, b].forEach((part) => restore(name, part, right.older[part])), /mains_/);
  }
});

test('a schema whose rows are gone is refused by name', { skip }, async () => {
  for (const part of parts) {
    await refused((name) => {
      const tables = cluster.sql(`SELECT string_agg(schemaname || '.' || tablename, ', ')
        FROM pg_tables WHERE schemaname = '${schema(part)}'`, name);
      cluster.sql(`SET session_replication_role = replica; TRUNCATE ${tables}`, name);
    }, part === 'registry' ? /the registry is damaged/ : new RegExp(schema(part)));
  }
});

test('a schema of other books, and books of another folder, are refused by name', { skip }, async () => {
  for (const part of parts) {
    const text = dump(foreign.name, part);
    await refused((name) => restore(name, part, text), new RegExp(schema(part)));
  }
  await refused(() => {}, /other books|belongs to|of another/, foreign.data);
});

test('two schemas in each other\'s place are refused by name', { skip }, async () => {
  for (const [a, b] of [['registry', 'ledger'], ['registry', 'log'], ['ledger', 'log']]) {
    await refused((name) => cluster.sql(`ALTER SCHEMA ${schema(a)} RENAME TO aside;
      ALTER SCHEMA ${schema(b)} RENAME TO ${schema(a)}; ALTER SCHEMA aside RENAME TO ${schema(b)}`,
    name), /registry|the ledger|mains_log/);
  }
});

test('as they were, they are right', { skip }, async () => {
  const check = await cli(['ledger', 'check', '--data', right.data, '--ledger', right.url]);
  assert.equal(check.code, 0, check.err);
  const server = await start({ ledger: right.url, data: right.data });
  await paid(server, 1);
  assert.equal((await server.books()).ok, true);
  await server.stop();
});
