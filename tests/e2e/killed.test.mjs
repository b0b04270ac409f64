// kill -9 at random moments under load: afterwards the books are right and nobody overpaid.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { between, chance } from './chance.mjs';
import { shared_cluster } from './cluster.mjs';
import { cost_of, fresh_folder, nano, remove, start, store, until } from './harness.mjs';
import { open_stream } from './stream.mjs';

// `make soak` does a thousand.
const kills = Number(process.env.MAINS_KILLS ?? 100);
const customers_at_once = 6;
const data = fresh_folder();
let server;
after(() => { server?.clear(); remove(data); });

/** Asks again and again until the server is gone; adds what it saw to `seen`. */
async function customer(tenant, random, seen) {
  for (;;) {
    const max_tokens = between(random, 1, 3000);
    const body = {
      model: 'long', max_tokens, prompt: 'go on', stream: random() < 0.6,
      stream_options: { include_usage: true }, n: between(random, 1, 2),
    };
    const request = { most: max_tokens * body.n, text: 0 };
    seen.push(request);
    if (body.stream) {
      const end = await open_stream(server, '/v1/completions', { key: tenant.key, body },
        (event) => {
          request.text += event.choices.reduce((n, { text }) => n + text.length, 0);
          if (event.usage) request.usage = event.usage;
        });
      request.receipt = end.receipt;
      if (!end.complete) return;
    } else {
      try {
        const { json, headers } = await server.call('/v1/completions', { key: tenant.key, body });
        if (!json?.usage) return;
        request.usage = json.usage;
        request.receipt = headers.get('x-receipt-id');
      } catch {
        return;
      }
    }
  }
}

/** What a database was told by who was killed, it may still be doing. */
async function predecessors_are_over() {
  if (store !== 'postgres') return;
  const cluster = await shared_cluster();
  const [, database] = /@\/(\w+)/.exec(server.ledger);
  await until(() => cluster.sql('SELECT count(*) FROM mains_ledger.servers', database) === '1',
    'the database to be done with who was killed');
}

async function audit(tenant, seen, sent) {
  await predecessors_are_over();
  const books = await server.admin('GET', '/ledger/check');
  assert.equal(books.ok, true, JSON.stringify(books));
  assert.equal(books.open_holds, 0);
  const { available, held } = await server.balance(tenant);
  const charged = await server.charged(tenant);
  assert.equal(held, 0n);
  assert.equal(tenant.credit - available, charged.charge);
  assert.ok(charged.requests <= sent, 'no request is charged twice');
  for (const request of seen.filter(({ receipt }) => receipt)) {
    const receipt = await server.receipt(tenant, request.receipt);
    if (request.usage) {
      assert.equal(receipt.output_tokens, request.usage.completion_tokens);
      assert.equal(nano(receipt.charge), cost_of(request.usage));
    } else if (!receipt.error) {
      assert.ok(receipt.output_tokens <= request.most);
      assert.ok(receipt.output_tokens >= request.text, 'what was read was decoded');
      request.bill = receipt.charge;
    }
  }
  // What was read of requests that the kill cut off, and nobody pays for: one each customer had.
  const free = seen.filter(({ text, usage, bill }) => text > 0 && !usage && !bill);
  assert.ok(free.length <= customers_at_once);
  return { ...charged, free: free.reduce((tokens, { text }) => tokens + text, 0) };
}

test(`${kills} kills`, { timeout: 60_000 + kills * 10_000 }, async (context) => {
  const random = chance('killed');
  server = await start({ data });
  const tenant = await server.tenant('10000.00');
  let sent = 0;
  let known = 0;
  let free = 0;
  for (let kill = 0; kill < kills; ++kill) {
    const seen = [];
    const customers = Array.from({ length: customers_at_once }, () => customer(tenant, random, seen));
    await new Promise((wake) => setTimeout(wake, between(random, 0, 250)));
    await server.stop('SIGKILL');
    await Promise.all(customers);
    server = await start({ data });
    sent += seen.length;
    known += seen.filter(({ usage }) => usage).length;
    const charged = await audit(tenant, seen, sent);
    free += charged.free;
    assert.ok(charged.requests >= known, 'what a client saw complete is in the books');
  }
  const { charge, requests, output } = await server.charged(tenant);
  context.diagnostic(`${sent} requests sent, ${known} seen complete, ${requests} charged; ` +
    `${output} tokens charged, ${free} read and given away`);
  assert.ok(known > 0 && charge > nano('0.00'));
});
