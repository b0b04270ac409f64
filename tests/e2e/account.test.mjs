// What a customer can see of its own account, and check for itself.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import { admin_secret, nano, start, sum } from './harness.mjs';

let server;
let tenant;
const completion = { model: 'null', prompt: 'Once upon a time', max_tokens: 10 };

before(async () => {
  server = await start();
  tenant = await server.tenant();
});
after(() => server?.clear());

test('the charges of all receipts are the difference of the balance', async () => {
  const opening = (await server.balance(tenant)).available;
  const chat = { model: 'null', messages: [{ role: 'user', content: 'hi' }], max_tokens: 33 };
  const asked = [['/v1/completions', completion], ['/v1/chat/completions', chat],
    ['/v1/chat/completions', { ...chat, n: 3 }], ['/v1/messages', chat],
    ['/v1/embeddings', { model: 'long', input: ['a', 'bc'] }],
    ['/v1/completions', { ...completion, model: 'long' }]];
  const receipts = [];
  for (const [route, body] of asked) {
    const { status, headers } = await server.call(route, { key: tenant.key, body });
    assert.equal(status, 200, route);
    receipts.push(await server.receipt(tenant, headers.get('x-receipt-id')));
  }
  const charges = sum(receipts.map((receipt) => nano(receipt.charge)));
  const { available, held } = await server.balance(tenant);
  assert.equal(held, 0n);
  assert.equal(opening - available, charges);
  assert.equal(nano(receipts.at(-1).balance_after), available);
  assert.deepEqual(receipts.map((receipt) => receipt.sequence - receipts[0].sequence),
    [0, 1, 2, 3, 4, 5]);
  const used = await server.charged(tenant);
  assert.equal(used.charge, charges);
  assert.equal(used.requests, 6);
});

test("a charge is the receipt's tokens at the receipt's prices, floored once", async () => {
  const { headers } = await server.call('/v1/completions', { key: tenant.key, body: completion });
  const receipt = await server.receipt(tenant, headers.get('x-receipt-id'));
  const cached = BigInt(receipt.cached_input_tokens);
  const exact = (BigInt(receipt.input_tokens) - cached) * nano(receipt.input_per_mtok) +
    cached * nano(receipt.cached_input_per_mtok) +
    BigInt(receipt.output_tokens) * nano(receipt.output_per_mtok);
  assert.equal(nano(receipt.charge), exact / 1_000_000n);
  assert.equal(receipt.currency, 'USD');
});

test("another tenant's receipt is a 404, and so is none", async () => {
  const { headers } = await server.call('/v1/completions', { key: tenant.key, body: completion });
  const id = headers.get('x-receipt-id');
  const other = await server.tenant();
  const theirs = await server.call(`/v1/receipts/${id}`, { key: other.key });
  const none = await server.call(`/v1/receipts/${'0'.repeat(31)}1`, { key: other.key });
  assert.equal(theirs.status, 404);
  assert.deepEqual(theirs.json, none.json);
  assert.equal((await server.call(`/v1/receipts/${id}`)).status, 401);
});

test('usage is grouped as asked', async () => {
  const usage = async (query) => (await server.call(`/v1/usage${query}`, { key: tenant.key })).json;
  const total = await server.charged(tenant);
  for (const group of ['model', 'key', 'price_list', 'hour', 'day', 'month', 'day,model,key']) {
    const { data } = await usage(`?group_by=${group}`);
    assert.equal(sum(data.map((line) => nano(line.charge))), total.charge, group);
    assert.equal(data.reduce((n, line) => n + line.output_tokens, 0), total.output, group);
  }
  assert.deepEqual((await usage('?from=2020-01-01&to=2020-02-01')).data, []);
  for (const bad of ['?from=yesterday', '?from=2026-02-01&to=2026-01-01', '?group_by=colour']) {
    const { status, json } = await server.call(`/v1/usage${bad}`, { key: tenant.key });
    assert.equal(status, 400);
    assert.match(json.error.param, /from|group_by/);
  }
});

test('the price list is public, and signed as the bytes that are served', async () => {
  const { text, json } = await server.call('/v1/prices');
  const canonical = /^\{"price_list":(\{.*\}),"hash_sha256"/s.exec(text)[1];
  const signature = Buffer.from(json.signature_ed25519, 'base64');
  const key = createPublicKey(json.public_key);
  assert.equal(createHash('sha256').update(canonical).digest('hex'), json.hash_sha256);
  assert.ok(verify(null, Buffer.from(canonical), key, signature));
  const forged = canonical.replace('"0.20"', '"0.19"');
  assert.notEqual(forged, canonical);
  assert.ok(!verify(null, Buffer.from(forged), key, signature));
  const models = json.price_list.models.map((entry) => entry.model);
  assert.deepEqual(models, ['long', 'null']);
});

test('a quote costs nothing and is never less than the charge', async () => {
  const { available } = await server.balance(tenant);
  const asked = [['/v1/completions', completion],
    ['/v1/completions', { ...completion, n: 4, prompt: ['a', 'bb'] }],
    ['/v1/chat/completions',
      { model: 'null', messages: [{ role: 'user', content: 'hi' }], max_tokens: 7 }],
    ['/v1/embeddings', { model: 'null', input: 'a cat' }]];
  for (const [route, body] of asked) {
    const quoted = (await server.call('/v1/quote', { key: tenant.key, body })).json;
    const { headers } = await server.call(route, { key: tenant.key, body });
    const receipt = await server.receipt(tenant, headers.get('x-receipt-id'));
    assert.equal(quoted.input_tokens, receipt.input_tokens, route);
    assert.ok(quoted.output_tokens_max >= receipt.output_tokens);
    assert.ok(nano(quoted.highest_charge) >= nano(receipt.charge), route);
  }
  const only_quoted = await server.tenant('1.00');
  await server.call('/v1/quote', { key: only_quoted.key, body: completion });
  assert.deepEqual(await server.balance(only_quoted), { available: nano('1.00'), held: 0n });
  assert.ok((await server.balance(tenant)).available < available);
});

test('an admin key runs no inference, and a tenant key manages nothing', async () => {
  const { key } = await server.admin('POST', '/keys', { admin: true, name: 'ops' });
  const run = await server.call('/v1/completions', { key, body: completion });
  assert.equal(run.status, 401);
  const manage = await server.call('/admin/v1/tenants', { key: tenant.key });
  assert.equal(manage.status, 403);
  assert.equal((await server.call('/admin/v1/tenants', { key })).status, 200);
});

test('the doors that say how the server is', async () => {
  assert.equal((await server.call('/healthz')).status, 200);
  assert.equal((await server.call('/readyz')).status, 200);
  assert.match((await server.call('/metrics', { key: admin_secret })).text, /^# TYPE gen_ai/m);
  assert.equal((await server.call('/v1/nothing', { key: tenant.key })).status, 404);
  assert.equal((await server.call('/v1/balance', { key: tenant.key, body: {} })).status, 405);
});
