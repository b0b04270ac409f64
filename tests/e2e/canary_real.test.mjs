// What a customer writes into schemas, patterns, grammars and tools is printed by nobody: neither by
// us nor by a library, with either engine, at any log level.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { admin_secret, fresh_folder, real_model, remove, start } from './harness.mjs';

let count = 0;
const canary = () => `canary${String(++count).padStart(4, '0')}kuckuck`;
const trace = /canary\d{4}kuckuck/i;
const folder = fresh_folder();
after(() => remove(folder));

/** A schema for each keyword, and some that no compiler takes. */
const schemas = () => [
  { type: 'object', properties: { [canary()]: { const: canary() } }, required: [canary()] },
  { type: 'string', pattern: `^(?=${canary()})\\b\\d$` },
  { type: 'string', pattern: `(?<!${canary()})x` },
  { type: 'string', pattern: `^${canary()}{5,2}$` },
  { type: 'string', pattern: `^((((${canary()}` },
  { type: 'string', pattern: `\\p{${canary()}}` },
  { type: 'string', pattern: canary() },
  { type: 'string', format: canary() },
  { type: 'string', minLength: 5, maxLength: 1, description: canary() },
  { type: 'string', minLength: 1_000_000_000, title: canary() },
  { enum: [canary(), canary()] }, { enum: [], title: canary() },
  { type: canary() }, { type: [canary(), 'null'] },
  { $ref: `#/$defs/${canary()}` }, { $ref: `http://${canary()}/x` },
  { $ref: '#', title: canary() },
  { $defs: { [canary()]: { $ref: `#/$defs/${canary()}` } }, $ref: `#/$defs/${canary()}` },
  { type: 'integer', minimum: 5, maximum: 3, title: canary() },
  { type: 'number', multipleOf: 0, default: canary() },
  { type: 'array', items: { const: canary() }, minItems: 9, maxItems: 2 },
  { type: 'array', prefixItems: [{ const: canary() }], items: false },
  { type: 'array', contains: { const: canary() }, uniqueItems: true },
  { type: 'object', patternProperties: { [canary()]: { type: 'string' } } },
  { type: 'object', propertyNames: { pattern: canary() } },
  { type: 'object', dependentRequired: { [canary()]: [canary()] } },
  { type: 'object', additionalProperties: { const: canary() } },
  { type: 'object', properties: null, title: canary() },
  { not: { const: canary() } }, { if: { const: canary() }, then: { const: canary() } },
  { anyOf: [{ const: canary() }, { type: canary() }] },
  { oneOf: [{ const: canary() }, { pattern: `[${canary()}` }] },
  { allOf: [{ const: canary() }, { const: canary() }] },
  { [canary()]: canary() },
];
const grammars = () => [
  `root ::= "${canary()}"`, `root ::= ${canary()}`, `${canary()} ::= "x"`,
  `root ::= "${canary()}" root2`, `root ::= [${canary()}`, `root ::= "${canary()}"{5,2}`,
  `root ::= root "${canary()}"`, canary(),
];

const said = () => [{ role: 'user', content: canary() }];
const base = (model, more) => ({ model, max_tokens: 3, messages: said(), ...more });

/** [route, body] of every way to hand over a constraint. */
function* requests(model) {
  for (const schema of schemas()) {
    yield ['/v1/chat/completions', base(model, { response_format: {
      type: 'json_schema', json_schema: { name: canary(), schema, strict: true } } })];
    yield ['/v1/chat/completions', base(model, { tools: [{ type: 'function', function: {
      name: canary(), description: canary(), parameters: schema } }] })];
    yield ['/v1/messages', base(model, { tools: [{
      name: canary(), description: canary(), input_schema: schema }] })];
    yield ['/v1/messages', base(model, { output_config: { format: { type: 'json_schema', schema } } })];
    yield ['/v1/quote', base(model, { response_format: {
      type: 'json_schema', json_schema: { name: canary(), schema } } })];
  }
  for (const grammar of grammars()) {
    yield ['/v1/chat/completions', base(model, { grammar })];
    yield ['/v1/completions', { model, max_tokens: 3, prompt: canary(), grammar }];
  }
  for (const name of ['guided_regex', 'guided_json', 'guided_grammar', 'structured_outputs',
    'chat_template_kwargs', 'chat_template']) {
    yield ['/v1/chat/completions', base(model, { [name]: canary() })];
    yield ['/v1/chat/completions', base(model, { [name]: { [canary()]: canary() } })];
  }
  yield ['/v1/chat/completions', base(model, { tool_choice: {
    type: 'function', function: { name: canary() } } })];
  yield ['/v1/messages', base(model, { messages: [{ role: canary(), content: canary() }] })];
  yield ['/v1/chat/completions', base(model, { messages: [
    { role: 'assistant', tool_calls: [{ id: canary(), type: 'function',
      function: { name: canary(), arguments: `{"${canary()}` } }] },
    { role: 'tool', tool_call_id: canary(), content: canary() }] })];
}

function scan(what, bytes) {
  const found = trace.exec(bytes.toString('latin1'));
  assert.equal(found, null, `${what} knows ${found?.[0]}`);
}

for (const [engine, level] of [['native', 'debug'], ['llama', 'debug'], ['llama', 'error']]) {
  test(`nothing of a constraint is printed: ${engine}, ${level}`,
    { skip: real_model ? false : 'there is no model here', timeout: 120_000 }, async () => {
      const config = path.join(folder, `${level}.toml`);
      writeFileSync(config, `[log]\nlevel = "${level}"\n[limits]\n`
        + 'unpaid_requests_per_minute = 100000\nunpaid_cpu_ms_per_minute = 1000000\n');
      const server = await start({ args: ['--config', config, '--engine', engine,
        '--model', `tiny=${real_model}:2048`] });
      try {
        const { key } = await server.tenant();
        for (const [route, body] of requests('tiny')) {
          for (const stream of [false, true]) {
            const { status } = await server.call(route,
              { key, body: stream && route !== '/v1/quote' ? { ...body, stream } : body });
            assert.ok(status < 500, `${route}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
          }
        }
        const { text } = await server.call('/metrics', { key: admin_secret });
        scan('the metrics', Buffer.from(text));
        assert.equal((await server.stop()).code, 0);
        scan('the log', Buffer.from(server.err));
        scan('the output', Buffer.from(server.out));
        for (const entry of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
          const at = entry.parentPath ?? entry.path;
          if (entry.isFile()) scan(entry.name, readFileSync(path.join(at, entry.name)));
        }
      } finally {
        await server.clear();
      }
    });
}
