// A signed batch by docs/spec/batch.md alone: enough of Protocol Buffers for one window of one path.
import {createHash, generateKeyPairSync, sign} from 'node:crypto';

const varint = (value) => {
  const out = [];
  let left = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    out.push(left ? low | 0x80 : low);
  } while (left);
  return Buffer.from(out);
};
const zigzag = (value) => varint((BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
const field = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const number = (n, value) => Buffer.concat([varint(n * 8), varint(value)]);
const signed = (n, value) => Buffer.concat([varint(n * 8), zigzag(value)]);
const text = (n, value) => field(n, Buffer.from(value));

const kNone = -(2n ** 63n);

// For each of `count` paths one window of one answered packet: 12 ms.
function windows(count) {
  const repeat = (bytes) => Buffer.concat(Array(count).fill(bytes));
  const plain = [[2, 0], [3, 10_000], [4, 1], [5, 0], [6, 1], [7, 1], [8, 0], [9, 0], [10, 0], [11, 0], [12, 0], [13, 0], [30, 1]];
  const signs = [[14, -1], [15, -1], [16, -1], [17, -1], [20, 12_000_000], [21, 12_000_000], [22, 12_000_000],
    [23, kNone], [24, kNone], [25, kNone], [26, kNone], [31, 1000], [32, -1]];
  const one = Buffer.concat([field(1, repeat(varint(1))), field(2, repeat(zigzag(1632))), field(3, repeat(varint(1)))]);
  const empty = field(1, repeat(varint(0)));
  return Buffer.concat([
    field(1, Buffer.concat(Array.from({length: count}, (_, i) => varint(i)))),
    ...plain.map(([n, v]) => field(n, repeat(varint(v)))), ...signs.map(([n, v]) => field(n, repeat(zigzag(v)))),
    field(40, one), field(41, empty), field(42, empty), field(43, empty),
  ]);
}

export class Probe {
  constructor() {
    const {publicKey, privateKey} = generateKeyPairSync('ed25519');
    this.key = privateKey;
    this.publicKey = publicKey.export({format: 'der', type: 'spki'}).subarray(-32);
    this.id = createHash('sha256').update(this.publicKey).digest().subarray(0, 16);
    this.sequence = 0;
  }
  get publicHex() { return this.publicKey.toString('hex'); }

  // Every text that a probe can choose, and how many paths to tell of: further ones get numbers.
  batch({count = 1, probe = 'probe', site = 'site', item = 'item', method = 'echo', target = 'target', targetSite = 'there', address = '192.0.2.2',
    access = '', version = '1', complaint = '', link = 'eth0', gateway = '192.0.2.1', reason = '', clock = 'ntp_adjtime', plan = '0123'} = {}) {
    const now = Date.now();
    const path = (i) => Buffer.concat([text(1, item), text(2, method), text(3, i ? `${target}-${i}` : target), text(4, targetSite), number(5, 4),
      text(6, address), number(7, 1000), number(8, 56), text(10, access)]);
    const paths = Array.from({length: count}, (_, i) => field(9, path(i)));
    const vantage = Buffer.concat([
      field(1, Buffer.concat([text(1, link), number(2, 1)])),
      field(2, Buffer.concat([number(1, 4), number(2, 1), number(3, 1), number(4, 1), text(5, gateway)])),
      field(3, Buffer.concat([number(1, 1), signed(2, 1000), text(4, clock)])),
      ...(complaint ? [number(10, 1), text(11, complaint)] : [])]);
    const dropped = reason ? [field(11, Buffer.concat([number(1, 1), number(2, 1), number(3, 1), signed(4, now), signed(5, now), text(6, reason)]))] : [];
    const content = Buffer.concat([field(1, this.id), number(2, ++this.sequence), signed(3, now - 12_000), signed(4, now),
      text(5, version), text(6, probe), text(7, site), field(8, vantage), ...paths, field(10, windows(count)), ...dropped, text(12, plan)]);
    return this.seal(content);
  }

  seal(content) {
    const signature = sign(null, Buffer.concat([Buffer.from('gnomon batch v1\n'), content]), this.key);
    return Buffer.concat([field(1, content), field(2, this.publicKey), field(3, signature)]);
  }
}

export const ingestBody = (...batches) => Buffer.concat(batches.map((batch) => field(1, batch)));

// Hands in and returns the verdicts' numbers (IngestResponse.Verdict).
export async function handIn(url, body, headers = {}) {
  const answer = await fetch(`${url}/api/v1/ingest`, {method: 'POST', body, headers: {'content-type': 'application/x-protobuf', ...headers}});
  if (answer.status !== 200) return {status: answer.status, verdicts: []};
  const bytes = Buffer.from(await answer.arrayBuffer());
  const verdicts = [];
  const messages = [];
  for (let at = 0; at < bytes.length;) {
    at += 1;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 0x7f) << shift;
      if (!(byte & 0x80)) break;
    }
    const ack = bytes.subarray(at, at + size);
    at += size;
    for (let k = 0; k < ack.length;) {
      const tag = ack[k++];
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = ack[k++];
        value += (byte & 0x7f) * 2 ** shift;
        if (!(byte & 0x80)) break;
      }
      if (tag === 0x10) verdicts.push(value);
      if (tag === 0x1a) { messages.push(ack.subarray(k, k + value).toString()); k += value; }
    }
  }
  return {status: 200, verdicts, messages};
}
