// What stands where figures would: nothing yet, on the way, failed, old. The answers are bent in the browser, so that
// each state is there when it is looked at.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BASE, launch, open_page } from "./browser.mjs";
import { seen_button, settled, some_path, WAIT } from "./steps.mjs";

let browser;
let path;
before(async () => {
  browser = await launch();
  path = await some_path();
});
after(() => browser?.close());

async function bent(view, routes, steps, options = {}) {
  const { context, page } = await open_page(browser, options);
  page.setDefaultTimeout(WAIT);
  for (const [pattern, answer] of Object.entries(routes))
    await page.route(pattern, answer);
  try {
    await page.goto(BASE + view);
    await steps(page);
  } finally {
    await context.close();
  }
}

const json = (body, status = 200) => ({
  status,
  contentType: "application/json",
  body: JSON.stringify(body),
});
const failing = (route) =>
  route.fulfill(
    json(
      {
        error: {
          code: "unavailable",
          message: "The tables are being rebuilt.",
        },
      },
      503,
    ),
  );

describe("a query that fails says why, and works when tried again:", () => {
  for (const [name, view, pattern, sign] of [
    ["overview", "/", "**/api/v1/overview", ".now"],
    ["mesh", "/mesh?minutes=15", "**/api/v1/mesh?*", "canvas"],
    ["path", "PATH", "**/series?*", "[role=slider]"],
    ["access", "/access", "**/api/v1/access?*", "main table, .notice.empty"],
    ["probes", "/probes", "**/api/v1/probes", "[role=table]"],
    ["storage", "/storage", "**/api/v1/storage", "table"],
  ])
    test(name, () =>
      bent(
        view === "PATH" ? `/paths/${path}?range=15m` : view,
        { [pattern]: failing },
        async (page) => {
          const alert = page.getByRole("alert").filter({
            hasText: "The tables are being rebuilt.",
          });
          await alert.first().waitFor();
          const try_again = await seen_button(page, "Try again");
          await page.unroute(pattern);
          await try_again();
          await alert.first().waitFor({ state: "detached" });
          await page.locator(sign).first().waitFor();
        },
      ),
    );
});

describe("an empty fleet is told what to do next on", () => {
  const nothing = {
    "**/api/v1/paths": (r) => r.fulfill(json({ paths: [] })),
    "**/api/v1/probes": (r) => r.fulfill(json({ probes: [], refused: [] })),
    "**/api/v1/live?*": (r) => r.abort(),
  };
  for (const view of ["/", "/mesh", "/paths", "/probes"])
    test(view, () =>
      bent(view, nothing, async (page) => {
        await page.getByText("Nothing is measured yet").waitFor();
        await page
          .getByText(`gnomon probe --plan plan.yaml --server ${BASE}`)
          .waitFor();
      }),
    );
});

// A test of a fixed line, as GET access tells it; what a case does not name is not known.
const tested = (over) => ({
  record: 7,
  place: 0,
  probe: "0".repeat(32),
  site: "gz",
  start_ms: Date.now() - 60_000,
  duration_ms: 10_000,
  target: "dc-1",
  address: "",
  method: "tcp",
  direction: "down",
  network: "fixed",
  access: "fixed",
  outcome: "done",
  marks: [],
  throughput: 930e6,
  throughput_low: null,
  throughput_high: null,
  samples: 0,
  moved_bytes: 1e9,
  spared_bytes: null,
  idle_p50: 4e6,
  idle_p95: null,
  loaded_p50: 51e6,
  loaded_p95: null,
  rpm: null,
  loss_ratio: null,
  retransmission_ratio: null,
  verdict: "network",
  verdict_confidence: 0.93,
  evidence: [{ name: "queue", value: 47e6, unit: "ns" }],
  policer_rate: null,
  policer_burst: null,
  queue: 47e6,
  client_cpu: null,
  server_cpu: null,
  ...over,
});
const spread = (median) => ({
  count: 3,
  least: median,
  median,
  greatest: median,
});
const answer_with = (...tests) => ({
  from_unix_ms: 0,
  to_unix_ms: Date.now(),
  utc_offset_s: 28_800,
  newest: tests,
  groups: tests.map((one) => ({
    ...one,
    slot: 0,
    tests: 3,
    done: 3,
    disturbed: 0,
    newest_unix_ms: one.start_ms,
    throughput: one.throughput === null ? null : spread(one.throughput),
    idle_p50: spread(4e6),
    loaded_p50: spread(51e6),
    rpm: null,
    verdicts: { network: 3 },
  })),
  hours: [],
  weekdays: [],
});
const access_says = (...tests) => ({
  "**/api/v1/access?*": (r) => r.fulfill(json(answer_with(...tests))),
});

describe("the access page", () => {
  test("says what to do when nothing was tested", () =>
    bent("/access", access_says(), (page) =>
      page.getByText("No access network has been tested").waitFor(),
    ));

  test("does not take an old test for now", () =>
    bent(
      "/access",
      access_says(tested({ start_ms: Date.now() - 5 * 86_400_000 })),
      (page) => page.getByText("nothing is known about now").waitFor(),
    ));

  test("puts networks side by side and opens a test to its evidence by key", () =>
    bent(
      "/access",
      access_says(
        tested({}),
        tested({ place: 1, network: "5g", access: "5g", throughput: 412e6 }),
      ),
      async (page) => {
        const row = page.getByRole("row", { name: /^gz 930/ });
        assert.match(
          await row.innerText(),
          /930\s*Mbit\/s[\s\S]*412\s*Mbit\/s/,
        );
        assert.equal(
          await page.getByText("nothing is known about now").count(),
          0,
        );
        await page
          .getByRole("button", { name: /Evidence of the test of gz, fixed/ })
          .focus();
        await page.keyboard.press("Enter");
        await page
          .locator(".more")
          .getByText("queue", { exact: true })
          .waitFor();
        assert.match(await page.locator(".more").innerText(), /47\.0\s*ms/);
      },
    ));
});

test("a page that waits says so, and shows what is there already", () =>
  bent("/paths", { "**/api/v1/paths": () => {} }, async (page) => {
    await page.getByText("Loading…").waitFor();
    await page.getByRole("link", { name: "Mesh" }).waitFor();
  }));

test("the overview does not wait for the rows of all paths", () =>
  bent("/", { "**/api/v1/paths": () => {} }, async (page) => {
    await page.waitForFunction(() =>
      /\d\s*(ms|µs)/.test(
        document.querySelector(".now .figures")?.textContent ?? "",
      ),
    );
    assert.match(await page.innerText(".sentence"), /paths/);
  }));

test("a server that is away is told with the time of the last figures", () =>
  bent("/", {}, async (page) => {
    await page.waitForFunction(() =>
      /\d\s*(ms|µs)/.test(
        document.querySelector(".now .figures")?.textContent ?? "",
      ),
    );
    await page.route("**/api/**", (route) => route.abort());
    await page.evaluate(() => dispatchEvent(new Event("offline")));
    await page
      .getByText(
        /Connection to the server lost; the figures below stand as of \d\d:\d\d:\d\d/,
      )
      .waitFor();
    assert.match(await page.innerText(".now .figures"), /\d/);
    const try_now = await seen_button(page, "Try now");
    await page.unroute("**/api/**");
    await try_now();
    await page
      .getByText(/Connection to the server lost/)
      .waitFor({ state: "detached" });
  }));

test("a server that never answered says so and starts when it does", () =>
  bent("/", { "**/api/**": (route) => route.abort() }, async (page) => {
    await page.getByText(/The server could not be asked/).waitFor();
    const try_again = await seen_button(page, "Try again");
    await page.unroute("**/api/**");
    await try_again();
    await page.locator(".now").waitFor();
  }));

test("a stale path says since when nothing is known", async () => {
  const row = await (await fetch(`${BASE}/api/v1/paths/${path}`)).json();
  const old = { ...row, state: "stale", last_unix_ms: Date.now() - 300_000 };
  await bent(
    `/paths/${path}`,
    {
      [`**/api/v1/paths/${path}`]: (r) => r.fulfill(json(old)),
      "**/api/v1/paths": (r) => r.fulfill(json({ paths: [old] })),
      "**/api/v1/live?*": (r) => r.abort(),
    },
    async (page) => {
      await page.getByText(/no data since \d\d:\d\d:\d\d/).waitFor();
      const ink = (e) => getComputedStyle(e).color;
      assert.notEqual(
        await page.locator(".figures .amount").first().evaluate(ink),
        await page.locator("main h1").evaluate(ink),
        "old figures look like new ones",
      );
    },
  );
});

describe("a link shows a colleague the same view:", () => {
  for (const view of [
    "/?family=6",
    "/mesh?figure=loss_ratio&layout=full&order=badness&family=6&minutes=5",
    "/paths?state=good&method=stamp&sort=rtt&q=dc-1",
    "PATH?range=15m&compare=before&scale=log&max=0",
  ])
    test(view, () =>
      bent(view.replace("PATH", `/paths/${path}`), {}, async (page) => {
        await settled(page);
        const choices = () =>
          page.$$eval(
            "input:checked, select, input[type=search], main [aria-sort]",
            (all) => all.map((e) => e.getAttribute("aria-sort") ?? e.value),
          );
        const first = await choices();
        const address = page.url();
        await page.goto(`${BASE}/storage`);
        await page.goto(address);
        await settled(page);
        assert.deepEqual(await choices(), first);
        assert.equal(page.url(), address);
      }),
    );
});
