// A product's builder opens its system prompt to its customers, who each pay under a key of their own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cost_of, real_model, start } from './harness.mjs';

const when = { skip: real_model ? false : 'no model: models/default or $MAINS_SHARED/models' };
const model = 'real';
const secret = {
  role: 'system',
  content: 'You are the concierge of a house by the sea. Rooms are quiet and breakfast is late. '.repeat(3),
};
let server;
let owner;

before(async () => {
  if (!real_model) return;
  server = await start({ args: ['--model', `${model}=${real_model}:1024`] });
  owner = await server.tenant();
});
after(() => server?.clear());

const account_of = async ({ key }) => (await server.call('/v1/balance', { key })).json.account;

const open = (who, accounts, messages = [secret]) =>
  server.call('/v1/prefixes', { key: who.key, body: { model, messages, accounts } });

/** Asks after the system prompt; the usage, checked against what was charged. */
async function ask(who, question, prefix, path = '/v1/chat/completions') {
  const before = await server.balance_at_rest(who);
  const body = path === '/v1/messages'
    ? { model, system: secret.content, messages: [{ role: 'user', content: question }], max_tokens: 4 }
    : { model, messages: [secret, { role: 'user', content: question }], max_tokens: 4 };
  const headers = prefix ? { 'x-prefix': prefix } : {};
  const { status, json, text } = await server.call(path, { key: who.key, body, headers });
  assert.equal(status, 200, text);
  const after = await server.balance_at_rest(who);
  assert.equal(before.available - after.available, cost_of(json.usage));
  return json.usage.prompt_tokens_details?.cached_tokens ?? json.usage.cache_read_input_tokens;
}

test('customers find the beginning, and nothing that another said after it', when, async () => {
  const [customer, stranger] = await Promise.all([1, 2].map(() => server.tenant()));
  const { status, json, text } = await open(owner, [await account_of(customer)]);
  assert.equal(status, 200, text);
  assert.ok(json.tokens > 32, 'long enough to be worth it');
  const whole = Math.floor(json.tokens / 16) * 16;
  const long = 'May I bring a cat? '.repeat(12);
  assert.equal(await ask(owner, long, json.id), 0);
  assert.equal(await ask(customer, long, json.id), whole, 'not the question');
  assert.ok(await ask(customer, long, json.id) > whole, 'its own question it finds');
  assert.equal(await ask(customer, 'When is breakfast?', json.id, '/v1/messages'), whole);
  assert.equal(await ask(stranger, long, json.id), 0, 'it is not open to everyone');
  assert.equal(await ask(customer, long), 0, 'nor is it found by who does not name it');

  const mine = await server.call('/v1/prefixes', { key: owner.key });
  assert.deepEqual(mine.json.data, [json]);
  assert.deepEqual((await server.call('/v1/prefixes', { key: customer.key })).json.data, []);
});

test('only its owner closes it', when, async () => {
  const customer = await server.tenant();
  const { json } = await open(owner, [await account_of(customer)]);
  const close = (who) =>
    server.call(`/v1/prefixes/${json.id}`, { key: who.key, method: 'DELETE' });
  assert.equal((await close(customer)).status, 404);
  assert.equal((await open(owner, [])).json.id, json.id, 'opened again it is the same');
  assert.equal(await ask(customer, 'Is there a lift? '.repeat(9), json.id), 0, 'closed to this one');
  assert.equal((await close(owner)).json.deleted, true);
  assert.equal((await close(owner)).status, 404);
});

test('an account that is nobody\'s, and what is no conversation, are refused', when, async () => {
  assert.equal((await open(owner, ['f'.repeat(32)])).json.error.code, 'account_not_found');
  assert.equal((await open(owner, ['who?'])).status, 404);
  assert.equal((await open(owner, undefined)).status, 400);
  assert.equal((await server.call('/v1/prefixes', { body: {} })).status, 401);
});

test('what an owner opened goes with it', when, async () => {
  const [leaving, customer] = await Promise.all([1, 2].map(() => server.tenant()));
  const { json } = await open(leaving, [await account_of(customer)]);
  const question = 'Do you have an umbrella? '.repeat(9);
  assert.equal(await ask(leaving, question, json.id), 0);
  assert.ok(await ask(customer, question, json.id) > 0);
  await server.admin('DELETE', `/tenants/${leaving.name}?refund=true`);
  assert.equal(await ask(customer, question, json.id), 0);
});
