// The dashboard in a real browser, against whatever server GNOMON_URL names (the mock, or a running `gnomon up --lab`).
// GNOMON_PASSWORD is admin's; without it the tests that change the lab fail, they don't pass silently.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BASE, launch, LOOKS, open_page, PHONE } from "./browser.mjs";
import {
  login,
  seen_button,
  settled,
  some_path,
  visit as open_and_hold,
  WAIT,
} from "./steps.mjs";

const PAGES = [
  "/",
  "/mesh",
  "/paths",
  "/access",
  "/probes",
  "/storage",
  "/speed",
];
let browser;
let first_path;

before(async () => {
  browser = await launch();
  first_path = await some_path();
});
after(() => browser?.close());

const visit = (path, options, steps) =>
  open_and_hold(browser, path, options, steps);

async function no_sideways_scroll(page) {
  const [content, frame] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(
    content <= frame,
    `the page is ${content} px wide in a window of ${frame}`,
  );
}

describe("every page", () => {
  for (const { language, theme, size } of LOOKS) {
    test(`${language}, ${theme}, ${size.width} px`, () =>
      visit("/", { language, theme, size }, async (page) => {
        for (const path of [...PAGES, `/paths/${first_path}`]) {
          await page.goto(BASE + path);
          await settled(page);
          assert.equal(
            await page.getAttribute("html", "lang"),
            language === "zh" ? "zh-CN" : "en",
          );
          assert.equal(await page.getAttribute("html", "data-theme"), theme);
          assert.equal(
            await page
              .locator("[role=alert]")
              .filter({ hasText: /\S/ })
              .count(),
            0,
            `${path} shows a problem`,
          );
          const text = await page.innerText("main");
          assert.doesNotMatch(
            text,
            /undefined|NaN|\[object|\{\w+\}/,
            `${path} shows a raw value`,
          );
          if (language === "zh")
            assert.match(
              await page.innerText("nav"),
              /总览[\s\S]*网格[\s\S]*路径[\s\S]*探针/,
            );
          await no_sideways_scroll(page);
          assert.deepEqual(
            await page.evaluate(() => globalThis.csp_violations),
            [],
          );
        }
      }));
  }
});

describe("overview", () => {
  test("shows the region with its lab label, sites, links and figures", () =>
    visit("/", {}, async (page) => {
      const region = await (await fetch(`${BASE}/api/v1/region`)).json();
      await page.waitForSelector("svg [data-link]", { state: "attached" });
      assert.equal(
        await page.locator("[data-link]").count(),
        region.links.length,
      );
      assert.equal(
        await page.locator("a.site").count(),
        region.sites.filter((s) => s.lat !== null).length,
      );
      if (region.lab)
        assert.ok((await page.getByText("lab", { exact: true }).count()) >= 2);
      await page.waitForFunction(() =>
        /ms|µs/.test(document.querySelector(".now")?.textContent ?? ""),
      );
    }));

  test("zooms by wheel, buttons and keys", () =>
    visit("/", {}, async (page) => {
      const land = page.locator(".map svg > g").first();
      await page.waitForSelector(".map svg .land", { state: "attached" });
      const start = await land.getAttribute("transform");
      await page.getByRole("button", { name: "Zoom in" }).click();
      assert.notEqual(await land.getAttribute("transform"), start);
      await page.getByRole("button", { name: "Whole region" }).click();
      assert.equal(await land.getAttribute("transform"), start);
      await page.locator(".map svg[role=group]").focus();
      await page.keyboard.press("+");
      await page.keyboard.press("ArrowLeft");
      assert.notEqual(await land.getAttribute("transform"), start);
      await page.keyboard.press("0");
      assert.equal(await land.getAttribute("transform"), start);
      const box = await page.locator(".map svg[role=group]").boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.wheel(0, -300);
      await page.waitForFunction(
        (was) =>
          document.querySelector(".map svg > g").getAttribute("transform") !==
          was,
        start,
      );
    }));

  test("labels of the map do not cover each other", () =>
    visit("/", {}, async (page) => {
      await page.waitForSelector(".map .labels text", { state: "attached" });
      const boxes = await page.$$eval(".map .labels text", (all) =>
        all
          .map((t) => t.getBBox())
          .map((b) => [
            b.x + 2,
            b.y + 3,
            b.x + b.width - 2,
            b.y + b.height - 3,
          ]),
      );
      assert.ok(boxes.length >= 5, `only ${boxes.length} labels`);
      boxes.forEach((a, i) =>
        boxes
          .slice(i + 1)
          .forEach((b) =>
            assert.ok(
              !(a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]),
              `${a} covers ${b}`,
            ),
          ),
      );
    }));
});

describe("mesh", () => {
  test("is walked with the arrow keys and opens the path", () =>
    visit("/mesh", {}, async (page) => {
      const matrix = page.getByRole("application");
      await matrix.focus();
      await page.keyboard.press("ArrowDown");
      const one = await page.innerText("#mesh-sentence");
      assert.match(one, /→/);
      await page.keyboard.press("ArrowDown");
      assert.notEqual(await page.innerText("#mesh-sentence"), one);
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/paths\/[0-9a-f]{16}/);
    }));

  test("changes figure, layout and order in the URL", () =>
    visit("/mesh", {}, async (page) => {
      await page.getByRole("radio", { name: "Loss" }).check();
      await page.getByRole("radio", { name: "full" }).check();
      await page.getByRole("radio", { name: "worst first" }).check();
      const url = new URL(page.url());
      assert.equal(url.searchParams.get("figure"), "loss_ratio");
      assert.equal(url.searchParams.get("layout"), "full");
      assert.equal(url.searchParams.get("order"), "badness");
      await page.reload();
      assert.ok(await page.getByRole("radio", { name: "full" }).isChecked());
    }));

  test("is a list on a phone", () =>
    visit("/mesh", { size: PHONE }, async (page) => {
      await page.waitForSelector("aside li a");
      assert.equal(await page.getByRole("application").isVisible(), false);
    }));
});

describe("paths", () => {
  test("filter by text, state and family, kept in the URL", () =>
    visit("/paths", {}, async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("no such path anywhere");
      await page.getByText("No path fits these filters.").waitFor();
      await page.getByRole("button", { name: "Clear filters" }).first().click();
      await page.getByRole("radio", { name: "IPv6" }).check();
      assert.equal(new URL(page.url()).searchParams.get("family"), "6");
      await page.waitForFunction(() =>
        [...document.querySelectorAll(".method")].every((m) =>
          m.textContent.includes("IPv6"),
        ),
      );
    }));

  test("keep only rows in sight in the page", () =>
    visit("/paths", {}, async (page) => {
      await page.waitForSelector("[role=row] a.cover");
      assert.ok((await page.locator("[role=row] a.cover").count()) < 90);
    }));

  test("a row opens its path", () =>
    visit("/paths", {}, async (page) => {
      await page.locator("[role=row] a.cover").first().click();
      await page.waitForURL(/\/paths\/[0-9a-f]{16}/);
      await page.waitForSelector(".figures");
    }));
});

describe("path", () => {
  test("draws smoke that is not empty, and reads it by key", () =>
    visit(`/paths/${first_path}?range=15m`, {}, async (page) => {
      const chart = page.getByRole("slider", { name: "Round-trip delay" });
      await chart.waitFor();
      await page.waitForFunction(() => {
        const canvas = document.querySelector("[role=slider] canvas");
        const { data } = canvas
          .getContext("2d")
          .getImageData(0, 0, canvas.width, canvas.height);
        let painted = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted++;
        return painted > 2000;
      });
      await chart.focus();
      await page.keyboard.press("ArrowLeft");
      assert.match(
        await chart.getAttribute("aria-valuetext"),
        /p50 .*(ms|µs|ns)/,
      );
    }));

  test("zooms by dragging, and back", () =>
    visit(`/paths/${first_path}?range=15m`, {}, async (page) => {
      const chart = page.getByRole("slider", { name: "Round-trip delay" });
      await chart.waitFor();
      const box = await chart.boundingBox();
      await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 5 });
      await page.mouse.up();
      await page.waitForURL(/from=\d+&to=\d+/);
      await page.getByRole("button", { name: "Back", exact: true }).click();
      await page.waitForURL(/range=15m/);
    }));

  test("is compared with an earlier range, in the chart and in figures", () =>
    visit(`/paths/${first_path}?range=5m`, {}, async (page) => {
      const range_of = (request) =>
        ["from", "to"].map((n) =>
          Number(new URL(request.url()).searchParams.get(n)),
        );
      // The page asks for the range itself again and again; what is wanted is the one before it.
      const asked = page.waitForRequest(
        (r) =>
          /series\?/.test(r.url()) && Date.now() - range_of(r)[1] > 290_000,
      );
      await page.getByLabel("compare with").selectOption("before");
      const [from, to] = range_of(await asked);
      assert.equal(to - from, 300_000);
      await page
        .getByRole("group", { name: "compare with" })
        .or(page.getByText("Nothing was stored in the range"))
        .waitFor();
      assert.equal(new URL(page.url()).searchParams.get("compare"), "before");
    }));

  test("ranges reach from minutes to months", () =>
    visit(`/paths/${first_path}`, {}, async (page) => {
      for (const range of ["15 min", "24 h", "30 d", "6 months"]) {
        const answer = page.waitForResponse(
          (r) => r.url().includes("/series") && r.status() === 200,
        );
        await page.getByRole("radio", { name: range }).check();
        await answer;
      }
    }));

  test("gives its figures as a table and the command to measure by hand", () =>
    visit(`/paths/${first_path}?range=15m`, {}, async (page) => {
      await page.getByText("The figures as a table").click();
      await page.locator("details tbody tr").first().waitFor();
      assert.match(await page.innerText(".copy code"), /gnomon ping /);
    }));

  test("an unknown path says so", async () => {
    const { context, page } = await open_page(browser, {});
    await page.goto(`${BASE}/paths/ffffffffffffffff`);
    await page.getByText("This path is not known").waitFor();
    await context.close();
  });
});

describe("probes", () => {
  test("lists the fleet with five marks each, and opens one", () =>
    visit("/probes", {}, async (page) => {
      const { probes } = await (await fetch(`${BASE}/api/v1/probes`)).json();
      await page.waitForSelector("[role=table] button[aria-expanded]");
      const lines = page.locator("[role=table] button[aria-expanded]");
      assert.equal(await lines.count(), probes.length);
      assert.equal(
        await page.locator(".health svg").count(),
        probes.length * 5,
      );
      await lines.first().click();
      await page.getByText("Windows dropped by the spool").waitFor();
    }));
});

describe("keyboard", () => {
  test("g and a letter go, ? helps, Escape closes, [ moves in time", () =>
    visit("/", {}, async (page) => {
      for (const [key, path] of [
        ["m", "/mesh"],
        ["p", "/paths"],
        ["a", "/access"],
        ["r", "/probes"],
        ["s", "/storage"],
        ["t", "/speed"],
        ["o", "/"],
      ]) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await page.waitForURL((url) => url.pathname === path);
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.goto(`${BASE}/paths/${first_path}?range=15m`);
      await page.waitForSelector(".figures");
      await page.keyboard.press("[");
      await page.waitForURL(/from=\d+/);
      await page.keyboard.press("]");
      await page.waitForURL(/range=15m/);
    }));

  test("Tab shows where it is", () =>
    visit("/", {}, async (page) => {
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      const width = await page.evaluate(
        () => getComputedStyle(document.activeElement).outlineWidth,
      );
      assert.notEqual(width, "0px");
    }));
});

describe("choices", () => {
  test("language and theme last", () =>
    visit("/", {}, async (page) => {
      await page.getByRole("button", { name: "Language" }).click();
      await page.getByText("最新变化").waitFor();
      await page.reload();
      await page.getByText("最新变化").waitFor();
      await page.getByRole("button", { name: /外观/ }).click();
      await page.getByRole("button", { name: /外观/ }).click();
      assert.equal(await page.getAttribute("html", "data-theme"), "dark");
    }));

  test("unknown addresses have a page of their own", () =>
    visit("/", {}, async (page) => {
      await page.goto(`${BASE}/nowhere`);
      await page.getByText("There is no such page.").waitFor();
    }));
});

describe("live", () => {
  test("says when the server is gone, and recovers", async () => {
    const { context, page } = await open_page(browser, {});
    page.setDefaultTimeout(WAIT);
    await page.goto(BASE);
    await page.waitForSelector(".now");
    await page.route("**/api/v1/live?*", (route) => route.abort());
    await page.evaluate(() => dispatchEvent(new Event("offline")));
    await page.getByText(/Connection to the server lost/).waitFor();
    const try_now = await seen_button(page, "Try now");
    await page.unroute("**/api/v1/live?*");
    await try_now();
    await page
      .getByText(/Connection to the server lost/)
      .waitFor({ state: "detached" });
    await context.close();
  });
});

describe("admin", { concurrency: false }, () => {
  test("a wrong password is told", () =>
    visit("/", {}, async (page, faults) => {
      await page.getByRole("button", { name: "Log in" }).first().click();
      await page.fill("input[name=password]", "surely wrong");
      await page.keyboard.press("Enter");
      await page.getByText("Name or password is wrong.").waitFor();
      // The browser itself logs the 401.
      faults.splice(
        0,
        faults.length,
        ...faults.filter((f) => !f.includes("401")),
      );
    }));

  test("fails and heals a link on the map, and others see it", () =>
    visit("/", {}, async (page) => {
      await login(page);
      const { links } = await (await fetch(`${BASE}/api/v1/region`)).json();
      const link = links.find((l) => l.kind === "core" && l.state === "up");
      const mark = page.locator(`[data-link="${link.id}"]`);
      await mark.focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("dialog");
      await panel.getByRole("button", { name: "Fail" }).click();
      await panel.locator(".answer").filter({ hasText: /\S/ }).waitFor();
      await page.waitForFunction(
        (id) =>
          document
            .querySelector(`[data-link="${id}"]`)
            .classList.contains("down"),
        link.id,
      );
      const state = async () =>
        (await (await fetch(`${BASE}/api/v1/region`)).json()).links.find(
          (l) => l.id === link.id,
        ).state;
      assert.equal(await state(), "down");
      await panel.getByRole("button", { name: "Heal" }).click();
      await page.waitForFunction(
        (id) =>
          !document
            .querySelector(`[data-link="${id}"]`)
            .classList.contains("down"),
        link.id,
      );
      assert.equal(await state(), "up");
    }));

  test("sets a delay, refuses nonsense", () =>
    visit("/", {}, async (page) => {
      await login(page);
      const { links } = await (await fetch(`${BASE}/api/v1/region`)).json();
      const link = links.find((l) => l.kind === "core" && l.state === "up");
      await page.locator(`[data-link="${link.id}"]`).focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("dialog");
      await panel.locator("input[name=loss]").fill("150");
      await panel.getByText("Between 0 and 100 %.").waitFor();
      await panel.locator("input[name=loss]").fill("0");
      await panel.locator("input[name=delay]").fill("7,5");
      await panel.getByRole("button", { name: "Set" }).click();
      await panel.locator(".answer").filter({ hasText: /\S/ }).waitFor();
      const now = (
        await (await fetch(`${BASE}/api/v1/region`)).json()
      ).links.find((l) => l.id === link.id);
      assert.equal(now.settings.forward.delay_us, 7500);
      await panel.getByRole("button", { name: "Back to the plan" }).click();
      await page.waitForFunction(
        (id) =>
          !document
            .querySelector(`[data-link="${id}"]`)
            .classList.contains("changed"),
        link.id,
      );
    }));

  test("logs out", () =>
    visit("/", {}, async (page) => {
      await login(page);
      await page.getByRole("button", { name: /admin/ }).click();
      await page.getByRole("menuitem", { name: "Log out" }).click();
      await page.getByRole("button", { name: "Log in" }).waitFor();
    }));
});
