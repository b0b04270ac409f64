// The parts of the books belong together, the ledger that is named is the one that is used, and
// looking makes nothing.
import assert from 'node:assert/strict';
import {
  cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cli, fresh_folder, null_models, remove, start } from './harness.mjs';

const folders = [];
const folder = () => { folders.push(fresh_folder()); return folders.at(-1); };
after(() => folders.forEach(remove));

const serve = (data) => cli(['serve', '--data', data, '--listen', '127.0.0.1:0', ...null_models],
  { env: { MAINS_LEDGER: '' } });
const completion = { model: 'null', prompt: 'Once upon a time', max_tokens: 10 };
const parts = ['registry', 'ledger', 'log'];
const files_of = (data, part) => readdirSync(data).filter((f) => f.startsWith(`${part}.db`));
const copy = (from, to, part) => {
  for (const file of files_of(to, part)) rmSync(path.join(to, file));
  for (const file of files_of(from, part)) cpSync(path.join(from, file), path.join(to, file));
};

/** A used folder whose server has stopped, and a copy of it from before its second half. */
async function used() {
  const data = folder();
  let server = await start({ ledger: 'sqlite', data });
  const one = await server.tenant('5.00');
  assert.equal((await server.call('/v1/completions', { key: one.key, body: completion })).status, 200);
  await server.stop();
  const older = folder();
  cpSync(data, older, { recursive: true });
  server = await start({ ledger: 'sqlite', data });
  const two = await server.tenant('9.00');
  for (let i = 0; i < 3; ++i) {
    assert.equal((await server.call('/v1/completions', { key: two.key, body: completion })).status,
      200);
  }
  await server.stop();
  return { data, older };
}

/** A copy of a folder that was changed; nothing starts on it, and each says the same. */
async function refused(data, change, says) {
  const other = folder();
  cpSync(data, other, { recursive: true, filter: (file) => !file.endsWith('.sock') });
  change(other);
  const keys = readdirSync(other).filter((f) => f.endsWith('.key'));
  for (const run of [() => serve(other), () => cli(['tenant', 'create', 'x', '--data', other]),
    () => cli(['ledger', 'check', '--data', other]), () => cli(['tenant', 'list', '--data', other])]) {
    const { code, err } = await run();
    assert.equal(code, 1, err);
    assert.match(err, says);
  }
  assert.deepEqual(readdirSync(other).filter((f) => f.endsWith('.key')), keys);
}

test('a part that is lost, older or of other books is refused by name', async () => {
  const { data, older } = await used();
  const foreign = (await used()).data;
  for (const part of parts) {
    const name = new RegExp(`${part}\\.db`);
    await refused(data, (at) => files_of(at, part).forEach((f) => rmSync(path.join(at, f))), name);
    await refused(data, (at) => copy(older, at, part), name);
    await refused(data, (at) => copy(foreign, at, part), name);
  }
  // Two of three, the others' age against theirs.
  for (const [a, b] of [['registry', 'ledger'], ['registry', 'log'], ['ledger', 'log']]) {
    await refused(data, (at) => { copy(older, at, a); copy(older, at, b); }, /\.db/);
  }
  await refused(data, (at) => {
    for (const part of ['ledger', 'log']) {
      files_of(at, part).forEach((f) => rmSync(path.join(at, f)));
    }
  }, /ledger\.db is lost/);
  await refused(data, (at) => parts.forEach((part) =>
    files_of(at, part).forEach((f) => rmSync(path.join(at, f)))), /log\.key/);
  // As it was, it is right.
  const right = await cli(['ledger', 'check', '--data', data]);
  assert.equal(right.code, 0, right.err);
  const server = await start({ ledger: 'sqlite', data });
  assert.equal((await server.books()).ok, true);
  await server.stop();
});

test('a key that is lost or of another server is a finding', async () => {
  const { data } = await used();
  const foreign = (await used()).data;
  const lacks = async (change, says) => {
    const other = folder();
    cpSync(data, other, { recursive: true, filter: (file) => !file.endsWith('.sock') });
    change(other);
    const keys = readdirSync(other).filter((f) => f.endsWith('.key'));
    const { code, out } = await cli(['ledger', 'check', '--data', other]);
    assert.equal(code, 1, out);
    assert.match(out, says);
    assert.match(out, /The books are WRONG: 1 findings/);
    assert.deepEqual(readdirSync(other).filter((f) => f.endsWith('.key')), keys, 'none is made');
    return other;
  };
  for (const change of [(at) => rmSync(path.join(at, 'log.key')),
    (at) => cpSync(path.join(foreign, 'log.key'), path.join(at, 'log.key'))]) {
    const other = await lacks(change, /log\.key is gone, or not the key/);
    assert.match((await serve(other)).err, /log\.key is gone, or not the key/);
  }
  const other = await lacks(
    (at) => cpSync(path.join(foreign, 'price.key'), path.join(at, 'price.key')),
    /price\.key .* is not the key that signed/);
  const server = await start({ ledger: 'sqlite', data: other });
  assert.match(server.err, /price\.key .* is not the key that signed/);
  assert.equal((await cli(['ledger', 'check', '--data', other])).code, 1, 'beside a server too');
  await server.stop();
});

test('an empty ledger is lost, for those who read too', async () => {
  const { data } = await used();
  await refused(data, (at) => {
    files_of(at, 'ledger').forEach((f) => rmSync(path.join(at, f)));
    writeFileSync(path.join(at, 'ledger.db'), '');
  }, /ledger\.db is lost, or empty, .*[Rr]estore/);
});

test('a write-ahead log that was cut after a crash is noticed', async () => {
  const data = folder();
  const server = await start({ ledger: 'sqlite', data });
  for (let i = 0; i < 8; ++i) await server.tenant('1.00');
  await server.stop('SIGKILL');
  const wal = path.join(data, 'registry.db-wal');
  assert.ok(existsSync(wal));
  await refused(data, (at) => {
    const file = path.join(at, 'registry.db-wal');
    truncateSync(file, Math.floor(statSync(file).size / 3));
  }, /registry\.db/);
  const again = await start({ ledger: 'sqlite', data });
  assert.equal((await again.books()).ok, true);
  await again.stop();
});

test('a log that is lost for good begins anew from the ledger, and says no less', async () => {
  const { data } = await used();
  const server = await start({ ledger: 'sqlite', data });
  const before = await (await server.fetch('/log/checkpoint')).text();
  await server.stop();
  files_of(data, 'log').forEach((f) => rmSync(path.join(data, f)));
  assert.match((await serve(data)).err, /mains log rebuild/);
  const rebuilt = await cli(['log', 'rebuild', '--data', data]);
  assert.equal(rebuilt.code, 0, rebuilt.err);
  const again = await start({ ledger: 'sqlite', data });
  const size = (text) => Number(text.split('\n')[1]);
  let now = await (await again.fetch('/log/checkpoint')).text();
  for (let i = 0; i < 500 && !(size(now) >= size(before)); ++i) {
    assert.ok(!(size(now) < size(before)), 'nothing smaller is ever signed');
    now = await (await again.fetch('/log/checkpoint')).text();
    await new Promise((wake) => setTimeout(wake, 10));
  }
  assert.ok(size(now) >= size(before));
  if (size(now) === size(before)) assert.equal(now.split('\n')[2], before.split('\n')[2]);
  await again.stop();
});

test('a command that looks makes nothing', async () => {
  const empty = folder();
  const gone = path.join(folder(), 'nothere');
  const looks = [['tenant', 'list'], ['tenant', 'show', 'a'], ['key', 'list'],
    ['price', 'show'], ['usage', 'a'], ['bill', 'a'], ['ledger', 'check'], ['log', 'show'],
    ['export', 'events'], ['credit', 'add', 'a', '1.00'], ['log', 'rotate-key']];
  for (const command of looks) {
    for (const data of [empty, gone]) {
      const { code, err } = await cli([...command, '--data', data], { env: { MAINS_LEDGER: '' } });
      assert.equal(code, 1, command.join(' '));
      assert.match(err, /there (is|are) no /, command.join(' '));
    }
    assert.deepEqual(readdirSync(empty), []);
    assert.ok(!existsSync(gone));
  }
  const made = await cli(['tenant', 'create', 'a', '--data', gone], { env: { MAINS_LEDGER: '' } });
  assert.equal(made.code, 0, made.err);
  assert.match(made.err, /made new books in/);
  const init = await cli(['init', '--data', empty], { env: { MAINS_LEDGER: '' } });
  assert.equal(init.code, 0, init.err);
  assert.equal((await cli(['ledger', 'check', '--data', empty])).code, 0);
});

test('a ledger that is named and is not the server\'s is an error that names both', async () => {
  const server = await start({ ledger: 'sqlite', data: folder() });
  const tenant = await server.tenant('1.00');
  const named = 'postgres://nobody:secret@127.0.0.1:1/none';
  for (const command of [['credit', 'add', tenant.name, '0.50'], ['ledger', 'check'],
    ['tenant', 'list'], ['tenant', 'create', 'b'], ['price', 'show']]) {
    for (const [more, env] of [[['--ledger', named], {}], [[], { MAINS_LEDGER: named }]]) {
      const { code, err, out } = await cli([...command, '--data', server.data, ...more], { env });
      assert.equal(code, 1, command.join(' ') + out);
      assert.ok(err.includes(server.data) && err.includes('127.0.0.1:1/none'), err);
      assert.ok(!err.includes('secret'));
    }
  }
  assert.equal((await server.balance(tenant)).available, 1_000_000_000n);
  await server.clear();
});

test('an older folder is taken on once', async () => {
  const { data } = await used();
  // As it was before parts had marks: without the tables that have them.
  const { DatabaseSync } = await import('node:sqlite').catch(() => ({}));
  if (!DatabaseSync) return;
  for (const part of parts) {
    const db = new DatabaseSync(path.join(data, `${part}.db`));
    db.exec('DROP TABLE books');
    if (part === 'registry') db.exec('DROP TABLE withdrawn; PRAGMA user_version = 2');
    db.close();
  }
  const list = await cli(['tenant', 'list', '--data', data]);
  assert.equal(list.code, 0, list.err);
  const server = await start({ ledger: 'sqlite', data });
  assert.equal((await server.books()).ok, true);
  await server.stop();
  await refused(data, (at) => files_of(at, 'log').forEach((f) => rmSync(path.join(at, f))),
    /log\.db/);
});
