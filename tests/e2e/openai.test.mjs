// OpenAI's own client, as a customer would use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { cost_of, nano, start } from './harness.mjs';

let server;
let tenant;
let openai;
const messages = [{ role: 'user', content: 'hello' }];
const model = 'null';

before(async () => {
  server = await start();
  tenant = await server.tenant();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: tenant.key, maxRetries: 0 });
});
after(() => server?.clear());

test('models are listed', async () => {
  const names = [];
  for await (const entry of openai.models.list()) names.push(entry.id);
  assert.deepEqual(names.sort(), ['long', 'null']);
  assert.equal((await openai.models.retrieve('null')).id, 'null');
});

test('a chat answers, counts and costs', async () => {
  const answer = await openai.chat.completions.create({ model, messages, max_tokens: 20 });
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.equal(answer.choices[0].message.content.length, 20);
  assert.equal(answer.choices[0].finish_reason, 'length');
  assert.equal(answer.usage.completion_tokens, 20);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + 20);
  assert.equal(answer.usage.currency, 'USD');
  assert.ok(cost_of(answer.usage) > 0n);
});

test('a streamed chat is the same text as one that is not', async () => {
  const ask = { model, messages, max_tokens: 50, seed: 7 };
  const whole = await openai.chat.completions.create(ask);
  const stream = await openai.chat.completions.create(
    { ...ask, stream: true, stream_options: { include_usage: true } });
  let text = '';
  let last;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    last = chunk;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.completion_tokens, 50);
  assert.equal(last.usage.prompt_tokens, whole.usage.prompt_tokens);
  assert.ok(cost_of(last.usage) > 0n);
});

test('a stream carries usage only where it was asked for', async () => {
  const stream = await openai.chat.completions.create(
    { model, messages, max_tokens: 5, stream: true });
  for await (const chunk of stream) assert.ok(!chunk.usage);
});

const tools = [{
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object', properties: { city: { type: 'string' } }, required: ['city'],
    },
  },
}];

test('a required tool is called with arguments that fit its schema', async () => {
  const answer = await openai.chat.completions.create(
    { model, messages, tools, tool_choice: 'required' });
  assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  const [call] = answer.choices[0].message.tool_calls;
  assert.equal(call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const follow_up = await openai.chat.completions.create({
    model, tools, max_tokens: 4,
    messages: [...messages, answer.choices[0].message,
      { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
  });
  assert.equal(follow_up.choices[0].message.content.length, 4);
});

test('a streamed tool call is put together again', async () => {
  const stream = openai.chat.completions.stream(
    { model, messages, tools, tool_choice: 'required' });
  const { choices: [choice] } = await stream.finalChatCompletion();
  assert.equal(choice.message.tool_calls[0].function.name, 'get_weather');
  assert.equal(typeof JSON.parse(choice.message.tool_calls[0].function.arguments).city, 'string');
});

test('a JSON schema is kept to', async () => {
  const schema = {
    type: 'object', additionalProperties: false, required: ['name', 'age'],
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
  };
  const answer = await openai.chat.completions.create({
    model, messages, response_format: { type: 'json_schema', json_schema: { name: 'p', schema } },
  });
  const person = JSON.parse(answer.choices[0].message.content);
  assert.equal(typeof person.name, 'string');
  assert.ok(Number.isInteger(person.age));
  assert.equal(answer.choices[0].finish_reason, 'stop');
});

test('three choices, each of its own', async () => {
  const answer = await openai.chat.completions.create({ model, messages, n: 3, max_tokens: 9 });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
  for (const choice of answer.choices) assert.equal(choice.message.content.length, 9);
  assert.equal(answer.usage.completion_tokens, 27);
});

test('log probabilities come with their tokens', async () => {
  const answer = await openai.chat.completions.create(
    { model, messages, max_tokens: 3, logprobs: true, top_logprobs: 2 });
  const { content } = answer.choices[0].logprobs;
  assert.equal(content.length, 3);
  for (const token of content) {
    assert.ok(token.logprob < 0);
    assert.equal(token.top_logprobs.length, 2);
  }
});

test('a stop string ends the answer and is not part of it', async () => {
  const ask = { model, messages, seed: 3, max_tokens: 200 };
  const { choices: [whole] } = await openai.chat.completions.create(ask);
  const stop = whole.message.content.slice(40, 46);
  const { choices: [cut] } = await openai.chat.completions.create({ ...ask, stop: [stop] });
  const at = whole.message.content.indexOf(stop);
  assert.equal(cut.message.content, whole.message.content.slice(0, at));
  assert.equal(cut.finish_reason, 'stop');
});

test('a plain completion, streamed and not', async () => {
  const ask = { model, prompt: 'Once upon a time', max_tokens: 12, seed: 1 };
  const whole = await openai.completions.create(ask);
  assert.equal(whole.choices[0].text.length, 12);
  assert.equal(whole.usage.prompt_tokens, 'Once upon a time'.length + 1);
  let text = '';
  for await (const chunk of await openai.completions.create({ ...ask, stream: true })) {
    text += chunk.choices[0]?.text ?? '';
  }
  assert.equal(text, whole.choices[0].text);
});

test('embeddings as floats and as base64 are the same numbers', async () => {
  const input = ['a cat', 'a dog'];
  const floats = await openai.embeddings.create({ model, input, encoding_format: 'float' });
  const packed = await openai.embeddings.create({ model, input, encoding_format: 'base64' });
  const unpacked = await openai.embeddings.create({ model, input });
  assert.equal(floats.data.length, 2);
  for (const [i, { embedding }] of floats.data.entries()) {
    const bytes = Buffer.from(packed.data[i].embedding, 'base64');
    assert.equal(bytes.length, 4 * embedding.length);
    for (const [at, value] of embedding.entries()) {
      assert.ok(Math.abs(bytes.readFloatLE(4 * at) - value) < 1e-6);
      assert.ok(Math.abs(unpacked.data[i].embedding[at] - value) < 1e-6);
    }
  }
  assert.equal(floats.usage.prompt_tokens, floats.usage.total_tokens);
});

test('the receipt in the header has the numbers of the answer', async () => {
  const { data, response } = await openai.chat.completions
    .create({ model, messages, max_tokens: 8 }).withResponse();
  const receipt = await server.receipt(tenant, response.headers.get('x-receipt-id'));
  assert.equal(receipt.output_tokens, 8);
  assert.equal(receipt.input_tokens, data.usage.prompt_tokens);
  assert.equal(nano(receipt.charge), cost_of(data.usage));
  assert.equal(receipt.end, 'length');
});
