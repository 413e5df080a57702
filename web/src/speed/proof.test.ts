import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { signed_tests } from './batch';
import { check, root_of } from './proof';
import { sha256 } from './sha256';

const node_sha = (...parts: Uint8Array[]) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

test("SHA-256 is Node's at every length around a block", () => {
  const messages = [0, 1, 3, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000].map((length) =>
    Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255),
  );
  expect(messages.map((message) => base64(sha256(message)))).toEqual(
    messages.map((message) => base64(node_sha(message))),
  );
});

/** RFC 6962 §2.1, by the book: root and path over leaf hashes, by Node's SHA-256. */
function tree(leaves: Uint8Array[], index: number): { root: Uint8Array; path: Uint8Array[] } {
  if (leaves.length === 1) return { root: leaves[0]!, path: [] };
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  const own = index < split ? tree(left, index) : tree(right, index - split);
  const other = index < split ? tree(right, 0).root : tree(left, 0).root;
  const [l, r] = index < split ? [own.root, other] : [other, own.root];
  return { root: node_sha(Uint8Array.of(1), l, r), path: [...own.path, other] };
}

test('every leaf of trees of 1 to 9 leads to the root, and with another number it does not', () => {
  for (let size = 1; size <= 9; size++) {
    const leaves = Array.from({ length: size }, (_, i) => node_sha(Uint8Array.of(0, i)));
    for (let index = 0; index < size; index++) {
      const { root, path } = tree(leaves, index);
      expect(base64(root_of(leaves[index]!, index, size, path)!)).toBe(base64(root));
      const wrong = root_of(leaves[index]!, (index + 1) % size, size, path);
      if (size > 1) expect(wrong && base64(wrong)).not.toBe(base64(root));
    }
  }
});

function ledger_of(batch: Uint8Array) {
  const entry = new Uint8Array(96);
  const view = new DataView(entry.buffer);
  view.setBigUint64(4, 2n);
  view.setBigInt64(52, 1_700_000_000_000n);
  entry.set(node_sha(batch), 64);
  const leaves = [0, 1, 2, 3, 4].map((i) => (i === 2 ? node_sha(Uint8Array.of(0), entry) : node_sha(Uint8Array.of(i))));
  const { root, path } = tree(leaves, 2);
  const make = () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return { privateKey, raw: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
  };
  // One whose Base 64 holds the sign that also parts a verifier key.
  let { privateKey, raw } = make();
  while (!base64(Buffer.concat([Buffer.of(1), raw])).includes('+')) ({ privateKey, raw } = make());
  const text = `test/log\n5\n${base64(root)}\n`;
  const signature = Buffer.concat([Buffer.alloc(4), sign(null, Buffer.from(text), privateKey)]);
  const key = `test/log+00000000+${base64(Buffer.concat([Buffer.of(1), raw]))}\n`;
  const proof = [
    'c2sp.org/tlog-proof@v1',
    `extra ${base64(entry)}`,
    'index 2',
    ...path.map(base64),
    '',
    `${text}\n\u2014 test/log ${base64(signature)}\n`,
  ].join('\n');
  return { proof, key };
}

test('a whole proof holds, and no part of it can be exchanged', async () => {
  const batch = Uint8Array.of(1, 2, 3);
  const { proof, key } = ledger_of(batch);
  const proven = await check(batch, proof, key);
  expect(proven).toMatchObject({ record: 2, size: 5, received_unix_ms: 1_700_000_000_000 });
  expect(proven.signed).toBe(true);
  const forged = ledger_of(batch);
  await expect(check(batch, proof, forged.key)).rejects.toThrow('signature');
  await expect(check(Uint8Array.of(1, 2, 4), proof, key)).rejects.toThrow('another batch');
  await expect(check(batch, proof.replace('index 2', 'index 3'), key)).rejects.toThrow('another number');
  const other = ledger_of(Uint8Array.of(9));
  const mixed = proof.slice(0, proof.indexOf('\n\n')) + other.proof.slice(other.proof.indexOf('\n\n'));
  await expect(check(batch, mixed, key)).rejects.toThrow('not in the tree');
});

test('figures are read from the bytes that were signed', () => {
  // SignedBatch{1: Batch{2: 1, 13: AccessResult{8: 6, 9: "ndt7", 10: UP, 20: 300000000000, 25: 128}}, 3: signature}
  const bytes = Buffer.from('0a1a10016a1640064a046e6474375002a00180f092cbdd08c80180011a0102', 'hex');
  expect(signed_tests(bytes)).toEqual([{ direction: 'up', family: 6, throughput: 300_000_000_000, moved_bytes: 128 }]);
  expect(() => signed_tests(bytes.subarray(0, 12))).toThrow('cut short');
});
