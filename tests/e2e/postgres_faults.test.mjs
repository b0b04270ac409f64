// A database that goes away under load, and is cut off in the middle of a commit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, chance } from './chance.mjs';
import { nano, sum, until } from './harness.mjs';
import { audit, customer, skip, tenant_of, two_servers } from './servers.mjs';

const all = two_servers();

for (const [name, go_away] of [
  ['stopped and started', async () => { await all.cluster.stop('SIGINT'); }],
  ['killed', async () => { await all.cluster.stop('SIGKILL'); }],
]) {
  test(`a database that is ${name} under load`, { skip, timeout: 90_000 }, async () => {
    const { cluster, one } = all;
    const random = chance(`postgres ${name}`);
    const tenant = await tenant_of(all, '1000.00');
    const seen = [];
    const customers = Array.from({ length: 6 },
      () => customer(all, tenant, random, seen));
    await until(() => seen.filter(({ status }) => status === 200).length > 10, 'some to be served');
    await go_away();
    const gone_at = seen.length;
    await until(() => seen.slice(gone_at).filter(({ status }) => status === 503).length > 4,
      'requests to be refused');
    assert.ok(seen.filter(({ status }) => status === 503).every(({ retry }) => Number(retry) > 0));
    assert.equal((await one.call('/readyz')).status, 503);
    await cluster.start();
    const back_at = seen.length;
    await until(() => seen.slice(back_at).filter(({ status }) => status === 200).length > 10,
      'requests to be served again');
    customers.forEach((one_of_them) => { one_of_them.stop = true; });
    await Promise.all(customers.map(({ done }) => done));
    const charged = await audit(tenant, one);
    const told = seen.filter(({ cost }) => cost !== undefined).map(({ cost }) => cost);
    assert.ok(charged.charge >= sum(told), 'what was told was charged');
    for (const { receipt, cost } of seen.filter((request) => request.receipt).slice(-20)) {
      assert.equal(nano((await one.receipt(tenant, receipt)).charge), cost);
    }
    assert.equal((await until(async () => {
      const answer = await one.call('/readyz');
      return answer.status === 200 && answer;
    }, 'the server to be ready')).status, 200);
  });
}

test('sessions that are cut at any moment under load', { skip, timeout: 90_000 }, async () => {
  const { cluster, one } = all;
  const random = chance('postgres cut');
  const tenant = await tenant_of(all, '1000.00');
  const seen = [];
  const customers = Array.from({ length: 6 }, () => customer(all, tenant, random, seen));
  for (let cut = 0; cut < 15; ++cut) {
    const before_it = seen.length;
    await until(() => seen.length > before_it + between(random, 1, 12), 'some requests');
    cluster.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'mains' AND random() < 0.7`);
  }
  customers.forEach((one_of_them) => { one_of_them.stop = true; });
  await Promise.all(customers.map(({ done }) => done));
  const charged = await audit(tenant, one);
  const told = seen.filter(({ cost }) => cost !== undefined).map(({ cost }) => cost);
  assert.ok(charged.charge >= sum(told), 'what was told was charged');
});
