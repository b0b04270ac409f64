// Conversations as agents really send them, on both protocols, templates and engines.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, nano, real_model, remove, start } from './harness.mjs';
import { gemma_like, thinking_like, with_template } from './templates.mjs';

const when = { skip: real_model ? false : 'no model: models/default' };
let folder;
let server;
let tenant;
const every = ['real', 'gemma', 'qwen'];

before(async () => {
  if (!real_model) return;
  folder = fresh_folder();
  const link = path.join(folder, 'linked.gguf');
  symlinkSync(real_model, link);
  server = await start({ args: [
    '--model', `real=${link}:2048`,
    '--model', `gemma=${with_template(folder, 'gemma', gemma_like)}:2048`,
    '--model', `qwen=${with_template(folder, 'qwen', thinking_like)}:2048`,
  ] });
  tenant = await server.tenant();
});
after(async () => {
  await server?.clear();
  if (folder) remove(folder);
});

const post = (route, body) => server.call(route, { key: tenant.key, body });
const chat = (model, messages, more) =>
  post('/v1/chat/completions', { model, messages, max_tokens: 8, temperature: 0, ...more });
const messages = (model, turns, more) =>
  post('/v1/messages', { model, messages: turns, max_tokens: 8, temperature: 0, ...more });
const count = async (model, turns, more) => {
  const answer = await post('/v1/messages/count_tokens', { model, messages: turns, ...more });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.input_tokens;
};
const input_of = ({ json }) => json.usage.input_tokens + json.usage.cache_read_input_tokens;

test('a system turn anywhere reaches the model, on every template', when, async () => {
  for (const model of every) {
    const plain = await count(model, [{ role: 'user', content: 'hi' }]);
    for (const role of ['system', 'developer']) {
      for (const content of ['Agents: none.', [{ type: 'text', text: 'Agents:' }, { type: 'text', text: 'none.' }]]) {
        const turns = [{ role: 'user', content: 'hi' }, { role, content }];
        const answer = await messages(model, turns, { system: 'You help.' });
        assert.equal(answer.status, 200, answer.text);
        assert.ok(input_of(answer) > plain + 4, `${model} ${input_of(answer)}`);
        assert.equal(await count(model, turns, { system: 'You help.' }), input_of(answer));
      }
      const answer = await chat(model, [
        { role: 'system', content: 'a' }, { role: 'user', content: 'b' }, { role, content: 'c' },
        { role: 'assistant', content: 'd' }, { role, content: 'e' }, { role: 'user', content: 'f' }]);
      assert.equal(answer.status, 200, answer.text);
    }
  }
});

test('turns of one role in a row are one where a template wants it so', when, async () => {
  for (const model of every) {
    const twice = [{ role: 'user', content: 'a' }, { role: 'user', content: 'b' }];
    assert.equal((await messages(model, twice)).status, 200);
    assert.equal((await chat(model, [...twice, { role: 'assistant', content: 'c' },
      { role: 'assistant', content: 'd' }, { role: 'user', content: 'e' }])).status, 200);
    assert.equal((await chat(model, [{ role: 'assistant', content: 'Hello!' }, ...twice])).status, 200);
    assert.equal((await chat(model, [{ role: 'system', content: 'Only this.' }])).status, 200);
  }
  assert.equal(await count('gemma', [{ role: 'user', content: 'a' }, { role: 'user', content: 'b' }]),
    await count('gemma', [{ role: 'user', content: 'a\nb' }]));
});

test('an empty last turn is begun anew', when, async () => {
  const turns = [{ role: 'user', content: 'Say hello.' }];
  for (const model of every) {
    const plain = await messages(model, turns);
    assert.equal(plain.status, 200, plain.text);
    for (const content of ['', [], [{ type: 'text', text: '' }], [{ type: 'redacted_thinking', data: 'x' }]]) {
      const empty = await messages(model, [...turns, { role: 'assistant', content }]);
      assert.deepEqual(empty.json?.content, plain.json.content, empty.text);
      assert.equal(input_of(empty), input_of(plain));
    }
  }
});

test('a history with cut, odd and missing parts is taken', when, async () => {
  for (const model of every) {
    for (const text of ['{"text": "a save', '', '[1]', 'x', 'null', '"', `${'['.repeat(9000)}`]) {
      const answer = await chat(model, [
        { role: 'user', content: 'Save it.' },
        { role: 'assistant', content: null, tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'save', arguments: text } }] },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'cut' }] },
        { role: 'user', content: 'Again.' }]);
      if (text.length < 100) assert.equal(answer.status, 200, `${model} ${text} ${answer.text}`);
      else assert.equal(answer.json.error?.code, 'context_length_exceeded', answer.text);
    }
    for (const turn of [{ content: null, reasoning_content: 'hm' }, { content: null }, { content: '' }]) {
      const answer = await chat(model, [{ role: 'user', content: 'a' }, { role: 'assistant', ...turn },
        { role: 'user', content: 'b' }]);
      assert.equal(answer.status, 200, answer.text);
    }
  }
});

test('what tools gave back and documents are text, pictures are refused by name', when, async () => {
  const data = 'The sky is green.';
  const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data } };
  const result = (content) => [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content }] }];
  for (const model of every) {
    const short = await count(model, result([{ type: 'text', text: '' }]));
    const parts = [{ type: 'text', text: 'One.' }, document, { type: 'tool_reference', tool_name: 'look' },
      { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: data }] }];
    assert.ok(await count(model, result(parts)) > short + 10);
    assert.ok(await count(model, [{ role: 'user', content: [document] }]) > 8);
  }
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'x' } };
  const refused = await messages('real', result([{ type: 'text', text: 'a' }, image]));
  assert.equal(refused.status, 400);
  assert.match(refused.json.error.message, /messages\[2\]\.content\[0\]\.content\[1\]\.type/);
});

test('a limit above what fits is what fits, and the hold is for that', when, async () => {
  const turns = [{ role: 'user', content: 'hi' }];
  for (const more of [{ max_tokens: 32000 }, { max_tokens: 2147483647 }, { max_completion_tokens: 32000 }]) {
    const body = { model: 'real', messages: turns, temperature: 0, ...more };
    const quote = await post('/v1/quote', body);
    assert.equal(quote.json.output_tokens_max, 2048 - quote.json.input_tokens, quote.text);
    const answer = await post('/v1/chat/completions', body);
    assert.equal(answer.status, 200, answer.text);
  }
  const full = await post('/v1/completions',
    { model: 'real', prompt: 'a b c '.repeat(200), max_tokens: 32000, temperature: 0, ignore_eos: true });
  assert.equal(full.json.choices[0].finish_reason, 'length');
  assert.equal(full.json.usage.total_tokens, 2048);
  assert.ok(nano((await server.call('/v1/balance', { key: tenant.key })).json.available ?? '0') >= 0n);
});

test('what cannot fit is said at once, at any size, on every route', when, async () => {
  for (const size of [20_000, 200_000, 3_000_000, 15_000_000]) {
    const text = 'a'.repeat(size);
    const at = Date.now();
    for (const answer of [
      await chat('real', [{ role: 'user', content: text }]),
      await post('/v1/completions', { model: 'real', prompt: text, max_tokens: 1 }),
      await post('/v1/quote', { model: 'real', prompt: text, max_tokens: 1 })]) {
      assert.equal(answer.status, 400);
      assert.equal(answer.json.error.code, 'context_length_exceeded', answer.text);
    }
    for (const route of ['/v1/messages', '/v1/messages/count_tokens']) {
      const answer = await post(route, { model: 'real', max_tokens: 1, messages: [{ role: 'user', content: text }] });
      assert.equal(answer.status, 400);
    }
    assert.ok(Date.now() - at < 30_000);
  }
  const many = Array.from({ length: 16_000 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: 'a' }));
  const answer = await chat('real', many);
  assert.equal(answer.json.error.code, 'context_length_exceeded', answer.text);
});

test('echo with logprobs is refused by name, not half answered', when, async () => {
  const answer = await post('/v1/completions',
    { model: 'real', prompt: 'The cat', max_tokens: 1, echo: true, logprobs: 1 });
  assert.equal(answer.status, 400);
  assert.equal(answer.json.error.param, 'logprobs');
});

test('layers for a GPU that is not there end the start, in words', when, async () => {
  const data = fresh_folder();
  const { writeFileSync } = await import('node:fs');
  writeFileSync(path.join(data, 'gpu.toml'), '[engine]\ngpu_layers = 99\n');
  const { code, err } = await cli(['serve', '--data', data, '--listen', '127.0.0.1:0', '--config',
    path.join(data, 'gpu.toml'), '--model', `real=${real_model}:512`]);
  remove(data);
  assert.notEqual(code, 0);
  assert.match(err, /gpu_layers is 99/);
});
