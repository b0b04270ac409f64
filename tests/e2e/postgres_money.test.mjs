// The money tests once more, with the books in PostgreSQL: a server, and a database of its own.
import { test } from 'node:test';
import { programs } from './cluster.mjs';

if (process.env.MAINS_TEST_LEDGER === 'postgres') {
  test('the files themselves run on PostgreSQL', { skip: true }, () => {});
} else if (!programs) {
  test('the books in PostgreSQL', { skip: 'there is no PostgreSQL on this machine' }, () => {});
} else {
  process.env.MAINS_TEST_LEDGER = 'postgres';
  process.env.MAINS_KILLS ??= '10';
  for (const name of ['money', 'pitfalls', 'prices', 'restart', 'killed']) {
    await import(`./${name}.test.mjs`);
  }
}
