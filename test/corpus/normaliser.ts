/** Makes what two runs have to differ in the same in both: ids, secrets, times, durations, addresses. */
export type Normaliser = {
  text(text: string): string;
  /** A JSON value, its properties in the order they came in. */
  json(value: unknown): unknown;
};

/** Durations and what follows from them; a request's own `deadline_ms` is no such thing. */
const measured = /^(duration_ms|waited_ms|queued_ms|openai-processing-ms|.*_duration|.*_per_second|uptime.*)$/;
/** Of a response that waits, and null from the moment that a worker has it; the time is null until the first pace is known. */
const waiting = /^(queue_position|eta_ms)$/;
/** Encrypted with a random nonce, or the end of a secret. */
const encrypted = /^(encrypted_content|signature|thinking_signature|secret_end)$/;

/** `texts`: what stands for the service's own address, folder and the like, by the value it has in this run. */
export function createNormaliser(texts: Readonly<Record<string, string>>): Normaliser {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const nameOf = (kind: string, value: string) => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${kind}${count}`;
    names.set(value, name);
    return name;
  };
  const text = (raw: string) => {
    const local = Object.entries(texts).reduce((at, [value, name]) => at.replaceAll(value, name), raw);
    return local
      .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, (id) => nameOf('uuid_', id))
      .replace(/\bwhsec_[A-Za-z0-9+/=]+/g, (id) => nameOf('whsec_', id))
      .replace(/\b([a-z]+[-_])(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{20,}/g, (id, kind: string) => nameOf(kind, id))
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replace(/\b[12]\d{9}(\d{3})?\b(?!\.)/g, '<time>');
  };
  const json = (value: unknown, key = ''): unknown => {
    if (waiting.test(key) && (value === null || typeof value === 'number')) return '<waiting>';
    if (typeof value === 'number') {
      if (measured.test(key)) return '<ms>';
      return value > 1.7e9 && value < 2.5e9 ? '<time>' : value > 1.7e12 && value < 2.5e12 ? '<time>' : value;
    }
    if (typeof value === 'string') return encrypted.test(key) ? nameOf('sealed_', value) : text(value);
    if (Array.isArray(value)) return value.map((one) => json(one, key));
    if (typeof value !== 'object' || value === null) return value;
    // Which characters pad a delta follows from the id.
    const held = Object.entries(value).filter(([name]) => name !== 'obfuscation');
    return Object.fromEntries(held.map(([name, one]) => [text(name), json(one, name)]));
  };
  return { text, json: (value) => json(value) };
}
