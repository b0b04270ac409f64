// Go's sumdb/note and sumdb/tlog as a judge of logs (../checkers/tlog.go).
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Compiles it into `folder`. What it returns runs it over all of a server's log, over proofs and
 * older checkpoints in files, and gives the number of leaves that were seen; throws where one is wrong.
 */
export function go_checker(folder) {
  const program = path.join(folder, 'tlog');
  execFileSync('go', ['build', '-o', program, path.join(here, '../checkers/tlog.go')], {
    env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode',
      GOCACHE: path.join(folder, 'cache'), GOFLAGS: '' },
  });
  return (server, key, ...files) => Number(/^tlog: (\d+) leaves/.exec(execFileSync(program,
    [key, `${server.url}/log`, ...files], { encoding: 'utf8' }))[1]);
}
