// docs/check-your-bill.md, typed line by line against a running server: what the page shows is what a
// customer sees, but for their own numbers and hashes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fresh_folder, mains, remove, root, start, until } from './harness.mjs';

const work = fresh_folder();
let server;
let tenant;

/** [{command, shown}] of the page: commands stand behind "$ "; a block without any is typed whole. */
function lines_of(page) {
  const typed = [];
  for (const [block] of page.matchAll(/(?:^ {4}.*\n)+/gm)) {
    const lines = block.split('\n').slice(0, -1).map((line) => line.slice(4));
    if (!lines[0].startsWith('$ ')) {
      typed.push({ command: lines.join('\n'), shown: '' });
      continue;
    }
    let goes_on = false;
    for (const line of lines) {
      if (line.startsWith('$ ')) typed.push({ command: line.slice(2), shown: '' });
      else if (goes_on) typed.at(-1).command += `\n${line}`;
      else typed.at(-1).shown += `${line}\n`;
      goes_on = (line.startsWith('$ ') || goes_on) && /[\\|]$/.test(line);
    }
  }
  return typed;
}

/**
 * Masks what is everybody's own: signatures, numbers, times, how lines are broken; and hashes, but which
 * of them are equal must stay.
 */
function mask() {
  const hashes = [];
  const name = (hash) => String.fromCharCode(65 +
    (hashes.includes(hash) ? hashes.indexOf(hash) : hashes.push(hash) - 1));
  return (text) => text
    .replace(/[0-9a-f]{16,}/g, (hash) => `HASH-${name(hash)}`)
    .replace(/[A-Za-z0-9+/]{43}=/g, 'BASE64').replace(/mains-[0-9a-f]{8}/g, 'mains-ID')
    .replace(/\d+(\.\d+)?/g, 'N').replace(/\s+/g, ' ').trim();
}

before(async () => {
  server = await start({ args: ['--engine', 'null', '--model', 'mains-default=none:8192'] });
  tenant = await server.tenant('5.00');
  let last;
  for (let i = 0; i < 5; ++i) {
    const { headers } = await server.call('/v1/chat/completions', { key: tenant.key, body: {
      model: 'mains-default', max_tokens: 20 + i, messages: [{ role: 'user', content: 'a b c' }],
    } });
    last = headers.get('x-receipt-id');
  }
  await until(async () => (await server.receipt(tenant, last)).in_checkpoint, 'the checkpoint');
  const [vkey] = (await server.admin('GET', '/log')).keys;
  writeFileSync(path.join(work, 'log.vkey'), `${vkey}\n`);
  mkdirSync(path.join(work, 'bin'));
  const program = path.join(work, 'bin', 'mains-verify');
  writeFileSync(program, `#!/bin/sh\nexec '${mains}' verify "$@"\n`);
  chmodSync(program, 0o755);
});
after(async () => {
  await server?.clear();
  remove(work);
});

const tools = {
  skip: ['jq', 'openssl', 'basenc', 'curl'].every((tool) =>
    spawnSync(tool, ['--version']).error === undefined) ? false : 'jq or another tool is missing',
};
test('the page "check your own bill" is what a customer sees', tools, () => {
  const page = readFileSync(path.join(root, 'docs/check-your-bill.md'), 'utf8')
    .replaceAll(/month=\d{4}-\d\d/g, `month=${new Date().toISOString().slice(0, 7)}`);
  // Building mains-verify from its source is tools/build-verify's own test.
  const typed = lines_of(page).filter(({ command }) => !command.startsWith('tools/'));
  assert.ok(typed.length > 15, 'the page has commands');
  const script = typed.map(({ command }, i) => `printf '\\n@@@ ${i}\\n'\n${command}\n`).join('');
  const { stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${script}`], {
    cwd: work, encoding: 'utf8', env: {
      ...process.env, URL: server.url, KEY: tenant.key,
      PATH: `${path.join(work, 'bin')}:${process.env.PATH}`,
    },
  });
  const seen = stdout.split(/\n@@@ \d+\n/).slice(1);
  assert.equal(seen.length, typed.length, stdout);
  const [of_seen, of_shown] = [mask(), mask()];
  typed.forEach(({ command, shown }, i) => {
    assert.equal(of_seen(seen[i]), of_shown(shown), `${command}\n${seen[i]}`);
  });
});
