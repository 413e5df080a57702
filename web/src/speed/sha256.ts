// SHA-256 (FIPS 180-4). The browser's own is there in secure contexts only, and a result is also checked where the
// server is reached by plain HTTP. Pure.

const root = (n: number, power: number): number => {
  const fraction = n ** power % 1;
  return Math.floor(fraction * 2 ** 32) >>> 0;
};

function first_primes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

// §4.2.2: of the cube roots of the first 64 primes; §5.3.3: of the square roots of the first 8.
const K = first_primes(64).map((prime) => root(prime, 1 / 3));
const START = first_primes(8).map((prime) => root(prime, 1 / 2));

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

function padded(message: Uint8Array): DataView {
  const blocks = Math.ceil((message.length + 9) / 64);
  const bytes = new Uint8Array(blocks * 64);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(bytes.length - 4, (message.length << 3) >>> 0);
  return view;
}

function mix(state: number[], view: DataView, at: number): void {
  const w: number[] = [];
  for (let t = 0; t < 64; t++) {
    if (t < 16) {
      w.push(view.getUint32(at + 4 * t));
      continue;
    }
    const early = w[t - 15]!;
    const late = w[t - 2]!;
    const s0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const s1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    w.push((w[t - 16]! + s0 + w[t - 7]! + s1) | 0);
  }
  let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[t]! + w[t]!) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i]! + word) | 0));
}

export function sha256(message: Uint8Array): Uint8Array {
  const view = padded(message);
  const state = [...START];
  for (let at = 0; at < view.byteLength; at += 64) mix(state, view, at);
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}
