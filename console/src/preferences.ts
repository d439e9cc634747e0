import { useSyncExternalStore } from 'react';

/** What a reader has chosen, kept in this browser. */
export type Preferences = {
  language: Language;
  theme: 'system' | 'light' | 'dark';
  /** Sent as `Authorization: Bearer`; empty: none. */
  key: string;
};
export type Language = 'en' | 'ko';

const place = 'thinkfirst.preferences';
/** A key that is not to be remembered lives as long as the tab. */
const keyPlace = 'thinkfirst.key';
const listeners = new Set<() => void>();
let current = stored();
show(current);

/** The preferences now; for code outside components. */
export function preferences(): Preferences {
  return current;
}

/** The preferences, re-rendered when they change. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

/** Changes some and keeps them. `rememberKey: false` keeps the key for this tab only. */
export function setPreferences(change: Partial<Preferences>, { rememberKey = true } = {}): void {
  current = { ...current, ...change };
  const { key, ...rest } = current;
  write(localStorage, place, JSON.stringify(rest));
  if (change.key !== undefined) {
    write(sessionStorage, keyPlace, rememberKey ? '' : key);
    write(localStorage, keyPlace, rememberKey ? key : '');
  }
  show(current);
  for (const listener of listeners) listener();
}

function stored(): Preferences {
  const chosen = parse(read(localStorage, place));
  return {
    language: oneOf(chosen['language'], ['en', 'ko']) ?? (navigator.language.startsWith('ko') ? 'ko' : 'en'),
    theme: oneOf(chosen['theme'], ['system', 'light', 'dark']) ?? 'system',
    key: read(sessionStorage, keyPlace) || read(localStorage, keyPlace),
  };
}

function show({ language, theme }: Preferences): void {
  document.documentElement.lang = language;
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function oneOf<T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

// A browser may forbid storage; then the choice holds until the page is closed.
function read(storage: Storage, name: string): string {
  try {
    return storage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

function write(storage: Storage, name: string, value: string): void {
  try {
    if (value === '') storage.removeItem(name);
    else storage.setItem(name, value);
  } catch {
    // See above.
  }
}
