// Names for the shapes of docs/openapi.yaml, from which schema.d.ts is generated (npm run api). Delays are integers in
// nanoseconds, times Unix milliseconds UTC, ratios 0..1; null means "not known", which is never the same as zero.

import type { components } from './schema';

type Schemas = components['schemas'];

export type Words = Schemas['Text'];
export type PathState = Schemas['PathState'];
export type Family = Schemas['Family'];
export type Status = Schemas['Status'];
export type Storage = Schemas['Storage'];
export type StoreLevel = Schemas['StoreLevel'];
export type Session = Schemas['Session'];
export type Region = Schemas['Region'];
export type Site = Schemas['Site'];
export type Link = Schemas['Link'];
export type LinkSettings = Schemas['LinkSettings'];
export type PathRow = Schemas['PathRow'];
export type PathDetail = Schemas['PathDetail'];
export type Series = Schemas['Series'];
export type SeriesPoint = Schemas['SeriesPoint'];
export type Quantiles = NonNullable<Schemas['Distribution']>;
export type Mesh = Schemas['Mesh'];
export type MeshCell = Mesh['cells'][number];
export type MeshFigure = Schemas['Figure'];
export type Overview = Schemas['Overview'];
export type ChangedPath = Overview['changed'][number];
export type LinkFigure = Overview['links'][number];
export type Change = Schemas['Change'];
export type SpeedTicket = Schemas['SpeedTicket'];
export type SpeedServer = Schemas['SpeedServer'];
export type SpeedResultKept = Schemas['SpeedResultKept'];
export type SpeedResult = Schemas['SpeedResult'];
export type ProbeRow = Schemas['Probe'];
export type Vantage = Schemas['Vantage'];
export type RefusedKey = Schemas['RefusedKey'];

export type AccessTest = Schemas['AccessTest'];
export type AccessGroup = Schemas['AccessGroup'];
export type AccessSpread = Schemas['AccessSpread'];
export type AccessLimit = Schemas['AccessLimit'];

export interface Access {
  from_unix_ms: number;
  to_unix_ms: number;
  utc_offset_s: number;
  newest: AccessTest[];
  groups: AccessGroup[];
  hours: AccessGroup[];
  weekdays: AccessGroup[];
}

export interface Probes {
  probes: ProbeRow[];
  refused: RefusedKey[];
}

export interface LinkAnswer {
  link: Link;
  message: Words;
  paths_using: number | null;
}
