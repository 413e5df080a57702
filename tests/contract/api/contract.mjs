// Validates answers of the running server against docs/openapi.yaml, with ajv (JSON Schema 2020-12).
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import assert from 'node:assert/strict';
import http from 'node:http';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {parse} from 'yaml';

const file = fileURLToPath(new URL('../../../docs/openapi.yaml', import.meta.url));
export const document = parse(readFileSync(file, 'utf8'));

const ajv = new Ajv2020({strict: false, allErrors: true});
addFormats(ajv);
ajv.addSchema({$id: 'openapi', ...document});

const compiled = new Map();
function validator(pointer) {
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({$ref: `openapi#${pointer}`}));
  return compiled.get(pointer);
}

const escape = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');

export function holdsSchema(name, value) {
  const validate = validator(`/components/schemas/${name}`);
  assert.ok(validate(value), `${name}: ${ajv.errorsText(validate.errors)}`);
}

// Every operation as {method, path}; those that a test met are noted in `met`.
export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  ['get', 'post', 'put', 'delete'].filter((method) => item[method]).map((method) => `${method} ${path}`));
export const met = new Map();

// Announces a body of so many bytes and sends none: a server that refuses it by its size answers at once, and no race
// between its answer and our writing can hide the answer.
function announce(url, method, headers, bytes) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {method, headers: {...headers, 'content-length': bytes}}, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', () => {
        request.destroy();
        resolve({status: answer.statusCode, headers: new Headers(answer.headers), text: async () => text});
      });
    });
    request.on('error', reject);
    request.flushHeaders();
  });
}

// Asks and validates: the status must be one that the document names, the content type and body as it says.
// `template`: the path as in the document, `target`: the one to ask for.
export async function ask(base, method, template, {target = template, status = 200, body, headers = {}, json, announced} = {}) {
  const request = {method: method.toUpperCase(), headers: {...headers}};
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers['content-type'] = 'application/json';
  } else if (body !== undefined) {
    request.body = body;
  }
  const answer = announced === undefined
    ? await fetch(base + target, request)
    : await announce(base + target, request.method, request.headers, announced);
  const text = await answer.text();
  const where = `${method} ${target}`;
  assert.equal(answer.status, status, `${where}: ${text.slice(0, 400)}`);
  const key = `${method} ${template}`;
  met.set(key, [...(met.get(key) ?? []), status]);

  const operation = document.paths[template][method];
  let response = operation.responses[String(status)];
  assert.ok(response, `${where}: the document does not name status ${status}`);
  let pointer = `/paths/${escape(template)}/${method}/responses/${status}`;
  if (response.$ref) {
    pointer = response.$ref.slice(1);
    response = document.components.responses[pointer.split('/').at(-1)];
  }
  if (!response.content) {
    assert.equal(text, '', where);
    return {answer, text};
  }
  const type = (answer.headers.get('content-type') ?? '').split(';')[0];
  const media = response.content[type];
  assert.ok(media, `${where}: content type ${type} is not one of ${Object.keys(response.content)}`);
  if (!type.endsWith('json')) return {answer, text};
  const value = JSON.parse(text);
  const validate = validator(`${pointer}/content/${escape(type)}/schema`);
  assert.ok(validate(value), `${where}: ${ajv.errorsText(validate.errors)}\n${text.slice(0, 600)}`);
  return {answer, text, value};
}
