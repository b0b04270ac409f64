// What goes wrong arrives in OpenAI's client as the error class it belongs to.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { start } from './harness.mjs';

let server;
let tenant;
const messages = [{ role: 'user', content: 'hello' }];
const chat = { model: 'null', messages, max_tokens: 5 };

const client = (apiKey) =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0, timeout: 30_000 });

before(async () => {
  server = await start();
  tenant = await server.tenant();
});
after(() => server?.clear());

test('a wrong key is an AuthenticationError', async () => {
  await assert.rejects(client('mk-wrong').chat.completions.create(chat), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    return true;
  });
});

test('no money is a 402, insufficient_quota', async () => {
  const poor = await server.tenant('0.00');
  await assert.rejects(client(poor.key).chat.completions.create(chat), (error) => {
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.status, 402);
    assert.equal(error.code, 'insufficient_quota');
    return true;
  });
});

test('an unknown model is a NotFoundError', async () => {
  const unknown = client(tenant.key).chat.completions.create({ ...chat, model: 'nope' });
  await assert.rejects(unknown, (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    assert.equal(error.param, 'model');
    return true;
  });
});

for (const [param, value] of [['temperature', 'hot'], ['max_tokens', -1], ['n', 0],
  ['messages', 'hi'], ['top_p', 7], ['stop', 5], ['stream', 'yes'], ['seed', 1.5]]) {
  test(`a bad ${param} is a BadRequestError that names it`, async () => {
    const bad = client(tenant.key).chat.completions.create({ ...chat, [param]: value });
    await assert.rejects(bad, (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
      assert.equal(error.param, param);
      return true;
    });
  });
}

test('unknown fields are ignored', async () => {
  const answer = await client(tenant.key).chat.completions.create({ ...chat, flavour: 'mint' });
  assert.equal(answer.usage.completion_tokens, 5);
});

test('a body beyond the limit is a 413', async () => {
  const huge = [{ role: 'user', content: 'x'.repeat(17 << 20) }];
  await assert.rejects(client(tenant.key).chat.completions.create({ ...chat, messages: huge }),
    (error) => error.status === 413);
});

for (const [what, limits] of [['requests', { requests_per_minute: 1 }],
  ['tokens', { tokens_per_minute: 60 }]]) {
  test(`the limit of ${what} per minute is a RateLimitError with retry-after`, async () => {
    const slow = await server.tenant('1.00', limits);
    await client(slow.key).chat.completions.create(chat);
    await client(slow.key).chat.completions.create(chat).then(
      () => client(slow.key).chat.completions.create(chat)).then(
      () => assert.fail('the limit was not kept'),
      (error) => {
        assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
        const seconds = Number(error.headers.get('retry-after'));
        assert.ok(seconds >= 1 && seconds <= 61, `retry-after: ${seconds}`);
      });
  });
}

test('errors cost nothing', async () => {
  const clean = await server.tenant('1.00');
  const openai = client(clean.key);
  for (const bad of [{ model: 'nope' }, { temperature: 'hot' }, { max_tokens: 9.5 },
    { messages: [] }]) {
    await assert.rejects(openai.chat.completions.create({ ...chat, ...bad }));
  }
  assert.deepEqual(await server.balance(clean), { available: clean.credit, held: 0n });
});

test('a client that leaves in mid-stream pays what was decoded until then', async () => {
  const guest = await server.tenant('1.00');
  const stop = new AbortController();
  const { data: stream, response } = await client(guest.key).chat.completions.create(
    { model: 'long', messages, stream: true, max_tokens: 900_000 },
    { signal: stop.signal }).withResponse();
  let seen = 0;
  for await (const chunk of stream) {
    seen += chunk.choices[0]?.delta?.content?.length ?? 0;
    if (seen >= 200) break;  // what came behind it is not looked at
  }
  stop.abort();
  const balance = await server.balance_at_rest(guest);
  const receipt = await server.receipt(guest, response.headers.get('x-receipt-id'));
  assert.equal(receipt.end, 'disconnect');
  assert.ok(receipt.output_tokens >= seen, 'what was seen was decoded');
  assert.ok(receipt.output_tokens < 900_000, 'the engine stopped');
  const nano_per_mtok = { input: 200_000_000n, output: 800_000_000n };
  const charge = (BigInt(receipt.input_tokens) * nano_per_mtok.input +
    BigInt(receipt.output_tokens) * nano_per_mtok.output) / 1_000_000n;
  assert.equal(guest.credit - balance.available, charge);
});
