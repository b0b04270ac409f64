// Races on money: a balance, a cap, a key and a limit hold however many ask at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start, until, within } from './harness.mjs';

let server;
const completion = { model: 'null', prompt: 'Once upon a time', max_tokens: 10 };
// 17 tokens in at 200 nano, 10 out at 800.
const price = 17n * 200n + 10n * 800n;

const text_of = (value) =>
  `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}`;
const ask = (key, more, headers) =>
  server.call('/v1/completions', { key, headers, body: { ...completion, ...more } });
const statuses = (answers) => answers.reduce(
  (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }), {});

before(async () => { server = await start(); });
after(() => server?.clear());

test('of 200 at once with money for exactly 7, exactly 7 are served', async () => {
  const tenant = await server.tenant(text_of(7n * price));
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(tenant.key)));
  // A refusal may come from money that is only held, so whoever lost may ask again.
  const first = statuses(answers);
  assert.deepEqual(Object.keys(first).sort(), ['200', '402']);
  for (let i = first[200]; i < 7; ++i) assert.equal((await ask(tenant.key)).status, 200);
  assert.ok(first[200] <= 7);
  assert.deepEqual(await server.balance(tenant), { available: 0n, held: 0n });
  assert.equal((await ask(tenant.key)).status, 402);
  assert.equal((await server.charged(tenant)).requests, 7);
});

test('without max_tokens an answer ends at the funded token, not overdrawn', async () => {
  const tenant = await server.tenant(text_of(17n * 200n + 25n * 800n + 799n));
  const { json, headers } = await ask(tenant.key, { max_tokens: undefined });
  assert.equal(json.choices[0].finish_reason, 'length');
  assert.equal(json.usage.completion_tokens, 25);
  assert.deepEqual(await server.balance(tenant), { available: 799n, held: 0n });
  assert.equal((await server.receipt(tenant, headers.get('x-receipt-id'))).end, 'funds');
  assert.equal((await ask(tenant.key, { max_tokens: undefined })).status, 402);
});

test('an idempotency key is served and charged once, however often it comes at once', async () => {
  const tenant = await server.tenant();
  const headers = { 'idempotency-key': 'order-4711' };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask(tenant.key, {}, headers)));
  assert.deepEqual(statuses(answers), { 200: 1, 409: 19 });
  const served = answers.find(({ status }) => status === 200);
  const late = await ask(tenant.key, {}, headers);
  assert.equal(late.status, 409);
  assert.equal(late.json.error.code, 'idempotency_key_served');
  assert.equal(late.headers.get('x-receipt-id'), served.headers.get('x-receipt-id'));
  assert.equal(tenant.credit - (await server.balance(tenant)).available, price);
  const other = await server.tenant();
  assert.equal((await ask(other.key, {}, headers)).status, 200);
});

test('a request that was refused does not use up its idempotency key', async () => {
  const tenant = await server.tenant('0.00');
  const headers = { 'idempotency-key': 'again' };
  assert.equal((await ask(tenant.key, {}, headers)).status, 402);
  await server.admin('POST', `/tenants/${tenant.name}/credit`, { amount: '1.00' });
  assert.equal((await ask(tenant.key, {}, headers)).status, 200);
});

test("a key's spending cap holds under a crowd, and leaves the rest of the balance", async () => {
  const tenant = await server.tenant('5.00', { cap_per_month: text_of(3n * price) });
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(tenant.key)));
  const served = statuses(answers)[200];
  assert.ok(served >= 1 && served <= 3);
  for (let i = served; i < 3; ++i) assert.equal((await ask(tenant.key)).status, 200);
  const beyond = await ask(tenant.key);
  assert.equal(beyond.status, 402);
  assert.match(beyond.json.error.message, /cap/);
  assert.equal(tenant.credit - (await server.balance(tenant)).available, 3n * price);
});

test('requests and tokens per minute hold under a crowd', async () => {
  const requests = await server.tenant('1.00', { requests_per_minute: 5 });
  const some = await Promise.all(Array.from({ length: 30 }, () => ask(requests.key)));
  assert.deepEqual(statuses(some), { 200: 5, 429: 25 });
  const tokens = await server.tenant('1.00', { tokens_per_minute: 27 * 4 });
  const few = await Promise.all(Array.from({ length: 30 }, () => ask(tokens.key)));
  assert.deepEqual(statuses(few), { 200: 4, 429: 26 });
  for (const { status, headers } of [...some, ...few]) {
    if (status === 429) assert.ok(Number(headers.get('retry-after')) >= 1);
  }
  assert.equal((await server.charged(tokens)).requests, 4);
});

/** A request that runs until it is left: its answer is wanted whole, and far away. */
function long_request(key) {
  const stop = new AbortController();
  const answer = server.call('/v1/completions',
    { key, signal: stop.signal, body: { ...completion, model: 'long', max_tokens: 999_000 } });
  answer.catch(() => {});
  return { answer, leave: () => stop.abort() };
}

const holding = (tenant) =>
  until(async () => (await server.balance(tenant)).held > 0n, 'the request to run');

test('parallel requests are limited, and one that left makes room', async () => {
  const tenant = await server.tenant('5.00', { parallel_requests: 1 });
  const running = long_request(tenant.key);
  await holding(tenant);
  assert.equal((await ask(tenant.key)).status, 429);
  running.leave();
  await until(async () => (await ask(tenant.key)).status === 200, 'room for one more');
  await server.balance_at_rest(tenant);
});

test('a key that is revoked ends what it has running, charged until then', async () => {
  const tenant = await server.tenant('5.00');
  const beside = await server.admin('POST', '/keys', { tenant: tenant.name });
  const running = long_request(tenant.key);
  await holding(tenant);
  await server.admin('POST', `/keys/${tenant.key_id}/revoke`, {});
  const { status, json, headers } = await within(20_000, running.answer, 'the end of the request');
  assert.equal(status, 401);
  assert.equal(json.error.code, 'invalid_api_key');
  const still_valid = { ...tenant, key: beside.key };
  const { available } = await server.balance_at_rest(still_valid);
  const { charge, output } = await server.charged(still_valid);
  assert.equal(tenant.credit - available, charge);
  assert.ok(output < 999_000);
  const receipt = headers.get('x-receipt-id');
  if (receipt) assert.equal((await server.receipt(still_valid, receipt)).end, 'cancel');
  assert.equal((await ask(tenant.key)).status, 401);
});

test('after all this the books are right', async () => {
  const books = await server.books();
  assert.equal(books.ok, true);
  assert.equal(books.open_holds, 0);
});
