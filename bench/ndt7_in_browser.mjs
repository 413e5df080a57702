// The page /speed's own ndt7 client beside M-Lab's (@m-lab/ndt7 from npm), in one Chromium against one `gnomon serve`, by
// turns. Both are judged by what the server saw of them (its log), so that neither judges itself.
//
//   node bench/ndt7_in_browser.mjs [--turns N] [--tls] [--only download|upload]
//
// Chromium is driven by its DevTools protocol with nothing but Runtime and Page: tools that listen to the network copy
// every WebSocket message to themselves, and would be what is measured. Needs `npm ci` in tests/e2e, openssl for --tls.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const e2e = createRequire(here("../tests/e2e/package.json"));
const { ws: WebSocket } = e2e("playwright-core/lib/utilsBundle");
const mlab = (name) =>
  readFileSync(
    here(`../tests/e2e/node_modules/@m-lab/ndt7/src/ndt7-${name}-worker.js`),
    "utf8",
  );

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const turns = Number(option("--turns", 3));
const directions = [option("--only", null) ?? ["download", "upload"]].flat();
const tls = process.argv.includes("--tls");
const scratch = mkdtempSync(join(tmpdir(), "gnomon-ndt7-"));
const children = [];

/** Starts a program and gives its first match of `ready` in what it writes. */
function start(command, args, ready, each_line = () => {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    const take = (chunk) => {
      text += chunk;
      const found = text.match(ready);
      if (found) resolve(found);
      for (const line of String(chunk).split("\n")) each_line(line);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) =>
      reject(new Error(`${command} ended with ${code}: ${text}`)),
    );
  });
}

let told = null;
async function server() {
  const args = ["serve", "--data", join(scratch, "data"), "--listen"];
  args.push("127.0.0.1:0", "--speed-port", "0");
  if (tls) {
    const [key, certificate] = ["key.pem", "cert.pem"].map((name) =>
      join(scratch, name),
    );
    const made =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=gnomon -addext subjectAltName=IP:127.0.0.1";
    execFileSync(
      "openssl",
      [...made.split(" "), "-keyout", key, "-out", certificate],
      {
        stdio: "ignore",
      },
    );
    args.push("--tls-cert", certificate, "--tls-key", key);
  }
  const program = process.env.GNOMON ?? here("../build/release/gnomon");
  const [, url] = await start(
    program,
    args,
    /running at (\S+)/,
    (line) =>
      /ndt7 (download|upload) of/.test(line) &&
      told?.(Number(line.match(/: ([\d.]+) Mbit/)[1])),
  );
  return url;
}

async function browser() {
  const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell";
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--ignore-certificate-errors",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--remote-debugging-port=0",
  ];
  args.push(`--user-data-dir=${join(scratch, "profile")}`, "about:blank");
  const [, port] = await start(
    chromium,
    args,
    /listening on ws:\/\/[^:]+:(\d+)/,
  );
  const list = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(
    list.find((one) => one.type === "page").webSocketDebuggerUrl,
  );
  await new Promise((resolve) => socket.on("open", resolve));
  let number = 0;
  const asked = new Map();
  socket.on("message", (text) => {
    const answer = JSON.parse(text);
    asked.get(answer.id)?.(answer);
  });
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++number;
      asked.set(id, ({ result, error }) =>
        error ? reject(new Error(error.message)) : resolve(result),
      );
      socket.send(JSON.stringify({ id, method, params }));
    });
}

/** In the page: runs a worker until it says that it is done, then gives what it counted. */
function in_page(script, is_url, order, ours) {
  return new Promise((resolve) => {
    const url = is_url
      ? script
      : URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const worker = new Worker(url, is_url ? { type: "module" } : {});
    const seen = { bytes: 0, ms: 0, errors: [] };
    const end = () => (worker.terminate(), resolve(seen));
    worker.onerror = (event) => (seen.errors.push(event.message), end());
    worker.onmessage = ({ data }) => {
      if (ours) {
        if (data.kind === "bytes")
          [seen.bytes, seen.ms] = [data.bytes, data.at];
        if (data.kind === "end" && ![1000, 1005].includes(data.code))
          seen.errors.push(`closed with ${data.code}`);
        if (data.kind === "end") end();
      } else {
        if (data.MsgType === "error") seen.errors.push(JSON.stringify(data));
        if (data.Source === "client")
          [seen.bytes, seen.ms] = [
            data.ClientData.NumBytes,
            data.ClientData.ElapsedTime * 1e3,
          ];
        if (data.MsgType === "complete") end();
      }
    };
    worker.postMessage(order);
  });
}

async function run() {
  const url = await server();
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  const script = (await (await fetch(`${url}/speed`)).text()).match(
    /src="([^"]+\.js)"/,
  )[1];
  const worker = (await (await fetch(url + script)).text()).match(
    /assets\/ndt7_worker-[\w-]+\.js/,
  )[0];
  const ask = await browser();
  await ask("Page.setBypassCSP", { enabled: true });
  await ask("Page.navigate", { url: `${url}/speed` });
  await sleep(2000);
  const measure = async (who, direction) => {
    const address = `${url.replace("http", "ws")}/ndt/v7/${direction}?client_name=bench`;
    const ours = who === "gnomon";
    const order = ours
      ? { direction, url: address }
      : { [`///ndt/v7/${direction}`]: address };
    const words = [ours ? `/${worker}` : mlab(direction), ours, order, ours];
    const by_server = new Promise((resolve) => (told = resolve));
    const expression = `(${in_page})(...${JSON.stringify(words)})`;
    const { result } = await ask("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    const { bytes, ms, errors } = result.value;
    if (errors.length > 0)
      console.log(`${who} ${direction}: ${errors.join("; ")}`);
    return { server: await by_server, client: (bytes * 8) / ms / 1e3 };
  };
  for (const direction of directions) {
    const ratios = [];
    for (let turn = 0; turn < turns; turn++) {
      const seen = {};
      for (const who of turn % 2 ? ["m-lab", "gnomon"] : ["gnomon", "m-lab"]) {
        seen[who] = await measure(who, direction);
        const { server, client } = seen[who];
        console.log(
          `${direction} ${who.padEnd(6)} ${server.toFixed(0)} Mbit/s by the server, ${client.toFixed(0)} by itself`,
        );
      }
      ratios.push(seen.gnomon.server / seen["m-lab"].server);
    }
    const sorted = [...ratios].sort((a, b) => a - b);
    console.log(
      `${direction}: gnomon's client / m-lab's, turn by turn ${ratios.map((r) => r.toFixed(2)).join(" ")}, median ${sorted[turns >> 1].toFixed(2)}`,
    );
  }
}

try {
  await run();
} finally {
  for (const child of children) {
    child.removeAllListeners("exit");
    child.kill("SIGINT");
  }
  await Promise.all(
    children.map(
      (child) =>
        child.exitCode ?? new Promise((resolve) => child.on("exit", resolve)),
    ),
  );
  rmSync(scratch, { recursive: true, force: true });
}
