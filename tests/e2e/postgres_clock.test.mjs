// Servers on one database whose clocks differ, and one that was stopped in the middle of its work.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cli, fresh_folder, null_models, remove, start, until } from './harness.mjs';
import { audit, completion, skip, tenant_of, two_servers } from './servers.mjs';

const all = two_servers();
const work = mkdtempSync(path.join(tmpdir(), 'mains-e2e-clock-'));
after(() => remove(work));

const library = path.join(work, 'skewed_clock.so');
const compiled = spawnSync('cc', ['-shared', '-fPIC', '-o', library,
  fileURLToPath(new URL('skewed_clock.c', import.meta.url)), '-ldl']).status === 0;
const skewed = { skip: skip || (compiled ? false : 'no C compiler here, so no clock of our own') };
const clock = path.join(work, 'clock');
const env = { LD_PRELOAD: library, MAINS_TEST_CLOCK: clock };

test('a server whose clock differs from the database\'s does not start', skewed, async () => {
  for (const [seconds, word] of [[61, 'ahead of'], [-6, 'behind']]) {
    writeFileSync(clock, `${seconds}`);
    const data = fresh_folder();
    const refused = await cli(['serve', '--data', data, '--ledger', all.url, '--listen',
      '127.0.0.1:0', ...null_models], { env });
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`^mains: the clock of this machine is ${
      Math.abs(seconds) - 1}\\.9|^mains: the clock of this machine is ${Math.abs(seconds)}\\.`));
    assert.match(refused.err, new RegExp(`s ${word} the database's; .* set it .*\n$`));
    assert.equal(refused.err.trim().split('\n').length, 1);
    remove(data);
  }
});

test('a clock that steps while the server runs makes it not ready, and it says so', skewed,
  async () => {
    writeFileSync(clock, '0');
    const server = await start({ ledger: all.url, env });
    const ready = async () => (await server.call('/readyz')).status;
    assert.equal(await ready(), 200);
    writeFileSync(clock, '61');
    await until(async () => await ready() === 503, 'the server to see it');
    assert.match((await server.call('/readyz')).text, /its clock differs/);
    assert.match(server.err, /the clock of this machine is 6[01]\.\d s ahead of the database's/);
    assert.ok(Math.abs(await server.metric('mains_clock_ahead_seconds') - 61) < 1);
    assert.equal((await all.one.call('/readyz')).status, 200, 'the other one is right');
    writeFileSync(clock, '0');
    await until(async () => await ready() === 200, 'the server to be well again');
    assert.match(server.err, /right again/);
    await server.clear();
  });

// Its lease runs out after 15 s; what it ran was then ended by the other, and it must not say or
// charge anything else when it goes on.
test('a server that was stopped for longer than its lease', { skip, timeout: 90_000 }, async () => {
  const { one, two } = all;
  const tenant = await tenant_of(all, '100.00');
  const body = { model: 'long', prompt: 'go on', max_tokens: 900_000 };
  const running = Array.from({ length: 3 },
    () => two.call('/v1/completions', { key: tenant.key, body }));
  // 800 nano a token: all three have their hold.
  await until(async () => (await one.balance(tenant)).held > 3n * 900_000n * 800n, 'all to run');
  two.child.kill('SIGSTOP');
  const rest = await until(async () => {
    const balance = await one.balance(tenant);
    return balance.held === 0n && balance;
  }, 'the other to end them', 25_000);
  assert.equal(rest.available, tenant.credit, 'nothing is charged');
  two.child.kill('SIGCONT');
  for (const answer of await Promise.all(running)) {
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.json.error.code, 'server_was_away');
    assert.match(answer.json.error.message, /Nothing was charged/);
  }
  assert.equal((await audit(tenant, one)).requests, 0);
  // It is another server from then on, and works like one.
  const next = await two.call('/v1/completions', { key: tenant.key, body: completion });
  assert.equal(next.status, 200, next.text);
  assert.equal((await audit(tenant, two)).requests, 1);
});
