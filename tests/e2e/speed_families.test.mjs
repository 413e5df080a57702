// The page /speed of a server with names for both families: one test over each, one result of both. A server of its own,
// on loopback's two addresses.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { launch, open_page } from "./browser.mjs";

const scratch = mkdtempSync(join(tmpdir(), "gnomon-families-"));
let browser, server, port;

/** A port that was free a moment ago: the names that the page is told have to hold it. */
function free_port() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "::1", () => {
      const { port: found } = probe.address();
      probe.close(() => resolve(found));
    });
  });
}

before(async () => {
  browser = await launch([
    "--host-resolver-rules=MAP four.localhost 127.0.0.1, MAP six.localhost [::1]",
  ]);
  port = await free_port();
  server = spawn(
    process.env.GNOMON,
    [
      "serve",
      "--data",
      join(scratch, "data"),
      "--listen",
      `[::]:${port}`,
      "--speed-port",
      "0",
      "--responsiveness-port",
      "0",
      "--speed-name",
      `localhost:${port}`,
      "--speed-ipv4",
      `four.localhost:${port}`,
      "--speed-ipv6",
      `six.localhost:${port}`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (line.includes(`:${port}`)) resolve();
    });
    server.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  });
});

after(async () => {
  await browser?.close();
  if (server?.exitCode === null) {
    server.kill("SIGINT");
    await new Promise((resolve) => server.once("exit", resolve));
  }
  rmSync(scratch, { recursive: true });
});

test("both families, one result", { timeout: 120_000 }, async () => {
  const { context, page, faults } = await open_page(browser);
  await page.goto(`http://localhost:${port}/speed`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("What this means").waitFor({ timeout: 90_000 });
  const text = await page.locator("main").innerText();
  for (const family of ["IPv4", "IPv6"])
    assert.match(
      text,
      new RegExp(`Over ${family}: [\\d.,]+ Mbit/s down, [\\d.,]+ Mbit/s up`),
    );
  await page.getByRole("link", { name: "To the result and its proof" }).click();
  await page.getByText("This browser has checked it").waitFor();
  const result = await page.locator("main").innerText();
  assert.match(result, /IPv4/);
  assert.match(result, /IPv6/);
  assert.deepEqual(await page.evaluate(() => globalThis.csp_violations), []);
  // To the page's helper every server but that of the other tests is a stranger.
  const strange = faults.filter(
    (fault) => !fault.includes(`another origin: http://localhost:${port}/`),
  );
  assert.deepEqual(strange, []);
  await context.close();
});
