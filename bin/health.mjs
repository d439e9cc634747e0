// Health of the process in this container: exit code 0 once it is ready. Asks the metrics' port, which API and worker have.
const port = process.env.METRICS_PORT || process.env.PORT || '8080';
try {
  const { ok } = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4_000) });
  process.exit(ok ? 0 : 1);
} catch {
  process.exit(1);
}
