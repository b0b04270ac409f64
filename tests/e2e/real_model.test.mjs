// The same promises with a real model behind them, where this checkout has one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { nano, real_model, start, until } from './harness.mjs';
import { open_stream } from './stream.mjs';

const when = { skip: real_model ? false : 'no model: models/default or $MAINS_SHARED/models' };
let server;
let tenant;
let openai;
const messages = [{ role: 'user', content: 'Tell me about a cat.' }];
const ask = { model: 'real', messages, max_tokens: 40, temperature: 0 };

before(async () => {
  if (!real_model) return;
  server = await start({ args: ['--model', `real=${real_model}:512`] });
  tenant = await server.tenant();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: tenant.key, maxRetries: 0 });
});
after(() => server?.clear());

test('temperature 0 says the same, streamed or not', when, async () => {
  const whole = await openai.chat.completions.create(ask);
  const stream = await openai.chat.completions.create({ ...ask, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
  assert.equal(text, whole.choices[0].message.content);
  assert.ok(text.length > 0);
  assert.ok(!text.includes('\ufffd'), 'no character is broken');
});

test('what is counted is what is charged', when, async () => {
  const { data, response } = await openai.chat.completions.create(ask).withResponse();
  const quote = await server.call('/v1/quote', { key: tenant.key, body: ask });
  const receipt = await server.receipt(tenant, response.headers.get('x-receipt-id'));
  assert.equal(quote.json.input_tokens, data.usage.prompt_tokens);
  assert.equal(receipt.output_tokens, data.usage.completion_tokens);
  assert.ok(nano(receipt.charge) <= nano(quote.json.highest_charge));
  assert.match(receipt.weights_sha256, /^[0-9a-f]{64}$/);
});

test('many at once say what one alone says, with the same count', when, async () => {
  const alone = await openai.completions.create(
    { model: 'real', prompt: 'Once upon a time', max_tokens: 20, temperature: 0 });
  const crowd = await Promise.all(Array.from({ length: 16 }, () => openai.completions.create(
    { model: 'real', prompt: 'Once upon a time', max_tokens: 20, temperature: 0 })));
  for (const { usage } of crowd) {
    assert.equal(usage.prompt_tokens, alone.usage.prompt_tokens);
    assert.ok(usage.completion_tokens <= 20);
  }
});

test('a JSON schema is kept to by a model that knows nothing of it', when, async () => {
  const schema = {
    type: 'object', additionalProperties: false, required: ['sure'],
    properties: { sure: { type: 'boolean' } },
  };
  const answer = await openai.chat.completions.create({
    ...ask, max_tokens: 200,
    response_format: { type: 'json_schema', json_schema: { name: 's', schema, strict: true } },
  });
  if (answer.choices[0].finish_reason === 'stop') {
    assert.equal(typeof JSON.parse(answer.choices[0].message.content).sure, 'boolean');
  } else {
    assert.equal(answer.choices[0].finish_reason, 'length');
  }
});

test('a stream that is left is charged for what was decoded', when, async () => {
  const guest = await server.tenant('1.00');
  const body = { ...ask, max_tokens: 400, stream: true, ignore_eos: true };
  const end = await open_stream(server, '/v1/chat/completions', { key: guest.key, body },
    (event, leave) => { if (event.choices[0]?.delta?.content) leave(); });
  const { available } = await server.balance_at_rest(guest);
  const receipt = await server.receipt(guest, end.receipt);
  assert.equal(receipt.end, 'disconnect');
  assert.ok(receipt.output_tokens >= 1 && receipt.output_tokens < 400);
  assert.equal(guest.credit - available, nano(receipt.charge));
});

test('a key that is revoked in mid-stream ends its stream', when, async () => {
  const guest = await server.tenant('1.00');
  const body = { ...ask, max_tokens: 450, stream: true, ignore_eos: true };
  let error = null;
  let revoking = null;
  await open_stream(server, '/v1/chat/completions', { key: guest.key, body }, (event) => {
    error = event.error ?? error;
    revoking ??= server.admin('POST', `/keys/${guest.key_id}/revoke`, {});
  });
  await revoking;
  // A model that is quicker than the revocation has told its whole story.
  if (error !== null) assert.equal(error.code, 'invalid_api_key');
  assert.equal((await server.call('/v1/balance', { key: guest.key })).status, 401);
  await until(async () => (await server.metric('mains_open_holds')) === 0, 'the hold to end');
});

test('a prompt beyond the context is a 400 that costs nothing', when, async () => {
  const before_it = await server.balance(tenant);
  const long = openai.chat.completions.create(
    { ...ask, messages: [{ role: 'user', content: 'cat '.repeat(2000) }] });
  await assert.rejects(long, (error) => error.code === 'context_length_exceeded');
  assert.deepEqual(await server.balance(tenant), before_it);
});

test('embeddings of a real model are numbers', when, async () => {
  const { data } = await openai.embeddings.create({ model: 'real', input: ['cat', 'dog'] });
  assert.equal(data[0].embedding.length, data[1].embedding.length);
  assert.ok(data[0].embedding.every(Number.isFinite));
  assert.notDeepEqual(data[0].embedding, data[1].embedding);
});

// Long enough for some blocks of 16 tokens, and known to nobody yet.
const context = () => `Story ${Math.random()}. ${'The cat sat on a mat. '.repeat(12)}`;

test('a prompt sent again is cached, and cheaper by exactly that', when, async () => {
  const body = { ...ask, messages: [{ role: 'user', content: context() }], max_tokens: 4 };
  const told = [];
  for (let i = 0; i < 2; i++) {
    const { data, response } = await openai.chat.completions.create(body).withResponse();
    const receipt = await server.receipt(tenant, response.headers.get('x-receipt-id'));
    const { prompt_tokens, prompt_tokens_details: { cached_tokens } } = data.usage;
    assert.equal(receipt.input_tokens, prompt_tokens);
    assert.equal(receipt.cached_input_tokens, cached_tokens);
    const text = data.choices[0].message.content;
    told.push({ text, cached_tokens, cost: data.usage.cost });
  }
  assert.ok(told[1].cached_tokens >= 48);
  assert.equal(told[1].cached_tokens % 16, 0);
  assert.ok(told[0].cached_tokens < told[1].cached_tokens, 'the first found at most the template');
  assert.ok(told[1].cost < told[0].cost);
  assert.equal(told[1].text, told[0].text, 'a hit changes no answer');
});

test('another tenant finds nothing, and Anthropic clients are told the same', when, async () => {
  const guest = await server.tenant();
  const body = { model: 'real', max_tokens: 4, messages: [{ role: 'user', content: context() }] };
  const send = async (key) => (await server.call('/v1/messages', { key, body })).json.usage;
  const first = await send(tenant.key);
  const again = await send(tenant.key);
  const others = await send(guest.key);
  assert.ok(again.cache_read_input_tokens >= 48);
  assert.equal(again.input_tokens + again.cache_read_input_tokens,
    first.input_tokens + first.cache_read_input_tokens);
  assert.equal(others.cache_read_input_tokens, 0);
  assert.equal((await send(guest.key)).cache_read_input_tokens, again.cache_read_input_tokens);
});

test('one context sent many times at once is computed once', when, async () => {
  const guest = await server.tenant();
  const content = context();
  const usages = await Promise.all(Array.from({ length: 8 }, async () => {
    const body = { ...ask, max_tokens: 2, messages: [{ role: 'user', content }] };
    return (await server.call('/v1/chat/completions', { key: guest.key, body })).json.usage;
  }));
  const found = usages.map((usage) => usage.prompt_tokens_details.cached_tokens);
  found.sort((a, b) => a - b);
  assert.equal(found[0], 0, 'one computes');
  assert.ok(found[1] >= 48, 'the others find');
  assert.equal(found[1], found[7]);
});
