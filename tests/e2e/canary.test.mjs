// What a customer writes is found nowhere afterwards: not on disk, not in logs, not in metrics.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { admin_secret, start } from './harness.mjs';
import { open_stream } from './stream.mjs';

let server;
let tenant;
let count = 0;
const canary = () => `canary${String(++count).padStart(4, '0')}kuckuck`;
const trace = /canary\d{4}kuckuck/gi;

before(async () => {
  server = await start();
  tenant = await server.tenant();
});
after(() => server?.clear());

const schema = () => ({
  type: 'object', required: [canary()], properties: { [canary()]: { const: canary() } },
});
const chat = (more) => ({
  model: 'null', max_tokens: 8, user: canary(), metadata: { [canary()]: canary() },
  stop: [canary()],
  messages: [{ role: 'system', content: canary() }, { role: 'user', content: canary() },
    {
      role: 'assistant', content: null,
      tool_calls: [{
        id: canary(), type: 'function',
        function: { name: canary(), arguments: JSON.stringify({ [canary()]: canary() }) },
      }],
    }, { role: 'tool', tool_call_id: canary(), content: canary() }],
  tools: [{
    type: 'function',
    function: { name: canary(), description: canary(), parameters: schema() },
  }],
  ...more,
});
const message = (more) => ({
  model: 'null', max_tokens: 8, system: canary(), metadata: { user_id: canary() },
  stop_sequences: [canary()], messages: [{ role: 'user', content: canary() }],
  tools: [{ name: canary(), description: canary(), input_schema: schema() }], ...more,
});

/** [route, body] of every way to say something. */
const asked = () => [
  ['/v1/chat/completions', chat()],
  ['/v1/chat/completions', chat({ stream: true })],
  ['/v1/chat/completions', chat({ tool_choice: 'required', max_tokens: 400 })],
  ['/v1/chat/completions', chat({
    tools: undefined, max_tokens: 400,
    response_format: { type: 'json_schema', json_schema: { name: canary(), schema: schema() } },
  })],
  ['/v1/completions', { model: 'null', prompt: canary(), max_tokens: 5 }],
  ['/v1/completions', { model: 'null', prompt: canary(), echo: true, n: 2, max_tokens: 5 }],
  ['/v1/embeddings', { model: 'null', input: [canary(), canary()], user: canary() }],
  ['/v1/messages', message()],
  ['/v1/messages', message({ stream: true })],
  ['/v1/messages/count_tokens', message()],
  ['/v1/quote', chat()],
  ['/v1/prefixes', chat({ accounts: [] })],
];

/** Requests that fail, each in its own way. */
const refused = () => [
  ...['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/messages', '/v1/quote',
    '/v1/prefixes', '/v1/messages/count_tokens', `/v1/${canary()}`, `/${canary()}?${canary()}=${canary()}`].flatMap(
    (route) => [
      [route, `{"model":"null","prompt":"${canary()}`],
      [route, `${canary()}`],
      [route, `{"${canary()}":"${canary()}","model":{"${canary()}":1}}`],
      [route, chat({ model: canary() })],
      [route, chat({ temperature: canary() })],
      [route, chat({ messages: [{ role: canary(), content: canary() }] })],
      [route, chat({ max_tokens: 1e17 })],
      [route, Buffer.concat([Buffer.from(`{"prompt":"${canary()}`), Buffer.from([0xff, 0xfe])])],
    ]),
  ['/v1/chat/completions', chat({ tool_choice: { type: canary() } })],
  ['/v1/chat/completions', chat({ response_format: { type: canary() } })],
  ['/v1/chat/completions', chat({ response_format: { type: 'json_schema', json_schema: {
    name: canary(), schema: { type: canary(), $ref: `#/${canary()}` } } } })],
  ['/v1/completions', { model: 'null', prompt: canary().repeat(100_000) }],
  ['/v1/completions', { model: 'null', prompt: canary(), suffix: canary() }],
];

function scan(what, bytes) {
  const found = bytes.toString('latin1').match(trace);
  assert.equal(found, null, `${what} knows ${found?.[0]}`);
}

async function scan_everything() {
  for (const entry of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
    const folder = entry.parentPath ?? entry.path;
    if (entry.isFile()) scan(entry.name, readFileSync(path.join(folder, entry.name)));
  }
  scan('the log', Buffer.from(server.err));
  scan('the output', Buffer.from(server.out));
}

const headers = () => ({
  'idempotency-key': canary(), 'user-agent': canary(), 'x-request-id': canary(),
  [canary()]: canary(), cookie: canary(), 'x-prefix': canary(),
});

test('what is asked leaves no trace', async () => {
  for (const [route, body] of asked()) {
    const { status, text } = await server.call(route,
      { key: tenant.key, body, headers: headers() });
    assert.equal(status, 200, `${route}: ${text}`);
  }
  for (const route of ['/v1/chat/completions', '/v1/messages']) {
    for (const patience_ms of [0, 5000]) {
      const make = route.endsWith('messages') ? message : chat;
      await open_stream(server, route, {
        key: tenant.key, patience_ms,
        body: make({ model: 'long', stream: true, max_tokens: 9000 }),
      }, (_, leave) => leave());
    }
  }
  await server.balance_at_rest(tenant);
  scan('the metrics', Buffer.from((await server.call('/metrics', { key: admin_secret })).text));
  await scan_everything();
});

test('what is refused leaves no trace, and is not repeated in the error', async () => {
  for (const [route, body] of refused()) {
    const { status, text } = await server.call(route,
      { key: tenant.key, body, headers: headers() });
    assert.ok(status >= 400 && status < 500, `${route}: ${status} ${text}`);
    scan(`the ${status} of ${route.slice(0, 24)}`, Buffer.from(text));
  }
  for (const route of [`/v1/models/${canary()}`, `/v1/receipts/${canary()}`,
    `/v1/usage?from=${canary()}`, `/v1/usage?group_by=${canary()}`, `/v1/prices/${canary()}`]) {
    const { status, text } = await server.call(route, { key: tenant.key, headers: headers() });
    assert.ok(status >= 400 && status < 500, `${route}: ${status}`);
    scan(`the ${status} of ${route.slice(0, 12)}`, Buffer.from(text));
  }
  for (const key of [canary(), `mk-${canary()}`]) {
    assert.equal((await server.call('/v1/balance', { key })).status, 401);
  }
  const poor = await server.tenant('0.00');
  for (const [route, body] of asked().slice(0, 9)) {
    assert.equal((await server.call(route, { key: poor.key, body })).status, 402);
  }
  scan('the metrics', Buffer.from((await server.call('/metrics', { key: admin_secret })).text));
  await scan_everything();
});

test('nor is anything written when the server stops', async () => {
  assert.equal((await server.stop()).code, 0);
  await scan_everything();
});

test('the search finds what is there', () => {
  assert.throws(() => scan('this', Buffer.from(`\0\xff${canary()}\0`)), /this knows canary/);
});
