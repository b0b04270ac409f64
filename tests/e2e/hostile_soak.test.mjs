// The soak of four hostile tenants for some seconds, with a bound that a busy machine keeps too.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { real_model, root } from './harness.mjs';

test('four hostile tenants beside a light one',
  { skip: real_model ? false : 'there is no model here', timeout: 140_000 }, async () => {
    const { error, out, err } = await new Promise((resolve) => {
      execFile(process.execPath, [path.join(root, 'tests/soak/hostile.mjs'), '10'], {
        env: { ...process.env, HOSTILE_RATIO_MAX: '20', HOSTILE_FLOOR_MS: '1000' },
        timeout: 130_000,
      }, (error, out, err) => resolve({ error, out, err }));
    });
    assert.equal(error, null, out + err);
  });
