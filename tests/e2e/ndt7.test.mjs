// M-Lab's own ndt7 client (@m-lab/ndt7 from npm) against the server of GNOMON_URL: in Chromium as a web page runs it, and
// its two workers in Node. Its figures in Chromium are no measure of speed here: playwright copies every WebSocket frame
// to itself.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import utils from "playwright-core/lib/utilsBundle";
import { BASE, launch } from "./browser.mjs";

const HOST = new URL(BASE).host;
const SCHEME = BASE.startsWith("https") ? "wss" : "ws";
const source = (name) =>
  readFileSync(
    fileURLToPath(
      new URL(`node_modules/@m-lab/ndt7/src/${name}`, import.meta.url),
    ),
    "utf8",
  );
const DOWNLOAD = source("ndt7-download-worker.js");
const UPLOAD = source("ndt7-upload-worker.js");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** What a server's measurement must hold (ndt7 specification, "Measurement message"). */
function holds_specification(measurement, name) {
  assert.equal(measurement.Origin, "server");
  assert.equal(measurement.Test, name);
  assert.match(
    measurement.ConnectionInfo.Client,
    /^(127\.0\.0\.1|\[::1\]):\d+$/,
  );
  assert.match(
    measurement.ConnectionInfo.Server,
    /^(127\.0\.0\.1|\[::1\]):\d+$/,
  );
  assert.ok(!Number.isNaN(Date.parse(measurement.ConnectionInfo.StartTime)));
  for (const figure of [
    measurement.AppInfo.ElapsedTime,
    measurement.AppInfo.NumBytes,
  ])
    assert.ok(Number.isInteger(figure) && figure > 0);
  for (const figure of [
    "BusyTime",
    "BytesAcked",
    "BytesReceived",
    "BytesSent",
    "BytesRetrans",
    "ElapsedTime",
    "MinRTT",
    "RTT",
    "RTTVar",
    "RWndLimited",
    "SndBufLimited",
  ])
    assert.ok(Number.isInteger(measurement.TCPInfo[figure]), figure);
}

test("in Chromium, download and upload", { timeout: 60_000 }, async () => {
  const context = await browser.newContext({
    bypassCSP: true,
    ignoreHTTPSErrors: true,
  });
  const page = await context.newPage();
  await page.goto(BASE);
  await page.addScriptTag({ content: source("ndt7.js") });
  const seen = await page.evaluate(
    async ([server, protocol, download, upload]) => {
      const file = (text) =>
        URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      const out = { errors: [], download: [], upload: [] };
      out.code = await globalThis.ndt7.test(
        {
          server,
          protocol,
          mlabDataPolicyInapplicable: true,
          downloadworkerfile: file(download),
          uploadworkerfile: file(upload),
        },
        {
          error: (error) => out.errors.push(String(error)),
          downloadMeasurement: (m) => out.download.push(m),
          uploadMeasurement: (m) => out.upload.push(m),
        },
      );
      return out;
    },
    [HOST, SCHEME, DOWNLOAD, UPLOAD],
  );
  await context.close();
  assert.deepEqual(seen.errors, []);
  assert.equal(seen.code, 0);
  for (const name of ["download", "upload"]) {
    const of = (who) =>
      seen[name].filter((m) => m.Source === who).map((m) => m.Data);
    assert.ok(of("client").length > 5, `${name}: the client measured`);
    // At most ten texts a second.
    assert.ok(
      of("server").length > 20 && of("server").length <= 120,
      `${name}: ${of("server").length} texts`,
    );
    assert.ok(of("client").at(-1).NumBytes > 1e6);
    holds_specification(of("server").at(-1), name);
  }
});

/** One of the package's workers with what it wants of its world. */
function run_worker(text, urls) {
  return new Promise((resolve, reject) => {
    const messages = [];
    const world = { WebSocket: utils.ws, performance, setTimeout, self: {} };
    world.postMessage = (message) => {
      messages.push(message);
      if (message.MsgType === "error")
        reject(new Error(JSON.stringify(message)));
      if (message.MsgType === "complete") resolve(messages);
    };
    vm.runInNewContext(text, world);
    world.self.onmessage({ data: urls });
  });
}

for (const [name, text] of [
  ["download", DOWNLOAD],
  ["upload", UPLOAD],
]) {
  test(`in Node, ${name}`, { timeout: 30_000 }, async () => {
    const url = `${SCHEME}://${HOST}/ndt/v7/${name}?client_library_name=ndt7-js`;
    const messages = await run_worker(text, { [`///ndt/v7/${name}`]: url });
    const client = messages
      .filter((m) => m.Source === "client")
      .at(-1).ClientData;
    const server = messages
      .filter((m) => m.Source === "server")
      .map((m) => JSON.parse(m.ServerMessage))
      .at(-1);
    holds_specification(server, name);
    assert.ok(client.NumBytes > 1e6);
    // Texts are counted by the client, too; the server's last word came a tenth of a second before the end at most.
    const rate = (figures, unit) =>
      (figures.NumBytes * 8) / (figures.ElapsedTime * unit);
    const by_client = rate(client, 1e6);
    const by_server = rate(server.AppInfo, 1);
    assert.ok(
      Math.abs(by_client / by_server - 1) < 0.2,
      `${by_client} and ${by_server} Mbit/s`,
    );
  });
}
