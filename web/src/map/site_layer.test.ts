import { describe, expect, it } from 'vitest';
import type { AccessGroup } from '../api/types';
import { disc, position, site_access } from './site_layer';

const spread = (median: number) => ({ count: 3, least: median / 2, median, greatest: median * 2 });
function group(over: Partial<AccessGroup> = {}): AccessGroup {
  return {
    site: 'gz',
    network: 'fixed',
    access: 'fixed',
    method: 'tcp',
    direction: 'down',
    slot: 0,
    tests: 3,
    done: 3,
    disturbed: 0,
    moved_bytes: 1,
    newest_unix_ms: 0,
    throughput: spread(900e6),
    idle_p50: null,
    loaded_p50: null,
    rpm: null,
    verdicts: {},
    ...over,
  };
}

describe('the access of a site', () => {
  const access = site_access([
    group({ network: '5g', access: '5g', throughput: spread(300e6), verdicts: { loss: 2, unsure: 1 } }),
    group({ verdicts: { network: 4 } }),
    group({ direction: 'up', throughput: spread(9e9) }),
    group({ method: 'responsiveness', throughput: spread(5e9), rpm: spread(700), direction: 'both' }),
    group({ site: 'hk', throughput: null, verdicts: { unspecified: 5 } }),
  ]);
  it('is that of the network that carries most, downwards, by the usual method', () => {
    expect(access.get('gz')!.capacity!.median).toBe(900e6);
    expect(access.get('gz')!.rpm!.median).toBe(700);
  });
  it('has the limit that was met most often', () => {
    expect(access.get('gz')).toMatchObject({ verdict: 'network', met: 4, judged: 7 });
    expect(access.get('hk')).toMatchObject({ verdict: null, judged: 0 });
  });
  it('is a disc that grows with the figure, and none without a figure', () => {
    const small = disc('capacity', site_access([group({ throughput: spread(5e6) })]).get('gz'), 6)!;
    const large = disc('capacity', access.get('gz'), 6)!;
    expect(large.radius).toBeGreaterThan(small.radius);
    expect(large.colour).not.toBe(small.colour);
    expect(disc('rpm', access.get('hk'), 6)).toBeNull();
    expect(disc('verdict', access.get('hk'), 6)).toBeNull();
    expect(disc('verdict', access.get('gz'), 6)!.colour).toBe('var(--there)');
    expect(disc('state', access.get('gz'), 6)).toBeNull();
  });
});

describe('positions', () => {
  it('are logarithmic between the ends of the scale', () => {
    expect(position('capacity', 1e6)).toBe(0);
    expect(position('capacity', 10 ** 8.5)).toBeCloseTo(0.5);
    expect(position('capacity', 1e11)).toBe(1);
    expect(position('rpm', 0)).toBe(0);
  });
});
