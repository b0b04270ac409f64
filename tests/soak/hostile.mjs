// Four hostile tenants beside a light one: the light one's waiting, alone and beside them.
//
//   node tests/soak/hostile.mjs [SECONDS]   measured seconds of each half (default 60)
//
// HOSTILE_RATIO_MAX   how many times longer the light one's p99 may be beside them (default 2)
// HOSTILE_FLOOR_MS    p99 below which no ratio is asked for (default 20): a wait of 5 ms instead of
//                     2 is nobody's trouble, and a busy machine makes it by itself
// The last line is one of JSON; the exit status is 1 where the ratio is passed.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { start_cluster } from '../e2e/cluster.mjs';
import { admin_secret, postgres, real_model, start } from '../e2e/harness.mjs';

const seconds = Number(process.argv[2] ?? 60);
const ratio_max = Number(process.env.HOSTILE_RATIO_MAX ?? 2);
const floor_ms = Number(process.env.HOSTILE_FLOOR_MS ?? 20);
if (!real_model) {
  console.log('hostile: there is no model here; skipped');
  process.exit(0);
}

const server = await start({ args: ['--model', `tiny=${real_model}:8192`] });
const cluster = postgres ? await start_cluster() : undefined;
const hanging = cluster ? await start({ ledger: cluster.fresh() }) : undefined;
const light = await server.tenant('1000.00');
const attacker = path.join(path.dirname(fileURLToPath(import.meta.url)), 'attacker.mjs');
const user = (content) => [{ role: 'user', content }];

/** Waits of the light tenant, in ms: [route, wait] of a short chat, its balance, models and health. */
async function measure() {
  const waits = [];
  const until = performance.now() + seconds * 1000;
  const ask = [
    ['/v1/chat/completions', { key: light.key, body: { model: 'tiny', messages: user('Say hello.'),
      max_tokens: 4, temperature: 0 } }],
    ['/v1/balance', { key: light.key }],
    ['/v1/models', { key: light.key }],
    ['/healthz', {}],
  ];
  for (let i = 0; performance.now() < until; ++i) {
    const [route, options] = ask[i % ask.length];
    const began = performance.now();
    const { status } = await server.call(route, options);
    if (status !== 200) throw new Error(`the light one's ${route} got ${status}`);
    waits.push([route, performance.now() - began]);
    await new Promise((wake) => setTimeout(wake, 5));
  }
  return waits;
}

/** Starts a hostile tenant in a process of its own; the returned function ends it. */
async function attack(kind, target, key) {
  key ??= (await target.tenant('1000.00')).key;
  const child = spawn(process.execPath, [attacker, kind, target.url, key],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => { child.on('exit', resolve); });
  let out = '';
  child.stdout.on('data', (data) => { out += data; });
  return async () => {
    child.stdin.end();
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const status = await exited;
    clearTimeout(late);
    if (status !== 0) throw new Error(`the attacker of ${kind} ended with ${status}`);
    return [kind, JSON.parse(out)];
  };
}

await measure_warm();
async function measure_warm() {
  for (let i = 0; i < 20; ++i) {
    await server.call('/v1/chat/completions', { key: light.key,
      body: { model: 'tiny', messages: user('Say hello.'), max_tokens: 4, temperature: 0 } });
  }
}
const alone = await measure();
const attackers = await Promise.all(
  ['schemas', 'conversations', 'bodies'].map((kind) => attack(kind, server)));
if (hanging) {
  cluster.freeze();
  attackers.push(await attack('metrics', hanging, admin_secret));
}
const beside = await measure();
cluster?.thaw();
const seen = Object.fromEntries(await Promise.all(attackers.map((end) => end())));
await Promise.all([server.clear(), hanging?.clear()]);
await cluster?.clear();

const at = (waits, part) => {
  const sorted = waits.map(([, wait]) => wait).sort((a, b) => a - b);
  return +sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
};
const told = (waits) => ({ requests: waits.length, p50_ms: at(waits, 0.5), p99_ms: at(waits, 0.99),
  p99_ms_of: Object.fromEntries([...new Set(waits.map(([route]) => route))].map((route) => (
    [route, at(waits.filter(([of]) => of === route), 0.99)]))) });
const result = { alone: told(alone), beside: told(beside), hostile: seen };
const allowed = Math.max(result.alone.p99_ms * ratio_max, floor_ms);
console.log(JSON.stringify({ ...result, allowed_p99_ms: +allowed.toFixed(1) }));
process.exitCode = result.beside.p99_ms <= allowed ? 0 : 1;
