// Prices: what has none is not served, free is only what is written so, a mistyped one is refused,
// and a request pays the price of its admission.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cli, cost_of, fresh_folder, nano, start, until } from './harness.mjs';
import { ask, assert_served, body_of, on_each_route, routes, text_of } from './routes.mjs';
import { open_stream } from './stream.mjs';

let server;
const usual = { input_per_mtok: '0.20', cached_input_per_mtok: '0.10', output_per_mtok: '0.80' };
const free = { input_per_mtok: '0', cached_input_per_mtok: '0.00', output_per_mtok: '0' };
const publish = (models) => server.admin('POST', '/prices', { currency: 'USD', confirm: true,
  models: Object.entries(models).map(([model, prices]) => ({ model, ...prices })) });

before(async () => { server = await start(); });
after(() => server?.clear());

test('a price of zero that is written is served at a balance of zero', async () => {
  await publish({ null: free, long: usual });
  await on_each_route(async (route) => {
    const tenant = await server.tenant('0.00');
    const answer = await ask(server, tenant.key, route);
    assert_served(answer);
    assert.equal(cost_of(answer.usage), 0n);
    const receipt = await server.receipt(tenant, answer.receipt);
    assert.deepEqual([receipt.sequence, nano(receipt.charge)], [1, 0n]);
    assert.equal((await ask(server, tenant.key, route, { model: 'long' })).status, 402);
    assert.equal((await server.charged(tenant)).requests, 1);
  });
});

test('what is not on the price list is not served', async () => {
  await publish({ long: usual });
  await on_each_route(async (route) => {
    const tenant = await server.tenant();
    const answer = await ask(server, tenant.key, route);
    assert.equal(answer.status, 404);
    assert.match(answer.error.message, /no price/);
    const quote = await server.call('/v1/quote', { key: tenant.key, body: body_of(route) });
    assert.equal(quote.status, 404);
    assert.deepEqual(await server.balance(tenant), { available: tenant.credit, held: 0n });
  });
  await publish({ null: usual, long: usual });
  const tenant = await server.tenant();
  await on_each_route(async (route) => assert_served(await ask(server, tenant.key, route)));
});

test('a price that is mistyped is not published, and the old one stays', async () => {
  const before = (await server.admin('GET', '/prices')).current.version;
  const refused = async (prices, says) => {
    const models = [{ model: 'null', ...usual, ...prices }, { model: 'long', ...usual }];
    const body = JSON.stringify({ currency: 'USD', models });
    await assert.rejects(server.admin('POST', '/prices', body), says, body);
    const check = await server.admin('POST', '/prices/check', body);
    assert.equal(check.ok, false);
  };
  // Per token instead of per million.
  await refused({ output_per_mtok: '0.0000008' }, /per token/);
  await refused({ input_per_mtok: '200000.00' }, /null/);
  await refused({ input_per_mtok: '-0.20' }, /input/);
  await refused({ cached_input_per_mtok: '0.30' }, /cached/);
  for (const none of ['NaN', 'Infinity', '1e9', '', 'free', '0x1', '99999999999999999999']) {
    await refused({ output_per_mtok: none }, /output/);
  }
  await refused({ output_per_mtok: 0.8 }, /output/);
  await refused({ output_per_mtok: undefined }, /output/);
  await assert.rejects(publish({}), /price/);
  assert.equal((await server.admin('GET', '/prices')).current.version, before);
});

test('a request in flight pays the price it was admitted at', async () => {
  await publish({ null: usual, long: usual });
  const dear = { input_per_mtok: '20.00', cached_input_per_mtok: '10.00', output_per_mtok: '80.00' };
  const running = [];
  await on_each_route(async (route) => {
    const tenant = await server.tenant('5.00');
    const stop = new AbortController();
    const body = body_of(route, { model: 'long', max_tokens: 900_000 });
    let begun = false;
    const done = route.stream
      ? open_stream(server, route.path, { key: tenant.key, body }, (_, leave) => {
        begun = true;
        if (stop.signal.aborted) leave();
      })
      : server.call(route.path, { key: tenant.key, body, signal: stop.signal }).catch(() => {});
    // Its first event says it as well: a stream that is read too slowly is cut, and its hold is gone.
    await until(async () => begun || (await server.balance(tenant)).held > 0n,
      'the request to run');
    running.push({ route, tenant, stop, done });
  }, routes.filter(({ decodes }) => decodes));
  const { version } = await publish({ null: dear, long: dear });
  await Promise.all(running.map(async ({ route, tenant, stop, done }) => {
    stop.abort();
    await done;
    const { available } = await server.balance_at_rest(tenant);
    const used = await server.charged(tenant);
    assert.equal(used.requests, 1, route.name);
    // Within one nano-unit: the charge is floored, once.
    const cost = (BigInt(used.input) * 200n + BigInt(used.output) * 800n) / 1n;
    assert.equal(used.charge, cost, route.name);
    assert.equal(tenant.credit - available, cost);
    const next = await ask(server, tenant.key, route);
    assert_served(next);
    const receipt = await server.receipt(tenant, next.receipt);
    assert.deepEqual([receipt.price_list, receipt.output_per_mtok], [version, '80.00']);
  }));
});

test('the smallest price is charged exactly, floored once', async () => {
  const odd = { input_per_mtok: '0.000333333', cached_input_per_mtok: '0.000111111',
    output_per_mtok: '0.000777777' };
  await publish({ null: odd, long: odd });
  await on_each_route(async (route) => {
    const tenant = await server.tenant(text_of(1_000n));
    const { usage } = await ask(server, tenant.key, route, { max_tokens: 7 });
    const exact = BigInt(usage.input) * 333_333n + BigInt(usage.output) * 777_777n;
    assert.equal(cost_of(usage), exact / 1_000_000n);
  });
  assert.equal((await server.books()).ok, true);
});

test('a list with one wrong letter stops nobody without a yes, and an alarm is raised with it', async () => {
  await publish({ null: usual, long: usual });
  const file = path.join(server.data, 'one-letter.json');
  writeFileSync(file, JSON.stringify({ currency: 'USD',
    models: ['Null', 'long'].map((model) => ({ model, ...usual })) }));
  const run = (...args) => cli(['price', ...args, '--data', server.data]);
  const check = await run('check', file);
  assert.equal(check.code, 1);
  assert.match(check.out, /Null is served nowhere; did you mean null\?/);
  assert.match(check.out, /null is served and is not on this list: it will stop/);
  const refused = await run('publish', file);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /it will stop.*--yes/);
  const tenant = await server.tenant();
  const unpriced = () => server.metric('mains_models_without_price');
  assert.equal((await server.call('/readyz')).json.warnings, undefined);
  assert.equal(await unpriced(), 0);
  assert.equal((await run('publish', file, '--yes')).code, 0);
  assert.equal(await unpriced(), 1);
  const ready = await server.call('/readyz');
  assert.equal(ready.status, 200);
  assert.match(ready.json.warnings[0], /1 served model has no price/);
  await until(() => /1 served model \(null\) has no price/.test(server.err), 'the line in the log');
  await publish({ other: usual });
  assert.equal((await server.call('/readyz')).status, 503, 'nothing is served');
  assert.equal(await unpriced(), 2);
  await until(() => /2 served models \(.*\) have no price/.test(server.err), 'the line in the log');
  await publish({ null: usual, long: usual });
  assert.equal(await unpriced(), 0);
  assert.equal((await server.call('/readyz')).json.warnings, undefined);
  assert.equal((await server.call('/v1/models', { key: tenant.key })).json.data.length, 2);
});

test('a list to come that lacks a served model is an alarm, and can be withdrawn', async () => {
  const valid_from = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
  const list = await server.admin('POST', '/prices', { currency: 'USD', confirm: true, valid_from,
    models: [{ model: 'long', ...usual }] });
  assert.match((await server.call('/readyz')).json.warnings[0],
    new RegExp(`price list ${list.version}, .* lacks 1 served model`));
  const withdrawn = await cli(['price', 'withdraw', String(list.version), '--data', server.data]);
  assert.equal(withdrawn.code, 0, withdrawn.err);
  assert.equal((await server.call('/readyz')).json.warnings, undefined);
  const shown = await cli(['price', 'show', '--json', '--data', server.data]);
  const file = path.join(server.data, 'current.json');
  writeFileSync(file, JSON.stringify(JSON.parse(shown.out).current));
  const check = await cli(['price', 'check', file, '--data', server.data]);
  assert.equal(check.code, 0, check.out + check.err);
  writeFileSync(file, '{}');
  const empty = await cli(['price', 'check', file, '--data', server.data]);
  assert.match(empty.out, /currency is missing[^]*models is missing/);
});

test('a server without price.key serves on, and publishes nothing', async () => {
  const data = fresh_folder();
  let other = await start({ data, ledger: 'sqlite' });
  const tenant = await other.tenant();
  await other.stop();
  rmSync(path.join(data, 'price.key'));
  other = await start({ data, ledger: 'sqlite' });
  assert.equal((await other.call('/v1/models', { key: tenant.key })).json.data.length, 2);
  await assert.rejects(other.admin('POST', '/prices', { currency: 'USD',
    models: ['null', 'long'].map((model) => ({ model, ...usual })) }), /price\.key is not in/);
  assert.ok(!existsSync(path.join(data, 'price.key')));
  await other.clear();
});
