// Small requests with the right answer: cases.jsonl here, and those of a folder
// beside the checkout. Each is one request to the real model; siblings stand side by side.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cost_of, real_model, root, start } from './harness.mjs';

const shared = path.join(process.env.MAINS_SHARED ?? path.join(root, '../shared'),
  'cases/faults.jsonl');
const read = (file) => readFileSync(file, 'utf8').split('\n').filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line));
const when = { skip: real_model ? false : 'no GGUF in this checkout' };
let server;
let tenant;

before(async () => {
  if (!real_model) return;
  server = await start({ args: ['--model', `small=${real_model}:2048`] });
  tenant = await server.tenant();
});
after(() => server?.clear());

/** The body as text: MODEL, REPEAT:word:times, LIST:word:times and RAW:json are filled in. */
function text_of({ body, mark }) {
  const text = JSON.stringify(body, (_, value) => {
    if (value === 'MODEL') return 'small';
    const [, kind, word, times] = /^(REPEAT|LIST):(.*):(\d+)$/s.exec(value) ?? [];
    if (kind === 'REPEAT') return word.repeat(Number(times));
    return kind === 'LIST' ? Array(Number(times)).fill(word) : value;
  }).replace(/"RAW:([^"]*)"/g, '$1');
  return mark ? `\ufeff${text}` : text;
}

const said = (json) => json?.choices?.[0]?.message?.content ?? json?.choices?.[0]?.text;

/** What a case says of its answer, one line for each word that `expect` may have. */
const checks = {
  within_ms: (limit, { ms }) => assert.ok(ms <= Math.max(limit, 5000), `${ms} ms`),
  param: (param, { json }) => assert.equal(json.error.param, param),
  code: (code, { json }) => assert.equal(json.error.code, code),
  message_has: (part, { json }) => assert.ok(json.error.message.includes(part), json.error.message),
  message_matches: (form, { json }) => assert.match(json.error.message, new RegExp(form)),
  data: (count, { json }) => assert.equal(json.data.length, count),
  usage_cost: (type, { json }) => {
    assert.equal(typeof json.usage.cost, type);
    assert.ok(cost_of(json.usage) > 0n);
  },
  content_regex: (form, { json }) => assert.match(said(json), new RegExp(form)),
  content_first: (first, { json }) => assert.equal(said(json)[0], first),
  content_not_empty: (_, { json }) => assert.notEqual(said(json), ''),
  content_has: (part, { json }) => assert.ok(said(json).includes(part), said(json)),
  logprobs_join_to_content: (_, { json }) => assert.equal(
    json.choices[0].logprobs.content.map(({ token }) => token).join(''), said(json)),
  tool_call: (name, { json }) => {
    assert.equal(json.choices[0].message.tool_calls[0].function.name, name);
  },
  no_block: (type, { json }) => assert.ok(json.content.every((block) => block.type !== type)),
  first_logprob_null: (_, { json }) => {
    assert.equal(json.choices[0].logprobs.token_logprobs[0], null);
  },
  absent_from_output: (words) => {
    for (const word of words) assert.ok(!(server.out + server.err).includes(word), word);
  },
};

async function run({ path: route, headers, ...item }) {
  const { status, or_status, charged, ...more } = item.expect;
  const before = charged === false ? await server.balance_at_rest(tenant) : null;
  const since = performance.now();
  const answer = await server.call(route,
    { key: tenant.key, headers: { ...headers }, body: text_of(item) });
  const got = { ...answer, ms: performance.now() - since };
  assert.ok([status, or_status].includes(got.status), `${got.status} ${got.text.slice(0, 400)}`);
  assert.match(got.headers.get('x-request-id'), /^[0-9a-f]{32}$/);
  assert.equal(got.headers.get('x-should-retry'), got.status >= 400 ? 'false' : null);
  for (const [word, value] of Object.entries(more)) {
    if (got.status === status || word === 'within_ms') checks[word]?.(value, got);
  }
  if (before) assert.deepEqual(await server.balance_at_rest(tenant), before);
}

for (const item of read(new URL('cases.jsonl', import.meta.url))) {
  test(item.name, when, () => run(item));
}

const others = {
  skip: when.skip || (existsSync(shared) ? false : 'no such folder beside the checkout'),
};
test('cases from beside the checkout', others, async (t) => {
  for (const item of read(shared)) await t.test(item.name, () => run(item));
});
