// The disk under the database is full: nothing runs that cannot be booked, on every route, and when
// there is room again everything goes on by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start_cluster } from './cluster.mjs';
import { admin_secret, cost_of, nano, start, until, within } from './harness.mjs';
import { ask, assert_served, on_each_route, routes } from './routes.mjs';
import { audit, skip as no_postgres } from './servers.mjs';
import { SmallDisk } from './small_disk.mjs';

const disk = new SmallDisk(48);
const when = { skip: no_postgres || disk.skip, timeout: 120_000 };
let cluster;
let server;

before(async () => {
  if (when.skip) return;
  cluster = await start_cluster();
  disk.give_to(cluster.as);
  cluster.sql(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
  cluster.sql('CREATE DATABASE books TABLESPACE small');
  server = await start({ ledger: cluster.url('books') });
});
after(async () => {
  await server?.clear();
  await cluster?.clear();
  disk.clear();
});

const ready = () => server.call('/readyz').then(({ status }) => status);
/** Tokens that the engines have made, of all models. */
const tokens = async () => (await server.call('/metrics', { key: admin_secret })).text.split('\n')
  .filter((line) => /^mains_tokens_total\{.*output/.test(line))
  .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

test('the database\'s disk is full, and has room again', when, async () => {
  const tenant = await server.tenant('100.00');
  const served = new Map();
  await on_each_route(async (route) => {
    const answer = await ask(server, tenant.key, route);
    assert_served(answer);
    served.set(route, answer);
  });
  // Work whose bill comes due on the full disk: whole answers, which nobody reads too slowly.
  const before_them = await tokens();
  const running = Array.from({ length: 3 }, () => server.call('/v1/completions',
    { key: tenant.key, body: { model: 'long', prompt: 'x', max_tokens: 900_000 } }));
  await until(async () => (await server.balance(tenant)).held > 0n, 'work');
  disk.fill();
  // Some room is left in pages that are already there; that is used up soon. Whoever got the last of
  // it for a hold waits for the bill, which is not waited for here.
  await until(async () => (await ask(server, tenant.key, routes[2],
    { signal: AbortSignal.timeout(1_000) }).catch(() => null))?.status === 503,
  'the disk to be full', 60_000);
  await until(async () => (await ready()) === 503, 'the server to see it');
  await until(async () => (await tokens()) >= before_them + 3 * 900_000, 'the work to be done',
    120_000);
  const made = await tokens();
  await on_each_route(async (route) => {
    const answer = await ask(server, tenant.key, route, {},
      { 'idempotency-key': `after ${route.name}` });
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    assert.match(answer.error.message, /[Nn]othing was charged/);
    assert.equal(answer.receipt, null);
  });
  assert.equal(await tokens(), made, 'nothing was decoded for them');
  assert.equal((await server.call('/healthz')).status, 200);
  for (const { receipt, usage } of served.values()) {
    assert.equal(nano((await server.receipt(tenant, receipt)).charge), cost_of(usage), 'reads go on');
  }
  disk.make_room();
  await until(async () => (await ready()) === 200, 'the server to be well again');
  await on_each_route(async (route) => {
    const headers = { 'idempotency-key': `after ${route.name}` };
    assert_served(await ask(server, tenant.key, route, {}, headers));
    assert.equal((await ask(server, tenant.key, route, {}, headers)).status, 409);
  });
  // Bills that had to wait are told as if nothing had been; over 30 s nobody waits for one.
  for (const answer of await within(60_000, Promise.all(running), 'what ran to end')) {
    assert.ok([200, 503].includes(answer.status), answer.text);
  }
  await audit(tenant, server);
  // The log goes on as well.
  await until(async () => (await server.admin('GET', '/log')).healthy, 'the log to be signed');
});
