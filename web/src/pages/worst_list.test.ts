import { describe, expect, it } from 'vitest';
import type { MeshCell, PathState } from '../api/types';
import { WorstList } from './worst_list';

const cell = (path: string, value: number, state: PathState = 'good'): MeshCell => ({
  source: path[0]!,
  target: path[1]!,
  path,
  value,
  sent: 10,
  state,
});
const names = (rows: readonly MeshCell[]): string[] => rows.map((r) => r.path);

describe('the list of the worst', () => {
  it('stands for five seconds while only values change', () => {
    const list = new WorstList();
    const before = list.read([cell('ab', 10), cell('ba', 20)], 9, 'rtt', 1_000);
    expect(names(before)).toEqual(['ba', 'ab']);
    expect(list.read([cell('ab', 30), cell('ba', 20)], 9, 'rtt', 5_999)).toBe(before);
    expect(names(list.read([cell('ab', 30), cell('ba', 20)], 9, 'rtt', 6_000))).toEqual(['ab', 'ba']);
  });

  it('follows at once when a state changes, a pair comes or goes, or something else is asked', () => {
    const list = new WorstList();
    list.read([cell('ab', 10), cell('ba', 20)], 9, 'rtt', 0);
    expect(names(list.read([cell('ab', 10, 'stale'), cell('ba', 20)], 9, 'rtt', 1))).toEqual(['ab', 'ba']);
    expect(list.read([cell('ab', 10, 'sick'), cell('ba', 20)], 9, 'rtt', 2)[0]!.state).toBe('sick');
    expect(names(list.read([cell('ba', 20)], 9, 'rtt', 3))).toEqual(['ba']);
    expect(list.read([cell('ba', 0.1)], 9, 'loss', 4)[0]!.value).toBe(0.1);
    expect(names(list.read([cell('ba', 1), cell('ab', 2)], 1, 'loss', 5))).toEqual(['ab']);
  });

  it('keeps a row that says the same', () => {
    const list = new WorstList();
    const [first] = list.read([cell('ab', 30), cell('ba', 20)], 9, 'rtt', 0);
    const after = list.read([cell('ab', 30), cell('ba', 21)], 9, 'rtt', 9_000);
    expect(after[0]).toBe(first);
    expect(after[1]!.value).toBe(21);
  });
});
