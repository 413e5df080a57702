// Waits until the observatory of GNOMON_URL has a state for nearly every path, and says how long that took.

const begun = Date.now();
for (;;) {
  const status = await fetch(`${process.env.GNOMON_URL}/api/v1/status`)
    .then((r) => r.json())
    .catch(() => null);
  if (
    status &&
    status.paths.total > 0 &&
    status.paths.unknown + status.paths.stale === 0 &&
    status.windows_stored > status.paths.total
  )
    break;
  if (Date.now() - begun > 60_000) {
    console.error("no paths after a minute:", JSON.stringify(status?.paths));
    process.exit(1);
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
}
console.log(`first states after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
