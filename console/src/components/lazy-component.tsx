import { type ComponentType, type LazyExoticComponent, lazy, useSyncExternalStore } from 'react';
import { useStrings } from '../i18n/strings.ts';
import { request } from '../service/request.ts';
import { whenReachable } from '../service/when-reachable.ts';
import { Page } from './page.tsx';
import { stateStrings } from './states.strings.ts';
import { Empty, Loading } from './states.tsx';

/** A page that was loaded again for a script that did not come: when, epoch ms. A second time soon after would not help. */
const reloadedPlace = 'thinkfirst.reloaded';
const reloadAgainMs = 30_000;

/** Scripts that are waited for because nothing answers. */
let waiting = 0;
const listeners = new Set<() => void>();

/**
 * A component whose script is fetched when it is first shown. Where the connection is lost, its place waits (the fallback of
 * `Suspense`) and the script is fetched once the service answers again.
 */
export function lazyComponent<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await fetched(load) }));
}

/** What stands in a view's place until its script is there. */
export function ViewLoading() {
  const words = useStrings(stateStrings);
  const away = useSyncExternalStore(subscribe, () => waiting > 0);
  if (!away) return <Loading />;
  return (
    <Page title={words.titles.offline}>
      <Empty title={words.viewWaits} />
    </Page>
  );
}

async function fetched<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    // Nothing answers, the browser remembers that nothing did, or a newer version of the service has other scripts.
  }
  wait(1);
  try {
    return await whenReachable(() => loadFromService(load), { signal: new AbortController().signal });
  } finally {
    wait(-1);
  }
}

async function loadFromService<T>(load: () => Promise<T>): Promise<T> {
  await request('/healthz');
  try {
    return await load();
  } catch (error) {
    if (Date.now() - Number(sessionStorage.getItem(reloadedPlace)) < reloadAgainMs) throw error;
    sessionStorage.setItem(reloadedPlace, String(Date.now()));
    window.location.reload();
    return new Promise<never>(() => undefined);
  }
}

function wait(change: number): void {
  waiting += change;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
