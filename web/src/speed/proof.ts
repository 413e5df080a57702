// The proof of a result in the ledger, checked here and not by the server: docs/spec/ledger.md, C2SP tlog-proof,
// RFC 9162 §2.1.3.2.

import { sha256 } from './sha256';

export interface Proof {
  index: number;
  entry: Uint8Array;
  hashes: Uint8Array[];
  checkpoint: string;
}
export interface Proven {
  record: number;
  size: number;
  root: string; // Base64
  received_unix_ms: number;
  /** Whether the ledger's signature holds; null where this browser cannot check one. */
  signed: boolean | null;
}

const ENTRY_BYTES = 96;

export function from_base64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function parse_proof(text: string): Proof {
  const gap = text.indexOf('\n\n');
  const lines = text.slice(0, gap).split('\n');
  if (gap < 0 || lines[0] !== 'c2sp.org/tlog-proof@v1') throw new Error('not a proof');
  if (!lines[1]?.startsWith('extra ') || !lines[2]?.startsWith('index ')) throw new Error('a proof without its entry');
  return {
    entry: from_base64(lines[1].slice(6)),
    index: Number(lines[2].slice(6)),
    hashes: lines.slice(3).map(from_base64),
    checkpoint: text.slice(gap + 2),
  };
}

/** The root that the hashes lead to from this leaf; null when they are not as many as the tree is high. */
export function root_of(leaf: Uint8Array, index: number, size: number, hashes: readonly Uint8Array[]) {
  if (!(index < size)) return null;
  let node = leaf;
  let at = index;
  let last = size - 1;
  const parent = (left: Uint8Array, right: Uint8Array) => sha256(joined(Uint8Array.of(1), left, right));
  for (const hash of hashes) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      node = parent(hash, node);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = parent(node, hash);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? node : null;
}

async function is_signed(checkpoint: string, key: string): Promise<boolean | null> {
  // NAME+ID+BASE64: only the last part may hold further signs of plus.
  const [name = '', id = ''] = key.split('+');
  const blob = key.trim().slice(name.length + id.length + 2);
  const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1);
  const line = checkpoint.split('\n').find((one) => one.startsWith(`\u2014 ${name} `));
  if (!line) return false;
  const signature = from_base64(line.slice(line.lastIndexOf(' ') + 1)).slice(4);
  if (!globalThis.crypto?.subtle) return null;
  try {
    const raw = from_base64(blob).slice(1);
    const imported = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, new TextEncoder().encode(text));
  } catch {
    return null; // This browser knows no Ed25519.
  }
}

/** Throws, in words, when the proof does not hold. */
export async function check(batch: Uint8Array, proof_text: string, key: string): Promise<Proven> {
  const proof = parse_proof(proof_text);
  if (proof.entry.length !== ENTRY_BYTES) throw new Error('the entry has another length');
  const entry = new DataView(proof.entry.buffer, proof.entry.byteOffset);
  if (!equal(proof.entry.subarray(64), sha256(batch))) throw new Error('the entry is of another batch');
  if (Number(entry.getBigUint64(4)) !== proof.index) throw new Error('the entry has another number');
  const [, size_line, root] = proof.checkpoint.split('\n') as [string, string, string];
  const size = Number(size_line);
  const leaf = sha256(joined(Uint8Array.of(0), proof.entry));
  const reached = root_of(leaf, proof.index, size, proof.hashes);
  if (!reached || !equal(reached, from_base64(root))) throw new Error('the entry is not in the tree');
  const signed = await is_signed(proof.checkpoint, key);
  if (signed === false) throw new Error("the ledger's signature does not hold");
  return { record: proof.index, size, root, received_unix_ms: Number(entry.getBigInt64(52)), signed };
}
