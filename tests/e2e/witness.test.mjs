// A log with a witness, end to end: the server asks it, shows its cosignature with the checkpoint, and
// customers can demand it of their bills.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, mains, null_models, remove, start, store, until } from './harness.mjs';

const work = fresh_folder();
const file = (name, content) => {
  const place = path.join(work, name);
  if (content !== undefined) writeFileSync(place, content);
  return place;
};
const body = { model: 'null', prompt: 'Once', max_tokens: 3 };
const month = () => new Date().toISOString().slice(0, 7);
const data = fresh_folder();
const answers = [];
let between;
let config;
let server;
let witness;
let tenant;
let vkey;

/** `mains witness` on a port of its own choice, or on the one that it had. */
async function start_witness(port = 0) {
  const child = spawn(mains, ['witness', '--data', path.join(work, 'witness'), '--log', vkey,
    '--name', 'witness.example/w1', '--listen', `127.0.0.1:${port}`],
  { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (bytes) => { out += bytes; });
  await until(() => /verifier key: \S+\n/.test(out), 'the witness');
  return { child, port: /on port (\d+)\n/.exec(out)[1], vkey: /key: (\S+)\n/.exec(out)[1] };
}
async function stop_witness() {
  if (witness.child.exitCode !== null || witness.child.signalCode !== null) return;
  const ended = new Promise((resolve) => { witness.child.once('close', resolve); });
  witness.child.kill('SIGKILL');
  await ended;
}
/** The server, on this folder, with the witness in its configuration. */
async function run(folder) {
  server = await start({ data: folder, args: [...null_models, '--config', config] });
}
async function use() {
  const { status, headers, text } = await server.call('/v1/completions', { key: tenant.key, body });
  assert.equal(status, 200, text);
  return headers.get('x-receipt-id');
}
const fetch_text = async (route) => (await server.call(route, { key: tenant.key })).text;
const size_of = (checkpoint) => Number(checkpoint.split('\n')[1]);
const verify = (...args) => cli(['verify', '--key', vkey, '--witness', witness.vkey, ...args]);
/** Waits until a receipt's proof is under a checkpoint with the witness's cosignature. */
const cosigned_proof = (id) => until(async () => {
  const answer = await server.call(`/v1/receipts/${id}?format=proof`, { key: tenant.key });
  if (answer.status !== 200) return false;
  const checked = await verify(file('one.tlog-proof', answer.text));
  return checked.code === 0 && checked.out;
}, 'the cosignature');

before(async () => {
  // The log's key is made at the first start; the witness has to know it, and the server the witness.
  server = await start({ data });
  tenant = await server.tenant();
  [vkey] = (await server.admin('GET', '/log')).keys;
  await server.stop();
  witness = await start_witness();
  // Between the two, so that the test sees what the witness says.
  between = http.createServer(async (request, response) => {
    try {
      const body_of_it = (await request.toArray()).join('');
      const answer = await fetch(`http://127.0.0.1:${witness.port}${request.url}`,
        { method: 'POST', body: body_of_it });
      answers.push(answer.status);
      response.writeHead(answer.status).end(await answer.text());
    } catch {
      response.destroy();  // nobody there
    }
  });
  await new Promise((resolve) => { between.listen(0, '127.0.0.1', resolve); });
  config = file('mains.toml', '[transparency]\nwitnesses = [{ vkey = ' +
    `"${witness.vkey}", url = "http://127.0.0.1:${between.address().port}" }]\n`);
  await run(data);
});
after(async () => {
  await server?.clear();
  if (witness) await stop_witness();
  between?.closeAllConnections();
  between?.close();
  remove(work);
  remove(data);
});

test('each checkpoint gets the cosignature, and bills can be held to it', async () => {
  const id = await use();
  assert.match(await cosigned_proof(id), /cosigned by witness\.example\/w1/);
  const cosigned = await fetch_text('/log/checkpoint/witnessed');
  assert.match(cosigned, /\n— witness\.example\/w1 /);
  assert.ok(size_of(cosigned) >= 2);
  const statement = file('statement.jsonl',
    await fetch_text(`/v1/statement?month=${month()}&format=proof`));
  const verified = await verify(statement);
  assert.equal(verified.code, 0, verified.err);
  assert.match(verified.out, /verified: 1 receipts .* cosigned by witness\.example\/w1/s);
  // Somebody else's key is not satisfied by it.
  const other = await cli(['verify', '--key', vkey, '--witness',
    witness.vkey.replace('w1', 'w2'), statement]);
  assert.notEqual(other.code, 0);
});

test('a witness that is away holds nobody up, and catches up when it is back', async () => {
  await stop_witness();
  const before_it = await fetch_text('/log/checkpoint/witnessed');
  const id = await use();
  await until(async () => (await server.receipt(tenant, id)).in_checkpoint, 'the checkpoint');
  assert.equal(await fetch_text('/log/checkpoint/witnessed'), before_it);
  const statement = file('alone.jsonl',
    await fetch_text(`/v1/statement?month=${month()}&format=proof`));
  assert.equal((await cli(['verify', '--key', vkey, statement])).code, 0);
  assert.equal((await verify(statement)).code, 1, 'the newest receipt has no witness yet');
  const { vkey: same, port } = witness;
  witness = await start_witness(port);
  assert.equal(witness.vkey, same);
  const newer = await use();
  await cosigned_proof(newer);
  await cosigned_proof(id);
  const since = file('since', before_it);
  const whole = file('whole.jsonl',
    await fetch_text(`/v1/statement?month=${month()}&format=proof&since=${size_of(before_it)}`));
  const verified = await verify('--since', since, whole);
  assert.equal(verified.code, 0, verified.err);
  assert.match(verified.out, /verified: 3 receipts/);
});

// An operator who restores a backup, or shows somebody another history.
const folder = { skip: store === 'sqlite' ? false : 'the books are not in a folder' };
test('a log that does not continue what the witness has seen is not cosigned', folder, async () => {
  await server.stop();
  const copy = fresh_folder();
  cpSync(data, copy, { recursive: true, filter: (name) => !name.endsWith('.sock') });
  await run(data);
  await cosigned_proof(await use());
  const told = size_of(await fetch_text('/log/checkpoint/witnessed'));
  await server.stop();

  await run(copy);
  answers.length = 0;
  let last;
  while (size_of(await fetch_text('/log/checkpoint')) <= told) last = await use();
  await until(() => answers.includes(422), 'the witness to be asked');
  await until(async () => (await server.receipt(tenant, last)).in_checkpoint, 'the checkpoint');
  assert.ok(!answers.includes(200));
  const forked = file('forked.jsonl',
    await fetch_text(`/v1/statement?month=${month()}&format=proof`));
  assert.equal((await cli(['verify', '--key', vkey, forked])).code, 0, 'the log\'s own key signs it');
  const refused = await verify(forked);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /cosignatures of 0 of the witnesses given/);
  remove(copy);
});
