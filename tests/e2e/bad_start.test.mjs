// A server that cannot start says in one line why, and what to do.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cli, fresh_folder, null_models, real_model, remove, start } from './harness.mjs';

let server;
let folder;
before(async () => {
  server = await start();
  folder = fresh_folder();
});
after(() => { server?.clear(); remove(folder); });

/** Starts what should not start: its complaint. */
async function refused(args) {
  const { code, out, err } = await cli(['serve', ...args]);
  assert.ok(code === 1 || code === 2, `status ${code}: ${out}${err}`);
  assert.equal(out, '');
  return err;
}
const at = (name) => path.join(folder, name);
const anywhere = ['--listen', '127.0.0.1:0'];

test('a second server on the same data folder', async () => {
  const complaint = await refused(['--data', server.data, ...anywhere, ...null_models]);
  assert.match(complaint, new RegExp(`another mains \\(process ${server.child.pid}\\)`));
  assert.match(complaint, /--data/);
  assert.equal((await server.call('/healthz')).status, 200);
});

test('a port in use', async () => {
  const { host } = new URL(server.url);
  const complaint = await refused(['--data', at('port'), '--listen', host, ...null_models]);
  assert.ok(complaint.includes(host));
  assert.match(complaint, /another port/);
});

test('an unknown key in the config, and one of the wrong type', async () => {
  writeFileSync(at('typo.toml'), '[server]\nlissten = "127.0.0.1:1"\n');
  const typo = await refused(['--config', at('typo.toml'), '--data', at('typo')]);
  assert.match(typo, /lissten/);
  writeFileSync(at('type.toml'), '[server]\ndrain_timeout_s = "soon"\n');
  assert.match(await refused(['--config', at('type.toml'), '--data', at('type')]),
    /drain_timeout_s/);
  writeFileSync(at('broken.toml'), '[server\n');
  await refused(['--config', at('broken.toml'), '--data', at('broken')]);
  assert.match(await refused(['--config', at('none.toml'), '--data', at('none')]), /none\.toml/);
});

test('a model file that is not there', async () => {
  const complaint = await refused(['--data', at('missing'), ...anywhere, '--engine', 'llama',
    '--model', `x=${at('missing.gguf')}`]);
  assert.match(complaint, /missing\.gguf/);
  assert.match(complaint, /no such file/);
});

test('a model file that is none', async () => {
  for (const [name, bytes] of [['empty', ''], ['text', 'hello'], ['magic', 'GGUF'],
    ['huge', Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), Buffer.alloc(16, 0xff)])]]) {
    writeFileSync(at(`${name}.gguf`), bytes);
    const complaint = await refused(['--data', at('bad'), ...anywhere, '--engine', 'llama',
      '--model', `x=${at(`${name}.gguf`)}`]);
    assert.match(complaint, new RegExp(`${name}\\.gguf`));
  }
});

test('a model file that was cut off', { skip: real_model ? false : 'no model here' }, async () => {
  const whole = readFileSync(real_model);
  for (const part of [0.01, 0.5, 0.99]) {
    writeFileSync(at('cut.gguf'), whole.subarray(0, Math.floor(whole.length * part)));
    assert.match(await refused(['--data', at('cut'), ...anywhere, '--engine', 'llama',
      '--model', `x=${at('cut.gguf')}`]), /cut\.gguf/);
  }
});

test('a data folder that cannot be made', async () => {
  writeFileSync(at('file'), '');
  assert.match(await refused(['--data', at('file/below'), ...anywhere, ...null_models]), /below/);
});

test('a data folder that is read-only', async (context) => {
  mkdirSync(at('locked'), { mode: 0o555 });
  chmodSync(folder, 0o755);
  // Root may write everywhere, so it asks as nobody.
  const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  if ((await cli(['--version'], { as })).code !== 0) {
    context.skip('root, and the binary is not for others');
    return;
  }
  const args = ['serve', '--data', at('locked'), ...anywhere, ...null_models];
  const { code, err } = await cli(args, { as });
  assert.equal(code, 1);
  assert.match(err, /locked/);
});

test('a ledger that is none', async () => {
  mkdirSync(at('spoiled'));
  copyFileSync(process.execPath, at('spoiled/ledger.db'));
  assert.match(await refused(['--data', at('spoiled'), ...anywhere, ...null_models]), /ledger/);
});

test('no command, or one that does not exist', async () => {
  for (const args of [[], ['serf']]) {
    const { code, err } = await cli(args);
    assert.notEqual(code, 0);
    assert.match(err, /--help/);
  }
});
