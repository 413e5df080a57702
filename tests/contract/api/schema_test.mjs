// The JSON Schemas of plans and regions, held by a validator that nobody here wrote: every file that ships is valid, and
// files with the faults that people make are not.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import add_formats from 'ajv-formats';
import { parse } from 'yaml';

const root = new URL('../../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

function validator(path) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  add_formats(ajv);
  return ajv.compile(JSON.parse(read(path)));
}

function yaml_files(folder) {
  return readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.yaml')).map((name) => folder + name);
}

for (const [schema, folder] of [['docs/schema/plan.schema.json', 'plans/'], ['docs/schema/region.schema.json', 'src/lab/regions/']]) {
  const valid = validator(schema);
  const files = yaml_files(folder);

  test(`${folder} holds files`, () => assert.ok(files.length > 0));
  for (const file of files) {
    test(`${file} is valid`, () => assert.ok(valid(parse(read(file))), JSON.stringify(valid.errors)));
    test(`${file} with a misspelt key is not`, () => {
      const document = parse(read(file));
      document.nmae = 'x';
      assert.equal(valid(document), false);
    });
  }
}

test('a plan without measurements is not valid', () => {
  const valid = validator('docs/schema/plan.schema.json');
  assert.equal(valid({ targets: { a: { addresses: ['192.0.2.1'] } } }), false);
});

test('a plan with an unknown method is not valid', () => {
  const valid = validator('docs/schema/plan.schema.json');
  assert.equal(valid({ targets: { a: { addresses: ['192.0.2.1'] } }, measurements: [{ name: 'm', from: 'all', to: ['a'], method: 'pong' }] }), false);
});
