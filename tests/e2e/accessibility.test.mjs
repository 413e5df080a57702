// axe-core on every page, in both languages and both themes, on a desk and a phone, and on all that opens over a page.
// Of long tables the first rows stand for the rest, which are made alike. Not one finding of any weight is accepted, best practices included.

import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, describe, test } from "node:test";
import { BASE, launch, LOOKS } from "./browser.mjs";
import { login, settled, some_path, visit } from "./steps.mjs";

let browser;
let path;
before(async () => {
  browser = await launch();
  path = await some_path();
});
after(() => browser?.close());

const ROWS = 12;

async function findings(page, where) {
  await page.evaluate((most) => {
    for (const list of document.querySelectorAll("tbody, [role=table]"))
      [...list.querySelectorAll(":scope > tr, [role=row]")]
        .slice(most)
        .forEach((row) => row.remove());
  }, ROWS);
  // Over the debugging protocol, since the page's own policy forbids scripts from elsewhere.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map((v) => {
    const [first] = v.nodes;
    const more = v.nodes.length > 1 ? ` and ${v.nodes.length - 1} more` : "";
    return `${where}: ${v.impact} ${v.id}: ${first.target.join(" ")}${more}: ${first.any[0]?.message ?? first.failureSummary}`;
  });
}

const VIEWS = () => [
  "/",
  "/mesh",
  "/mesh?layout=full&figure=loss_ratio",
  "/mesh?as=table",
  "/paths",
  "/paths?q=no-such-path",
  `/paths/${path}?range=15m&compare=before`,
  "/paths/ffffffffffffffff",
  "/?sites=capacity",
  "/?sites=verdict",
  "/access",
  "/probes",
  "/storage",
  "/speed",
  "/nowhere",
];

for (const look of LOOKS)
  test(`axe finds nothing: ${look.language}, ${look.theme}, ${look.size.width} px`, () =>
    visit(browser, "/", look, async (page, faults) => {
      const found = [];
      for (const view of VIEWS()) {
        await page.goto(BASE + view);
        await settled(page);
        found.push(...(await findings(page, view)));
      }
      assert.deepEqual(found, []);
      // The path that does not exist is asked for on purpose.
      faults.splice(
        0,
        faults.length,
        ...faults.filter((f) => !f.includes("404")),
      );
    }));

describe("axe finds nothing in what opens:", () => {
  for (const theme of ["light", "dark"]) {
    test(`help, login, menu, password, link (${theme})`, () =>
      visit(browser, "/", { theme }, async (page) => {
        const found = [];
        const look = async (where) =>
          found.push(...(await findings(page, where)));
        await settled(page);
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        await look("help");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Log in" }).first().click();
        await page.getByRole("dialog").waitFor();
        await look("login");
        await page.keyboard.press("Escape");
        await login(page);
        await page.getByRole("button", { name: /admin/ }).click();
        await look("menu");
        await page.getByRole("menuitem", { name: "Change password" }).click();
        await page.getByRole("dialog").waitFor();
        await look("password");
        await page.keyboard.press("Escape");
        await page.locator("[data-link]").first().focus();
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
        await look("link");
        assert.deepEqual(found, []);
      }));

    test(`a probe and a table (${theme})`, () =>
      visit(browser, "/probes", { theme }, async (page) => {
        await page
          .locator("[role=table] button[aria-expanded]")
          .first()
          .click();
        await page.getByText("Windows dropped by the spool").waitFor();
        const found = await findings(page, "probe");
        await page.goto(`${BASE}/paths/${path}?range=15m`);
        await page.getByText("The figures as a table").click();
        await page.locator("details tbody tr").first().waitFor();
        found.push(...(await findings(page, "table")));
        assert.deepEqual(found, []);
      }));
  }
});
