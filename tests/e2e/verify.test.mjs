// Bills that a customer checks alone: statements and receipts of a real server through mains verify,
// and a real witness beside it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, mains, remove, start, until } from './harness.mjs';

const folder = fresh_folder();
const file = (name, content) => {
  const place = path.join(folder, name);
  mkdirSync(path.dirname(place), { recursive: true });
  if (content !== undefined) writeFileSync(place, content);
  return place;
};

let server;
let tenant;
let vkey;
const receipts = [];

async function ask() {
  const { status, headers, text } = await server.call('/v1/chat/completions', {
    key: tenant.key, body: { model: 'null', messages: [{ role: 'user', content: 'a b c' }] },
  });
  assert.equal(status, 200, text);
  receipts.push(headers.get('x-receipt-id'));
}
const size_of = (checkpoint) => Number(checkpoint.split('\n')[1]);
const checkpoint = async () => (await server.call('/log/checkpoint')).text;
/** The newest receipt's proof once it is under a checkpoint. */
const proof_of = (id) => until(async () => {
  const answer = await server.call(`/v1/receipts/${id}?format=proof`, { key: tenant.key });
  assert.ok([200, 503].includes(answer.status), answer.text);
  return answer.status === 200 && answer.text;
}, 'a proof');
const month = () => new Date().toISOString().slice(0, 7);
async function statement(more = '') {
  const answer = await server.call(`/v1/statement?month=${month()}&format=proof${more}`,
    { key: tenant.key });
  assert.equal(answer.status, 200, answer.text);
  return answer.text;
}

before(async () => {
  server = await start();
  tenant = await server.tenant('5.00');
  for (let i = 0; i < 12; i += 1) await ask();
  file('last.tlog-proof', await proof_of(receipts.at(-1)));
  [vkey] = (await server.admin('GET', '/log')).keys;
  file('log.vkey', `${vkey}\n`);
});
after(async () => {
  await server?.clear();
  remove(folder);
});

test('mains verify: the statement holds, and no digit of it can be changed', async () => {
  const text = await statement();
  const place = file('statement.jsonl', text);
  const good = await cli(['verify', '--key', file('log.vkey'), place]);
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /verified: 12 receipts of account [0-9a-f]{32} \(1\.\.12\)/);
  const single = await cli(['verify', '--key', vkey, file('last.tlog-proof')]);
  assert.equal(single.code, 0, single.err);

  const digits = [...text.matchAll(/\d/g)].map((match) => match.index);
  for (let i = 0; i < digits.length; i += Math.ceil(digits.length / 40)) {
    const at = digits[i];
    const changed = text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
    const bad = await cli(['verify', '--key', vkey, file('changed.jsonl', changed)]);
    assert.equal(bad.code, 1, `digit at ${at}: ${bad.out}`);
    const line = text.slice(0, at).split('\n').length;
    assert.match(bad.err, new RegExp(`changed\\.jsonl:${line}: NOT verified: `));
  }
});

test('mains bill --format proof: the operator gets the same, and hands it on', async () => {
  const told = await cli(['bill', tenant.name, '--month', month(), '--format', 'proof',
    '--data', server.data], { env: { MAINS_LEDGER: server.ledger ?? '' } });
  assert.equal(told.code, 0, told.err);
  const good = await cli(['verify', '--key', vkey, file('told.jsonl', told.out)]);
  assert.equal(good.code, 0, good.err);
  // Heads differ in the moment; what is told of receipts, top-ups and prices does not.
  const middle = (text) => text.trimEnd().split('\n').slice(1, -1).map((line) => {
    const { proof, sum, ...rest } = JSON.parse(line);
    return rest;
  });
  assert.deepEqual(middle(told.out), middle(await statement()));
  const help = await cli(['bill', '--help']);
  assert.match(help.out, /--format proof > acme\.jsonl/);
  const none = await cli(['bill', tenant.name, '--month', '2020-01', '--format', 'proof',
    '--data', server.data], { env: { MAINS_LEDGER: server.ledger ?? '' } });
  assert.equal(none.code, 0, 'a month without anything is proved, too');
});

test('the same month twice: the log has only grown since', async () => {
  const old = file('old.checkpoint', await checkpoint());
  const size = size_of(readFileSync(old, 'utf8'));
  await ask();
  await proof_of(receipts.at(-1));
  const place = file('later.jsonl', await statement(`&since=${size}`));
  const grown = await cli(['verify', '--key', vkey, '--since', old, place]);
  assert.equal(grown.code, 0, grown.err);
  assert.match(grown.out, new RegExp(`consistent with the log of size ${size}\\n`));
  const answer = await server.call(`/v1/statement?month=${month()}&format=proof&since=999999`,
    { key: tenant.key });
  assert.equal(answer.status, 400, answer.text);
});

test('a witness cosigns the log, remembers it, and refuses a fork', async (t) => {
  const data = path.join(folder, 'witness');
  const begin = async () => {
    const child = spawn(mains, ['witness', '--data', data, '--log', vkey, '--name',
      'witness.example/w1', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    t.after(() => child.kill('SIGKILL'));
    await until(() => out.includes('verifier key: ') && out.endsWith('\n'), 'the witness');
    return { child, port: /on port (\d+)\n/.exec(out)[1], vkey: /key: (\S+)\n/.exec(out)[1] };
  };
  const post = async ({ port }, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, { method: 'POST', body });
    return { status: answer.status, text: await answer.text() };
  };
  let witness = await begin();
  const note = await checkpoint();
  const first = await post(witness, `old 0\n\n${note}`);
  assert.equal(first.status, 200, first.text);
  assert.equal((await post(witness, `old 0\n\n${note}`)).status, 409);

  // Killed at once, it still knows.
  witness.child.kill('SIGKILL');
  const { vkey: same } = witness;
  witness = await begin();
  assert.equal(witness.vkey, same);
  const again = await post(witness, `old 0\n\n${note}`);
  assert.deepEqual(again, { status: 409, text: `${size_of(note)}\n` });

  // What it signed is a cosignature under that checkpoint, as mains verify reads it.
  const [head, ...rest] = (await proof_of(receipts[0])).split('\n\n');
  if (rest.join('\n\n') === note) {
    const cosigned = file('cosigned.tlog-proof', `${head}\n\n${note}${first.text}`);
    const checked = await cli(['verify', '--key', vkey, '--witness', same, cosigned]);
    assert.equal(checked.code, 0, checked.err);
    assert.match(checked.out, /cosigned by witness\.example\/w1/);
  }
  const alone = await cli(['verify', '--key', vkey, '--witness', same, file('last.tlog-proof')]);
  assert.equal(alone.code, 1, 'without the cosignature');
});
