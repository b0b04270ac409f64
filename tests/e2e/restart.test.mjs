// What survives a restart, clean or not: budgets, minutes, idempotency keys, sums.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cost_of, fresh_folder, nano, remove, start, sum } from './harness.mjs';
import { ask, assert_served, on_each_route, routes, text_of } from './routes.mjs';

const data = fresh_folder();
let server;
after(() => { server?.clear(); remove(data); });

/** The usage by hour, day and month, which must all be the sum of the receipts. */
async function expect_sums(tenant, receipts) {
  const charges = sum(receipts.map((receipt) => nano(receipt.charge)));
  for (const bucket of ['none', 'hour', 'day', 'month', 'model', 'hour,model']) {
    const { json } = await server.call(`/v1/usage?group_by=${bucket}`, { key: tenant.key });
    assert.equal(sum(json.data.map((line) => nano(line.charge))), charges, bucket);
    assert.equal(json.data.reduce((n, line) => n + line.requests, 0), receipts.length);
    for (const { start } of json.data.filter((line) => line.start)) {
      // UTC, wherever the server thinks it is.
      assert.match(start, bucket === 'day' ? /T00:00:00Z$/
        : bucket === 'month' ? /-01T00:00:00Z$/ : /T\d\d:00:00Z$/);
    }
  }
}

test('budgets, minutes, keys and sums go on where they were', async () => {
  server = await start({ data });
  const per_route = new Map();
  await on_each_route(async (route) => {
    const rich = await server.tenant();
    const { usage } = await ask(server, rich.key, route);
    const price = cost_of(usage);
    const capped = await server.tenant('1.00', { cap_per_month: text_of(3n * price) });
    const slow = await server.tenant('1.00', { requests_per_minute: 3 });
    per_route.set(route, { rich, price, capped, slow, receipts: [], slow_served: 0 });
  });
  // Killed, stopped, and in a place where the clock has summer time.
  const endings = [['SIGKILL', {}], ['SIGTERM', { TZ: 'America/St_Johns' }],
    ['SIGKILL', { TZ: 'Pacific/Chatham' }]];
  const headers = { 'idempotency-key': 'once' };
  let round = 0;
  for (const [signal, env] of endings) {
    await on_each_route(async (route) => {
      const { capped, slow, receipts } = per_route.get(route);
      const one = await ask(server, capped.key, route);
      assert_served(one);
      receipts.push(await server.receipt(capped, one.receipt));
      assert_served(await ask(server, slow.key, route, {}, round === 0 ? headers : {}));
      const again = await ask(server, slow.key, route, {}, headers);
      assert.equal(again.status, 409, again.text);
    });
    await server.stop(signal);
    server = await start({ data, env });
    ++round;
    await on_each_route(async (route) => {
      const { capped, receipts } = per_route.get(route);
      await expect_sums(capped, receipts);
      for (const [i, receipt] of receipts.entries()) {
        assert.equal(receipt.sequence, i + 1);
        const now = await server.receipt(capped, receipt.id);
        // Signed for within a second of its settlement; everything else stays as it was.
        assert.deepEqual({ ...now, in_checkpoint: receipt.in_checkpoint }, receipt);
      }
    });
  }
  await on_each_route(async (route) => {
    const { capped, slow, price } = per_route.get(route);
    assert.equal((await ask(server, capped.key, route)).status, 402);
    assert.equal((await server.charged(capped)).charge, 3n * price);
    const beyond = await ask(server, slow.key, route);
    assert.equal(beyond.status, 429, 'the minute is not forgotten');
    assert.equal((await server.charged(slow)).requests, 3);
  });
  const books = await server.books();
  assert.deepEqual([books.ok, books.open_holds], [true, 0]);
});
