// A server's memory over more requests than a day of a small house has: it must not grow with them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { null_models, real_model, root, start } from '../e2e/harness.mjs';

const seconds = Number(process.env.MAINS_LOAD_SECONDS ?? 600);
const program = process.env.MAINS_LOAD ?? path.join(root, 'build/release/mains_load');
const filling = Number(process.env.MAINS_LOAD_FILLING ?? 400_000);
const servers = [];
after(() => servers.forEach((server) => server.clear()));

/** Resident memory without what belongs to files, MiB. */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)[1]) / 1024;
}

/** Runs mains_load to its end; rejects with what it said if it fails. */
function load(server, options) {
  const child = spawn(program, ['--port', new URL(server.url).port, '--warmup', '0', ...options],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => { said += bytes; });
  return new Promise((resolve, reject) => child.once('close', (code) => {
    if (code === 0) resolve(); else reject(new Error(said));
  }));
}

/** What the server has at its most in each quarter of the load. */
async function quarters(server, loads) {
  const most = [0, 0, 0, 0];
  const began = Date.now();
  const look = setInterval(() => {
    const quarter = Math.min(3, Math.floor((Date.now() - began) / (seconds * 250)));
    most[quarter] = Math.max(most[quarter], memory(server.child.pid));
  }, 200);
  try {
    await Promise.all(loads.map((options) => load(server, ['--seconds', `${seconds}`, ...options])));
  } finally {
    clearInterval(look);
  }
  return most;
}

async function stays_as_it_is(context, server, loads) {
  servers.push(server);
  const tenants = await Promise.all(loads.map(() => server.tenant('1000000.00')));
  const most = await quarters(server, loads.map((options, i) => options.map(
    (option) => option.replace('KEY', tenants[i].key))));
  const charged = await Promise.all(tenants.map((tenant) => server.charged(tenant)));
  const requests = charged.reduce((n, one) => n + one.requests, 0);
  const output = charged.reduce((n, one) => n + one.output, 0);
  context.diagnostic(`${requests} requests, ${output} tokens out; at most ${
    most.map((mib) => mib.toFixed(1)).join(', ')} MiB in each quarter of ${seconds} s`);
  assert.ok(requests > 0);
  // The first quarter fills caches of fixed size: of the books, of the allocator, of blocks.
  assert.ok(most[3] < most[1] * 1.02 + 4, 'memory grows with the requests');
}

test('books, routes and streams', { timeout: seconds * 1000 + 120_000 }, async (context) => {
  const server = await start({ args: null_models });
  await stays_as_it_is(context, server, [
    ['--model', 'null', '--group', 'whole:16:50:8:KEY'],
    ['--model', 'null', '--stream', '--group', 'streams:16:50:40:KEY'],
  ]);
});

test('an engine and its prefixes', { timeout: seconds * 1000 + 1_200_000, skip: !real_model && 'no model' },
  async (context) => {
    const server = await start({ args: ['--model', `real=${real_model}`] });
    // So many receipts fill the books' cache of 128 MiB, which would look like growth else.
    const { key } = await server.tenant('1000000.00');
    await load(server, ['--model', 'real', '--until-done', '--seconds', '1000', '--group',
      `tiny:48:1:1:${key},times=${Math.ceil(filling / 48)}`]);
    await stays_as_it_is(context, server, [
      ['--model', 'real', '--stream', '--group', 'alike:4:20:30:KEY,shared=60'],
      ['--model', 'real', '--stream', '--group', 'apart:4:60:30:KEY'],
      ['--model', 'real', '--group', 'whole:4:30:100:KEY'],
    ]);
  });
