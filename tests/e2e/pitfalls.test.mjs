// How others lose money (docs/pitfalls.md), tried on every route that charges, streamed and not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cli, cost_of, nano, start, sum, until } from './harness.mjs';
import { ask, assert_served, body_of, on_each_route, routes, statuses, text_of } from './routes.mjs';
import { open_stream } from './stream.mjs';

let server;
const streamed = routes.filter(({ stream }) => stream);
const decoding = routes.filter(({ decodes }) => decodes);
/** What one plain request costs on each route; its hold is as much, for it decodes all it may. */
const price = new Map();

before(async () => {
  server = await start();
  const tenant = await server.tenant();
  await on_each_route(async (route) => {
    const answer = await ask(server, tenant.key, route);
    assert_served(answer);
    price.set(route, cost_of(answer.usage));
  });
});
after(() => server?.clear());

const many = (count, key, route, options, headers) => Promise.all(
  Array.from({ length: count }, () => ask(server, key, route, options, headers)));

/** Whoever was refused only because money was held meanwhile asks again: `total` are served. */
async function served_in_all(total, key, route, first) {
  let served = statuses(first)[200] ?? 0;
  assert.ok(served <= total, `${served} served of ${total}`);
  for (; served < total; ++served) assert_served(await ask(server, key, route));
}

test('of 200 at once with money for exactly 7, exactly 7 are served', () =>
  on_each_route(async (route) => {
    const tenant = await server.tenant(text_of(7n * price.get(route)));
    const answers = await many(200, tenant.key, route);
    assert.ok(answers.every(({ status }) => status === 200 || status === 402));
    await served_in_all(7, tenant.key, route, answers);
    assert.deepEqual(await server.balance(tenant), { available: 0n, held: 0n });
    assert.equal((await ask(server, tenant.key, route)).status, 402);
    assert.equal((await server.charged(tenant)).requests, 7);
  }));

test('a cap holds under a crowd, to the last nano-unit', () => on_each_route(async (route) => {
  const tenant = await server.tenant('1.00', { cap_per_month: text_of(3n * price.get(route)) });
  const answers = await many(30, tenant.key, route);
  await served_in_all(3, tenant.key, route, answers);
  const beyond = await ask(server, tenant.key, route);
  assert.equal(beyond.status, 402);
  assert.match(beyond.error.message, /cap/);
  assert.equal((await server.charged(tenant)).charge, 3n * price.get(route));
}));

test('tokens per minute count tokens, input and output, whole and streamed', () =>
  on_each_route(async (route) => {
    const rich = await server.tenant();
    const { usage } = await ask(server, rich.key, route);
    const each = usage.input + usage.output;
    const tenant = await server.tenant('1.00', { tokens_per_minute: 4 * each });
    const answers = await many(20, tenant.key, route);
    assert.deepEqual(statuses(answers), { 200: 4, 429: 16 });
    for (const { headers } of answers.filter(({ status }) => status === 429)) {
      // What came in a second counts until 61 seconds after its start: any 60 are then within it.
      const wait = Number(headers.get('retry-after'));
      assert.ok(wait >= 1 && wait <= 61, `${wait}`);
    }
    // One that takes most of the minute leaves room for none of the same, however few they are.
    const large = await server.tenant('1.00', { tokens_per_minute: 2 * each });
    const text = 'x'.repeat(each);
    assert_served(await ask(server, large.key, route, { text }));
    assert.equal((await ask(server, large.key, route, { text })).status, 429);
    // What can never fit is not told to wait.
    const over = await ask(server, large.key, route, { text: 'x'.repeat(3 * each) });
    assert.equal(over.status, 400);
    assert.equal(over.headers.get('retry-after'), null);
  }));

test('requests per minute hold under a crowd', () => on_each_route(async (route) => {
  const tenant = await server.tenant('1.00', { requests_per_minute: 5 });
  assert.deepEqual(statuses(await many(20, tenant.key, route)), { 200: 5, 429: 15 });
}));

test('a stream is charged as the same request is whole', () =>
  on_each_route(async (stream) => {
    const whole = routes.find(({ path, stream: s }) => path === stream.path && !s);
    const tenant = await server.tenant();
    for (const max_tokens of [1, 7, 200]) {
      const one = await ask(server, tenant.key, stream, { max_tokens });
      const other = await ask(server, tenant.key, whole, { max_tokens });
      assert_served(one);
      assert.deepEqual(one.usage, other.usage);
      const [a, b] = await Promise.all(
        [one, other].map(({ receipt }) => server.receipt(tenant, receipt)));
      assert.deepEqual([a.input_tokens, a.output_tokens, a.charge, a.end],
        [b.input_tokens, b.output_tokens, b.charge, b.end]);
    }
  }, streamed));

test('a hold covers the highest charge: no max_tokens, a long prompt, several choices', () =>
  on_each_route(async (route) => {
    for (const more of [{}, { text: 'long '.repeat(400) }, ...(route.asks ? [{ n: 3 }] : [])]) {
      // Enough for the prompt and a few tokens: whoever holds too little overdraws this.
      const rich = await server.tenant();
      const { usage } = await ask(server, rich.key, route, { ...more, max_tokens: 20 });
      const credit = cost_of(usage);
      const poor = await server.tenant(text_of(credit - 1n));
      const full = { ...more, max_tokens: 20 };
      assert.equal((await ask(server, poor.key, route, full)).status, 402);
      if (route.optional) {
        // As much as is funded is decoded, the same for each choice, and not a token more.
        const answer = await ask(server, poor.key, route, { ...more, max_tokens: null });
        assert_served(answer);
        assert.equal(answer.usage.output, usage.output - (more.n ?? 1));
        assert.equal((await server.receipt(poor, answer.receipt)).end, 'funds');
        const { available, held } = await server.balance(poor);
        assert.ok(available >= 0n && held === 0n);
        assert.equal(poor.credit - available, cost_of(answer.usage));
      }
    }
  }, decoding));

test('holds are given back however a request ends', () => on_each_route(async (route) => {
  // Money for two at once: a hold that leaks is missed soon.
  const tenant = await server.tenant(text_of(40n * price.get(route)), { parallel_requests: 2 });
  let charged = 0n;
  for (let round = 0; round < 6; ++round) {
    const good = await ask(server, tenant.key, route);
    assert_served(good);
    charged += cost_of(good.usage);
    assert.equal((await ask(server, tenant.key, route, { model: 'nobody' })).status, 404);
    assert.equal((await ask(server, tenant.key, route, { text: 'x'.repeat(9000) })).status, 400);
    if (route.decodes) {
      assert.equal((await ask(server, tenant.key, route, { max_tokens: -1 })).status, 400);
      const dear = await ask(server, tenant.key, route, { max_tokens: 8000 });
      assert.equal(dear.status, 402);
    }
    // Left before an answer could come: at most what it would have cost.
    await open_stream(server, route.path,
      { key: tenant.key, body: body_of(route), patience_ms: 0 });
  }
  const { available } = await server.balance_at_rest(tenant);
  const all = await server.charged(tenant);
  assert.equal(tenant.credit - available, all.charge);
  assert.ok(all.charge >= charged && all.charge <= 12n * price.get(route));
  assert.equal(available >= 28n * price.get(route), true);
}));

/** Asks for a whole answer and leaves; again, later each time, until something was decoded. */
async function leave_midway(tenant, route, max_tokens) {
  for (let tries = 0; ; ++tries) {
    const stop = new AbortController();
    const answer = ask(server, tenant.key, route,
      { model: 'long', max_tokens, signal: stop.signal }).catch(() => null);
    await until(async () => (await server.balance(tenant)).held > 0n, 'the request to run');
    await new Promise((wake) => setTimeout(wake, tries * 10));
    stop.abort();
    assert.equal(await answer, null);
    const { available } = await server.balance_at_rest(tenant);
    if ((await server.charged(tenant)).requests > 0) return;
    assert.equal(available, tenant.credit, 'who left before anything was decoded pays nothing');
    assert.ok(tries < 50, 'it never ran');
  }
}

test('who leaves pays for what was decoded until then, and nothing is decoded after', () =>
  on_each_route(async (route) => {
    const tenant = await server.tenant('5.00');
    const max_tokens = 900_000;
    let seen = 0;
    if (route.stream) {
      const count = (event) => event.choices?.[0]?.delta?.content?.length ??
        event.choices?.[0]?.text?.length ?? event.delta?.text?.length ?? 0;
      const end = await open_stream(server, route.path,
        { key: tenant.key, body: body_of(route, { model: 'long', max_tokens }) },
        (event, leave) => { if ((seen += count(event)) > 40) leave(); });
      assert.equal(end.status, 200);
    } else {
      await leave_midway(tenant, route, max_tokens);
    }
    const { available } = await server.balance_at_rest(tenant);
    const { requests, output, charge } = await server.charged(tenant);
    assert.equal(requests, 1);
    assert.equal(tenant.credit - available, charge);
    assert.ok(output >= seen && output < max_tokens / 2, `${seen} seen, ${output} charged`);
    assert.ok(charge > 0n);
    await until(async () => (await server.metric('mains_jobs')) === 0, 'no job to be left');
    assert.equal((await server.charged(tenant)).output, output);
  }, decoding));

test('an idempotency key is charged once, and is its own for each tenant', () =>
  on_each_route(async (route) => {
    const [one, other] = await Promise.all([server.tenant(), server.tenant()]);
    const headers = { 'idempotency-key': 'the same for all' };
    const first = await many(10, one.key, route, {}, headers);
    assert.deepEqual(statuses(first), { 200: 1, 409: 9 });
    const served = first.find(({ status }) => status === 200);
    const again = await ask(server, one.key, route, {}, headers);
    assert.equal(again.status, 409);
    assert.equal(again.receipt, served.receipt);
    const theirs = await ask(server, other.key, route, {}, headers);
    assert_served(theirs);
    assert.notEqual(theirs.receipt, served.receipt);
    for (const tenant of [one, other]) {
      assert.equal((await server.charged(tenant)).charge, price.get(route));
    }
  }));

test('an idempotency key is free again where nothing was charged', () =>
  on_each_route(async (route) => {
    const tenant = await server.tenant('0.00');
    const headers = { 'idempotency-key': 'again' };
    assert.equal((await ask(server, tenant.key, route, {}, headers)).status, 402);
    await server.admin('POST', `/tenants/${tenant.name}/credit`, { amount: '1.00' });
    assert_served(await ask(server, tenant.key, route, {}, headers));
    assert.equal((await ask(server, tenant.key, route, {}, headers)).status, 409);
    assert.equal((await server.charged(tenant)).requests, 1);
  }));

test('nothing that a caller writes makes another pay', () => on_each_route(async (route) => {
  const [payer, victim] = await Promise.all([server.tenant(), server.tenant()]);
  const who = { name: victim.name, id: String(victim.key_id) };
  const headers = {
    'x-tenant': who.name, 'x-tenant-id': who.id, 'x-account': who.name, 'x-user-id': who.name,
    'openai-organization': who.name, 'openai-project': who.id, 'x-forwarded-user': who.name,
    'x-mains-tenant': who.name, 'x-key-id': who.id, 'x-on-behalf-of': who.name,
    // The first of two ways to show a key counts, and only that.
    'x-api-key': victim.key,
  };
  const more = route.name.startsWith('messages') ? { metadata: { user_id: who.name } }
    : { user: who.name };
  const answer = await ask(server, payer.key, route, more, headers);
  assert_served(answer);
  assert.deepEqual(await server.balance(victim), { available: victim.credit, held: 0n });
  assert.equal((await server.charged(payer)).charge, price.get(route));
  const seen = await server.call(`/v1/receipts/${answer.receipt}`, { key: victim.key });
  assert.equal(seen.status, 404);
}));

test('counts that no request can have are refused and cost nothing', () =>
  on_each_route(async (route) => {
    const tenant = await server.tenant();
    const raw = (fields) => JSON.stringify({ model: 'null', ...route.body('x') })
      .replace(/}$/, `,${fields}}`);
    const huge = ['18446744073709551615', '18446744073709551616', '9223372036854775807', '1e400',
      '-1', '-9223372036854775808', '1.5', 'NaN', 'Infinity', '-Infinity', '"10"', '1e30'];
    const fields = route.decodes ? ['max_tokens', ...(route.asks ? ['n'] : [])] : ['dimensions'];
    for (const field of fields) {
      for (const value of huge) {
        const extra = field !== 'max_tokens' && route.decodes ? '"max_tokens":5,' : '';
        const { status, text } = await server.call(route.path,
          { key: tenant.key, body: raw(`${extra}"${field}":${value}`) });
        assert.equal(status, 400, `${field} ${value}: ${text}`);
      }
    }
    assert.deepEqual(await server.balance(tenant), { available: tenant.credit, held: 0n });
  }));

test('reading what was charged charges nothing', async () => {
  const tenant = await server.tenant();
  const { receipt } = await ask(server, tenant.key, routes[0]);
  const balance = await server.balance(tenant);
  for (let i = 0; i < 20; ++i) {
    assert.equal((await server.receipt(tenant, receipt)).id, receipt);
    assert.equal((await server.charged(tenant)).requests, 1);
    await server.call('/v1/quote', { key: tenant.key, body: body_of(routes[0]) });
  }
  assert.deepEqual(await server.balance(tenant), balance);
});

test('a thousand small charges add up exactly', async () => {
  const tenant = await server.tenant('0.30');
  for (const amount of ['0.10', '0.20', '-0.30', '0.000000001']) {
    await server.admin('POST', `/tenants/${tenant.name}/credit`, { amount });
  }
  const credit = nano('0.300000001');
  const charges = [];
  for (let round = 0; round < 10; ++round) {
    const answers = await many(20, tenant.key, routes[2], { max_tokens: 1 + round });
    charges.push(...answers.map(({ usage }) => cost_of(usage)));
  }
  const { available } = await server.balance(tenant);
  assert.equal(credit - available, sum(charges));
  assert.equal((await server.charged(tenant)).charge, sum(charges));
});

test('a credit that is said again counts once', async () => {
  const tenant = await server.tenant('1.00');
  const credit = { amount: '2.00', id: 'c0ffee00000000000000000000000001' };
  await Promise.all(Array.from({ length: 10 }, () =>
    server.admin('POST', `/tenants/${tenant.name}/credit`, credit)));
  assert.equal((await server.balance(tenant)).available, nano('3.00'));
});

test('a credit id with other values is a conflict and books nothing', async () => {
  const [one, two] = [await server.tenant('1.00'), await server.tenant('1.00')];
  const id = 'c0ffee00000000000000000000000002';
  await server.admin('POST', `/tenants/${one.name}/credit`, { amount: '2.00', id });
  for (const [name, amount] of [[one.name, '3.00'], [one.name, '-2.00'], [two.name, '2.00']]) {
    await assert.rejects(server.admin('POST', `/tenants/${name}/credit`, { amount, id }),
      /id_used/);
  }
  const credit = await cli(['credit', 'add', two.name, '2.00', '--id', id, '--data', server.data]);
  assert.equal(credit.code, 1);
  assert.match(credit.err, /nothing was booked/);
  const take = await cli(['credit', 'take', one.name, '2.00', '--id', id, '--data', server.data]);
  assert.equal(take.code, 1);
  const same = await cli(['credit', 'add', one.name, '2.00', '--id', id, '--data', server.data]);
  assert.equal(same.code, 0, same.err);
  assert.equal((await server.balance(one)).available, nano('3.00'));
  assert.equal((await server.balance(two)).available, nano('1.00'));
});

test('limits and amounts that are none are refused', async () => {
  const tenant = await server.tenant('1.00');
  const refused = async (method, route, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    await assert.rejects(server.admin(method, route, text), (error) => {
      assert.match(error.message, /"code":"(invalid_value|invalid_json|amount_too_large)"/, text);
      return true;
    });
  };
  const numbers = ['-1', '1.5', '18446744073709551616', '1e400', 'NaN', '"5"', '-0.1'];
  const limits = `/keys/${tenant.key_id}/limits`;
  for (const limit of ['requests_per_minute', 'tokens_per_minute', 'parallel_requests']) {
    for (const number of numbers) await refused('PUT', limits, `{"${limit}":${number}}`);
  }
  for (const amount of ['-1.00', 'NaN', 'Infinity', '1e3', '0x10', '9223372036.9', '', ' 1', '1,5',
    '0.0000000001', '99999999999999999999']) {
    await refused('PUT', limits, { cap_per_month: amount });
    if (amount === '-1.00') continue;  // money may be taken out
    await refused('POST', `/tenants/${tenant.name}/credit`, { amount });
  }
  await refused('POST', `/tenants/${tenant.name}/credit`, { amount: 0.1 });
  assert.equal((await server.balance(tenant)).available, tenant.credit);
  assert_served(await ask(server, tenant.key, routes[0]));
});

test('no key is ever logged, right or wrong', async () => {
  const tenant = await server.tenant();
  const wrong = `${tenant.key.slice(0, -1)}x`;
  for (const key of [tenant.key, wrong]) {
    await on_each_route((route) => ask(server, key, route, { text: 'x'.repeat(9000) }));
    await server.call('/admin/v1/tenants', { key });
    await server.call(`/v1/nothing?key=${key}`, { headers: { 'x-api-key': key } });
  }
  const log = server.out + server.err;
  for (const key of [tenant.key, wrong]) assert.ok(!log.includes(key) && !log.includes(key.slice(9)));
});

test('after all this the books are right', async () => {
  await until(async () => (await server.metric('mains_open_holds')) === 0, 'no open holds');
  const books = await server.books();
  assert.deepEqual([books.code, books.ok, books.open_holds], [0, true, 0]);
});
