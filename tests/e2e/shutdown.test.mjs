// SIGTERM in the middle of work: everything that ran is settled before the process ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cli, fresh_folder, nano, null_models, remove, start, store, until } from './harness.mjs';
import { open_stream } from './stream.mjs';

const folders = [];
const folder = () => folders[folders.push(fresh_folder()) - 1];
after(() => folders.forEach(remove));

/** The books of a folder whose server is stopped. */
async function books_of(data, tenant) {
  const check = JSON.parse((await cli(['ledger', 'check', '--json', '--data', data])).out);
  const shown = JSON.parse(
    (await cli(['tenant', 'show', tenant.name, '--json', '--data', data])).out);
  const usage = JSON.parse(
    (await cli(['usage', tenant.name, '--by', 'none', '--json', '--data', data])).out);
  return { check, available: nano(shown.available), charge: nano(usage.data[0]?.charge ?? '0') };
}

test('SIGTERM during streams: finished or cut, and settled', async () => {
  const data = folder();
  const config = path.join(data, 'short.toml');
  writeFileSync(config, '[server]\ndrain_timeout_s = 1\n');
  const server = await start({ data, args: [...null_models, '--config', config] });
  const tenant = await server.tenant('100.00');
  const body = { model: 'long', prompt: 'x', max_tokens: 990_000 };
  const short = Array.from({ length: 8 }, () => open_stream(server, '/v1/completions',
    { key: tenant.key, body: { ...body, stream: true, max_tokens: 3000 } }));
  const long = Array.from({ length: 8 }, () =>
    server.call('/v1/completions', { key: tenant.key, body }).catch(() => null));
  await until(async () => (await server.balance(tenant)).held > 0n, 'work');
  const { code } = await server.stop('SIGTERM');
  assert.equal(code, 0, server.err);
  await Promise.all([...short, ...long]);
  const { check, available, charge } = await books_of(data, tenant);
  assert.deepEqual([check.ok, check.open_holds], [true, 0]);
  assert.equal(tenant.credit - available, charge);
});

test('an idle server stops at once, and starts again where it was', async () => {
  const data = folder();
  let server = await start({ data });
  const tenant = await server.tenant();
  await server.call('/v1/completions',
    { key: tenant.key, body: { model: 'null', prompt: 'x', max_tokens: 5 } });
  const balance = await server.balance(tenant);
  assert.equal((await server.stop('SIGINT', 10_000)).code, 0);
  server = await start({ data });
  assert.deepEqual(await server.balance(tenant), balance);
  await server.stop();
});

const of_files = { skip: store === 'sqlite' ? false : 'the books are in no file of the server' };
test('a full disk: refused, not lost; with room again, the books are right', of_files,
  async (context) => {
    const data = folder();
    const first = await start({ data });
    const tenant = await first.tenant();
    await first.stop();
    // A limit on file sizes is the same to a server as a disk that is full, and needs no mount.
    const limited = path.join(data, 'limited.sh');
    writeFileSync(limited, '#!/bin/bash\ntrap "" XFSZ\nulimit -f 400\nexec "$MAINS_REAL" "$@"\n',
      { mode: 0o755 });
    const env = { ...process.env, MAINS_REAL: '/bin/true' };
    if (spawnSync(limited, ['version'], { env }).status !== 0) {
      context.skip('no way to limit the size of files here');
      return;
    }
    const config = path.join(data, 'short.toml');
    writeFileSync(config, '[server]\ndrain_timeout_s = 1\n');
    const server = await start(
      { data, program: limited, args: [...null_models, '--config', config] });
    const body = { model: 'null', prompt: 'x', max_tokens: 5 };
    // Requests that were decoded when the disk filled up wait for room: no bill must be lost.
    const ask = () => server.call('/v1/completions',
      { key: tenant.key, body, signal: AbortSignal.timeout(3000) }).catch(() => null);
    let refused = null;
    for (let i = 0; i < 500 && refused === null; ++i) {
      const answer = await ask();
      if (answer !== null && answer.status !== 200) refused = answer;
    }
    assert.ok(refused !== null, 'the disk was never full');
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.json.error.message, /[Nn]othing was charged/);
    assert.equal((await server.call('/healthz')).status, 200);
    assert.equal((await server.call('/readyz')).status, 503);
    await server.stop('SIGTERM');
    const again = await start({ data });
    assert.equal((await again.call('/v1/completions', { key: tenant.key, body })).status, 200);
    const { available, held } = await again.balance(tenant);
    assert.equal(held, 0n);
    assert.equal(tenant.credit - available, (await again.charged(tenant)).charge);
    assert.equal((await again.books()).ok, true);
    await again.stop();
  });
