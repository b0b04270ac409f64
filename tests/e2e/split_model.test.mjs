// A model in two parts: side by side, and behind symbolic links as download caches keep them.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { split_in_two } from './gguf_split.mjs';
import { cli, fresh_folder, real_model, remove, start } from './harness.mjs';

const when = { skip: real_model ? false : 'no model: models/default' };
const engines = ['auto', 'llama'];
const question = { messages: [{ role: 'user', content: 'What is your name?' }], max_tokens: 12,
  temperature: 0 };
let folder;
let parts;   // beside one another, under their names
let linked;  // the first of two links, whose files have other names in other folders

before(() => {
  if (!real_model) return;
  folder = fresh_folder();
  parts = split_in_two(real_model, folder, 'mini');
  linked = linked_parts('cache');
});
after(() => folder && remove(folder));

/** Puts copies of both parts behind links; the first link. */
function linked_parts(name) {
  const at = path.join(folder, name);
  mkdirSync(path.join(at, 'links'), { recursive: true });
  const links = split_in_two(real_model, at, 'mini').map((file, i) => {
    const link = path.join(at, 'links', path.basename(file));
    mkdirSync(path.join(at, `blobs${i}`));
    renameSync(file, path.join(at, `blobs${i}`, 'f00d'));
    symlinkSync(`../blobs${i}/f00d`, link);
    return link;
  });
  return links[0];
}

async function answer(engine, file) {
  const server = await start({ args: ['--engine', engine, '--model', `split=${file}:512`] });
  try {
    const tenant = await server.tenant();
    const { status, json, text } = await server.call('/v1/chat/completions',
      { key: tenant.key, body: { model: 'split', ...question } });
    assert.equal(status, 200, text);
    return json.choices[0].message.content;
  } finally {
    await server.clear();
  }
}

test('the parts load, beside one another and behind links', when, async () => {
  for (const engine of engines) {
    const whole = await answer('llama', real_model);
    assert.ok(whole.length > 0);
    assert.equal(await answer(engine, parts[0]), whole);
    assert.equal(await answer(engine, linked), whole);
  }
});

test('the native engine alone refuses them in words', when, async () => {
  const data = path.join(folder, 'native');
  const { code, err } = await cli(['serve', '--data', data, '--listen', '127.0.0.1:0', '--engine',
    'native', '--model', `split=${linked}:512`]);
  assert.equal(code, 1);
  assert.match(err, /not for the native engine: it is split over several files/);
});

test('one file by two names is loaded once, links or not', when, async () => {
  const server = await start({ args: ['--model', `a=${linked}:512`, '--model',
    `b=${path.join(folder, 'cache/blobs0/../links', path.basename(linked))}:256`] });
  try {
    assert.equal(server.err.match(/ runs /g).length, 1, server.err);
  } finally {
    await server.clear();
  }
});

test('a part that is gone, cut or the wrong one to begin with is named', when, async () => {
  const refused = async (file, says) => {
    for (const engine of engines) {
      const data = path.join(folder, 'data');
      const { code, err } = await cli(['serve', '--data', data, '--listen', '127.0.0.1:0', '--engine',
        engine, '--model', `split=${file}:512`]);
      remove(data);
      assert.equal(code, 1, err);
      assert.match(err, says);
    }
  };
  await refused(parts[1], /not the first part|00002-of-00002/);
  const cut = linked_parts('cut');
  truncateSync(path.join(folder, 'cut/blobs1/f00d'), 1000);
  await refused(cut, /mini-00002-of-00002\.gguf/);
  const empty = linked_parts('empty');
  writeFileSync(path.join(folder, 'empty/blobs1/f00d'), '');
  await refused(empty, /mini-00002-of-00002\.gguf/);
  const gone = linked_parts('gone');
  rmSync(path.join(folder, 'gone/blobs1/f00d'));
  await refused(gone, /mini-00002-of-00002\.gguf/);
});
