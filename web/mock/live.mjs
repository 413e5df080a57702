// GET live of the mock: hello, then rows as each listener asked for them, every 2 s.

import * as answers from './answers.mjs';

const listeners = new Map();
let event_id = 0;

const write = (res, kind, body) => res.write(`id: ${++event_id}\nevent: ${kind}\ndata: ${JSON.stringify(body)}\n\n`);

export function broadcast(kind, body) {
  for (const res of listeners.keys()) write(res, kind, body);
}

const FIGURES = ['sent', 'received', 'lost', 'rtt_p50', 'rtt_p99', 'ipdv_p99'];

function send_rows(res, query, rows) {
  const wanted = rows.filter(
    (r) =>
      (!query.get('path') || r.id === query.get('path')) &&
      (!query.get('family') || String(r.family) === query.get('family')) &&
      (!query.get('method') || r.method === query.get('method')),
  );
  const how = query.get('rows') ?? 'full';
  if (how === 'figures')
    write(res, 'figures', {
      columns: ['id', 'state', ...FIGURES],
      rows: wanted.map((r) => [r.id, r.state, ...FIGURES.map((f) => r.minute[f])]),
    });
  else if (how === 'states')
    write(res, 'states', { columns: ['id', 'state'], rows: wanted.map((r) => [r.id, r.state]) });
  else if (how === 'full') write(res, 'paths', { paths: wanted });
}

export function follow(query, req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  listeners.set(res, query);
  req.on('close', () => listeners.delete(res));
  write(res, 'hello', answers.status());
}

setInterval(() => {
  if (listeners.size === 0) return;
  const rows = answers.rows();
  for (const [res, query] of listeners) send_rows(res, query, rows);
}, 2000).unref();
setInterval(() => broadcast('status', answers.status()), 5000).unref();
