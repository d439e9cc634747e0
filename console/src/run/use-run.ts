import { useEffect, useMemo, useReducer } from 'react';
import { perFrame } from '../service/per-frame.ts';
import { service } from '../service/service.ts';
import { asFault } from '../service/service-fault.ts';
import { whenReachable } from '../service/when-reachable.ts';
import { useAnswersAsked } from './answers-asked.ts';
import { advanceRun, hasEnded, initialRun, type RunEvent, type RunState } from './run-state.ts';

/** ms between looks at how far a running response is; its tokens move between the trace's events. */
const pollMs = 500;

/**
 * Follows a response from its first event to its end, through reloads and lost connections: its log is in the service, and
 * is read again from the start.
 */
export function useRun(id: string): RunState {
  const [run, dispatch] = useReducer(advanceAll, initialRun);
  const asked = useAnswersAsked().has(id);
  useEffect(() => {
    const gone = new AbortController();
    const frames = perFrame((events: readonly RunEvent[]) => !gone.signal.aborted && dispatch(events));
    followRun(id, { signal: gone.signal, dispatch: frames.push });
    return () => gone.abort();
  }, [id]);
  return useMemo(() => ({ ...run, answering: asked && !hasEnded(run) }), [run, asked]);
}

function advanceAll(run: RunState, events: readonly RunEvent[]): RunState {
  return events.reduce(advanceRun, run);
}

type Following = { signal: AbortSignal; dispatch(event: RunEvent): void };

async function followRun(id: string, { signal, dispatch }: Following): Promise<void> {
  const ended = new AbortController();
  const running = AbortSignal.any([signal, ended.signal]);
  const onLink = (link: RunState['link']) => dispatch({ type: 'link', link });
  try {
    const response = await whenReachable(() => service.response(id, { signal }), {
      signal,
      onFault: () => onLink('reconnecting'),
    });
    onLink('live');
    dispatch({ type: 'whole', response, ...(service.takeJustAsked(id) && { at: Date.now() }) });
    if (hasEnded({ response })) return await readTrace(id, { signal, dispatch });
    const traced = followTrace(id, { signal, dispatch });
    poll(id, { signal: running, dispatch });
    for await (const event of service.followResponse(id, { signal, onLink })) {
      dispatch({ type: 'wire', event, at: Date.now() });
    }
    ended.abort();
    await traced;
  } catch (error) {
    if (!signal.aborted) dispatch({ type: 'fault', fault: asFault(error) });
  } finally {
    ended.abort();
  }
}

async function followTrace(id: string, { signal, dispatch }: Following): Promise<void> {
  try {
    for await (const event of service.followTrace(id, { signal })) dispatch({ type: 'trace', event });
    dispatch({ type: 'trace_whole' });
  } catch (error) {
    dispatch(withoutTrace(error));
  }
}

async function readTrace(id: string, { signal, dispatch }: Following): Promise<void> {
  try {
    const { steps } = await whenReachable(() => service.trace(id, { signal }), { signal });
    dispatch({ type: 'steps', steps });
  } catch (error) {
    dispatch(withoutTrace(error));
  }
}

/** A trace is a courtesy: without the scope, or gone, the answer is shown all the same. */
function withoutTrace(error: unknown): RunEvent {
  return { type: asFault(error).kind === 'scope' ? 'trace_hidden' : 'trace_whole' };
}

async function poll(id: string, { signal, dispatch }: Following): Promise<void> {
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    if (signal.aborted) return;
    try {
      const response = await service.response(id, { signal });
      if (!signal.aborted && !hasEnded({ response })) dispatch({ type: 'whole', response });
    } catch {
      // The event stream tells of a lost connection.
    }
  }
}
