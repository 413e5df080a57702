// The page /speed in Chromium. Its rates are no measure here: playwright copies every WebSocket frame to itself.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { BASE, PHONE, launch, open_page } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const number_of = (text) =>
  Number(text.replaceAll(",", "").match(/[\d.]+/)?.[0]);

test("a whole test, figures and sentences", { timeout: 90_000 }, async () => {
  const { context, page, faults } = await open_page(browser);
  await page.goto(`${BASE}/speed`);
  await page.getByRole("radio", { name: "Wi-Fi" }).check();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("What this means").waitFor({ timeout: 45_000 });
  for (const name of [
    "Download",
    "Upload",
    "Delay, idle",
    "Delay, line full",
  ]) {
    const label = await page
      .getByRole("group", { name })
      .getAttribute("aria-label");
    assert.ok(number_of(label) > 0, label);
  }
  const text = await page.locator("main").innerText();
  assert.match(
    text,
    /received [\d.,]+ Mbit\/s and sent [\d.,]+ Mbit\/s over IPv4/,
  );
  assert.match(text, /A small answer takes/);
  const limited = /What limited the download at [\d.,]+ Mbit\/s.*: .+\./;
  assert.match(text, limited);
  await page.getByRole("link", { name: "To the result and its proof" }).click();
  await page.getByText("This browser has checked it").waitFor();
  const result = await page.locator("main").innerText();
  assert.match(result, /UTC\+8\), measured by \S+/);
  assert.match(result, /Connected by: Wi-Fi/);
  assert.match(result, limited);
  assert.doesNotMatch(result, /127\.0\.0\.1[^:]/, "no address");
  const command = result.match(/gnomon verify '([^']+)'/)[1];
  assert.equal(command, page.url());
  if (process.env.GNOMON) {
    const told = execFileSync(process.env.GNOMON, ["verify", command], {
      encoding: "utf8",
    });
    assert.match(told, /download .* Mbit\/s over IPv4/);
    assert.match(told, /Everything holds/);
  }
  assert.deepEqual(await page.evaluate(() => globalThis.csp_violations), []);
  assert.deepEqual(faults, []);
  await context.close();
});

test(
  "who comes second is told, and begins when the first leaves",
  { timeout: 30_000 },
  async () => {
    const first = await (
      await fetch(`${BASE}/api/v1/speed/ticket`, { method: "POST" })
    ).json();
    const { context, page } = await open_page(browser, {
      language: "zh",
      size: PHONE,
    });
    await page.goto(`${BASE}/speed`);
    await page.getByRole("button", { name: "开始" }).click();
    await page.getByText("前面还有 1 项").waitFor();
    await fetch(`${BASE}/api/v1/speed/ticket/${first.id}`, {
      method: "DELETE",
    });
    await page.getByText("正在测下行").waitFor();
    await page.getByRole("button", { name: "停止" }).click();
    await page.getByText("准备就绪").waitFor();
    await context.close();
  },
);

test("a blocked WebSocket is told in words", { timeout: 30_000 }, async () => {
  const { context, page } = await open_page(browser);
  await page.addInitScript(() => {
    // As behind a proxy that takes no upgrade: the address that the worker is given leads to plain HTTP.
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (order) {
      return post.call(this, {
        ...order,
        url: order.url.replace("/ndt/v7/", "/healthz?"),
      });
    };
  });
  await page.goto(`${BASE}/speed`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("no WebSocket connection came about").waitFor();
  await page.getByRole("button", { name: "Again", exact: true }).waitFor();
  await context.close();
});

test(
  "a proof that does not hold is said aloud",
  { timeout: 30_000 },
  async () => {
    const { context, page } = await open_page(browser);
    const id = "0".repeat(44);
    const figures = {
      ...{ id, record: 0, server: "s", software: "g", network: "unknown" },
      tests: [
        {
          ...{ direction: "down", family: 4, start_unix_ms: 1.7e12 },
          ...{ duration_ms: 10_000, outcome: "done", throughput: 9e9 },
          ...{ moved_bytes: 1e9, idle_p50: null, loaded_p50: null },
          ...{ retransmission_ratio: null, verdict: "unsure", queue: null },
          client: { throughput: null, idle: null, loaded: null },
        },
      ],
    };
    await page.route("**/api/v1/speed/result/**", (route) =>
      route.request().url().endsWith(id)
        ? route.fulfill({ json: figures })
        : route.fulfill({ body: "" }),
    );
    await page.goto(`${BASE}/speed/result?id=${id}`);
    await page.getByText("The proof does not hold").waitFor();
    await page.getByText("What limited the download at 9,000 Mbit/s").waitFor();
    await context.close();
  },
);

test(
  "who has no login tests all the same where one is asked for",
  { timeout: 30_000 },
  async () => {
    const { context, page } = await open_page(browser);
    await page.route("**/api/v1/session", async (route) => {
      const answer = await route.fetch();
      const session = { ...(await answer.json()), login_required: true };
      await route.fulfill({ json: { ...session, user: null, role: "public" } });
    });
    await page.goto(`${BASE}/speed`);
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Ready").waitFor();
    await context.close();
  },
);
