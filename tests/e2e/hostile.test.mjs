// One tenant sends what is dear to prepare, or to refuse; nobody else waits for it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start_cluster } from './cluster.mjs';
import {
  admin_secret, fresh_folder, null_models, postgres, real_model, remove, start, within,
} from './harness.mjs';
import { raw } from './raw.mjs';

let server;
const folder = fresh_folder();
const limits = path.join(folder, 'limits.toml');
writeFileSync(limits, '[limits]\nunpaid_requests_per_minute = 12\n');
before(async () => {
  server = await start({ args: [...null_models, '--config', limits] });
});
after(async () => { await server?.clear(); remove(folder); });

const chat = { model: 'null', max_tokens: 4, messages: [{ role: 'user', content: 'hi' }] };
const unpaid_routes = ['/v1/quote', '/v1/messages/count_tokens', '/v1/prefixes'];
const paid_routes = ['/v1/chat/completions', '/v1/messages'];

/** The longest of `times` calls, in ms. */
async function longest(times, call) {
  let worst = 0;
  for (let i = 0; i < times; ++i) {
    const began = performance.now();
    await call();
    worst = Math.max(worst, performance.now() - began);
  }
  return worst;
}

test('ten keys are one bound for unpaid requests', async () => {
  const tenant = await server.tenant();
  const keys = [tenant.key];
  for (let i = 0; i < 9; ++i) {
    keys.push((await server.admin('POST', '/keys', { tenant: tenant.name })).key);
  }
  const seen = [];
  for (let i = 0; i < 20; ++i) {
    seen.push(await server.call(unpaid_routes[i % 2], { key: keys[i % 10], body: chat }));
  }
  assert.equal(seen.filter(({ status }) => status === 200).length, 12);
  const late = seen.filter(({ status }) => status === 429);
  assert.equal(late.length, 8);
  assert.ok(late.every(({ headers }) => Number(headers.get('retry-after')) > 0));
  assert.equal(late[0].json.error.code, 'rate_limit_exceeded');
  const anthropic = await server.call('/v1/messages/count_tokens', { key: keys[3], body: chat });
  assert.equal(anthropic.json.error.type, 'rate_limit_error');
  const other = await server.tenant();
  assert.equal((await server.call('/v1/quote', { key: other.key, body: chat })).status, 200);
});

test('refused requests count, and a key\'s own limit does', async () => {
  const tenant = await server.tenant('5.00', { requests_per_minute: 3 });
  for (const body of ['{', { ...chat, temperature: 'x' }, { ...chat, model: 'none' }]) {
    const { status } = await server.call('/v1/chat/completions', { key: tenant.key, body });
    assert.ok(status >= 400 && status < 429, String(status));
  }
  for (const route of [...unpaid_routes, ...paid_routes]) {
    assert.equal((await server.call(route, { key: tenant.key, body: chat })).status, 429, route);
  }
});

test('without any money nothing is done', async () => {
  const poor = await server.tenant('0.00');
  for (const route of [...unpaid_routes, ...paid_routes]) {
    const { status, json } = await server.call(route, { key: poor.key, body: chat });
    assert.equal(status, 402, route);
    assert.ok(json.error.message.includes('credit'), route);
  }
  await server.admin('POST', `/tenants/${poor.name}/credit`, { amount: '1.00' });
  assert.equal((await server.call('/v1/quote', { key: poor.key, body: chat })).status, 200);
});

test('the body of a key that opens nothing is not read', async () => {
  for (const [header, status] of [['authorization: Bearer mk-nobody\r\n', 401], ['', 401],
    [`authorization: Bearer ${admin_secret}\r\n`, 401]]) {
    for (const route of [...unpaid_routes, ...paid_routes, '/v1/embeddings']) {
      const { text, ended } = await raw(server.url,
        `POST ${route} HTTP/1.1\r\nhost: x\r\n${header}content-length: 16000000\r\n`
        + 'expect: 100-continue\r\n\r\n');
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status}`), route);
      assert.ok(ended, 'and the connection ends');
    }
  }
});

test('a database that hangs keeps nobody from health, models and metrics',
  { skip: postgres ? false : 'there is no PostgreSQL on this machine', timeout: 90_000 },
  async () => {
    const cluster = await start_cluster();
    let two;
    try {
      two = await start({ ledger: cluster.fresh() });
      const tenant = await two.tenant();
      await two.balance(tenant);
      cluster.freeze();
      const hanging = [...Array.from({ length: 6 }, () => two.call('/v1/balance', tenant)),
        ...Array.from({ length: 6 }, () => two.call('/metrics', { key: admin_secret })),
        two.call('/admin/v1/ledger/check', { key: admin_secret }),
        two.call('/v1/chat/completions', { key: tenant.key, body: chat })]
        .map((call) => call.catch(() => {}));
      for (const [route, key] of [['/healthz'], ['/metrics', admin_secret],
        ['/v1/models', tenant.key], ['/readyz'], ['/v1/prices']]) {
        const worst = await within(10_000,
          longest(5, () => two.call(route, { key })), `${route} beside a database that hangs`);
        assert.ok(worst < 1000, `${route} took ${worst} ms`);
      }
      cluster.thaw();
      await Promise.all(hanging);
    } finally {
      cluster.thaw();
      await two?.clear();
      await cluster.clear();
    }
  });

test('long conversations of one tenant delay nobody else',
  { skip: real_model ? false : 'there is no model here', timeout: 120_000 }, async () => {
    const real = await start({ args: ['--model', `tiny=${real_model}:8192`] });
    try {
      const hostile = await real.tenant();
      const light = await real.tenant();
      const small = { ...chat, model: 'tiny' };
      const long = {
        model: 'tiny', max_tokens: 4,
        messages: Array.from({ length: 6000 }, (_, i) => (
          { role: i % 2 ? 'assistant' : 'user', content: 'a' })),
      };
      const ask = {
        health: () => real.call('/healthz'),
        balance: () => real.call('/v1/balance', light),
        quote: () => real.call('/v1/quote', { key: light.key, body: small }),
      };
      for (const call of Object.values(ask)) await call();
      let busy = true;
      const floods = Array.from({ length: 6 }, async () => {
        while (busy) {
          await real.call('/v1/messages/count_tokens', { key: hostile.key, body: long })
            .catch(() => {});
        }
      });
      const worst = {};
      for (let round = 0; round < 20; ++round) {
        for (const [name, call] of Object.entries(ask)) {
          worst[name] = Math.max(worst[name] ?? 0, await longest(1, call));
        }
      }
      busy = false;
      await Promise.all(floods);
      for (const [name, ms] of Object.entries(worst)) {
        assert.ok(ms < 1500, `${name} took ${ms} ms beside long conversations`);
      }
    } finally {
      await real.clear();
    }
  });
