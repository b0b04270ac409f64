// Anthropic's own client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { start } from './harness.mjs';

let server;
let tenant;
let anthropic;
const messages = [{ role: 'user', content: 'hello' }];
const ask = { model: 'null', messages, max_tokens: 20 };

const client = (apiKey) =>
  new Anthropic({ baseURL: server.url, apiKey, authToken: null, maxRetries: 0, timeout: 30_000 });

before(async () => {
  server = await start();
  tenant = await server.tenant();
  anthropic = client(tenant.key);
});
after(() => server?.clear());

test('a message answers and counts', async () => {
  const answer = await anthropic.messages.create({ ...ask, system: 'be brief' });
  assert.equal(answer.type, 'message');
  assert.equal(answer.content[0].text.length, 20);
  assert.equal(answer.stop_reason, 'max_tokens');
  assert.equal(answer.usage.output_tokens, 20);
});

test('counting tokens says what a message is then charged for, and is free', async () => {
  const before_it = await server.balance(tenant);
  const { input_tokens } = await anthropic.messages.countTokens({ model: 'null', messages });
  assert.deepEqual(await server.balance(tenant), before_it);
  const { usage } = await anthropic.messages.create(ask);
  assert.equal(usage.input_tokens + (usage.cache_read_input_tokens ?? 0), input_tokens);
});

test('a stream has the events of the protocol, in their order', async () => {
  const kinds = [];
  let text = '';
  let output_tokens;
  for await (const event of await anthropic.messages.create({ ...ask, stream: true })) {
    if (event.type !== kinds.at(-1)) kinds.push(event.type);
    if (event.type === 'content_block_delta') text += event.delta.text;
    if (event.type === 'message_delta') {
      output_tokens = event.usage.output_tokens;
      assert.equal(event.delta.stop_reason, 'max_tokens');
    }
  }
  assert.deepEqual(kinds.filter((kind) => kind !== 'ping'), ['message_start',
    'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta',
    'message_stop']);
  assert.equal(text.length, 20);
  assert.equal(output_tokens, 20);
});

const tools = [{
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}];

test('a tool is used, and its result taken', async () => {
  const use = { model: 'null', max_tokens: 400, tools, tool_choice: { type: 'any' } };
  const answer = await anthropic.messages.create({ ...use, messages });
  assert.equal(answer.stop_reason, 'tool_use');
  const call = answer.content.find((block) => block.type === 'tool_use');
  assert.equal(call.name, 'get_weather');
  assert.equal(typeof call.input.city, 'string');
  const next = await anthropic.messages.create({
    ...use, tool_choice: { type: 'auto' }, max_tokens: 6,
    messages: [...messages, { role: 'assistant', content: answer.content }, {
      role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }],
    }],
  });
  assert.equal(next.content[0].text.length, 6);
});

test('a streamed tool use is put together again', async () => {
  const stream = anthropic.messages.stream(
    { model: 'null', messages, max_tokens: 400, tools, tool_choice: { type: 'any' } });
  const call = (await stream.finalMessage()).content.find((block) => block.type === 'tool_use');
  assert.equal(typeof call.input.city, 'string');
});

test('a stop sequence is named', async () => {
  const whole = await anthropic.messages.create({ ...ask, max_tokens: 400 });
  const stop = ' the ';
  assert.ok(whole.content[0].text.includes(stop));
  const cut = await anthropic.messages.create({ ...ask, max_tokens: 400, stop_sequences: [stop] });
  assert.equal(cut.stop_reason, 'stop_sequence');
  assert.equal(cut.stop_sequence, stop);
  assert.ok(!cut.content.map((block) => block.text).join('').includes(stop));
});

test('errors come as their classes', async () => {
  await assert.rejects(client('mk-wrong').messages.create(ask), Anthropic.AuthenticationError);
  await assert.rejects(anthropic.messages.create({ ...ask, model: 'nope' }),
    Anthropic.NotFoundError);
  await assert.rejects(anthropic.messages.create({ ...ask, temperature: 'hot' }),
    Anthropic.BadRequestError);
  const poor = await server.tenant('0.00');
  await assert.rejects(client(poor.key).messages.create(ask), (error) => error.status === 402);
});

test('a stream that is left is charged and holds nothing', async () => {
  const guest = await server.tenant('1.00');
  const stream = client(guest.key).messages.stream(
    { model: 'long', messages, max_tokens: 900_000 });
  // As the text comes, not from a queue that the end of the stream may be in already.
  let seen = 0;
  stream.on('text', (text) => { if ((seen += text.length) > 200) stream.abort(); });
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  const { available } = await server.balance_at_rest(guest);
  const { charge, output } = await server.charged(guest);
  assert.equal(guest.credit - available, charge);
  assert.ok(output >= seen && output < 900_000);
});
