// A region like the bundled delta, for developing the dashboard without the real server. Never shipped.

const city = (id, en, zh, lat, lon) => ({ id, name: { en, zh }, kind: 'city', lat, lon, access: [] });
const CITIES = [
  city('gz', 'Guangzhou', '广州', 23.129, 113.264), city('fs', 'Foshan', '佛山', 23.021, 113.122),
  city('dg', 'Dongguan', '东莞', 23.02, 113.752), city('sz', 'Shenzhen', '深圳', 22.543, 114.058),
  city('zh', 'Zhuhai', '珠海', 22.271, 113.577), city('zs', 'Zhongshan', '中山', 22.517, 113.393),
  city('jm', 'Jiangmen', '江门', 22.579, 113.082), city('hz', 'Huizhou', '惠州', 23.112, 114.416),
  city('zq', 'Zhaoqing', '肇庆', 23.047, 112.465),
];
const OTHERS = [
  { id: 'ix', name: { en: 'Delta IX', zh: '湾区交换中心' }, kind: 'exchange', lat: 23.12, lon: 113.33, access: [] },
  { id: 'dc-1', name: { en: 'Data centre 1', zh: '一号数据中心' }, kind: 'datacentre', lat: 23.16, lon: 113.45, access: [] },
  { id: 'dc-2', name: { en: 'Data centre 2', zh: '二号数据中心' }, kind: 'datacentre', lat: 22.62, lon: 114.12, access: [] },
  { id: 'cloud', name: { en: 'Cloud entry', zh: '云入口' }, kind: 'cloud', lat: 22.53, lon: 113.95, access: [] },
  { id: 'factory', name: { en: 'Factory', zh: '工厂' }, kind: 'factory', lat: 22.93, lon: 113.67, access: ['fixed', '5g'] },
  { id: 'road', name: { en: 'Shenzhong road', zh: '深中通道' }, kind: 'road', lat: 22.49, lon: 113.75, access: ['5g'] },
];
const ACCESS = ['gz', 'sz', 'fs', 'dg'].flatMap((id) => {
  const c = CITIES.find((x) => x.id === id);
  return [['fixed', 'fixed', '固网'], ['5g', '5G', '5G']].map(([kind, en, zh]) => ({
    id: `${id}-${kind}`, name: { en: `${c.name.en} ${en}`, zh: `${c.name.zh}${zh}` }, kind: 'city', lat: c.lat, lon: c.lon, access: [kind],
  }));
});
export const sites = [...CITIES, ...OTHERS, ...ACCESS].map((s, i) => ({ ...s, probe: (i + 17).toString(16).padStart(2, '0').repeat(16) }));

const PAIRS = [
  ['gz', 'fs', 'metro'], ['gz', 'ix', 'core'], ['gz', 'dg', 'core'], ['dg', 'sz', 'core'], ['ix', 'sz', 'core'], ['gz', 'zs', 'core'],
  ['zs', 'zh', 'core'], ['jm', 'zs', 'metro'], ['fs', 'jm', 'core'], ['fs', 'zq', 'core'], ['dg', 'hz', 'core'], ['sz', 'hz', 'core'],
  ['ix', 'dc-1', 'core'], ['gz', 'dc-1', 'core'], ['sz', 'dc-2', 'core'], ['dg', 'dc-2', 'core'], ['sz', 'cloud', 'core'], ['ix', 'cloud', 'core'],
  ['dg', 'factory', 'metro'], ['sz', 'road', 'access-5g'], ['zs', 'road', 'access-5g'],
  ...['gz', 'sz', 'fs', 'dg'].flatMap((c) => [[c, `${c}-fixed`, 'access-fixed'], [c, `${c}-5g`, 'access-5g']]),
];

const KIND = {
  core: { jitter_us: 30, loss_ratio: 0, rate_bps: 100e9, extra: 80 },
  metro: { jitter_us: 60, loss_ratio: 1e-5, rate_bps: 10e9, extra: 120 },
  'access-fixed': { jitter_us: 250, loss_ratio: 1e-4, rate_bps: 1e9, extra: 1100 },
  'access-5g': { jitter_us: 2600, loss_ratio: 1e-3, rate_bps: 600e6, extra: 7200 },
};

export const site_of = new Map(sites.map((s) => [s.id, s]));
export function distance_km(a, b) {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  return Math.hypot(x, (b.lat - a.lat) * rad) * 6371;
}
export const links = PAIRS.map(([a, b, kind]) => {
  const k = KIND[kind];
  const delay_us = Math.round((distance_km(site_of.get(a), site_of.get(b)) * 1.4) / 0.2 + k.extra);
  const one = { delay_us, jitter_us: k.jitter_us, loss_ratio: k.loss_ratio, rate_bps: k.rate_bps, queue_ms: 50, reorder_ratio: 0, duplicate_ratio: 0, mtu: 1500 };
  return { id: `${a}--${b}`, a, b, kind, state: 'up', settings: { forward: { ...one }, backward: { ...one } }, changed: false };
});
export const planned = new Map(links.map((l) => [l.id, structuredClone(l)]));
