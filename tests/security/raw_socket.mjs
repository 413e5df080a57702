// Bytes as they are, right or wrong, and what comes back.
import net from 'node:net';

export class RawSocket {
  static connect(port, host = '127.0.0.1') {
    return new Promise((resolve, reject) => {
      const socket = net.connect({port, host, allowHalfOpen: true});
      const self = new RawSocket(socket);
      socket.once('connect', () => resolve(self)).once('error', reject);
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.text = '';
    this.closed = false;
    this.waiters = new Set();
    const wake = () => { for (const waiter of [...this.waiters]) waiter(); };
    socket.on('data', (part) => { this.text += part.toString('latin1'); wake(); });
    const end = () => { this.closed = true; wake(); };
    socket.on('end', end).on('close', end).on('error', end);
  }

  send(bytes) { if (!this.closed) this.socket.write(bytes); return this; }
  endSending() { this.socket.end(); return this; }
  drop() { this.socket.destroy(); }

  #when(done) {
    return new Promise((resolve) => {
      const check = () => {
        if (!done()) return;
        this.waiters.delete(check);
        resolve(this.text);
      };
      this.waiters.add(check);
      check();
    });
  }
  // Everything until the server closes.
  all() { return this.#when(() => this.closed); }
  // Everything until that text has come, or the server closes.
  untilText(mark) { return this.#when(() => this.closed || this.text.includes(mark)); }
}

// One exchange: sends, reads until the server closes.
export async function exchange(port, bytes) {
  const socket = await RawSocket.connect(port);
  socket.send(bytes);
  const text = await socket.all();
  socket.drop();
  return text;
}

export const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
export const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));
