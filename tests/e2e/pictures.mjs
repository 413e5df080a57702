// Takes the pictures of every page, in both themes and languages, on a desk and on a phone, for looking at and for the
// README: GNOMON_URL=… node pictures.mjs DIRECTORY [WORD…] (only pictures whose name holds every WORD).

import { mkdirSync } from "node:fs";
import { BASE, DESK, launch, open_page, PASSWORD, PHONE } from "./browser.mjs";

const out = process.argv[2] ?? "pictures";
const words = process.argv.slice(3);
mkdirSync(out, { recursive: true });

const rows = (await (await fetch(`${BASE}/api/v1/paths`)).json()).paths;
const one =
  rows.find((r) => r.method === "stamp" && r.state === "good") ?? rows[0];
const PAGES = {
  overview: "/",
  mesh: "/mesh",
  "mesh-full": "/mesh?layout=full",
  paths: "/paths",
  path: `/paths/${one?.id}`,
  "path-week": `/paths/${one?.id}?range=7d&reverse=1`,
  access: "/access",
  "overview-capacity": "/?sites=capacity",
  "overview-limits": "/?sites=verdict",
  probes: "/probes",
  storage: "/storage",
  speed: "/speed",
};

const browser = await launch();
for (const [name, path] of Object.entries(PAGES)) {
  for (const [where, size] of [
    ["desk", DESK],
    ["phone", PHONE],
  ]) {
    for (const theme of ["light", "dark"]) {
      for (const language of ["en", "zh"]) {
        const file = `${name}-${where}-${theme}-${language}`;
        if (
          !words.every((w) => file.split("-").includes(w) || file.startsWith(w))
        )
          continue;
        const { context, page } = await open_page(browser, {
          language,
          theme,
          size,
        });
        await page.goto(BASE + path);
        await page.waitForSelector("main h1, main h2");
        await page.waitForTimeout(1500);
        await page.screenshot({ path: `${out}/${file}.png` });
        await context.close();
        console.log(file);
      }
    }
  }
}

if (PASSWORD && (words.length === 0 || words.includes("link"))) {
  const { page } = await open_page(browser, {});
  await page.goto(BASE);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.fill("input[name=user]", "admin");
  await page.fill("input[name=password]", PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.locator("[data-link]").nth(3).dispatchEvent("click");
  await page.waitForTimeout(800);
  await page.screenshot({ path: `${out}/link-desk-light-en.png` });
}
await browser.close();
