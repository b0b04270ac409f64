// The transparency log, checked by programs that are not ours: Go's sumdb/note and sumdb/tlog,
// npm's @sigstore/verify, openssl.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { go_checker } from './go_checker.mjs';
import { cli, fresh_folder, remove, start, until } from './harness.mjs';

const require = createRequire(import.meta.url);
const work = mkdtempSync(path.join(tmpdir(), 'mains-e2e-log-'));
const data = fresh_folder();
let server;
let tenant;
let vkey;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part),
  createHash('sha256')).digest();
const fetch_text = async (route, options) => (await server.call(route, options)).text;
const checkpoint = () => fetch_text('/log/checkpoint');
const size_of = (text) => Number(text.split('\n')[1]);

/** So many paid requests, all of them under a checkpoint. Their receipts. */
async function use(count) {
  const receipts = [];
  for (let i = 0; i < count; i++) {
    const { headers } = await server.call('/v1/completions',
      { key: tenant.key, body: { model: 'null', prompt: 'Once', max_tokens: 3 } });
    receipts.push(headers.get('x-receipt-id'));
  }
  await until(async () => (await server.receipt(tenant, receipts.at(-1))).in_checkpoint,
    'the checkpoint');
  return receipts;
}

let judge;
const check_with_go = (key, ...files) => judge(server, key, ...files);

before(async () => {
  judge = go_checker(work);
  server = await start({ data });
  tenant = await server.tenant();
  vkey = (await server.admin('GET', '/log')).keys[0];
});
after(async () => { await server?.clear(); remove(work); });

test('Go opens the checkpoint, finds every entry, and its growth consistent', async () => {
  await use(3);
  const older = path.join(work, 'older');
  writeFileSync(older, await checkpoint());
  assert.ok(check_with_go(vkey) >= 5, 'a price list, the day, three receipts');
  await use(300);
  assert.ok(check_with_go(vkey, older) > 300);
});

test('openssl verifies the bare signature', async () => {
  const [text, signatures] = (await checkpoint()).split('\n\n');
  const signature = Buffer.from(signatures.split(' ')[2], 'base64').subarray(4);
  const key = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
  const files = Object.fromEntries(['text', 'signature', 'key'].map((name) =>
    [name, path.join(work, name)]));
  writeFileSync(files.text, `${text}\n`);
  writeFileSync(files.signature, signature);
  writeFileSync(files.key, Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]));
  const verify = (file) => execFileSync('openssl', ['pkeyutl', '-verify', '-pubin', '-keyform',
    'DER', '-inkey', files.key, '-rawin', '-in', file, '-sigfile', files.signature],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  assert.match(verify(files.text), /Verified Successfully/);
  writeFileSync(files.text, `${text}\n\n`);
  assert.throws(() => verify(files.text));
});

test("a receipt's proof file opens its commitment, and sigstore finds it in the log", async () => {
  const [id] = await use(1);
  const receipt = await server.receipt(tenant, id);
  const answer = await server.fetch(`/v1/receipts/${id}?format=proof`, { key: tenant.key });
  assert.equal(answer.status, 200);
  const file = await answer.text();
  writeFileSync(path.join(work, 'proof'), file);
  check_with_go(vkey, path.join(work, 'proof'));
  const lines = file.split('\n');
  assert.equal(lines[0], 'c2sp.org/tlog-proof@v1');
  const extra = Buffer.from(lines[1].replace(/^extra /, ''), 'base64');
  assert.equal(extra.subarray(0, 32).toString('hex'), receipt.salt);
  assert.equal(extra.subarray(32).toString(), receipt.canonical);
  const canonical = JSON.parse(receipt.canonical);
  assert.equal(canonical.id, id);
  assert.equal(receipt.canonical, JSON.stringify(Object.fromEntries(Object.entries(canonical)
    .sort(([a], [b]) => (a < b ? -1 : 1)))), 'canonical: sorted, no spaces');
  const blank = lines.indexOf('');
  const hashes = lines.slice(3, blank).map((line) => Buffer.from(line, 'base64'));
  assert.equal(lines[2], `index ${receipt.leaf}`);
  const envelope = lines.slice(blank + 1).join('\n');

  const { verifyCheckpoint } = require('@sigstore/verify/dist/timestamp/checkpoint');
  const { verifyMerkleInclusion } = require('@sigstore/verify/dist/timestamp/merkle');
  const [name, key_id, ...key] = vkey.split('+');
  const { createPublicKey } = await import('node:crypto');
  const tlog = {
    baseURL: name, logID: Buffer.from(key_id, 'hex'),
    publicKey: createPublicKey({ format: 'der', type: 'spki', key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key.join('+'), 'base64').subarray(1)]) }),
    validFor: { start: new Date(0), end: new Date(8e15) },
  };
  const entry = {
    canonicalizedBody: sha256(extra), integratedTime: '1',
    inclusionProof: {
      logIndex: String(receipt.leaf), hashes, checkpoint: { envelope },
      treeSize: envelope.split('\n')[1], rootHash: Buffer.from(envelope.split('\n')[2], 'base64'),
    },
  };
  verifyCheckpoint(entry, [tlog]);
  verifyMerkleInclusion(entry);
  entry.canonicalizedBody[0] ^= 1;
  assert.throws(() => verifyMerkleInclusion(entry));
});

test('the price list that receipts name stands in the log in clear', async () => {
  const [id] = await use(1);
  const canonical = JSON.parse((await server.receipt(tenant, id)).canonical);
  const width = Math.min(size_of(await checkpoint()), 256);
  const bundle = Buffer.from(await (await server.fetch(
    `/log/tile/entries/000${width < 256 ? `.p/${width}` : ''}`)).arrayBuffer());
  const entries = [];
  for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) {
    entries.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)));
  }
  const list = entries.find((entry) => sha256(entry).toString('hex') ===
    canonical.price_list_sha256);
  assert.ok(list, 'the list is an entry');
  const model = JSON.parse(list.toString()).models.find(({ id: number }) =>
    number === canonical.model);
  assert.equal(model.model, 'null');
  assert.ok(!bundle.includes(tenant.name), 'nobody is named');
  assert.ok(!bundle.includes(canonical.account), 'nor by a pseudonym');
});

test('what is cached and what is not, and what is not there', async () => {
  const head = await server.fetch('/log/checkpoint');
  assert.equal(head.headers.get('cache-control'), 'no-store');
  assert.equal(head.headers.get('content-type'), 'text/plain; charset=utf-8');
  const size = size_of(await head.text());
  const tile = await server.fetch('/log/tile/0/000.p/1');
  assert.match(tile.headers.get('cache-control'), /immutable/);
  assert.equal(tile.headers.get('content-type'), 'application/octet-stream');
  assert.equal((await tile.arrayBuffer()).byteLength, 32);
  const far = String(Math.floor(size / 256) + 1).padStart(3, '0');
  for (const route of [`0/${far}`, `0/${far}.p/1`, '0/000.p/0', '0/000.p/256', '0/0', '00/000',
    '3/000', '0/x000/000', '64/000', '0/000.p/01', `entries/${far}`, '']) {
    assert.equal((await server.call(`/log/tile/${route}`)).status, 404, route);
  }
  assert.equal((await server.call('/log/checkpoint', { method: 'POST', body: {} })).status, 405);
});

test("the day's liabilities: a customer finds its balance in the total", async () => {
  await server.balance_at_rest(tenant);
  const { available } = await server.balance(tenant);
  const published = await cli(['log', 'liabilities', '--data', server.data]);
  assert.equal(published.code, 0, published.err);
  const day = JSON.parse(published.out.split('\n')[0]);
  const proof = await until(async () => {
    const { status, json } = await server.call('/v1/liabilities', { key: tenant.key });
    return status === 200 && JSON.parse(json.document).at_ns === day.at_ns && json;
  }, 'the document');
  assert.equal(BigInt(proof.balance_nano), available);
  const u64 = (value) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(value)); return b; };
  // The way up, as docs/transparency.md describes it.
  let hash = sha256(Buffer.from([3]), Buffer.from(proof.salt, 'hex'),
    Buffer.from(proof.account, 'hex'), u64(proof.balance_nano));
  let total = BigInt(proof.balance_nano);
  let [index, last] = [proof.index, day.accounts - 1];
  for (const { sha256: beside, sum_nano } of proof.path) {
    while (index % 2 === 0 && index === last) [index, last] = [index / 2, last / 2];
    const own = [hash, u64(total)];
    const other = [Buffer.from(beside, 'hex'), u64(sum_nano)];
    hash = sha256(Buffer.from([2]), ...(index % 2 ? [...other, ...own] : [...own, ...other]));
    total += BigInt(sum_nano);
    [index, last] = [Math.floor(index / 2), Math.floor(last / 2)];
  }
  assert.equal(hash.toString('hex'), day.root_sha256);
  assert.equal(total, BigInt(day.total_nano));
});

test('a new key signs beside the old one, and the log goes on after a restart', async () => {
  const older = path.join(work, 'before-rotation');
  writeFileSync(older, await checkpoint());
  const rotated = await cli(['log', 'rotate-key', '--json', '--data', server.data]);
  assert.equal(rotated.code, 0, rotated.err);
  const { keys: [fresh, previous], document } = JSON.parse(rotated.out);
  assert.equal(previous, vkey);
  assert.equal(JSON.parse(document).new_key, fresh);
  await use(1);
  check_with_go(vkey, older);
  check_with_go(fresh);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  server = await start({ data });
  const shown = (await server.admin('GET', '/log')).keys;
  assert.deepEqual(shown, [fresh, vkey]);
  await use(2);
  check_with_go(vkey, older);
  assert.equal((await server.books()).code, 0);
});
