// What official clients read from headers and lists, and what pages in a browser need.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { fresh_folder, null_models, start } from './harness.mjs';

const home = 'https://chat.example.com';
let server;
let tenant;
let openai;
let anthropic;

before(async () => {
  const data = fresh_folder();
  const config = path.join(data, 'mains.toml');
  writeFileSync(config, `[server]\ncors_origins = ["http://localhost:3000", "${home}"]\n`);
  server = await start({ data, args: ['--config', config, ...null_models] });
  tenant = await server.tenant();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: tenant.key });
  anthropic = new Anthropic({ baseURL: server.url, apiKey: tenant.key });
});
after(() => server?.clear());

const id = /^[0-9a-f]{32}$/;

test("models have both vendors' fields", async () => {
  const { data } = await openai.models.list();
  assert.deepEqual(data.map((model) => model.id).sort(), ['long', 'null']);
  const list = await anthropic.models.list();
  assert.equal(list.has_more, false);
  assert.equal(list.first_id, list.data[0].id);
  assert.equal(list.last_id, list.data.at(-1).id);
  for (const model of list.data) {
    assert.equal(model.type, 'model');
    assert.equal(model.display_name, model.id);
    assert.ok(Date.parse(model.created_at) / 1000 >= model.created);
    assert.equal(model.context_length, model.max_model_len);
  }
  assert.equal((await anthropic.models.retrieve('null')).display_name, 'null');
  assert.equal((await openai.models.retrieve('null')).owned_by, 'mains');
});

test('requests have names that the SDKs show', async () => {
  const chat = await openai.chat.completions.create(
    { model: 'null', max_tokens: 3, messages: [{ role: 'user', content: 'hi' }] });
  assert.match(chat._request_id, id);
  assert.equal((await server.receipt(tenant, chat._request_id)).id, chat.receipt_id);
  const message = await anthropic.messages.create(
    { model: 'null', max_tokens: 3, messages: [{ role: 'user', content: 'hi' }] });
  assert.match(message._request_id, id);
  assert.equal((await server.receipt(tenant, message._request_id)).id, message.receipt_id);
});

test('errors have names, and say once that repeating is useless', async () => {
  let calls = 0;
  const counting = (...args) => { calls += 1; return fetch(...args); };
  const clients = [
    new OpenAI({ baseURL: `${server.url}/v1`, apiKey: tenant.key, fetch: counting }),
    new Anthropic({ baseURL: server.url, apiKey: tenant.key, fetch: counting }),
  ];
  const body = { model: 'nobody', max_tokens: 3, messages: [{ role: 'user', content: 'hi' }] };
  await assert.rejects(clients[0].chat.completions.create(body),
    (error) => id.test(error.requestID ?? error.request_id) && error.status === 404);
  await assert.rejects(clients[1].messages.create(body), (error) => id.test(error.requestID)
    && error.error.request_id === error.requestID && error.status === 404);
  assert.equal(calls, 2);
  const keyed = { headers: { 'idempotency-key': 'once' } };
  const good = { ...body, model: 'null' };
  await clients[0].chat.completions.create(good, keyed);
  calls = 0;
  await assert.rejects(clients[0].chat.completions.create(good, keyed),
    (error) => error.status === 409);
  assert.equal(calls, 1, 'a 409 is no invitation');
});

test('a stream has its headers, and its name', async () => {
  const answer = await server.fetch('/v1/chat/completions', { key: tenant.key,
    body: { model: 'null', max_tokens: 3, stream: true, messages: [{ role: 'user', content: 'x' }] } });
  assert.equal(answer.headers.get('x-accel-buffering'), 'no');
  assert.match(answer.headers.get('x-request-id'), id);
  assert.equal(answer.headers.get('request-id'), answer.headers.get('x-receipt-id'));
  await answer.text();
});

test('pages of the origins that are configured may call, others may not', async () => {
  const preflight = (origin, route = '/v1/chat/completions') => server.fetch(route, {
    method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-os' } });
  const yes = await preflight(home);
  assert.equal(yes.status, 204);
  assert.equal(yes.headers.get('access-control-allow-origin'), home);
  assert.match(yes.headers.get('access-control-allow-headers'), /authorization/);
  assert.match(yes.headers.get('access-control-allow-methods'), /POST/);
  assert.ok(Number(yes.headers.get('access-control-max-age')) > 0);
  for (const answer of [await preflight('https://evil.example'),
    await preflight(home, '/admin/v1/tenants')]) {
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    assert.equal(answer.status, 405);
  }
  for (const [route, key] of [['/v1/models', tenant.key], ['/v1/models', 'wrong'], ['/nowhere']]) {
    const answer = await server.call(route, { key, headers: { origin: home } });
    assert.equal(answer.headers.get('access-control-allow-origin'), home, route);
    assert.match(answer.headers.get('access-control-expose-headers'), /x-request-id/);
    const other = await server.call(route, { key, headers: { origin: 'https://evil.example' } });
    assert.equal(other.headers.get('access-control-allow-origin'), null, route);
    assert.equal(other.headers.get('vary'), 'Origin');
  }
  const stream = await server.fetch('/v1/completions', { key: tenant.key, headers: { origin: home },
    body: { model: 'null', prompt: 'x', max_tokens: 2, stream: true } });
  assert.equal(stream.headers.get('access-control-allow-origin'), home);
  await stream.text();
});

test('the front door answers HEAD', async () => {
  const answer = await server.fetch('/', { method: 'HEAD' });
  assert.equal(answer.status, 200);
});
