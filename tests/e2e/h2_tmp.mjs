import { BASE, launch, LOOKS, open_page } from "./browser.mjs";
const b = await launch();
for (const look of [LOOKS[0], LOOKS[LOOKS.length - 1]]) {
  const { context, page } = await open_page(b, look);
  await page.goto(BASE + (process.argv[2] ?? "/access"));
  await page.waitForTimeout(6000);
  await page.screenshot({ path: `/tmp/h2_pics/y-${look.theme}.png`, fullPage: true });
  await context.close();
}
await b.close();
