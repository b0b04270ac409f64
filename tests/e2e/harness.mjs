// Starts a real server on a free port with a fresh data folder, and stops the one it started.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { programs, shared_cluster } from './cluster.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const mains = process.env.MAINS_BIN ?? path.join(root, 'build/release/mains');
export const admin_secret = 'e2e-admin-0123456789abcdef0123456789abcdef';

/** A GGUF that can talk, or null where this checkout has none. */
export const real_model = [
  path.join(root, 'models/default/mains-default.gguf'),
  path.join(process.env.MAINS_SHARED ?? path.join(root, '../shared'), 'models/stories260K.gguf'),
].find((file) => existsSync(file)) ?? null;

export const fresh_folder = () => mkdtempSync(path.join(tmpdir(), 'mains-e2e-'));
export const remove = (folder) => rmSync(folder, { recursive: true, force: true });

/** Waits until `condition()` is true (or truthy, awaited); fails after `limit_ms`. */
export async function until(condition, what, limit_ms = 20_000) {
  const give_up = Date.now() + limit_ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > give_up) throw new Error(`waited in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

/** Resolves with the value, or rejects after `limit_ms`. */
export function within(limit_ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${limit_ms} ms`)), limit_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Decimal text of an amount as nano-units. */
export function nano(text) {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  const value = BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'));
  return sign ? -value : value;
}

/** What an answer's usage says was charged, in nano-units: a number and its exact digits. */
export function cost_of(usage) {
  if (typeof usage.cost !== 'number' || !/^\d+$/.test(usage.cost_nano)) {
    throw new Error(`cost ${typeof usage.cost} and cost_nano ${usage.cost_nano} in usage`);
  }
  const exact = BigInt(usage.cost_nano);
  if (usage.cost !== Number(exact) / 1e9) throw new Error('cost and cost_nano differ');
  return exact;
}

export const sum = (values) => values.reduce((total, value) => total + value, 0n);

const addresses = new Map();  // the database of a folder that start() has chosen

/** Runs a command of the binary to its end: {code, out, err}. Never rejects. */
export function cli(args, { input, env, as, limit_ms = 20_000 } = {}) {
  const ledger = addresses.get(args[args.indexOf('--data') + 1]) ?? '';
  return new Promise((resolve) => {
    const child = execFile(mains, args, {
      env: { ...process.env, MAINS_DATA: '', MAINS_LEDGER: ledger, ...env }, timeout: limit_ms, maxBuffer: 1 << 26, ...as,
    }, (error, out, err) => resolve({ code: error ? error.code ?? error.signal : 0, out, err }));
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

class Server {
  out = '';
  err = '';

  constructor(child, data, ledger) {
    this.child = child;
    this.data = data;
    this.ledger = ledger;
    child.stdout.on('data', (bytes) => { this.out += bytes; });
    child.stderr.on('data', (bytes) => { this.err += bytes; });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => { this.over = true; resolve({ code, signal }); });
    });
  }

  /** Waits for the line with the URL; rejects with the log if the server ends before. */
  async ready(limit_ms) {
    await until(() => this.over || /on (https?:\/\/\S+)\n/.test(this.out), 'the server', limit_ms);
    if (this.over) throw new Error(`the server did not start: ${this.err}`);
    this.url = /on (https?:\/\/\S+)\n/.exec(this.out)[1];
    return this;
  }

  /** Ends the server; {code, signal} of its exit. */
  async stop(signal = 'SIGTERM', limit_ms = 30_000) {
    if (!this.over) this.child.kill(signal);
    try {
      return await within(limit_ms, this.ended, 'stopping the server');
    } catch (late) {
      this.child.kill('SIGKILL');
      await this.ended;
      throw late;
    }
  }

  /** Stops the server and removes its folder. */
  async clear() {
    await this.stop('SIGKILL');
    remove(this.data);
  }

  fetch(route, { key, method, body, headers, signal } = {}) {
    const text = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    return fetch(this.url + route, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }), ...headers,
      },
      body: text ? body : JSON.stringify(body),
      signal: signal ?? AbortSignal.timeout(60_000),
    });
  }

  /** {status, headers, json}; json is null where the answer is none. */
  async call(route, options) {
    const answer = await this.fetch(route, options);
    const text = await answer.text();
    let json = null;
    try { json = JSON.parse(text); } catch { /* told by null */ }
    return { status: answer.status, headers: answer.headers, text, json };
  }

  async admin(method, route, body) {
    const answer = await this.call(`/admin/v1${route}`, { key: admin_secret, method, body });
    if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.text}`);
    return answer.json;
  }

  /** A new tenant with this credit and a key with these limits. */
  async tenant(credit = '5.00', limits = {}) {
    const name = `t${Math.random().toString(36).slice(2, 12)}`;
    await this.admin('POST', '/tenants', { name, credit });
    const key = await this.admin('POST', '/keys', { tenant: name, limits });
    return { name, credit: nano(credit), key: key.key, key_id: key.id };
  }

  /** {available, held} in nano-units. */
  async balance({ key }) {
    const { status, json, text } = await this.call('/v1/balance', { key });
    if (status !== 200) throw new Error(`the balance: ${status} ${text}`);
    return { available: nano(json.available), held: nano(json.held) };
  }

  /** The balance once nothing is held any more. */
  balance_at_rest(tenant) {
    return until(async () => {
      const balance = await this.balance(tenant);
      return balance.held === 0n && balance;
    }, 'the last hold to end');
  }

  /** {requests, output, charge} of all that the tenant was charged for. */
  async charged({ key }) {
    const { status, json, text } = await this.call('/v1/usage?group_by=none', { key });
    if (status !== 200) throw new Error(`the usage: ${status} ${text}`);
    const [line] = json.data;
    return {
      requests: line?.requests ?? 0, input: line?.input_tokens ?? 0,
      output: line?.output_tokens ?? 0, charge: nano(line?.charge ?? '0'),
    };
  }

  async receipt({ key }, id) {
    return (await this.call(`/v1/receipts/${id}`, { key })).json;
  }

  async metric(name) {
    const { text } = await this.call('/metrics', { key: admin_secret });
    const line = text.split('\n').find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  /** `mains ledger check`, run beside the server. */
  async books() {
    const { out, code } = await cli(['ledger', 'check', '--json', '--data', this.data],
      { env: { MAINS_LEDGER: this.ledger ?? '' } });
    return { code, ...JSON.parse(out) };
  }
}

/** The names that the null engine serves: `null`, and `long` for streams that take their time. */
export const null_models = ['--engine', 'null', '--model', 'null=none:8192',
  '--model', 'long=none:1000000'];

const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** The store that all tests run on unless they name one: sqlite, or postgres. */
export const store = process.env.MAINS_TEST_LEDGER ?? 'sqlite';
if (store === 'postgres' && !programs) throw new Error('there is no PostgreSQL on this machine');
export { programs as postgres };

/** The database that belongs to a data folder: the same one after a restart. */
async function database_of(data) {
  if (!addresses.has(data)) addresses.set(data, (await shared_cluster()).fresh());
  return addresses.get(data);
}

/**
 * Starts a server; the caller stops it (`clear()`, in an after hook).
 * ledger: 'sqlite' (in the data folder), 'postgres' (an empty database for each data folder), or
 * the address of a database.
 */
export async function start({ args = null_models, data = fresh_folder(), program = mains, env,
  ledger = store, limit_ms = 60_000 } = {}) {
  const address = ledger === 'postgres' ? await database_of(data)
    : ledger === 'sqlite' ? '' : ledger;
  const child = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...args], {
    env: {
      ...process.env, MAINS_DATA: '', MAINS_LEDGER: address, MAINS_REAL: mains,
      MAINS_ADMIN_KEY: admin_secret, ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return new Server(child, data, address).ready(limit_ms);
}
