// What the worker that moves the bytes tells the page. Times in milliseconds since the test began, sizes in bytes.

export type Direction = 'download' | 'upload';

export interface Order {
  direction: Direction;
  url: string;
}

/** As ndt7's measurement messages say it (microseconds), as far as the page uses it. */
export interface ServerWord {
  AppInfo?: { ElapsedTime: number; NumBytes: number };
  ConnectionInfo?: { Client: string; Server: string };
  TCPInfo?: { MinRTT?: number; RTT?: number };
}

export type Told =
  | { kind: 'open' }
  | { kind: 'bytes'; at: number; bytes: number }
  | { kind: 'server'; word: ServerWord }
  | { kind: 'end'; code: number; opened: boolean };
