// Debian's Chromium, driven by playwright-core. One place for its arguments, so that tests and pictures see the same.

import { chromium } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--font-render-hinting=none",
];

export const BASE = (process.env.GNOMON_URL ?? "http://127.0.0.1:8780").replace(
  /\/$/,
  "",
);
export const PASSWORD = process.env.GNOMON_PASSWORD ?? "";

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Language, theme and size in four looks: every two of their values meet in one of them. */
export const LOOKS = [
  { language: "en", theme: "light", size: DESK },
  { language: "en", theme: "dark", size: PHONE },
  { language: "zh", theme: "light", size: PHONE },
  { language: "zh", theme: "dark", size: DESK },
];

/** `more`: arguments besides. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
    headless: true,
    args: [...ARGS, ...more],
  });
}

/** A page with its language and theme chosen, which remembers everything that should not happen. */
export async function open_page(
  browser,
  { language = "en", theme = "light", size = DESK } = {},
) {
  const context = await browser.newContext({
    viewport: size,
    locale: language === "zh" ? "zh-CN" : "en-GB",
    colorScheme: theme,
    hasTouch: size.width < 720,
    timezoneId: "Asia/Shanghai",
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (m) => {
    // A proof that waits for the next checkpoint is 503 for a second: the page asks again, the browser notes it down.
    const is_waiting =
      m.text().includes("status of 503") && m.location().url.endsWith("/proof");
    if (m.type() === "error" && !is_waiting)
      faults.push(`console: ${m.text()}`);
  });
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (
      url.origin !== new URL(BASE).origin &&
      !["data:", "blob:"].includes(url.protocol)
    )
      faults.push(`request to another origin: ${r.url()}`);
  });
  await page.addInitScript(() => {
    globalThis.csp_violations = [];
    document.addEventListener("securitypolicyviolation", (e) =>
      globalThis.csp_violations.push(`${e.violatedDirective} ${e.blockedURI}`),
    );
  });
  return { context, page, faults };
}
