// A disk of the tests' own, small enough to be filled up. Takes root, and says so where that is not.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fresh_folder, remove } from './harness.mjs';

export class SmallDisk {
  #place = fresh_folder();
  folder = path.join(this.#place, 'disk');
  #ballast = path.join(this.folder, 'ballast');

  constructor(megabytes) {
    mkdirSync(this.folder);
    this.mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'mains-e2e',
      this.folder]).status === 0;
    /** For a test's options. */
    this.skip = this.mounted ? false : 'no disk of our own here (needs root and mount)';
  }

  fill() {
    const { bavail, bsize } = statfsSync(this.folder);
    try {
      writeFileSync(this.#ballast, Buffer.alloc(Number(bavail) * Number(bsize)));
    } catch (full) {
      if (full.code !== 'ENOSPC') throw full;  // the server took some of it meanwhile
    }
  }

  make_room() { rmSync(this.#ballast); }

  remount(how) { execFileSync('mount', ['-o', `remount,${how}`, this.folder]); }

  /** The disk becomes another user's, as whom a database server runs. */
  give_to({ uid, gid }) {
    if (!uid) return;
    chmodSync(this.#place, 0o755);
    chownSync(this.folder, uid, gid);
  }

  clear() {
    if (this.mounted) execFileSync('umount', ['-l', this.folder]);
    remove(this.#place);
  }
}
