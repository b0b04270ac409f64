// Several servers on one PostgreSQL database sign one log: whichever of them is asked, and whichever
// of them lives. Judged by Go's sumdb/note and sumdb/tlog, and by mains-verify.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start_cluster } from './cluster.mjs';
import { go_checker } from './go_checker.mjs';
import { cli, fresh_folder, null_models, remove, start, until } from './harness.mjs';
import { completion, skip, tenant_of } from './servers.mjs';

const work = mkdtempSync(path.join(tmpdir(), 'mains-e2e-onelog-'));
const all = {};
let tenant;
let vkey;
let judge;

const key_of = (data) => path.join(data, 'log.key');
const size_of = (text) => Number(text.split('\n')[1]);
const size_in = (file) => size_of(readFileSync(file, 'utf8'));
const checkpoint = async (server) => (await server.call('/log/checkpoint')).text;
const log_of = (server) => server.admin('GET', '/log');

/** A paid request of one server; its receipt's id. */
async function use(server) {
  const { status, headers, text } = await server.call('/v1/completions',
    { key: tenant.key, body: completion });
  assert.equal(status, 200, text);
  return headers.get('x-receipt-id');
}
/** Waits until a server tells a checkpoint over that receipt. */
const is_told = (server, id) => until(async () =>
  (await server.receipt(tenant, id)).in_checkpoint, 'the checkpoint', 8_000);

/** A checkpoint of a server, in a file. */
async function kept(name, server) {
  const file = path.join(work, name);
  writeFileSync(file, await checkpoint(server));
  return file;
}

/** A second server's folder, with what the operator has brought there from the first. */
function folder_with_keys(from) {
  const data = fresh_folder();
  for (const name of ['log.key', 'log.previous.key']) {
    if (existsSync(path.join(from, name))) {
      copyFileSync(path.join(from, name), path.join(data, name));
    }
  }
  return data;
}

before(async () => {
  if (skip) return;
  judge = go_checker(work);
  all.cluster = await start_cluster();
  all.url = all.cluster.fresh();
  all.one = await start({ ledger: all.url });
  all.two = await start({ ledger: all.url, data: folder_with_keys(all.one.data) });
  tenant = await tenant_of(all, '50.00');
  [vkey] = (await log_of(all.one)).keys;
});
after(async () => {
  await all.one?.clear();
  await all.two?.clear();
  await all.cluster?.clear();
  remove(work);
});

test('both tell one log, whichever of them is asked', { skip }, async () => {
  const { one, two } = all;
  const shown = await log_of(two);
  assert.deepEqual(shown.keys, [vkey]);
  assert.equal(shown.origin, (await log_of(one)).origin);
  assert.equal(statSync(key_of(two.data)).mode & 0o777, 0o600);
  const older = [];
  for (let round = 0; round < 3; ++round) {
    let last;
    for (let i = 0; i < 12; ++i) last = await use(i % 2 ? one : two);
    await is_told(one, last);
    await is_told(two, last);
    older.push(await kept(`one${round}`, one), await kept(`two${round}`, two));
  }
  for (const server of [one, two]) {
    assert.ok(judge(server, vkey, ...older) >= 36 + 2, 'a price list, the day, the receipts');
  }
  // Every server has every entry's bytes, whoever published it.
  for (const tile of ['/log/tile/0/000.p/9', '/log/tile/entries/000.p/9']) {
    assert.equal((await one.call(tile)).text, (await two.call(tile)).text);
  }
});

test('the day and its proof of liabilities are everybody\'s, once', { skip }, async () => {
  const { one, two } = all;
  // The tenant is younger than the day's document: a new one has it.
  const published = await two.admin('POST', '/log/liabilities');
  for (const server of [one, two]) {
    const proof = await until(async () => {
      const { status, json } = await server.call('/v1/liabilities', { key: tenant.key });
      return status === 200 && json.document === published.document && json;
    }, 'the new document');
    assert.equal(proof.leaf, published.leaf);
  }
  const [, database] = /@\/(\w+)\?/.exec(all.url);
  assert.equal(all.cluster.sql('SELECT count(*) FROM mains_log.days', database), '2',
    'the day\'s own, and this one');
});

test('mains-verify: a statement of requests to both servers', { skip }, async () => {
  const { one, two } = all;
  const since = await kept('since', two);
  for (let i = 0; i < 10; ++i) await use(i % 3 ? one : two);
  const last = await use(two);
  for (const server of [one, two]) {
    await is_told(server, last);
    const { text } = await server.call(`/v1/statement?month=${new Date().toISOString().slice(0, 7)}` +
      `&format=proof&since=${size_in(since)}`,
    { key: tenant.key });
    const file = path.join(work, 'statement.jsonl');
    writeFileSync(file, text);
    const verified = await cli(['verify', '--key', vkey, '--since', since, file]);
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /: verified: 47 receipts of account [0-9a-f]{32} \(1\.\.47\)/);
  }
});

test('the one that signs is killed, and the other goes on with the same log', { skip }, async () => {
  const { one, two } = all;
  const before_kill = await kept('before-kill', one);
  await one.stop('SIGKILL');
  await is_told(two, await use(two));
  assert.ok(judge(two, vkey, before_kill) > size_in(before_kill));
  const meanwhile = await kept('meanwhile', two);
  all.one = await start({ ledger: all.url, data: one.data });
  await two.stop('SIGKILL');
  await is_told(all.one, await use(all.one));
  judge(all.one, vkey, before_kill, meanwhile);
  all.two = await start({ ledger: all.url, data: two.data });
});

test('a key that is not the log\'s is refused; none at all makes a follower', { skip }, async () => {
  const { one, url } = all;
  const stranger = await start({ ledger: 'sqlite' });
  await stranger.stop();
  const data = fresh_folder();
  copyFileSync(key_of(stranger.data), key_of(data));
  const refused = await cli(['serve', '--data', data, '--ledger', url, '--listen', '127.0.0.1:0',
    ...null_models]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /log\.key here .* copy both from the server that has them/);
  remove(data);
  remove(stranger.data);

  const follower = await start({ ledger: url });
  assert.match(follower.err, /no log\.key: other servers sign/);
  assert.equal(existsSync(key_of(follower.data)), false);
  assert.equal((await log_of(follower)).signs, false);
  assert.match((await cli(['log', 'show', '--data', follower.data])).out,
    /Signed {3}by other servers/);
  await is_told(follower, await use(follower));
  judge(follower, vkey);
  await is_told(one, await use(one));
  await follower.clear();
});

test('a new key: the others sign again once they have it', { skip }, async () => {
  const { one, two } = all;
  const before_rotation = await kept('before-rotation', two);
  const rotated = await one.admin('POST', '/log/rotate-key');
  const [fresh, previous] = rotated.keys;
  assert.equal(previous, vkey);
  assert.equal(JSON.parse(rotated.document).new_key, fresh);
  await until(async () => (await log_of(two)).healthy === false, 'the other to say so');
  assert.match((await log_of(two)).problem, /copy both/);
  await is_told(two, await use(two));
  for (const key of [vkey, fresh]) judge(two, key, ...(key === vkey ? [before_rotation] : []));

  for (const name of ['log.key', 'log.previous.key']) {
    copyFileSync(path.join(one.data, name), path.join(two.data, name));
  }
  await until(async () => (await log_of(two)).healthy, 'the other to sign again');
  await one.stop('SIGKILL');
  await is_told(two, await use(two));
  judge(two, vkey, before_rotation);
  judge(two, fresh);
  const dropped = await cli(['log', 'drop-previous-key', '--json', '--data', two.data]);
  assert.equal(dropped.code, 0, dropped.err);
  assert.deepEqual(JSON.parse(dropped.out).keys, [fresh]);
  await is_told(two, await use(two));
  judge(two, fresh);
  assert.throws(() => judge(two, vkey));
  all.one = await start({ ledger: all.url, data: one.data });
  vkey = fresh;
  assert.deepEqual((await log_of(all.one)).keys, [vkey]);
});

test('three servers start at once on an empty database', { skip }, async () => {
  const url = all.cluster.fresh();
  const servers = await Promise.all([1, 2, 3].map(() => start({ ledger: url })));
  const shown = await Promise.all(servers.map(log_of));
  assert.equal(new Set(shown.map(({ keys }) => keys.join())).size, 1);
  assert.equal(shown.filter(({ signs }) => signs).length, 1);
  assert.equal(servers.filter(({ data }) => existsSync(key_of(data))).length, 1);
  await Promise.all(servers.map((server) => server.clear()));
});
