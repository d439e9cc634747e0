import { createSlots, type Slots } from '../../../core/slots.ts';

/**
 * Items of several streams as they come. Leaving early, or a failure of one, closes all of them; `abort` is called first,
 * since a stream that waits for its source can't be closed.
 */
export async function* merge<Item>(
  streams: ReadonlyArray<AsyncGenerator<Item, void, void>>,
  abort: () => void,
): AsyncGenerator<Item, void, void> {
  type Step = { stream: AsyncGenerator<Item, void, void>; result: IteratorResult<Item, void> };
  const pending = new Map<AsyncGenerator<Item, void, void>, Promise<Step>>();
  const ask = (stream: AsyncGenerator<Item, void, void>) => {
    pending.set(
      stream,
      stream.next().then((result) => ({ stream, result })),
    );
  };
  for (const stream of streams) ask(stream);
  try {
    while (pending.size > 0) {
      const { stream, result } = await Promise.race(pending.values());
      if (result.done) {
        pending.delete(stream);
      } else {
        ask(stream);
        yield result.value;
      }
    }
  } finally {
    abort();
    await Promise.allSettled([...pending.values(), ...streams.map((stream) => stream.return())]);
  }
}

/** One stream after the other. */
export async function* inTurn<Item>(
  streams: Iterable<AsyncGenerator<Item, void, void>>,
): AsyncGenerator<Item, void, void> {
  for (const stream of streams) yield* stream;
}

/**
 * Lets a bounded number of requests through at the same time, first come first served. A server that refuses one more than it
 * takes narrows the bound; many answers in a row without a refusal widen it again, up to what it was.
 */
export type Semaphore = {
  /** @throws the signal's reason when it is aborted before there is room */
  enter(options: { signal: AbortSignal }): Promise<Place>;
  /** Lowers the bound to what the server is known to take at once. */
  limit(places: number): void;
  /** A stream has given its first text and runs; the returned function says that it has ended. */
  streaming(): () => void;
  /** The most streams that gave text side by side so far. */
  mostStreaming(): number;
};

export type Place = {
  leave(): void;
  /** Takes a place again if an aborted `refused` has left without one. Called before each request. */
  hold(options: { signal: AbortSignal }): Promise<void>;
  /**
   * The server refused this request because it is overloaded: gives the place up, waits until another of our requests ends, and
   * takes a place again. False at once where there is no other request to wait for.
   */
  refused(options: { signal: AbortSignal }): Promise<boolean>;
};

/** Requests that must end without a refusal, for each place, before one more place is tried. */
const patience = 8;

export function createSemaphore(places: number): Semaphore {
  const bounds: Bounds = { most: places, bound: places, calm: 0 };
  const slots = createSlots(places);
  let streams = 0;
  let mostStreams = 0;
  return {
    async enter({ signal }) {
      return createPlace(await slots.acquire({ signal }), { bounds, slots });
    },
    limit(known) {
      bounds.most = Math.max(1, Math.min(bounds.most, known));
      bounds.bound = Math.min(bounds.bound, bounds.most);
      slots.resize(bounds.bound);
    },
    streaming() {
      streams++;
      mostStreams = Math.max(mostStreams, streams);
      let runs = true;
      return () => {
        if (runs) streams--;
        runs = false;
      };
    },
    mostStreaming: () => mostStreams,
  };
}

/** `most`: places at best; `bound`: those at present; `calm`: requests that ended without a refusal since the last change. */
type Bounds = { most: number; bound: number; calm: number };

function createPlace(first: () => void, { bounds, slots }: { bounds: Bounds; slots: Slots }): Place {
  /** Undefined while the place is given up. */
  let release: (() => void) | undefined = first;
  return {
    leave() {
      if (release !== undefined && bounds.bound < bounds.most && ++bounds.calm >= patience * bounds.bound) {
        bounds.bound++;
        bounds.calm = 0;
        slots.resize(bounds.bound);
      }
      release?.();
      release = undefined;
    },
    async hold({ signal }) {
      release ??= await slots.acquire({ signal, atFront: true });
    },
    async refused({ signal }) {
      if (release === undefined || slots.held() <= 1) return false;
      bounds.calm = 0;
      bounds.bound = Math.min(bounds.bound, slots.held() - 1);
      slots.resize(bounds.bound);
      release();
      release = undefined;
      release = await slots.acquire({ signal, atFront: true });
      return true;
    },
  };
}
