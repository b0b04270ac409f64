// A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket there.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where initdb and postgres are, or null where this machine has none. */
export const programs = [
  process.env.MAINS_POSTGRES_BIN,
  ...(existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql')
    .sort((a, b) => b - a).map((version) => `/usr/lib/postgresql/${version}/bin`) : []),
  ...(process.env.PATH ?? '').split(':'),
].find((folder) => folder && existsSync(path.join(folder, 'initdb'))
  && existsSync(path.join(folder, 'postgres'))) ?? null;

/** PostgreSQL refuses to run as root: the user `postgres`, else `nobody`. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres')
    ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(uid), gid: Number(gid) };
}

const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGQUIT')));

class Cluster {
  databases = 0;

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'mains-pg-'));
    this.as = unprivileged();
    if (this.as.uid) chownSync(this.folder, this.as.uid, this.as.gid);
    this.run('initdb', ['-D', `${this.folder}/data`, '-U', 'mains', '-A', 'trust', '-E', 'UTF8',
      '--no-locale', '--no-sync']);
  }

  run(program, args) {
    return execFileSync(path.join(programs, program), args, {
      ...this.as, cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  url(database = 'postgres', user = 'mains') {
    return `postgres://${user}@/${database}?host=${this.folder}`;
  }

  /** Runs SQL as the superuser; what psql printed. */
  sql(text, database = 'postgres') {
    return this.run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d',
      this.url(database), '-c', text]).trim();
  }

  /** Runs much SQL as the superuser, as pg_dump writes it. */
  load(text, database) {
    execFileSync(path.join(programs, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d',
      this.url(database)], { ...this.as, cwd: this.folder, input: text,
      stdio: ['pipe', 'ignore', 'pipe'] });
  }

  /** The address of an empty database. */
  fresh() {
    const name = `e${process.pid}_${++this.databases}`;
    this.sql(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  async start() {
    for (let tries = 0; tries < 600; ++tries) {
      if (!this.child) {
        const child = spawn(path.join(programs, 'postgres'), ['-D', `${this.folder}/data`, '-k',
          this.folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'max_connections=60'],
        { ...this.as, cwd: this.folder, stdio: 'ignore' });
        this.child = child;
        running.add(child);
        this.ended = new Promise((resolve) => {
          child.once('close', () => {
            running.delete(child);
            if (this.child === child) this.child = null;
            resolve();
          });
        });
      }
      try {
        this.run('pg_isready', ['-q', '-h', this.folder]);
        return this;
      } catch { /* not yet */ }
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error('the database server did not start');
  }

  /** SIGINT: at once and in order; SIGQUIT: without order; SIGKILL: without a word. */
  async stop(signal = 'SIGINT') {
    const { ended } = this;
    this.child?.kill(signal);
    await ended;
  }

  /** Every process of the server stands still, until thaw(). */
  freeze() {
    const children = execFileSync('ps', ['--ppid', String(this.child.pid), '-o', 'pid='],
      { encoding: 'utf8' });
    this.frozen = [this.child.pid, ...children.split('\n').map(Number).filter(Boolean)];
    this.frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  }

  thaw() {
    for (const pid of this.frozen ?? []) {
      try { process.kill(pid, 'SIGCONT'); } catch { /* gone */ }
    }
    this.frozen = undefined;
  }

  async clear() {
    this.thaw();
    await this.stop('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A server that runs; the caller clears it. */
export const start_cluster = () => new Cluster().start();

let shared;
/** One for the whole test file; it ends with the process. */
export function shared_cluster() {
  shared ??= start_cluster().then((cluster) => {
    cluster.child.unref();  // it does not keep a file that is over from ending
    process.once('exit', () => rmSync(cluster.folder, { recursive: true, force: true }));
    return cluster;
  });
  return shared;
}
