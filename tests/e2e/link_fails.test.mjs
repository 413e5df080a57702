// A link fails and is healed, as a person sees it who only looks at the overview. Wants a running `gnomon up --lab delta`
// (GNOMON_URL), its control socket (GNOMON_LAB_SOCKET) and the program (GNOMON).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { BASE, launch, open_page } from "./browser.mjs";

const LINK = "sz-core--zs-core";
const LIMIT = 20_000;
let browser;

before(async () => (browser = await launch()));
after(() => browser?.close());

const lab = (word) =>
  JSON.parse(execFileSync(process.env.GNOMON, ["lab", word, LINK, "--json"]));

/** The count of broken paths that the overview's sentence names. */
async function broken(page) {
  const text = await page.locator("p.sentence").innerText();
  return Number((/([\d,]+)\sbroken/.exec(text)?.[1] ?? "0").replace(",", ""));
}

/** Seconds until the overview says so many. */
async function shows(page, count) {
  const begun = Date.now();
  while ((await broken(page)) !== count) {
    assert.ok(
      Date.now() - begun < LIMIT,
      `the overview says: ${await page.locator("p.sentence").innerText()}; expected ${count} broken`,
    );
    await page.waitForTimeout(100);
  }
  return (Date.now() - begun) / 1000;
}

test("the overview shows what a failed link breaks, and its repair, each within 20 s", async (t) => {
  const { paths } = await (await fetch(`${BASE}/api/v1/paths`)).json();
  const { context, page, faults } = await open_page(browser, {});
  try {
    await page.goto(BASE);
    await shows(page, 0);
    const losing = new Set(lab("fail").pairs.losing.map((p) => p.join()));
    const expected = paths.filter((p) =>
      losing.has([p.source_site, p.target_site].join()),
    );
    assert.ok(expected.length > 0);
    t.diagnostic(
      `${expected.length} paths broken after ${await shows(page, expected.length)} s`,
    );
    lab("heal");
    t.diagnostic(`none broken after ${await shows(page, 0)} s`);
    assert.deepEqual(faults, []);
  } finally {
    lab("heal");
    await context.close();
  }
});
