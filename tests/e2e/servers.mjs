// Several servers on one PostgreSQL database, as the tests of it need them.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { between } from './chance.mjs';
import { start_cluster } from './cluster.mjs';
import { cost_of, postgres, start, until } from './harness.mjs';

export const skip = postgres ? false : 'there is no PostgreSQL on this machine';
export const completion = { model: 'null', prompt: 'Once upon a time', max_tokens: 10 };
// 17 tokens in at 200 nano, 10 out at 800.
export const price = 17n * 200n + 10n * 800n;
export const text_of = (value) =>
  `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}`;

/** Before the tests: a database server, and two servers of ours on one database there. */
export function two_servers() {
  const all = {};
  before(async () => {
    if (skip) return;
    all.cluster = await start_cluster();
    all.url = all.cluster.fresh();
    all.one = await start({ ledger: all.url });
    all.two = await start({ ledger: all.url });
  });
  after(async () => {
    await all.one?.clear();
    await all.two?.clear();
    await all.cluster?.clear();
  });
  return all;
}

/** A tenant made on one server, once the other knows it. */
export async function tenant_of({ one, two }, credit, limits) {
  const tenant = await one.tenant(credit, limits);
  await until(async () => (await two.call('/v1/models', { key: tenant.key })).status === 200,
    'the key to be known');
  return tenant;
}

/** The books are right, nothing is held, and every debit has its receipt. */
export async function audit(tenant, server) {
  const books = await until(async () => {
    const report = await server.books();
    return report.open_holds === 0 && report;
  }, 'the last hold to end', 40_000);
  assert.equal(books.ok, true, JSON.stringify(books));
  const { available } = await server.balance(tenant);
  const charged = await server.charged(tenant);
  assert.equal(tenant.credit - available, charged.charge);
  return charged;
}

/** Asks one server or the other without end; what became of each request is in `seen`. */
export function customer({ one, two }, tenant, random, seen) {
  const state = { stop: false };
  state.done = (async () => {
    while (!state.stop) {
      const server = between(random, 0, 1) ? one : two;
      const request = {};
      seen.push(request);
      try {
        const { status, json, headers } = await server.call('/v1/completions', {
          key: tenant.key, body: { ...completion, max_tokens: between(random, 1, 200) },
        });
        request.status = status;
        if (json?.usage) request.cost = cost_of(json.usage);
        request.retry = headers.get('retry-after');
        request.receipt = status === 200 ? headers.get('x-receipt-id') : undefined;
      } catch {
        request.status = 0;
      }
      if (request.status !== 200) await new Promise((wake) => setTimeout(wake, 20));
    }
  })();
  return state;
}
