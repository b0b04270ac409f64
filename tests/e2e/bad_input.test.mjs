// Hostile and broken requests: each a clear error, none costs anything, the server goes on.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { start, within } from './harness.mjs';

let server;
let tenant;
before(async () => {
  server = await start();
  tenant = await server.tenant();
});
after(() => server?.clear());

const routes = ['/v1/chat/completions', '/v1/completions', '/v1/messages', '/v1/quote'];
const with_field = (name, value) =>
  `{"model":"null","prompt":"x","messages":[{"role":"user","content":"x"}],` +
  `"${name === 'max_tokens' ? 'user' : 'max_tokens'}":${name === 'max_tokens' ? '"u"' : '5'},` +
  `"${name}":${value}}`;

for (const [what, field, value] of [
  ['max_tokens of 2^64', 'max_tokens', '18446744073709551616'],
  ['max_tokens of 2^64-1', 'max_tokens', '18446744073709551615'],
  ['max_tokens of 2^63', 'max_tokens', '9223372036854775808'],
  ['max_tokens of 1e400', 'max_tokens', '1e400'], ['max_tokens below 0', 'max_tokens', '-1'],
  ['max_tokens that is a text', 'max_tokens', '"5"'], ['max_tokens of 1.5', 'max_tokens', '1.5'],
  ['a temperature of NaN', 'temperature', 'NaN'], ['infinite', 'temperature', 'Infinity'],
  ['a temperature of 1e999', 'temperature', '1e999'], ['below 0', 'temperature', '-0.1'],
  ['a top_p of 1.5', 'top_p', '1.5'], ['a top_k of 2^64', 'top_k', '18446744073709551616'],
]) {
  test(`${what} is a 400 everywhere`, async () => {
    for (const route of routes) {
      const { status, json } = await server.call(route,
        { key: tenant.key, body: with_field(field, value) });
      assert.equal(status, 400, `${route} ${JSON.stringify(json)}`);
      assert.ok(json.error.message.length > 10);
    }
  });
}

test('what is not JSON, or not all of it, is a 400', async () => {
  const bodies = ['', '{', 'null', '[]', '"text"', '{"model":"null"', '{"model":"null"}}', '\0',
    '['.repeat(100_000), `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.concat([Buffer.from('{"model":"null","max_tokens":5,"prompt":"'),
      Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80]), Buffer.from('"}')])];
  for (const body of bodies) {
    for (const route of routes) {
      const { status, json } = await server.call(route, { key: tenant.key, body });
      assert.equal(status, 400, `${route} ${String(body).slice(0, 40)}`);
      assert.ok(json.error.message);
    }
  }
});

test('half a surrogate pair is refused or harmless', async () => {
  const body = '{"model":"null","max_tokens":3,"prompt":"\\ud800"}';
  const { status } = await server.call('/v1/completions', { key: tenant.key, body });
  assert.ok(status === 200 || status === 400);
});

test('a prompt of 10 MB is refused and says why', async () => {
  const before_it = await server.balance(tenant);
  const prompt = 'x'.repeat(10 << 20);
  for (const body of [{ prompt }, { messages: [{ role: 'user', content: prompt }] }]) {
    const { status, json } = await server.call(
      body.prompt ? '/v1/completions' : '/v1/chat/completions',
      { key: tenant.key, body: { model: 'null', max_tokens: 5, ...body } });
    assert.equal(status, 400);
    assert.equal(json.error.code, 'context_length_exceeded');
  }
  assert.deepEqual(await server.balance(tenant), before_it);
});

/** What the server answers to these bytes until it closes or says enough. */
function raw(bytes, { half_close = false } = {}) {
  const { hostname, port } = new URL(server.url);
  return within(20_000, new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(Number(port), hostname, () => {
      if (half_close) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.on('data', (data) => { answer += data; socket.end(); });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  }), 'an answer');
}

test('what is not HTTP is refused', async () => {
  for (const bytes of ['hello\r\n\r\n', '\0\0\0\0\r\n\r\n', 'GET\r\n\r\n',
    'GET /healthz HTTP/9.9\r\n\r\n', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
    'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n',
    'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 18446744073709551616\r\n\r\n',
    'POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(1 << 18)}\r\n\r\n`]) {
    const answer = await raw(bytes, { half_close: true });
    assert.ok(answer === '' || /^HTTP\/1\.1 (400|401|413|431|505) /.test(answer),
      `${String(bytes).slice(0, 60)} -> ${answer.slice(0, 80)}`);
  }
});

test('a body that never comes whole is not run', async () => {
  const before_it = await server.balance(tenant);
  await raw(`POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.key}\r\n` +
    'content-type: application/json\r\ncontent-length: 500\r\n\r\n{"model":"null"',
  { half_close: true });
  assert.deepEqual(await server.balance(tenant), before_it);
});

test('after all this the server serves, and the books are right', async () => {
  const { status } = await server.call('/v1/completions',
    { key: tenant.key, body: { model: 'null', prompt: 'x', max_tokens: 5 } });
  assert.equal(status, 200);
  const books = await server.books();
  assert.deepEqual([books.ok, books.open_holds], [true, 0]);
  assert.ok(!server.over);
});
