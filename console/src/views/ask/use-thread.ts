import { useCallback, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { type Choice, requestOf } from '../../run/effort.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { whenReachable } from '../../service/when-reachable.ts';
import { keepThread, shownVersion, type Turn, threadEndingWith, type Version } from './thread.ts';

export type Asking = Choice & { instructions: string };

export type ThreadState = {
  turns: readonly Turn[];
  /** `restoring`: an address with an answer was opened; its thread is being fetched. */
  state: 'ready' | 'restoring' | 'sending';
  fault: ServiceFault | undefined;
  /** What `fault` refused: a question, or (undefined) the last one anew. Absent where the thread itself could not be fetched. */
  refused: { question: string | undefined; asking: Asking } | undefined;
  /** @returns whether the question was accepted */
  ask(question: string, asking: Asking): Promise<boolean>;
  /** Asks the last question anew; the earlier answer stays, a step back. */
  retry(asking: Asking): Promise<boolean>;
  show(turn: number, version: number): void;
  startAnew(): void;
  /** Fetches the thread of the address again. */
  restore(): void;
};

/** The chat: its turns, kept in the address by the last answer's id, so that a reload or a link finds it again. */
export function useThread(): ThreadState {
  const [parameters, setParameters] = useSearchParams();
  const last = parameters.get('r');
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [state, setState] = useState<ThreadState['state']>(last === null ? 'ready' : 'restoring');
  const [restoring, setRestoring] = useState(0);
  const [failed, setFailed] = useState<{ fault: ServiceFault; refused?: ThreadState['refused'] }>();
  const shown = useRef<string | null>(null);
  /** Goes on with each thread that is opened and with the view's end: what was asked before belongs to none of them. */
  const era = useRef(0);
  useEffect(
    () => () => {
      era.current += 1;
    },
    [],
  );

  const put = useCallback(
    (next: readonly Turn[], { replace = false } = {}) => {
      const id = shownVersion(next.at(-1))?.id ?? null;
      shown.current = id;
      setTurns(next);
      keepThread(next);
      setParameters(id === null ? {} : { r: id }, { replace });
    },
    [setParameters],
  );

  // The address leads: a reload, a link and the browser's way back all end here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a number of `restoring` is a wish to fetch it again
  useEffect(() => {
    if (last === shown.current) return;
    era.current += 1;
    setFailed(undefined);
    if (last === null) {
      shown.current = null;
      setTurns([]);
      setState('ready');
      return;
    }
    const gone = new AbortController();
    setState('restoring');
    const { signal } = gone;
    whenReachable(() => threadEndingWith(last, { signal }), {
      signal,
      onFault: (fault) => setFailed({ fault }),
    })
      .then((found) => {
        if (gone.signal.aborted) return;
        setFailed(undefined);
        shown.current = last;
        setTurns(found);
        setState('ready');
      })
      .catch((error: unknown) => {
        if (gone.signal.aborted) return;
        setFailed({ fault: asFault(error) });
        setState('ready');
      });
    return () => gone.abort();
  }, [last, restoring]);

  const accept = async (
    question: string,
    before: readonly Turn[],
    refused: NonNullable<ThreadState['refused']>,
  ): Promise<Version | undefined> => {
    const { asking } = refused;
    const asked = era.current;
    setState('sending');
    setFailed(undefined);
    try {
      const previous = await lastUsable(before);
      const response = await service.ask({
        ...requestOf(asking),
        input: question,
        ...(asking.instructions.trim() === '' ? {} : { instructions: asking.instructions }),
        ...(previous === undefined ? {} : { previous_response_id: previous }),
      });
      // Elsewhere by now: the answer is among the jobs, and nobody is fetched back to it.
      if (asked !== era.current) return undefined;
      return { id: response.id, effort: asking.effort, model: response.model };
    } catch (error) {
      if (asked === era.current) setFailed({ fault: asFault(error), refused });
      return undefined;
    } finally {
      setState('ready');
    }
  };

  return {
    turns,
    state,
    fault: failed?.fault,
    refused: failed?.refused,
    async ask(question, asking) {
      const version = await accept(question, turns, { question, asking });
      if (version === undefined) return false;
      put([...turns, { question, versions: [version], shown: 0 }]);
      return true;
    },
    async retry(asking) {
      const turn = turns.at(-1);
      if (turn === undefined) return false;
      const version = await accept(turn.question, turns.slice(0, -1), { question: undefined, asking });
      if (version === undefined) return false;
      const versions = [...turn.versions, version];
      put([...turns.slice(0, -1), { ...turn, versions, shown: versions.length - 1 }]);
      return true;
    },
    show(index, version) {
      put(
        turns.map((turn, position) => (position === index ? { ...turn, shown: version } : turn)),
        { replace: true },
      );
    },
    startAnew() {
      era.current += 1;
      put([]);
    },
    restore: () => setRestoring((count) => count + 1),
  };
}

/** The last answer that can be built on: a failed or stopped one has nothing to remember. */
async function lastUsable(turns: readonly Turn[]): Promise<string | undefined> {
  for (const turn of turns.toReversed()) {
    const id = shownVersion(turn)?.id;
    if (id === undefined) continue;
    const { status } = await service.response(id);
    if (status === 'completed' || status === 'incomplete') return id;
  }
  return undefined;
}
