// Starts server_fixture (src/server/server_fixture_main.cc) in a folder of its own and talks to it.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, readFileSync, existsSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function program() {
  const named = process.env.GNOMON_FIXTURE;
  const candidates = named ? [named] : ['release', 'dev'].map((p) => join(root, 'build', p, 'src/server/server_fixture'));
  const found = candidates.find((file) => existsSync(file));
  if (!found) throw new Error(`server_fixture was not found in ${candidates.join(', ')}: build it, or set GNOMON_FIXTURE`);
  return found;
}

export async function startFixture() {
  const folder = mkdtempSync(join(tmpdir(), 'gnomon-contract-'));
  const planSchema = join(root, 'docs/schema/plan.schema.json');
  const schemaText = existsSync(planSchema) ? readFileSync(planSchema, 'utf8') : '{}';
  const child = spawn(program(), [folder, schemaText], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const nextLine = async () => {
    const {value, done} = await lines.next();
    if (done) throw new Error('server_fixture ended early');
    return value;
  };
  const ready = JSON.parse(await nextLine());
  return {
    ...ready,
    async command(word) {
      child.stdin.write(`${word}\n`);
      const answer = await nextLine();
      if (answer !== 'ok') throw new Error(`${word}: ${answer}`);
    },
    async stop() {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.stdin.end();
      const code = await ended;
      rmSync(folder, {recursive: true, force: true});
      return code;
    },
  };
}
