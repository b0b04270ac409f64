// `mains model pull` from a hub of our own on loopback: resumed, checked, then served.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, real_model, remove, start } from './harness.mjs';

// Without a model, bytes that look like one: nothing else is accepted.
const bytes = real_model ? readFileSync(real_model)
  : Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), randomBytes(1 << 20)]);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const folder = fresh_folder();
let hub;
let url;
let cut_after = Infinity;
const asked = [];

before(async () => {
  hub = http.createServer((request, answer) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (request.method === 'GET') asked.push(from);
    answer.writeHead(from > 0 ? 206 : 200, {
      'content-length': bytes.length - from, etag: `"${sha256}"`, 'accept-ranges': 'bytes',
      ...(from > 0 && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (request.method === 'HEAD') return answer.end();
    if (from + cut_after >= bytes.length) return answer.end(bytes.subarray(from));
    return answer.write(bytes.subarray(from, from + cut_after), () => request.socket.destroy());
  });
  await new Promise((listening) => hub.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${hub.address().port}/m.gguf`;
});
after(() => { hub.closeAllConnections(); hub.close(); remove(folder); });

const pulled = () => {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('m.gguf'));
  return files.length > 0 ? path.join(folder, files[0]) : null;
};

test('a wrong SHA-256 is found out, and the file gets no name', async () => {
  const { code, err } = await cli(
    ['model', 'pull', url, '--sha256', 'ab'.repeat(32), '--data', folder]);
  assert.equal(code, 1);
  assert.match(err, /SHA-256/i);
  assert.equal(pulled(), null);
});

test('a download that broke off goes on where it was', async () => {
  asked.length = 0;
  cut_after = 300_000;
  for (let tries = 0; tries < 20 && pulled() === null; ++tries) {
    await cli(['model', 'pull', url, '--sha256', sha256, '--data', folder]);
    if (tries === 2) cut_after = Infinity;
  }
  assert.ok(existsSync(pulled()));
  assert.ok(asked.some((from) => from > 0), `asked from ${asked}`);
  assert.equal(createHash('sha256').update(readFileSync(pulled())).digest('hex'), sha256);
});

test('what was pulled is served', { skip: real_model ? false : 'no model here' }, async () => {
  const added = await cli(['model', 'add', `mine=${pulled()}:256`, '--data', folder]);
  assert.equal(added.code, 0, added.err);
  const server = await start({ data: folder, args: ['--model', `other=${pulled()}:128`] });
  try {
    const { key } = await server.tenant();
    const { status, text } = await server.call('/v1/completions',
      { key, body: { model: 'mine', prompt: 'Once', max_tokens: 3 } });
    assert.equal(status, 200, text);
  } finally {
    await server.stop();
  }
});
