// The figures of a visitor's result out of the signed batch's bytes (docs/spec/batch.md), so that what the page shows
// is what was signed. Pure; throws on what is no batch.

export interface SignedTest {
  direction: 'down' | 'up' | '';
  family: number;
  throughput: number; // bit/s
  moved_bytes: number;
}

type Field = { number: number; value: number; bytes: Uint8Array | null };

/** Fields of a Protocol Buffers message. Numbers up to 2^53. */
function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 63) throw new Error('a number is cut short');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) yield { number, value: varint(), bytes: null };
    else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else if (kind === 2) {
      const length = varint();
      if (at + length > message.length) throw new Error('a field is cut short');
      yield { number, value: 0, bytes: message.subarray(at, (at += length)) };
    } else throw new Error('not a batch');
  }
}

const DIRECTIONS = ['', 'down', 'up'] as const;

function test_of(message: Uint8Array): SignedTest {
  const test: SignedTest = { direction: '', family: 0, throughput: 0, moved_bytes: 0 };
  for (const { number, value } of fields(message)) {
    if (number === 8) test.family = value;
    else if (number === 10) test.direction = DIRECTIONS[value] ?? '';
    else if (number === 20) test.throughput = value;
    else if (number === 25) test.moved_bytes = value;
  }
  return test;
}

/** SignedBatch.batch (1), Batch.access (13), AccessResult. */
export function signed_tests(signed_batch: Uint8Array): SignedTest[] {
  const tests: SignedTest[] = [];
  for (const outer of fields(signed_batch)) {
    if (outer.number !== 1 || !outer.bytes) continue;
    for (const inner of fields(outer.bytes)) if (inner.number === 13 && inner.bytes) tests.push(test_of(inner.bytes));
  }
  return tests;
}
