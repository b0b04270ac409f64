// Answers held to schemas, grammars and tools: by the real model, on both engines. What is asked
// for is what comes; what asks for too much ends alone.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { real_model, root, start } from './harness.mjs';
import { open_stream } from './stream.mjs';

const when = { skip: real_model ? false : 'no GGUF in this checkout' };
const stories = path.join(process.env.MAINS_SHARED ?? path.join(root, '../shared'),
  'models/stories260K.gguf');
const models = [['small', real_model],
  ...(existsSync(stories) && stories !== real_model ? [['stories', stories]] : [])];
const ajv = formats.default(new Ajv2020({ strict: false, allErrors: false }));

const object = (properties, required = Object.keys(properties)) =>
  ({ type: 'object', properties, required, additionalProperties: false });
const of = (schema) => object({ v: schema });
const numbered = (count, make) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, make(i)]));
const short = { type: 'string', maxLength: 6 };
const levels = (depth) => (depth === 0 ? { type: 'boolean' } : object({ in: levels(depth - 1) }));

/** What must be answered, and conform. */
const schemas = {
  'int64, written out': of({ type: 'integer',
    minimum: -9223372036854775808, maximum: 9223372036854775807 }),
  int64: of({ type: 'integer', format: 'int64' }),
  int32: of({ type: 'integer', minimum: -2147483648, maximum: 2147483647 }),
  'int32, by its format': of({ type: 'integer', format: 'int32' }),
  'a number from 0 to 1': of({ type: 'number', minimum: 0, maximum: 1 }),
  'a number, bounds excluded': of({ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }),
  'a multiple': of({ type: 'integer', multipleOf: 7, minimum: 1, maximum: 10_000 }),
  'a multiple of cents': of({ type: 'number', multipleOf: 0.01, minimum: 0, maximum: 100 }),
  'an enum of 1,000 words': of({ enum: Array.from({ length: 1000 }, (_, i) => `word-${i * 7919}`) }),
  '200 optional properties': object(numbered(200, (i) =>
    (i % 2 ? { type: 'boolean' } : { type: 'integer', minimum: 0, maximum: 99 })), []),
  'an anchored pattern': of({ type: 'string', pattern: '^\\d{4}-\\d{2}$' }),
  'a pattern that is found': of({ type: 'string', pattern: '[a-c]\\d+x', maxLength: 20 }),
  'alternatives in a pattern': of({ type: 'string', pattern: '^(north|south)-?\\w{2,4}$' }),
  'a recursive reference': { $ref: '#/$defs/node', $defs: { node: object({
    n: { type: 'integer', minimum: 0, maximum: 9 },
    next: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/node' }] } }) } },
  '20 levels': levels(20),
  formats: object({ day: { type: 'string', format: 'date' },
    id: { type: 'string', format: 'uuid' }, at: { type: 'string', format: 'date-time' } }),
  tuples: of({ type: 'array', prefixItems: [{ type: 'boolean' }, { const: 'x' }], items: false,
    minItems: 2 }),
  counts: of({ type: 'array', items: short, minItems: 2, maxItems: 3 }),
  'any of two': of({ anyOf: [short, { type: 'null' }] }),
};

const message = ({ json }) => json.choices[0].message;
const function_tool = (name, parameters, more) =>
  ({ type: 'function', function: { name, parameters, ...more } });
const weather = object({ city: short, days: { type: 'integer', minimum: 1, maximum: 14 } });
const note = object({ sure: { type: 'boolean' } });
const tools = [function_tool('weather', weather), function_tool('note', note)];
const user = [{ role: 'user', content: 'Tell me something.' }];

for (const engine of ['native', 'llama']) {
  describe(engine, when, () => {
    let server;
    let tenant;
    before(async () => {
      server = await start({ args: ['--engine', engine,
        ...models.flatMap(([name, file]) => ['--model', `${name}=${file}:${name === 'small' ? 32768 : 512}`])] });
      tenant = await server.tenant('1000.00');
    });
    after(() => server?.clear());

    const post = async (route, body) => {
      const answer = await server.call(route, { key: tenant.key, body });
      assert.equal(answer.status, 200, answer.text.slice(0, 500));
      return answer;
    };
    const chat = (more) => post('/v1/chat/completions',
      { model: 'small', messages: user, temperature: 1, max_tokens: 6000, ...more });

    /** One answer held to a schema: JSON from its first byte to its last, and it conforms. */
    async function conforms(schema, more) {
      const answer = await chat({ response_format:
        { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } }, ...more });
      const { content } = message(answer);
      assert.equal(answer.json.choices[0].finish_reason, 'stop', content.slice(-200));
      assert.equal(content[0], '{');
      const check = ajv.compile(schema);
      assert.ok(check(JSON.parse(content)),
        `${ajv.errorsText(check.errors)}: ${content.slice(0, 300)}`);
      return answer;
    }

    for (const [name, schema] of Object.entries(schemas)) {
      test(name, async () => {
        for (const seed of [1, 2]) await conforms(schema, { seed });
      });
    }

    test('60 tools of 10 properties', async () => {
      const typed = object(numbered(10, (i) =>
        (i % 2 ? short : { type: 'integer', minimum: 0, maximum: 9 })));
      const many = (parameters) =>
        Array.from({ length: 60 }, (_, i) => function_tool(`tool_${i}`, parameters));
      const called = (answer) => message(answer).tool_calls[0].function;
      const named = called(await chat({ tools: many(typed),
        tool_choice: { type: 'function', function: { name: 'tool_41' } }, seed: 1 }));
      assert.equal(named.name, 'tool_41');
      assert.ok(ajv.compile(typed)(JSON.parse(named.arguments)), named.arguments);
      if (engine === 'llama') return;  // It is slow to read, and the calls are the same code.
      // The model reads all of these, so they are of few words.
      const bare = { type: 'object',
        properties: Object.fromEntries([...'abcdefghij'].map((name) => [name, {}])) };
      const any = called(await chat({ tools: many(bare), tool_choice: 'required', seed: 1,
        max_tokens: 40 }));
      assert.match(any.name, /^tool_\d+$/);
      assert.equal(any.arguments[0], '{');
    });

    for (const [model] of models) {
      test(`what must be called is called: ${model}`, async () => {
        const by_name = { weather: ajv.compile(weather), note: ajv.compile(note) };
        const seeds = engine === 'native' ? [1, 2, 3] : [1, 2];
        const check = (name, given, wanted) => {
          if (wanted) assert.equal(name, wanted);
          assert.ok(by_name[name](given), `${name} ${JSON.stringify(given)}`);
        };
        // The small one reads no more than 512 tokens, so it is told less.
        const offered = model === 'small' ? tools : tools.slice(1);
        const named = model === 'small' ? ['weather', 'note'] : ['note'];
        const anthropic = offered.map(({ function: { name, parameters } }) =>
          ({ name, input_schema: parameters }));
        for (const seed of seeds) {
          for (const [choice, wanted] of [['required'],
            ...named.map((name) => [{ type: 'function', function: { name } }, name])]) {
            const answer = await chat({ model, tools: offered, tool_choice: choice, seed, max_tokens: 160,
              parallel_tool_calls: false });
            const { tool_calls: calls, content } = message(answer);
            assert.equal(answer.json.choices[0].finish_reason, 'tool_calls', answer.text);
            assert.ok(!content, content);
            assert.equal(calls.length, 1);
            check(calls[0].function.name, JSON.parse(calls[0].function.arguments), wanted);
          }
          for (const [choice, wanted] of [[{ type: 'any' }], [{ type: 'tool', name: 'note' }, 'note']]) {
            const { json } = await post('/v1/messages', { model, max_tokens: 160, messages: user,
              tools: anthropic, tool_choice: { ...choice, disable_parallel_tool_use: true } });
            assert.equal(json.stop_reason, 'tool_use');
            assert.deepEqual(json.content.map(({ type }) => type), ['tool_use']);
            check(json.content[0].name, json.content[0].input, wanted);
          }
        }
      });
    }

    test('a grammar holds on chat and on completions', async () => {
      const grammar = 'root ::= ("yes" | "no") "!"';
      for (let seed = 1; seed <= 3; ++seed) {
        assert.match(message(await chat({ grammar, seed })).content, /^(yes|no)!$/);
        const { json } = await post('/v1/completions',
          { model: 'small', prompt: 'Is it?', grammar, seed, temperature: 1, max_tokens: 20 });
        assert.match(json.choices[0].text, /^(yes|no)!$/);
      }
    });

    test('a grammar that costs too much ends alone, and is not charged', async () => {
      const other = await server.tenant();
      const costly = await server.tenant();
      let seen = 0;
      const beside = open_stream(server, '/v1/completions', { key: other.key,
        body: { model: 'small', prompt: 'Once', max_tokens: 200, ignore_eos: true, stream: true } },
      () => { seen += 1; });
      const grammar = 'root ::= a\na ::= "x" a? a?';
      const answer = await server.call('/v1/chat/completions', { key: costly.key, body: {
        model: 'small', messages: user, grammar, max_tokens: 4000, temperature: 0 } });
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text.slice(0, 300));
      assert.match(answer.json.error.message, /[Gg]rammar/);
      assert.equal(answer.json.error.param, 'grammar');
      assert.equal((await server.charged(costly)).requests, 0);
      assert.deepEqual(await server.balance_at_rest(costly), { available: costly.credit, held: 0n });
      assert.ok((await beside).complete);
      assert.ok(seen > 1, `${seen} events`);
    });

    test('ignore_eos bills nothing behind the end of a grammar', async () => {
      const ended = { model: 'small', messages: user, max_tokens: 50, ignore_eos: true };
      for (const form of [{ grammar: 'root ::= "ab"' },
        { response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true,
          schema: { const: { a: 1 } } } } }]) {
        const { json } = await post('/v1/chat/completions', { ...ended, ...form });
        assert.equal(json.choices[0].finish_reason, 'stop', JSON.stringify(json));
        assert.ok(json.usage.completion_tokens < 20, JSON.stringify(json.usage));
      }
    });

    test('a grammar that cannot begin is refused by its field', async () => {
      const words = `root ::= ${Array.from({ length: 20_000 }, (_, i) => `"w${i}"`).join(' | ')}`;
      const rules = ['root ::= r0', ...Array.from({ length: 60 }, (_, i) =>
        `r${i} ::= r${i + 1} r${i + 1}`), 'r60 ::= "x" | ""'].join('\n');
      for (const grammar of [words, rules]) {
        const begun = performance.now();
        for (const [route, body] of [['/v1/chat/completions', { messages: user }],
          ['/v1/completions', { prompt: 'Once' }]]) {
          const { status, json, text } = await server.call(route,
            { key: tenant.key, body: { model: 'small', max_tokens: 9, grammar, ...body } });
          assert.equal(status, 400, text.slice(0, 300));
          assert.equal(json.error.param, 'grammar', text.slice(0, 300));
        }
        assert.ok(performance.now() - begun < 2000);
      }
    });

    test('stop strings do not reach into a call', async () => {
      for (const stop of ['\n', '{', '<tool_call>', '"name"', '}', 'weather']) {
        const { json } = await post('/v1/chat/completions', { model: 'small', messages: user,
          tools: [function_tool('weather', weather, { strict: true })], tool_choice: 'required',
          parallel_tool_calls: false, max_tokens: 300, temperature: 0, stop: [stop] });
        const [choice] = json.choices;
        assert.equal(choice.finish_reason, 'tool_calls', JSON.stringify(choice));
        const given = JSON.parse(choice.message.tool_calls[0].function.arguments);
        assert.ok(ajv.validate(weather, given), JSON.stringify(given));
      }
      const { json } = await post('/v1/messages', { model: 'small', messages: user, max_tokens: 300,
        temperature: 0, tools: [{ name: 'weather', input_schema: weather, strict: true }],
        tool_choice: { type: 'any', disable_parallel_tool_use: true }, stop_sequences: ['}'] });
      assert.equal(json.stop_reason, 'tool_use');
      const call = json.content.find(({ type }) => type === 'tool_use');
      assert.ok(ajv.validate(weather, call.input), JSON.stringify(json.content));
    });

    test('constrained requests of one tenant end none of another', async () => {
      const booleans = numbered(16, () => ({ type: 'boolean' }));
      const pairs = Object.keys(booleans).flatMap((a, i, all) =>
        all.slice(i + 1).map((b) => ({ required: [a, b] })));
      const schema = { ...object(booleans, []), anyOf: pairs, not: { required: ['p3'] } };
      const asked = { model: 'small', messages: user, max_tokens: 150, temperature: 0.8,
        response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } };
      const costly = 'root ::= (("a"|"ab"|"b"|[a-z ]){1,400} ","?){1,300} "."';
      const alice = await server.tenant();
      const bob = await server.tenant();
      const greedy = async () => {
        const { status, text, json } = await server.call('/v1/chat/completions',
          { key: alice.key, body: { ...asked, temperature: 0, n: 2 } });
        assert.equal(status, 200, text.slice(0, 300));
        return [json.usage.prompt_tokens, json.usage.completion_tokens,
          ...json.choices.map((choice) => choice.message.content)];
      };
      const alone = await greedy();
      for (const form of [{ response_format: asked.response_format }, { grammar: costly }]) {
        const beside = Array.from({ length: 15 }, (_, seed) => server.call('/v1/chat/completions',
          { key: bob.key, body: { ...asked, response_format: undefined, ...form, seed } }));
        assert.deepEqual(await greedy(), alone, 'a token that waited is the same, and billed once');
        for (let seed = 0; seed < 2; ++seed) {
          const answer = await server.call('/v1/chat/completions',
            { key: alice.key, body: { ...asked, seed } });
          assert.equal(answer.status, 200, answer.text.slice(0, 300));
        }
        for (const { status, text } of await Promise.all(beside)) {
          // A token of the grammar may ask for too much by itself.
          if (form.grammar === undefined) assert.equal(status, 200, text.slice(0, 300));
        }
      }
    });

    /** The pieces of a reply's log probabilities, joined as bytes. */
    const joined = (tokens) => Buffer.concat(tokens.map(({ bytes }) => Buffer.from(bytes))).toString();
    async function whole_and_streamed(route, body, pick) {
      const { json } = await post(route, body);
      pick(json.choices[0].message?.content ?? json.choices[0].text ?? '',
        json.choices[0].logprobs, json.choices[0]);
      let text = '';
      const all = { content: [], tokens: [] };
      const end = await open_stream(server, route,
        { key: tenant.key, body: { ...body, stream: true } }, ({ choices: [choice] }) => {
          text += choice?.delta?.content ?? choice?.text ?? '';
          all.content.push(...choice?.logprobs?.content ?? []);
          all.tokens.push(...choice?.logprobs?.tokens ?? []);
        });
      assert.equal(end.status, 200);
      pick(text, all);
    }

    test('log probabilities are those of the content, joined they are the content', async () => {
      const body = { model: 'small', messages: user, temperature: 1, seed: 5, max_tokens: 60,
        ignore_eos: true, logprobs: true, top_logprobs: 1 };
      const same = (text, { content }) => assert.equal(joined(content), text);
      await whole_and_streamed('/v1/chat/completions', body, same);
      const { content } = message(await chat(body));
      for (const [from, to] of [[8, 12], [9, 11], [10, 17]]) {
        const stop = [content.slice(from, to)];
        await whole_and_streamed('/v1/chat/completions', { ...body, stop }, same);
        await whole_and_streamed('/v1/completions', { model: 'small', prompt: 'Once', seed: 5, stop,
          max_tokens: 60, logprobs: 1, temperature: 1 },
        (text, { tokens }) => {
          if (tokens.every((token) => !token.startsWith('bytes:'))) {
            assert.equal(tokens.join(''), text);
          }
        });
      }
      const schema = of({ enum: ['red', 'blue'] });
      await whole_and_streamed('/v1/chat/completions', { ...body, ignore_eos: false, response_format:
        { type: 'json_schema', json_schema: { name: 'x', schema } } }, (text, logprobs) => {
        JSON.parse(text);
        same(text, logprobs);
      });
      await whole_and_streamed('/v1/chat/completions',
        { ...body, ignore_eos: false, tools, tool_choice: 'required', max_tokens: 200 },
        (text, logprobs) => {
          assert.equal(text, '');
          assert.deepEqual(logprobs?.content ?? [], []);
        });
    });
  });
}
