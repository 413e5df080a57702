// What the dashboard costs, for `gnomon-bench dashboard`: bytes of script, time to the first figures, and main-thread time
// of a live update with the mesh of 420 paths on screen. Starts a lab of its own (delta with one site more) from
// GNOMON_BUILD. `node cost.mjs [SECONDS]`; the last line of the output is the figures as JSON.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";

const SECONDS = Number(process.argv[2] ?? 40);
const LOADS = 7;
const PAIRS = 21 * 20;
/** Echo and STAMP, IPv4 and IPv6. */
const PATHS = PAIRS * 4;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD = process.env.GNOMON_BUILD ?? join(ROOT, "build/release");
/** An update's work ends long before this: its task, the next frame, style, layout and paint. */
const SPAN_US = 300_000;

const scratch = mkdtempSync(join(tmpdir(), "gnomon-cost-"));

function region_of_21_sites() {
  const delta = readFileSync(join(ROOT, "src/lab/regions/delta.yaml"), "utf8");
  const site =
    "  - {id: extra, kind: city, access: [fixed], name: {en: Extra, zh: 附加}, at: [23.3, 113.5]}\n";
  const link = "  - {between: [gz-core, extra], kind: access-fixed}\n";
  const file = join(scratch, "region.yaml");
  writeFileSync(
    file,
    delta
      .replace("sites:\n", `sites:\n${site}`)
      .replace("links:\n", `links:\n${link}`),
  );
  return file;
}

async function start_server() {
  const child = spawn(
    join(BUILD, "gnomon"),
    [
      "up",
      "--no-speed",
      "--lab",
      region_of_21_sites(),
      "--data",
      join(scratch, "data"),
      "--listen",
      "127.0.0.1:0",
    ],
    {
      env: { ...process.env, GNOMON_LAB_SOCKET: join(scratch, "lab.sock") },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /running at (\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) =>
      reject(new Error(`gnomon up ended with ${code}`)),
    );
  });
  return { child, url };
}

/** Until every path is known and has a state. */
async function measured(url) {
  for (const begun = Date.now(); Date.now() - begun < 120_000;) {
    const { paths } = await (await fetch(`${url}/api/v1/status`)).json();
    if (paths.total === PATHS && paths.unknown + paths.stale === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("the lab measures nothing after two minutes");
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, q) => {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.floor(q * all.length))];
};

/** Milliseconds from navigation to the first delay shown, and bytes of script on the wire; nothing cached. */
async function first_page(browser, url) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  const scripts = new Set();
  let bytes = 0;
  cdp.on(
    "Network.responseReceived",
    (e) => e.type === "Script" && scripts.add(e.requestId),
  );
  cdp.on(
    "Network.loadingFinished",
    (e) => scripts.has(e.requestId) && (bytes += e.encodedDataLength),
  );
  await page.addInitScript(() => {
    const look = () => {
      const text = document.querySelector(".now .figures")?.textContent ?? "";
      if (/\d\s*(ms|µs)/.test(text)) globalThis.shown_ms ??= performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(url);
  const ms = await (
    await page.waitForFunction(() => globalThis.shown_ms)
  ).jsonValue();
  await context.close();
  return { ms, bytes };
}

/** Main-thread time of each live update, from a trace: processor time of all tasks that start within SPAN_US of the event's own,
 *  whatever they were for. */
async function updates(browser, address, kind, ready) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  await page.addInitScript((wanted) => {
    globalThis.live_bytes = 0;
    const Original = globalThis.EventSource;
    globalThis.EventSource = class extends Original {
      addEventListener(name, handler, ...rest) {
        super.addEventListener(
          name,
          (event) => {
            globalThis.live_bytes += event.data.length;
            if (name === wanted) performance.mark("live-update");
            handler(event);
          },
          ...rest,
        );
      }
    };
  }, kind);
  await page.goto(address);
  await ready(page);
  const begun = await page.evaluate(
    () => ((globalThis.live_bytes = 0), performance.now()),
  );
  // Only what is read below: finer tracing costs time inside of the tasks that are measured.
  await browser.startTracing(page, {
    categories: ["toplevel", "blink.user_timing"],
  });
  await page.waitForTimeout(SECONDS * 1000);
  const trace = JSON.parse((await browser.stopTracing()).toString());
  const [bytes, ms] = await page.evaluate(
    (from) => [globalThis.live_bytes, performance.now() - from],
    begun,
  );
  await context.close();
  const marks = trace.traceEvents.filter(
    (e) => e.name === "live-update" && e.cat.includes("user_timing"),
  );
  if (marks.length === 0) throw new Error(`no live update in ${SECONDS} s`);
  const { pid, tid } = marks[0];
  const tasks = trace.traceEvents.filter(
    (e) =>
      e.ph === "X" &&
      e.pid === pid &&
      e.tid === tid &&
      e.name === "ThreadControllerImpl::RunTask" &&
      e.tdur !== undefined,
  );
  const costs = marks.map((mark) => {
    const own = tasks.find((t) => t.ts <= mark.ts && mark.ts <= t.ts + t.dur);
    const from = own?.ts ?? mark.ts;
    return tasks
      .filter((t) => t.ts >= from && t.ts < from + SPAN_US)
      .reduce((sum, t) => sum + t.tdur / 1000, 0);
  });
  return { costs, bytes_per_10_s: (bytes / ms) * 10_000 };
}

const figure = (what, value, unit, most) => ({
  what,
  value,
  unit,
  target: most === undefined ? null : { bound: "<=", value: most },
});

async function measure(url) {
  await measured(url);
  const browser = await launch();
  try {
    const loads = [];
    for (let i = 0; i < LOADS; i++) loads.push(await first_page(browser, url));
    const mesh = await updates(browser, `${url}/mesh`, "figures", (page) =>
      page.waitForFunction(
        () => document.querySelectorAll("aside li").length >= 14,
      ),
    );
    const list = await updates(browser, `${url}/paths`, "figures", (page) =>
      page.waitForSelector("[role=row] a.cover"),
    );
    const times = loads.map((l) => l.ms);
    return [
      figure(
        "script on the wire, compressed",
        Math.max(...loads.map((l) => l.bytes)) / 1000,
        "kB",
        150,
      ),
      figure(
        `navigation to first figures, median of ${LOADS}`,
        quantile(times, 0.5),
        "ms",
        1000,
      ),
      figure("navigation to first figures, slowest", Math.max(...times), "ms"),
      figure("paths on the mesh", PAIRS, ""),
      figure(
        `mesh, live update, main thread, median of ${mesh.costs.length}`,
        quantile(mesh.costs, 0.5),
        "ms",
        5,
      ),
      figure(
        "mesh, live update, main thread, p95",
        quantile(mesh.costs, 0.95),
        "ms",
        5,
      ),
      figure("mesh, live bytes in 10 s", mesh.bytes_per_10_s / 1000, "kB"),
      figure(
        `list of ${PATHS} paths, live update, main thread, median`,
        quantile(list.costs, 0.5),
        "ms",
      ),
      figure(
        `list of ${PATHS} paths, live update, main thread, p95`,
        quantile(list.costs, 0.95),
        "ms",
      ),
      figure(
        `list of ${PATHS} paths, live bytes in 10 s`,
        list.bytes_per_10_s / 1000,
        "kB",
      ),
    ];
  } finally {
    await browser.close();
  }
}

const { child, url } = await start_server();
try {
  const figures = await measure(url);
  console.log(JSON.stringify({ figures }));
} finally {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await gone;
  rmSync(scratch, { recursive: true });
}
