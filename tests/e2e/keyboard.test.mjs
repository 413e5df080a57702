// Everything by keyboard: Tab reaches all that can be used and never gets lost, dialogs keep the focus and give it back,
// the menu walks with arrows, the map's links open and close.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BASE, launch, PHONE } from "./browser.mjs";
import { login, settled, some_path, visit } from "./steps.mjs";

let browser;
let path;
before(async () => {
  browser = await launch();
  path = await some_path();
});
after(() => browser?.close());

/** Numbers everything that Tab must reach; of a group of radio buttons, the chosen one stands for all. */
function number_the_usable() {
  const all = document.querySelectorAll(
    "a[href], button, input, select, summary, [tabindex]",
  );
  const usable = [...all].filter(
    (e) =>
      e.tabIndex >= 0 &&
      !e.disabled &&
      (e.type !== "radio" || e.checked) &&
      e.checkVisibility({ visibilityProperty: true }) &&
      !e.classList.contains("skip"),
  );
  usable.forEach((e, i) => (e.dataset.walk = i));
  return usable.length;
}

const focused = (page) =>
  page.evaluate(() => {
    const e = document.activeElement;
    const box = e.getBoundingClientRect();
    return {
      walk: e.dataset?.walk,
      body: e === document.body,
      seen: box.width > 0 && box.height > 0,
      what: e.outerHTML.slice(0, 120),
      ring: getComputedStyle(e).outlineStyle !== "none",
    };
  });

/** Rows that change places under the walker would be missed: from here on every answer stays as it is. */
async function stand_still(page) {
  const answers = new Map();
  await page.route("**/api/v1/**", async (route) => {
    const url = route.request().url();
    if (url.includes("/live?")) return; // never answered: no news come
    if (!answers.has(url)) answers.set(url, await route.fetch());
    await route.fulfill({ response: answers.get(url) });
  });
  await page.reload();
  await settled(page);
}

async function walk(page) {
  const count = await page.evaluate(number_the_usable);
  const reached = new Set();
  for (let i = 0; i < count + 40; i++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (at.body && reached.size > 0) break;
    if (at.walk !== undefined) reached.add(Number(at.walk));
    assert.ok(at.body || at.seen, `focus on what cannot be seen: ${at.what}`);
  }
  // What was replaced meanwhile (a row that moved) is not missed.
  const missed = await page.evaluate(
    (got) =>
      [...document.querySelectorAll("[data-walk]")]
        .filter((e) => !got.includes(Number(e.dataset.walk)))
        .map((e) => e.outerHTML.slice(0, 120)),
    [...reached],
  );
  assert.deepEqual(missed, []);
}

describe("Tab reaches everything on", () => {
  for (const [name, view, size] of [
    ["the overview", "/"],
    ["the mesh", "/mesh?layout=full"],
    ["the list of paths", "/paths?q=dc-1+gz-fixed"],
    ["a path", "PATH"],
    ["the access page", "/access"],
    ["the probes", "/probes"],
    ["the storage page", "/storage"],
    ["the mesh of a phone", "/mesh", PHONE],
  ])
    test(name, () =>
      visit(
        browser,
        view === "PATH" ? `/paths/${path}?range=15m` : view,
        { size },
        async (page) => {
          await stand_still(page);
          await walk(page);
        },
      ),
    );
});

describe("dialogs", () => {
  test("keep the focus inside, close with Escape and give it back", () =>
    visit(browser, "/", {}, async (page) => {
      const button = page.getByRole("button", { name: "Log in" }).first();
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      for (let i = 0; i < 8; i++) {
        await page.keyboard.press(i < 4 ? "Tab" : "Shift+Tab");
        const where = await page.evaluate(() =>
          document.activeElement === document.body
            ? "inside"
            : document.activeElement.closest("dialog")
              ? "inside"
              : document.activeElement.outerHTML.slice(0, 120),
        );
        assert.equal(where, "inside");
      }
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      assert.ok(
        await button.evaluate((e) => e === document.activeElement),
        "the focus did not come back",
      );
    }));

  test("a link of the map opens, takes the focus and gives it back", () =>
    visit(browser, "/", {}, async (page) => {
      const link = page.locator("[data-link]").first();
      await link.focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("dialog");
      await panel.waitFor();
      assert.ok(
        await panel.evaluate((e) => e.contains(document.activeElement)),
      );
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });
      assert.ok(await link.evaluate((e) => e === document.activeElement));
    }));
});

describe("as admin", { concurrency: false }, () => {
  test("the menu walks with arrows and opens the password dialog", () =>
    visit(browser, "/", {}, async (page, faults) => {
      await login(page);
      const button = page.getByRole("button", { name: /admin/ });
      await button.focus();
      await page.keyboard.press("Enter");
      const here = () =>
        page.evaluate(() => document.activeElement.textContent);
      assert.equal(await here(), "Change password");
      await page.keyboard.press("ArrowDown");
      assert.equal(await here(), "Log out");
      await page.keyboard.press("ArrowDown");
      assert.equal(await here(), "Change password");
      await page.keyboard.press("Escape");
      assert.ok(await button.evaluate((e) => e === document.activeElement));
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      await dialog.locator("input[name=old]").fill("not this one");
      await dialog.locator("input[name=new]").fill("a new long one");
      await dialog.locator("input[name=again]").fill("another long one");
      await page.keyboard.press("Enter");
      await dialog.getByText("The two new passwords differ.").waitFor();
      await dialog.locator("input[name=again]").fill("a new long one");
      await page.keyboard.press("Enter");
      await dialog.getByText("The old password is wrong.").waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      // The browser itself logs the refusal.
      faults.splice(
        0,
        faults.length,
        ...faults.filter((f) => !f.includes("403")),
      );
    }));

  test("a link's queue, MTU, reordering and duplication are set in one direction", () =>
    visit(browser, "/", {}, async (page) => {
      await login(page);
      const region = async () =>
        (await (await fetch(`${BASE}/api/v1/region`)).json()).links;
      const link = (await region()).find(
        (l) => l.kind === "core" && l.state === "up",
      );
      await page.locator(`[data-link="${link.id}"]`).focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("dialog");
      await panel.locator("select").selectOption(`${link.a}-${link.b}`);
      for (const [name, value] of Object.entries({
        queue: "15",
        mtu: "1400",
        reorder: "0.5",
        duplicate: "0.25",
      }))
        await panel.locator(`input[name=${name}]`).fill(value);
      await page.keyboard.press("Enter");
      await panel.locator(".answer").filter({ hasText: /\S/ }).waitFor();
      const now = (await region()).find((l) => l.id === link.id).settings;
      const { queue_ms, mtu, reorder_ratio, duplicate_ratio } = now.forward;
      assert.deepEqual(
        { queue_ms, mtu, reorder_ratio, duplicate_ratio },
        {
          queue_ms: 15,
          mtu: 1400,
          reorder_ratio: 0.005,
          duplicate_ratio: 0.0025,
        },
      );
      assert.deepEqual(now.backward, link.settings.backward);
      await panel.getByRole("button", { name: "Back to the plan" }).click();
      await page.waitForFunction(
        (id) =>
          !document
            .querySelector(`[data-link="${id}"]`)
            .classList.contains("changed"),
        link.id,
      );
    }));
});
