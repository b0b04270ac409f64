// The disk under a running server: full, read-only, well again. Nothing runs that cannot be booked,
// nothing is lost, and nobody has to restart anything.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { cli, cost_of, nano, start, store, until, within } from './harness.mjs';
import { ask, assert_served, on_each_route, routes } from './routes.mjs';
import { SmallDisk } from './small_disk.mjs';
import { open_stream } from './stream.mjs';

const disk = new SmallDisk(32);
const when = { skip: store !== 'sqlite' ? 'the books are not on this disk' : disk.skip };
let server;
after(async () => {
  await server?.stop('SIGKILL');
  disk.clear();
});

const refused = async (key, route, headers) => {
  const answer = await ask(server, key, route, {}, headers);
  assert.equal(answer.status, 503, answer.text);
  assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  assert.match(answer.error.message, /[Nn]othing was charged/);
  assert.equal(answer.receipt, null);
};
const ready = () => server.call('/readyz').then(({ status }) => status);

/** While `trouble` lasts nothing is served; when it is over, what was refused is, with its key. */
async function through(trouble, over, readable) {
  const tenant = await server.tenant('1000.00');
  const before = new Map();
  await on_each_route(async (route) => {
    const answer = await ask(server, tenant.key, route);
    assert_served(answer);
    before.set(route, answer);
  });
  const charged = await server.charged(tenant);
  // Streams one after another across the moment at which it comes; bills of some must wait. None is
  // so long that it could be cut for not being read fast enough.
  const body = { model: 'long', prompt: 'x', max_tokens: 4_000, stream: true };
  let seen = 0;
  let complete = 0;
  const stream_on = async () => {
    const end = await open_stream(server, '/v1/completions', { key: tenant.key, body },
      (event) => { seen += event.choices?.[0]?.text?.length ?? 0; });
    if (end.status !== 200) return end.status;
    complete += 1;
    return stream_on();
  };
  const streams = Array.from({ length: 8 }, stream_on);
  await until(() => complete >= 8, 'the streams to run');
  trouble();
  // Some room may be left in pages that are already there; that is used up soon.
  await until(async () => (await ask(server, tenant.key, routes[2])).status === 503,
    'the disk to be full', 60_000);
  // Whoever waits for its bill waits 30 s, and no longer.
  const ends = await within(45_000, Promise.all(streams), 'the streams to end');
  assert.ok(ends.every((status) => status === 503), `${ends}`);
  await on_each_route((route) =>
    refused(tenant.key, route, { 'idempotency-key': `after ${route.name}` }));
  assert.equal(await ready(), 503);
  assert.equal((await server.call('/healthz')).status, 200);
  if (readable) {
    // What was charged before can be read all the same, and is not charged again.
    const used = (await server.charged(tenant)).requests;
    for (const [, { receipt, usage }] of before) {
      assert.equal(nano((await server.receipt(tenant, receipt)).charge), cost_of(usage));
    }
    assert.ok(used >= charged.requests);
    assert.equal((await server.charged(tenant)).requests, used);
  } else {
    assert.equal((await server.call('/v1/balance', { key: tenant.key })).status, 503);
  }
  over();
  await until(async () => (await ready()) === 200, 'the server to be well again');
  await on_each_route(async (route) => {
    const headers = { 'idempotency-key': `after ${route.name}` };
    assert_served(await ask(server, tenant.key, route, {}, headers));
    assert.equal((await ask(server, tenant.key, route, {}, headers)).status, 409);
  });
  const { available } = await server.balance_at_rest(tenant);
  const all = await server.charged(tenant);
  assert.equal(tenant.credit - available, all.charge);
  assert.ok(all.output >= seen, 'what was seen is charged once there is room');
  const books = await server.books();
  assert.deepEqual([books.ok, books.open_holds], [true, 0]);
}

test('a full disk', when, async () => {
  server = await start({ data: path.join(disk.folder, 'data') });
  await through(() => disk.fill(), () => disk.make_room(), true);
});

test('the file of the books is taken away and brought back', when, async () => {
  const file = path.join(disk.folder, 'data', 'ledger.db');
  const aside = `${file}.aside`;
  await through(() => renameSync(file, aside), () => renameSync(aside, file), false);
});

test('killed on a full disk, started again on a read-only one, then with room', when, async () => {
  const tenant = await server.tenant();
  const running = Array.from({ length: 4 }, () => server.call('/v1/completions',
    { key: tenant.key, body: { model: 'long', prompt: 'x', max_tokens: 900_000 } })
    .catch(() => null));
  await until(async () => (await server.balance(tenant)).held > 0n, 'work');
  disk.fill();
  await server.stop('SIGKILL');
  await Promise.all(running);
  const folder = path.join(disk.folder, 'data');
  disk.remount('ro');
  // It cannot start; it says why in one line, and leaves everything as it is.
  const start_again = await cli(['serve', '--data', folder, '--listen', '127.0.0.1:0',
    '--engine', 'null', '--model', 'null=none:64']);
  assert.equal(start_again.code, 1, start_again.err);
  assert.match(start_again.err, /^mains: .*\n$/);
  disk.remount('rw');
  disk.make_room();
  server = await start({ data: folder });
  const { available, held } = await server.balance(tenant);
  assert.equal(held, 0n);
  assert.equal(tenant.credit - available, (await server.charged(tenant)).charge);
  assert_served(await ask(server, tenant.key, routes[0]));
  assert.equal((await server.books()).ok, true);
});
