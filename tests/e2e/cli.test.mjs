// The commands: beside a running server and on the folder of one that is stopped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, mains, null_models, start } from './harness.mjs';

let server;
let key;
before(async () => { server = await start({ args: [...null_models, '--quickstart'] }); });
after(() => server?.clear());

const run = (...args) => cli([...args, '--data', server.data]);

/** The JSON that a command prints; it must succeed. */
async function json(...args) {
  const { code, out, err } = await run(...args, '--json');
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  return JSON.parse(out);
}

test('quickstart prints a curl line that works when pasted', async () => {
  const line = server.out.slice(server.out.indexOf('    curl '))
    .replace("-d '{", `-d '{"max_tokens": 9, `);
  const { stdout, status } = spawnSync(
    'bash', ['-c', `${line.trim()} -s -m 20`], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).usage.completion_tokens, 9);
  key = /(mk-\S+)/.exec(server.out)[1];
});

/** Every command that both a server and a folder answer. */
async function tour(name) {
  const tenant = await json('tenant', 'create', name, '--credit', '5.00');
  assert.equal(tenant.available, '5.00');
  assert.equal((await run('tenant', 'create', name)).code, 1);
  assert.ok((await json('tenant', 'list')).data.some((entry) => entry.name === name));
  const made = await json('key', 'create', '--tenant', name, '--requests-per-minute', '60',
    '--cap-per-month', '1.50');
  assert.match(made.key, /^mk-/);
  assert.equal(made.limits.cap_per_month, '1.50');
  const listed = JSON.stringify(await json('key', 'list', '--tenant', name));
  assert.ok(!listed.includes(made.key), 'a key is shown once');
  const limited = await json('key', 'limit', String(made.id), '--parallel-requests', '3');
  assert.equal(limited.limits.parallel_requests, 3);
  assert.equal(limited.limits.requests_per_minute, 60);
  assert.ok((await json('key', 'revoke', String(made.id))).revoked_at);
  const id = `${'0'.repeat(20)}${Buffer.from(name.padEnd(6)).toString('hex').slice(0, 12)}`;
  await json('credit', 'add', name, '1.25', '--id', id);
  await json('credit', 'add', name, '1.25', '--id', id);
  await json('credit', 'take', name, '0.25');
  assert.equal((await run('credit', 'take', name, '1000')).code, 1);
  assert.equal((await json('tenant', 'show', name)).available, '6.00');
  assert.equal((await json('usage', name, '--by', 'day,model')).data.length, 0);
  const bill = await json('bill', name);
  assert.ok(JSON.stringify(bill).includes('6.00'));
  assert.equal((await json('ledger', 'check')).ok, true);
  const prices = await json('price', 'show');
  assert.ok(JSON.stringify(prices).includes('"long"'));
  const file = path.join(server.data, `${name}.json`);
  writeFileSync(file, JSON.stringify({
    currency: 'USD', models: ['null', 'long'].map((model) => ({
      model, input_per_mtok: '0.30', cached_input_per_mtok: '0.10', output_per_mtok: '0.90',
    })),
  }));
  assert.equal((await run('price', 'check', file)).code, 0);
  await json('price', 'publish', file);
  assert.ok(JSON.stringify(await json('price', 'show')).includes('0.90'));
  writeFileSync(file, '{"currency":"USD","models":[{"model":"null"}]}');
  assert.notEqual((await run('price', 'check', file)).code, 0);
  assert.notEqual((await run('price', 'publish', file)).code, 0);
  await json('model', 'list');
  for (const args of [['tenant', 'list'], ['key', 'list'], ['price', 'show'], ['usage', name],
    ['bill', name], ['ledger', 'check'], ['model', 'list'], ['tenant', 'show', name]]) {
    const { code, out } = await run(...args);
    assert.equal(code, 0, args.join(' '));
    assert.ok(out.length > 0);
  }
  for (const args of [['tenant', 'show', 'nobody'], ['usage', 'nobody'], ['key', 'revoke', '9999'],
    ['credit', 'add', name, 'much'], ['credit', 'add', 'nobody', '1.00']]) {
    const { code, err } = await run(...args);
    assert.notEqual(code, 0, args.join(' '));
    assert.equal(err.trim().split('\n').length, 1, err);
  }
}

test('every command beside the running server', () => tour('beside'));

test('a new price holds at once, without a restart', async () => {
  const { headers } = await server.call('/v1/completions',
    { key, body: { model: 'null', prompt: 'x', max_tokens: 4 } });
  const receipt = await server.receipt({ key }, headers.get('x-receipt-id'));
  assert.equal(receipt.output_per_mtok, '0.90');
});

test('a conversation, scripted through stdin', async () => {
  const chat = ['chat', '--data', server.data, '--url', server.url, '--max-tokens', '15'];
  const { code, out, err } = await cli(chat, { input: 'hello\nand again\n' });
  assert.equal(code, 0, err);
  assert.equal(`${out}${err}`.match(/15 out/g)?.length, 2);
  const once = await cli([...chat, '--json', 'hello'], { env: { MAINS_API_KEY: key } });
  const answer = JSON.parse(once.out);
  assert.equal(answer.output_tokens, 15);
  assert.equal(answer.text.length, 15);
  assert.equal(answer.currency, 'USD');
  const wrong = await cli([...chat, '--key', 'mk-wrong', 'hello']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /key/);
});

test('completion for bash is bash, and completes', async () => {
  const { out } = await cli(['completion', 'bash']);
  const script = `${out}\nCOMP_WORDS=(mains ten); COMP_CWORD=1\n` +
    "COMP_LINE='mains ten'; COMP_POINT=9\n" +
    'eval "$(complete -p mains | sed "s/.*-F \\([^ ]*\\).*/\\1/")"; echo "${COMPREPLY[@]}"';
  const { stdout, stderr, status } = spawnSync('bash', ['-u'], { input: script, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /\btenant\b/);
});

test('help and version', async () => {
  assert.match((await cli(['--version'])).out, /\d+\.\d+/);
  for (const command of ['serve', 'chat', 'tenant', 'key', 'credit', 'price', 'usage', 'bill',
    'ledger', 'model', 'completion']) {
    const { code, out } = await cli([command, '--help']);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`mains ${command}`), `${mains} ${command} --help`);
  }
});

test('every command on the folder of a stopped server', async () => {
  await server.stop();
  await tour('stopped');
  const { code, err } = await run('chat', '--url', server.url, 'hello');
  assert.equal(code, 1);
  assert.match(err, /serve|reach|connect/);
});
