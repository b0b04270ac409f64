// 64 streams at once, of clients that leave when they like.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { between, chance } from './chance.mjs';
import { cost_of, nano, start, sum, until } from './harness.mjs';
import { open_stream } from './stream.mjs';

let server;
before(async () => { server = await start(); });
after(() => server?.clear());

/** One stream, left after `patience` characters (or before its first byte: -1). */
async function one_stream(tenant, max_tokens, patience) {
  const result = { max_tokens, seen: 0 };
  const body = {
    model: 'long', max_tokens, stream: true, stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'go on' }],
  };
  const patience_ms = patience < 0 ? 0 : 60_000;
  const end = await open_stream(server, '/v1/chat/completions',
    { key: tenant.key, body, patience_ms }, (event, leave) => {
      result.seen += event.choices[0]?.delta?.content?.length ?? 0;
      if (event.usage) result.usage = event.usage;
      if (result.seen > patience) leave();
    });
  assert.ok(end.status === 200 || end.status === undefined, `${end.status}`);
  return { ...result, ...end };
}

test('64 concurrent streams with random disconnects leave the books right', async () => {
  const random = chance('load');
  const tenants = await Promise.all(Array.from({ length: 4 }, () => server.tenant('100.00')));
  const results = tenants.map(() => []);
  await Promise.all(Array.from({ length: 64 }, async (_, worker) => {
    const mine = worker % tenants.length;
    for (let round = 0; round < 4; ++round) {
      const max_tokens = between(random, 1, 1500);
      const fate = random();
      const patience = fate < 0.1 ? -1 : fate < 0.4 ? between(random, 0, max_tokens) : Infinity;
      results[mine].push(await one_stream(tenants[mine], max_tokens, patience));
    }
  }));
  for (const [i, tenant] of tenants.entries()) {
    const { available } = await server.balance_at_rest(tenant);
    const charged = await server.charged(tenant);
    assert.equal(tenant.credit - available, charged.charge);
    const known = [];
    for (const result of results[i].filter(({ receipt }) => receipt)) {
      const receipt = await server.receipt(tenant, result.receipt);
      known.push(nano(receipt.charge));
      assert.ok(receipt.output_tokens >= result.seen);
      assert.ok(receipt.output_tokens <= result.max_tokens);
      if (result.complete) {
        assert.equal(result.usage.completion_tokens, receipt.output_tokens);
        assert.equal(cost_of(result.usage), nano(receipt.charge));
        assert.equal(result.seen, result.max_tokens);
      }
    }
    assert.ok(sum(known) <= charged.charge);
    if (known.length === charged.requests) assert.equal(sum(known), charged.charge);
  }
  assert.ok(results.flat().some(({ complete }) => complete));
  assert.ok(results.flat().some(({ complete }) => !complete));
  await until(async () => (await server.metric('mains_open_holds')) === 0, 'no open holds');
  const books = await server.books();
  assert.deepEqual([books.code, books.ok, books.open_holds], [0, true, 0]);
});

test('a reader that is slow does not slow others', async () => {
  const tenant = await server.tenant('100.00');
  const stop = new AbortController();
  const body = { model: 'long', prompt: 'x', max_tokens: 900_000, stream: true };
  // Never read: its buffers fill up and stay full.
  const stuck = await Promise.all(Array.from({ length: 8 }, () =>
    server.fetch('/v1/completions', { key: tenant.key, body, signal: stop.signal })));
  assert.ok(stuck.every(({ status }) => status === 200));
  for (let i = 0; i < 20; ++i) {
    const { status } = await server.call('/v1/completions',
      { key: tenant.key, body: { ...body, max_tokens: 20, stream: false } });
    assert.equal(status, 200);
  }
  stop.abort();
  const { available } = await server.balance_at_rest(tenant);
  assert.equal(tenant.credit - available, (await server.charged(tenant)).charge);
});
