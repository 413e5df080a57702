// Writes a .gz sibling beside every text asset of a build and holds the budget of the first page's script.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const SCRIPT_BUDGET_BYTES = 150_000;
const TEXT = /\.(html|js|css|json|svg|txt)$/;

function walk(dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

const root = process.argv[2] ?? 'dist';
let script = 0;
for (const path of walk(root).filter((p) => TEXT.test(p))) {
  // Level 9 and no time stamp: the same input gives the same bytes.
  const packed = gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION });
  writeFileSync(path + '.gz', packed);
  if (path.endsWith('.js')) script += packed.length;
}
console.log(`script, compressed: ${script} bytes of ${SCRIPT_BUDGET_BYTES}`);
if (script > SCRIPT_BUDGET_BYTES) {
  console.error('the script is over its budget: split it or drop something');
  process.exit(1);
}
