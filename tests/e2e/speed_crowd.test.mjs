// Fifty who test their speed at once on one server, each from an address of its own (127.0.0.x): pages of Chromium,
// clients that do what the page does, and M-Lab's client, which knows nothing of tickets. Each is served or told when to
// come again, places in line only fall, and no two tests run at the same time.
//
// In CI most clients test for a third of a second, one page runs a whole test, the other pages leave the line. With
// SPEED_CROWD=whole everybody tests for ten seconds each way: a quarter of an hour.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import utils from "playwright-core/lib/utilsBundle";
import { BASE, launch } from "./browser.mjs";

const WHOLE = process.env.SPEED_CROWD === "whole";
const [PAGES, CLIENTS, MLAB] = [4, 38, 8];
const TEST_MS = WHOLE ? 9_900 : 300;
const LIMIT_MS = WHOLE ? 1_500_000 : 60_000;
const PROTOCOL = "net.measurementlab.ndt.v7";
const WS = BASE.replace("http", "ws");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Tests that run now, by whom; a second one is a fault. */
const line = { running: new Set(), together: [], served: [] };
function begins(who) {
  line.running.add(who);
  if (line.running.size > 1)
    line.together.push([...line.running].join(" and "));
}
function ends(who) {
  line.running.delete(who);
  line.served.push(who);
}

function request(method, path, localAddress, body) {
  return new Promise((resolve, reject) => {
    const asked = http.request(
      `${BASE}/api/v1/${path}`,
      {
        method,
        localAddress,
        agent: false,
        headers: { "Content-Type": "application/json" },
      },
      (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            body: text ? JSON.parse(text) : null,
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body ? JSON.stringify(body) : undefined);
  });
}

/** One direction, ended by this client with a closing handshake. */
function transfer(name, who, localAddress, ticket) {
  return new Promise((resolve, reject) => {
    const socket = new utils.ws(
      `${WS}/ndt/v7/${name}?ticket=${ticket}`,
      PROTOCOL,
      { localAddress },
    );
    const message = Buffer.alloc(8192);
    let bytes = 0;
    const send = () => {
      if (socket.readyState !== 1) return;
      if (socket.bufferedAmount < 4 * message.length) socket.send(message);
      setTimeout(send, 1);
    };
    socket.on("open", () => {
      begins(who);
      setTimeout(() => socket.close(1000), TEST_MS);
      if (name === "upload") send();
    });
    socket.on("message", (data) => (bytes += data.length));
    socket.on("close", () => (ends(who), resolve(bytes)));
    socket.on("error", reject);
  });
}

/** What the page does, in Node. */
async function ticket_client(who, localAddress) {
  const taken = await request("POST", "speed/ticket", localAddress);
  assert.equal(taken.status, 201, JSON.stringify(taken.body));
  const seen = [taken.body.before];
  let ticket = taken.body;
  while (ticket.before > 0) {
    const now = await request(
      "GET",
      `speed/ticket/${ticket.id}?before=${ticket.before}`,
      localAddress,
    );
    assert.equal(now.status, 200, JSON.stringify(now.body));
    assert.ok(
      now.body.before <= ticket.before,
      `${who}: from ${ticket.before} to ${now.body.before}`,
    );
    assert.ok(
      now.body.wait_ns > 0 || now.body.before === 0,
      `${who}: no time to wait`,
    );
    ticket = now.body;
    seen.push(ticket.before);
  }
  for (const name of ["download", "upload"])
    assert.ok(
      (await transfer(name, who, localAddress, ticket.id)) > 0,
      `${who}: nothing came`,
    );
  const kept = await request("POST", "speed/result", localAddress, {
    ticket: ticket.id,
  });
  // A third of a second is no result.
  assert.equal(kept.status, WHOLE ? 201 : 404, JSON.stringify(kept.body));
  return { who, seen, kept: kept.body.id };
}

const MLAB_DOWNLOAD = readFileSync(
  fileURLToPath(
    new URL(
      "node_modules/@m-lab/ndt7/src/ndt7-download-worker.js",
      import.meta.url,
    ),
  ),
  "utf8",
);

/** M-Lab's download worker: served, or refused with when to come back, which it shows as an error of the connection. */
function mlab_client(who, localAddress) {
  return new Promise((resolve) => {
    let refusal = null;
    let mine = null;
    class FromOwnAddress extends utils.ws {
      constructor(url, protocol) {
        super(url, protocol, { localAddress });
        mine = this;
        this.on("open", () => begins(who));
        this.on("close", () => line.running.has(who) && ends(who));
        this.on("unexpected-response", (_, answer) => {
          refusal = {
            status: answer.statusCode,
            seconds: Number(answer.headers["retry-after"]),
          };
          resolve({ who, refusal });
          this.terminate();
        });
        this.on("error", () => {});
      }
    }
    const world = {
      WebSocket: FromOwnAddress,
      performance,
      setTimeout,
      self: {},
    };
    world.postMessage = (message) => {
      if (message.MsgType === "complete")
        resolve({ who, bytes: message.ClientData?.NumBytes });
      // In CI a taste of it is enough.
      else if (!WHOLE && message.MsgType === "measurement") mine?.close(1000);
    };
    vm.runInNewContext(MLAB_DOWNLOAD, world);
    const url = `${WS}/ndt/v7/download?client_library_name=ndt7-js`;
    world.self.onmessage({ data: { "///ndt/v7/download": url } });
  });
}

/** A page of Chromium; all of them come from 127.0.0.1, of which eight may wait. */
async function page_client(who, stays) {
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`${BASE}/speed`);
  await page.getByRole("button", { name: "Start" }).click();
  const seen = [];
  const done = page.getByText("What this means");
  const waiting = page.getByText(/(\d+) before yours/);
  const until = Date.now() + LIMIT_MS;
  while (Date.now() < until && !(await done.isVisible())) {
    const text = await waiting.textContent({ timeout: 200 }).catch(() => null);
    if (text) seen.push(Number(text.match(/(\d+) before/)[1]));
    if (text && !stays) break;
    await page.waitForTimeout(100);
  }
  for (let i = 1; i < seen.length; i++)
    assert.ok(seen[i] <= seen[i - 1], `${who}: ${seen}`);
  if (stays) {
    await done.waitFor({ timeout: 1000 });
    await page
      .getByRole("link", { name: "To the result and its proof" })
      .waitFor();
  } else {
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Ready").waitFor();
  }
  await context.close();
  assert.deepEqual(faults, []);
  return { who, seen };
}

test("fifty at once", { timeout: LIMIT_MS + 30_000 }, async () => {
  const first = page_client("page 1", true);
  // The first is in line before the others come.
  for (;;) {
    const probe = await request("POST", "speed/ticket", "127.0.0.2");
    await request("DELETE", `speed/ticket/${probe.body.id}`, "127.0.0.2");
    if (probe.body.before > 0) break;
  }
  const others = [];
  for (let i = 2; i <= PAGES; i++) others.push(page_client(`page ${i}`, WHOLE));
  for (let i = 0; i < CLIENTS; i++)
    others.push(ticket_client(`client ${i}`, `127.0.1.${i + 1}`));
  for (let i = 0; i < MLAB; i++)
    others.push(mlab_client(`m-lab ${i}`, `127.0.2.${i + 1}`));
  const all = await Promise.all([first, ...others]);
  assert.equal(all.length, 50);
  assert.deepEqual(line.together, [], "two tests at once");
  for (const one of all) {
    if (!one.who.startsWith("m-lab")) continue;
    const is_told = one.refusal?.status === 503 && one.refusal.seconds > 0;
    assert.ok(
      is_told || one.bytes > 0 || line.served.includes(one.who),
      JSON.stringify(one),
    );
  }
  const waited = all.filter((one) => one.seen?.[0] > 0).length;
  assert.ok(waited >= PAGES + CLIENTS - 2, `${waited} stood in line`);
  const ids = all.map((one) => one.kept).filter(Boolean);
  assert.equal(new Set(ids).size, WHOLE ? CLIENTS : 0);
  const refused = all.filter((one) => one.refusal).length;
  console.log(
    `50 clients: ${50 - refused} served or gone by their own will, ${refused} told when to come again`,
  );
});
