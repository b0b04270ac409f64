// Thinking off, on, by effort and by budget, in both protocols; refused where a template cannot.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fresh_folder, real_model, remove, start } from './harness.mjs';
import { always_thinking, thinking_like, with_template } from './templates.mjs';

const when = { skip: real_model ? false : 'no model: models/default' };
let folder;
let server;
let tenant;

before(async () => {
  if (!real_model) return;
  folder = fresh_folder();
  server = await start({ args: [
    '--model', `never=${real_model}:1024`,
    '--model', `thinks=${with_template(folder, 'thinks', thinking_like)}:1024`,
    '--model', `always=${with_template(folder, 'always', always_thinking)}:1024`,
  ] });
  tenant = await server.tenant();
});
after(async () => {
  await server?.clear();
  if (folder) remove(folder);
});

const user = [{ role: 'user', content: 'hi' }];
const chat = (model, more) => server.call('/v1/chat/completions', {
  key: tenant.key, body: { model, messages: user, max_tokens: 12, temperature: 0, ...more } });
const messages = (model, more) => server.call('/v1/messages', {
  key: tenant.key, body: { model, messages: user, max_tokens: 12, temperature: 0, ...more } });

/** The path that an error gives to the one field of a wish. */
const path_of = (field) => {
  const [name] = Object.keys(field);
  return name === 'chat_template_kwargs' ? `${name}.${Object.keys(field[name])[0]}` : name;
};
const off = [{ chat_template_kwargs: { thinking: false } }, { reasoning_effort: 'none' }, { enable_thinking: false },
  { chat_template_kwargs: { enable_thinking: false } }, { thinking: { type: 'disabled' } },
  { reasoning: { enabled: false } }, { reasoning: { effort: 'none' } }];
const hints = [{}, { reasoning_effort: 'minimal' }, { reasoning_effort: 'low' }, { reasoning_effort: 'high' },
  { reasoning: { effort: 'medium' } }, { thinking_budget: 5 }];
const on = [{ chat_template_kwargs: { thinking: true } }, { enable_thinking: true }, { chat_template_kwargs: { enable_thinking: true } },
  { thinking: { type: 'enabled' } }];

test('OpenAI: off is off and costs the tokens of the closed mark', when, async () => {
  const thinking = await chat('thinks');
  assert.ok(thinking.json.choices[0].message.reasoning_content, thinking.text);
  assert.equal(thinking.json.choices[0].message.content, '');
  for (const field of off) {
    const answer = await chat('thinks', field);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.choices[0].message.reasoning_content, undefined, JSON.stringify(field));
    assert.ok(answer.json.usage.prompt_tokens > thinking.json.usage.prompt_tokens);
  }
  for (const field of [...hints, ...on]) {
    const answer = await chat('thinks', field);
    assert.ok(answer.json.choices[0].message.reasoning_content, JSON.stringify(field) + answer.text);
    assert.equal(answer.json.usage.prompt_tokens, thinking.json.usage.prompt_tokens);
  }
});

test('OpenAI: what a template cannot is refused by name, hints are not', when, async () => {
  for (const field of off) {
    assert.equal((await chat('never', field)).status, 200);
    const refused = await chat('always', field);
    assert.equal(refused.status, 400, refused.text);
    assert.equal(refused.json.error.code, 'thinking_cannot_be_switched_off');
    assert.equal(refused.json.error.param, path_of(field));
    assert.ok(refused.json.error.message.startsWith(`'${path_of(field)}' `), refused.text);
  }
  for (const field of on) {
    assert.equal((await chat('always', field)).status, 200);
    const refused = await chat('never', field);
    assert.equal(refused.status, 400, refused.text);
    assert.equal(refused.json.error.code, 'thinking_not_supported');
    assert.equal(refused.json.error.param, path_of(field));
    assert.ok(refused.json.error.message.startsWith(`'${path_of(field)}' `), refused.text);
  }
  for (const field of hints) {
    assert.equal((await chat('never', field)).status, 200);
    assert.equal((await chat('always', field)).status, 200);
  }
});

test('Anthropic: absent and disabled are off, adaptive and enabled are on', when, async () => {
  const kinds = (answer) => answer.json.content.map((block) => block.type);
  const absent = await messages('thinks');
  const disabled = await messages('thinks', { thinking: { type: 'disabled' } });
  const effort = await messages('thinks', { output_config: { effort: 'high' } });
  for (const answer of [absent, disabled, effort]) {
    assert.ok(!kinds(answer).includes('thinking'), answer.text);
  }
  for (const thinking of [{ type: 'adaptive' }, { type: 'enabled', budget_tokens: 1024 }]) {
    const answer = await messages('thinks', { thinking });
    assert.deepEqual(kinds(answer), ['thinking'], answer.text);
    assert.ok(answer.json.usage.input_tokens + answer.json.usage.cache_read_input_tokens
      < disabled.json.usage.input_tokens + disabled.json.usage.cache_read_input_tokens);
    const counted = await server.call('/v1/messages/count_tokens',
      { key: tenant.key, body: { model: 'thinks', messages: user, thinking } });
    assert.equal(counted.json.input_tokens,
      answer.json.usage.input_tokens + answer.json.usage.cache_read_input_tokens);
  }
  assert.equal((await messages('never', { thinking: { type: 'adaptive' } })).status, 200);
  assert.equal((await messages('always')).status, 200);
  for (const [model, on] of [['always', false], ['never', true]]) {
    for (const field of [{ thinking: { type: on ? 'enabled' : 'disabled', budget_tokens: 1024 } },
      { chat_template_kwargs: { enable_thinking: on } }, { chat_template_kwargs: { thinking: on } }]) {
      const count = { key: tenant.key, body: { model, messages: user, ...field } };
      for (const refused of [await messages(model, field),
        await server.call('/v1/messages/count_tokens', count)]) {
        assert.equal(refused.status, 400, refused.text);
        assert.ok(refused.json.error.message.startsWith(`'${path_of(field)}' `), refused.text);
      }
    }
  }
});

test('a budget ends the thinking, and the answer follows', when, async () => {
  for (const [budget, field] of [[3, { thinking: { type: 'enabled', budget_tokens: 3 } }],
    [1, { thinking_budget: 1 }], [0, { reasoning: { max_tokens: 0 } }]]) {
    const answer = await chat('thinks', { ...field, max_tokens: 60, ignore_eos: true });
    const { content, reasoning_content: thought } = answer.json.choices[0].message;
    assert.ok(content.length > 0, answer.text);
    assert.ok((thought ?? '').length <= budget * 24, answer.text);
  }
  const answer = await messages('thinks',
    { max_tokens: 60, thinking: { type: 'enabled', budget_tokens: 2 } });
  assert.ok(answer.json.content.some((block) => block.type === 'text'), answer.text);
});

test('two fields that say the opposite are refused', when, async () => {
  const refused = await chat('thinks',
    { reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: true } });
  assert.equal(refused.status, 400);
  assert.equal(refused.json.error.param, 'chat_template_kwargs');
});
