// The page /speed in Chromium. Its rates are no measure here: playwright copies every WebSocket frame to itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BASE, PHONE, launch, open_page } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const number_of = (text) =>
  Number(text.replaceAll(",", "").match(/[\d.]+/)?.[0]);

test("a whole test, figures and sentences", { timeout: 60_000 }, async () => {
  const { context, page, faults } = await open_page(browser);
  await page.goto(`${BASE}/speed`);
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
