import { expect, test, vi } from 'vitest';
import { limits } from './limits';

vi.mock('../state/prefs.svelte', () => ({ prefs: { language: 'en' } }));

const judged = (verdict: string, direction: 'down' | 'up' = 'down', queue: number | null = null) => ({
  ...{ direction, verdict, queue },
  throughput: 93e6,
});

test('one sentence for each direction that was judged', () => {
  expect(limits([judged('client_cpu'), judged('unspecified', 'up')])).toEqual([
    'What limited the download at 93.0 Mbit/s, by what the server saw: the processor of this device, so the line can be faster.',
  ]);
  expect(limits([judged('policer', 'up')])[0]).toContain('the upload at 93.0 Mbit/s');
});

test('a queue that is felt is told', () => {
  expect(limits([judged('network', 'down', 48_600_000)])[0]).toMatch(/comes 49 ms later\.$/);
  expect(limits([judged('network', 'down', 400_000)])[0]).not.toContain('queue');
});

test('every verdict of the server has words', () => {
  const verdicts = 'network policer loss client_cpu server_cpu receive_window send_buffer application radio unsure';
  for (const verdict of verdicts.split(' ')) expect(limits([judged(verdict)])[0]).not.toContain(`: ${verdict}.`);
});
