// One ndt7 test in a thread of its own, so that the page stays alive however fast the line is. Protocol: M-Lab's ndt7.

import type { Order, ServerWord, Told } from './messages';

const PROTOCOL = 'net.measurementlab.ndt.v7';
const FIRST_MESSAGE = 1 << 13;
// Few large messages cost a browser less than many small ones; each takes at most a third of a second of ten.
const LARGEST_MESSAGE = 1 << 23;
const MESSAGE_SHARE = 32;
const LENGTH_MS = 10_000;
const TELL_MS = 100;
// So many messages wait in the browser at most, or as many as it sends in so long: enough to keep it busy whatever else
// the machine does, little enough to end in time.
const WAITING = 8;
const WAITING_LEAST = 2;
const WAITING_MS = 500;

const tell = (told: Told) => postMessage(told);

function random_bytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  // The most that one call gives.
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

function listen(socket: WebSocket, heard: (data: unknown) => void): void {
  let opened = false;
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => {
    opened = true;
    tell({ kind: 'open' });
  });
  socket.addEventListener('close', (event) => tell({ kind: 'end', code: event.code, opened }));
  socket.addEventListener('message', (event) => {
    heard(event.data);
    if (typeof event.data === 'string') tell({ kind: 'server', word: JSON.parse(event.data) as ServerWord });
  });
}

function download(url: string): void {
  const socket = new WebSocket(url, PROTOCOL);
  let begun = 0;
  let told = 0;
  let bytes = 0;
  socket.addEventListener('open', () => (begun = performance.now()));
  listen(socket, (data) => {
    if (data instanceof ArrayBuffer) bytes += data.byteLength;
    const at = performance.now() - begun;
    if (at - told < TELL_MS) return;
    told = at;
    tell({ kind: 'bytes', at, bytes });
  });
}

function upload(url: string): void {
  const socket = new WebSocket(url, PROTOCOL);
  let message = random_bytes(FIRST_MESSAGE);
  let queued = 0;
  let told = 0;
  const go_on = (begun: number) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const at = performance.now() - begun;
    if (at >= LENGTH_MS) return socket.close();
    for (;;) {
      const sent = queued - socket.bufferedAmount;
      if (message.length < LARGEST_MESSAGE && message.length < sent / MESSAGE_SHARE)
        message = random_bytes(message.length * 2);
      const wanted = Math.max(WAITING_LEAST * message.length, at > 0 ? (sent / at) * WAITING_MS : 0);
      if (socket.bufferedAmount >= Math.min(WAITING * message.length, wanted)) break;
      socket.send(message);
      queued += message.length;
    }
    if (at - told >= TELL_MS) {
      told = at;
      tell({ kind: 'bytes', at, bytes: Math.max(0, queued - socket.bufferedAmount) });
    }
    setTimeout(go_on, 0, begun);
  };
  socket.addEventListener('open', () => go_on(performance.now()));
  listen(socket, () => {});
}

addEventListener('message', (event: MessageEvent<Order>) => {
  if (event.data.direction === 'download') download(event.data.url);
  else upload(event.data.url);
});
