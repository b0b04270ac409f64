// Several servers on one PostgreSQL database: what holds for one holds across all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start, until } from './harness.mjs';
import { audit, completion, price, skip, tenant_of, text_of, two_servers } from './servers.mjs';

const all = two_servers();

test('what one server is told, the other knows', { skip }, async () => {
  const { one, two } = all;
  const tenant = await one.tenant('1.00');
  // Known at once where the database answers: what is not known is looked for before it is refused.
  for (let i = 0; i < 5; ++i) {
    const fresh = await one.admin('POST', '/keys', { tenant: tenant.name });
    await until(async () => (await two.call('/v1/models', { key: fresh.key })).status === 200,
      'the key to be known');
  }
  await until(async () => (await two.balance(tenant).catch(() => null))?.available === tenant.credit,
    'the key to be known');
  assert.equal((await two.call('/v1/completions', { key: tenant.key, body: completion })).status,
    200);
  await one.admin('POST', `/keys/${tenant.key_id}/revoke`, {});
  await until(async () => (await two.call('/v1/models', { key: tenant.key })).status === 401,
    'the key to be refused');
});

test('a key that is revoked on one server ends what it runs on the other', { skip }, async () => {
  const { one, two } = all;
  const tenant = await tenant_of(all, '50.00');
  const beside = await one.admin('POST', '/keys', { tenant: tenant.name });
  // Seconds of work, whole answers and not streams: nobody is cut for not reading fast enough.
  const running = Array.from({ length: 16 }, () => two.call('/v1/completions',
    { key: tenant.key, body: { model: 'long', prompt: 'go on', max_tokens: 900_000 } }));
  await until(async () => (await one.balance(tenant)).held > 0n, 'work');
  await one.admin('POST', `/keys/${tenant.key_id}/revoke`, {});
  for (const { status, text, json } of await Promise.all(running)) {
    assert.equal(status, 401, text.slice(0, 200));
    assert.equal(json.error.code, 'invalid_api_key');
  }
  const still_valid = { ...tenant, key: beside.key };
  const { available } = await one.balance_at_rest(still_valid);
  const { charge, output } = await one.charged(still_valid);
  assert.equal(tenant.credit - available, charge, 'charged until then');
  assert.ok(output < 16 * 900_000);
});

test('of 60 at once on two servers, with money for exactly 7, exactly 7 are served', { skip },
  async () => {
    const { one, two } = all;
    const tenant = await tenant_of(all, text_of(7n * price));
    const ask = (i) => (i % 2 ? one : two).call('/v1/completions',
      { key: tenant.key, body: completion });
    let served = 0;
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i)));
    served += answers.filter(({ status }) => status === 200).length;
    assert.ok(answers.every(({ status }) => [200, 402].includes(status)));
    // A refusal may come from money that is only held, so whoever lost may ask again.
    for (let i = 0; i < 10; ++i) served += (await ask(i)).status === 200 ? 1 : 0;
    assert.equal(served, 7);
    assert.deepEqual(await two.balance(tenant), { available: 0n, held: 0n });
    assert.equal((await audit(tenant, one)).requests, 7);
  });

test('limits of a key hold over both servers', { skip }, async () => {
  const { one, two } = all;
  const tenant = await tenant_of(all, '5.00', { tokens_per_minute: 100 });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    (i % 2 ? one : two).call('/v1/completions', { key: tenant.key, body: completion })));
  const served = answers.filter(({ status }) => status === 200).length;
  assert.equal(served, 3, '27 tokens each, 100 a minute');
  assert.ok(answers.every(({ status }) => [200, 429].includes(status)));
});

test('an idempotency key is served once, whichever server is asked', { skip }, async () => {
  const { one, two } = all;
  const tenant = await tenant_of(all, '5.00');
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) =>
    (i % 2 ? one : two).call('/v1/completions',
      { key: tenant.key, body: completion, headers: { 'idempotency-key': 'once' } })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 409).length, 9);
  assert.equal((await audit(tenant, one)).requests, 1);
});

test('a server that is killed leaves its holds to the other', { skip, timeout: 90_000 },
  async () => {
    const { url, two } = all;
    const dead = await start({ ledger: url });
    const tenant = await dead.tenant('50.00');
    // Seconds of work, whole answers and not streams: nobody is cut for not reading fast enough.
    const asked = Array.from({ length: 16 }, () => dead.call('/v1/completions',
      { key: tenant.key, body: { model: 'long', prompt: 'go on', max_tokens: 900_000 } })
      .catch(() => null));
    await until(async () => (await two.balance(tenant).catch(() => null))?.held > 0n, 'work');
    await dead.clear();
    await Promise.all(asked);
    assert.equal((await audit(tenant, two)).requests, 0);
    assert.equal((await two.balance(tenant)).available, tenant.credit);
  });
