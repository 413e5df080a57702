// The OpenAPI document itself: valid 3.1, and every $ref leads somewhere.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {fileURLToPath} from 'node:url';
import {createConfig, lint} from '@redocly/openapi-core';

const document = fileURLToPath(new URL('../../../docs/openapi.yaml', import.meta.url));

test('docs/openapi.yaml is a valid OpenAPI 3.1 document', async () => {
  const config = await createConfig({
    extends: ['minimal'],
    rules: {
      struct: 'error',
      'no-unresolved-refs': 'error',
      'operation-operationId-unique': 'error',
      'path-parameters-defined': 'error',
      'no-ambiguous-paths': 'error',
      'security-defined': 'off',
      'operation-2xx-response': 'error',
    },
  });
  const problems = await lint({ref: document, config});
  const lines = problems.map((p) => `${p.severity} ${p.ruleId} ${p.location[0]?.pointer ?? ''}: ${p.message}`);
  assert.deepEqual(lines.filter((line) => line.startsWith('error')), []);
});
