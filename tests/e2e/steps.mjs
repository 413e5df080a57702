// What the browser tests have in common: opening a page and holding it to what every page must keep, logging in.

import assert from "node:assert/strict";
import { BASE, open_page, PASSWORD } from "./browser.mjs";

// An upper bound for a loaded machine; what is waited for is there in a second.
export const WAIT = 60_000;

/** The id of a path that answers, for the page of one path. */
export async function some_path() {
  const answer = await fetch(`${BASE}/api/v1/paths`);
  assert.equal(answer.status, 200, `${BASE} does not answer /api/v1/paths`);
  const rows = (await answer.json()).paths;
  assert.ok(rows.length > 0, "the server has no path yet");
  return (rows.find((r) => r.state === "good") ?? rows[0]).id;
}

/** Until the page shows figures, or says why it has none. */
export async function settled(page) {
  await page.waitForSelector("main h1", { state: "attached" });
  await page.locator(".notice.loading").waitFor({ state: "detached" });
}

/** Opens a page of the dashboard, runs the steps, and holds it to: no console error, no foreign request, no CSP violation. */
export async function visit(browser, path, options, steps) {
  const { context, page, faults } = await open_page(browser, options);
  page.setDefaultTimeout(WAIT);
  try {
    await page.goto(BASE + path);
    await page.waitForSelector("main h1", { state: "attached" });
    await steps(page, faults);
    assert.deepEqual(faults, []);
    assert.deepEqual(await page.evaluate(() => globalThis.csp_violations), []);
  } finally {
    await context.close();
  }
}

/** Waits for a button; what comes back presses it, if what it asks for has not come by itself and taken it away. */
export async function seen_button(page, name) {
  await page.getByRole("button", { name }).first().waitFor();
  return () =>
    page.evaluate(
      (text) =>
        [...document.querySelectorAll("button")]
          .find((button) => button.innerText.trim() === text)
          ?.click(),
      name,
    );
}

export async function login(page) {
  assert.ok(PASSWORD, "GNOMON_PASSWORD must hold the password of admin");
  await page.getByRole("button", { name: "Log in" }).first().click();
  await page.fill("input[name=user]", "admin");
  await page.fill("input[name=password]", PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
}
