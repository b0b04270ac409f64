// What the process leaves open to others on the same machine, and how it takes signals.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { after, test } from 'node:test';
import {
  admin_secret, cli, fresh_folder, mains, null_models, remove, start, until, within,
} from './harness.mjs';
import { raw, silent } from './raw.mjs';

const folders = [];
const servers = [];
const folder = () => { const made = fresh_folder(); folders.push(made); return made; };
after(async () => {
  for (const server of servers) await server.clear();
  folders.forEach(remove);
});

async function started(options) {
  const server = await start(options);
  servers.push(server);
  return server;
}

/** A program that runs `line` before it becomes the server. */
function wrapper(line) {
  const file = path.join(folder(), 'serve');
  writeFileSync(file, `#!/bin/bash\n${line} "$MAINS_REAL" "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

function write_config(text) {
  const file = path.join(folder(), 'mains.toml');
  writeFileSync(file, text);
  return file;
}

function make_certificate(at, name) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-keyout', path.join(at, 'key.pem'), '-out', path.join(at, 'cert.pem')], { stdio: 'ignore' });
}

const open_to_others = (at) => readdirSync(at)
  .filter((name) => (statSync(path.join(at, name)).mode & 0o077) !== 0);

test('files are for their owner only, whatever folder and umask', async () => {
  const data = folder();
  chmodSync(data, 0o755);
  const server = await started({ data, program: wrapper('umask 000; exec') });
  const tenant = await server.tenant();
  await server.call('/v1/completions',
    { key: tenant.key, body: { model: 'null', prompt: 'x', max_tokens: 2 } });
  assert.deepEqual(open_to_others(data), []);
  await server.stop();
});

test('files that were open to others are closed, and that is said', async () => {
  const data = folder();
  const first = await started({ data, ledger: 'sqlite' });
  await first.stop();
  for (const name of ['ledger.db', 'registry.db', 'log.db']) {
    chmodSync(path.join(data, name), 0o644);
  }
  const second = await started({ data, ledger: 'sqlite' });
  assert.deepEqual(open_to_others(data), []);
  assert.match(second.err, /ledger\.db in the data folder could be read by others/);
  await second.stop();
});

test('no core dump', async () => {
  const server = await started({ program: wrapper('ulimit -c unlimited 2>/dev/null; exec') });
  const limits = readFileSync(`/proc/${server.child.pid}/limits`, 'utf8');
  assert.match(limits, /^Max core file size\s+0\s+0\s/m);
  await server.stop();
});

test('a short admin key is refused', async () => {
  const { code, err } = await cli(['serve', '--data', folder(), '--listen', '127.0.0.1:0',
    ...null_models], { env: { MAINS_ADMIN_KEY: 'x'.repeat(31) } });
  assert.equal(code, 1);
  assert.match(err, /MAINS_ADMIN_KEY.*32/);
  assert.ok(!err.includes('x'.repeat(31)));
});

test('a certificate that is wrong is noticed before a model is loaded', async () => {
  const at = folder();
  make_certificate(at, 'localhost');
  const config = (key) => write_config(
    `[server]\ntls_cert = "${at}/cert.pem"\ntls_key = "${at}/${key}"\n`);
  const ask = (key) => cli(['serve', '--data', path.join(at, 'data'), '--listen', '127.0.0.1:0',
    '--model', 'x=/nowhere/model.gguf', '--config', config(key)]);
  const gone = await ask('gone.pem');
  assert.equal(gone.code, 1);
  assert.match(gone.err, /gone\.pem/);
  assert.doesNotMatch(gone.err, /model\.gguf/);
  chmodSync(path.join(at, 'key.pem'), 0o640);
  assert.match((await ask('key.pem')).err, /can be read by others.*chmod 600/);
});

test('metrics want an admin key, or have an address of their own', async () => {
  const server = await started({
    args: [...null_models, '--config', write_config('[metrics]\nlisten = "127.0.0.1:0"\n')],
  });
  const tenant = await server.tenant();
  assert.equal((await server.call('/metrics')).status, 401);
  assert.equal((await server.call('/metrics', { key: tenant.key })).status, 403);
  const answer = await server.call('/metrics', { key: admin_secret });
  assert.equal(answer.status, 200);
  assert.match(answer.text, /mains_http_connections/);
  const [, port] = /metrics on http:\/\/127\.0\.0\.1:(\d+)/.exec(server.err);
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
  assert.equal((await fetch(`http://127.0.0.1:${port}/v1/models`)).status, 404);
  await server.stop();
});

const served_name = (url) => new Promise((resolve, reject) => {
  const { port } = new URL(url);
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subject.CN);
    socket.destroy();
  }).on('error', reject);
});

test('SIGHUP without a terminal reads certificate and log level again', async () => {
  const at = folder();
  make_certificate(at, 'before');
  const config = (level) => `[log]\nlevel = "${level}"\n[server]\n`
    + `tls_cert = "${at}/cert.pem"\ntls_key = "${at}/key.pem"\n`;
  const file = write_config(config('info'));
  const server = await started({
    args: [...null_models, '--config', file], program: wrapper('exec setsid'),
  });
  assert.equal(await served_name(server.url), 'before');
  make_certificate(at, 'renewed');
  server.child.kill('SIGHUP');
  await until(async () => (await served_name(server.url)) === 'renewed', 'the new certificate');
  writeFileSync(path.join(at, 'cert.pem'), 'nothing');
  server.child.kill('SIGHUP');
  await until(() => /the old certificate stays: .*cert\.pem/.test(server.err), 'the complaint');
  assert.equal(await served_name(server.url), 'renewed');
  const plain = await raw(server.url.replace('https', 'http'), 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  assert.match(plain.text, /^HTTP\/1\.1 400 .*https:\/\//s);
  writeFileSync(file, config('error'));
  make_certificate(at, 'third');
  server.child.kill('SIGHUP');
  await until(async () => (await served_name(server.url)) === 'third', 'the third certificate');
  const before_it = server.err;
  assert.equal((await server.stop()).code, 0);
  assert.equal(server.err, before_it, 'nothing below error is said any more');
});

test('SIGHUP from a terminal that closes drains', { timeout: 60_000 }, async () => {
  const at = folder();
  const script = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600), 2)
    os.execv(sys.argv[2], sys.argv[2:])
said = b""
while b"mains serves" not in said:
    said += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const child = spawn('python3', ['-c', script, path.join(at, 'err'), mains, 'serve', '--data',
    path.join(at, 'data'), '--listen', '127.0.0.1:0', ...null_models],
  { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, MAINS_LEDGER: '', MAINS_DATA: '' } });
  let out = '';
  child.stdout.on('data', (bytes) => { out += bytes; });
  await within(50_000, new Promise((resolve) => { child.once('close', resolve); }), 'the drain');
  const err = readFileSync(path.join(at, 'err'), 'utf8');
  assert.equal(out.trim(), '0', err);
  assert.match(err, /everything is settled/);
});

test('without file descriptors it goes on, and silent connections go first', async () => {
  const server = await started({ program: wrapper('ulimit -n 80; exec') });
  const crowd = silent(server.url, 200);
  try {
    for (let i = 0; i < 10; ++i) {
      await within(15_000, server.call('/healthz'), 'an answer beside a silent crowd');
    }
  } finally {
    crowd.close();
  }
  assert.equal((await server.stop()).code, 0);
});

test('HTTP/1.0 with Transfer-Encoding is refused and closed', async () => {
  const server = await started();
  const { text, ended } = await raw(server.url,
    'POST /v1/quote HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n'
    + 'transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 400/);
  assert.equal(text.match(/^HTTP\//gm).length, 1, 'one answer');
  assert.ok(ended);
  await server.stop();
});

test('requests for which there is no memory end, and the server goes on', { timeout: 90_000 },
  async () => {
    const server = await started({ program: wrapper('ulimit -v 1500000; exec') });
    const tenant = await server.tenant('1000.00');
    const body = JSON.stringify({ model: 'null', prompt: 'word '.repeat(1_200_000), n: 8 });
    const seen = await Promise.all(Array.from({ length: 40 }, () => server.fetch(
      '/v1/completions', { key: tenant.key, body }).then(
      async (answer) => { await answer.text(); return answer.status; }, () => 0)));
    assert.ok(seen.every((status) => status === 0 || status >= 400), String(seen));
    assert.equal(server.over, undefined, server.err);
    assert.equal((await server.call('/v1/completions',
      { key: tenant.key, body: { model: 'null', prompt: 'x', max_tokens: 2 } })).status, 200);
    assert.equal((await server.stop()).code, 0);
  });
