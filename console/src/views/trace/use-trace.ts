import { useEffect, useState } from 'react';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import type { LinkState } from '../../service/follow-events.ts';
import { perFrame } from '../../service/per-frame.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { whenReachable } from '../../service/when-reachable.ts';
import { noSteps, type TraceSteps, withEvent } from './trace-steps.ts';

export type TraceView = {
  response: Response | undefined;
  trace: TraceSteps;
  /** The response can't be read at all. */
  fault: ServiceFault | undefined;
  /** The response is there, its trace isn't: the scope, most often. */
  traceFault: ServiceFault | undefined;
  loading: boolean;
  link: LinkState;
  /** ms that this machine's clock is ahead of the service's, as far as the events tell. */
  clockAhead: number;
};

/** ms in which the steps so far are read; later ones are told of as they begin. */
const replayMs = 1_500;

const start: TraceView = {
  response: undefined,
  trace: noSteps,
  fault: undefined,
  traceFault: undefined,
  loading: true,
  link: 'live',
  clockAhead: 0,
};

/** A response and its trace: read once where it has ended, followed live while it runs. `retry` begins anew. */
export function useTrace(id: string): TraceView & { retry(): void; show(response: Response): void } {
  const [view, setView] = useState(start);
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is a wish to begin anew
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    setView(start);
    read().catch((error: unknown) => change({ fault: asFault(error), loading: false }));
    return () => gone.abort();

    function change(part: Partial<TraceView>): void {
      if (!signal.aborted) setView((known) => ({ ...known, ...part }));
    }

    /** The response is not read again before it ends: that it no longer waits is told by its first step. */
    function begun(): void {
      if (signal.aborted) return;
      setView((known) =>
        known.response?.status === 'queued'
          ? { ...known, response: { ...known.response, status: 'in_progress' } }
          : known,
      );
    }

    async function read(): Promise<void> {
      const response = await whenReachable(() => service.response(id, { signal }), {
        signal,
        onFault: (fault) => change({ fault, loading: false }),
      });
      change({ response, fault: undefined, loading: true });
      try {
        if (hasEnded(response)) {
          const { steps } = await whenReachable(() => service.trace(id, { signal }), { signal });
          return change({ trace: { ...noSteps, steps }, loading: false });
        }
        change({ loading: false });
        await follow();
      } catch (error) {
        change({ traceFault: asFault(error), loading: false });
      }
      if (!signal.aborted) change({ response: await ended() });
    }

    async function follow(): Promise<void> {
      let trace = noSteps;
      let clockAhead = Number.POSITIVE_INFINITY;
      const from = performance.now();
      const frames = perFrame((changes: readonly Partial<TraceView>[]) => {
        change(Object.assign({}, ...changes));
        if (trace.steps.length > 0) begun();
      });
      for await (const event of service.followTrace(id, { signal, onLink: (link) => change({ link }) })) {
        trace = withEvent(trace, event);
        if (event.type === 'trace_step.added') {
          const ahead = Date.now() - event.step.started_at;
          // What was begun before this page was opened is old, which says nothing of the clock.
          if (ahead < 0 || performance.now() - from > replayMs) clockAhead = Math.min(clockAhead, ahead);
        }
        frames.push({ trace, clockAhead: Number.isFinite(clockAhead) ? clockAhead : 0 });
      }
      frames.flush();
    }

    /** Without a trace to follow, the response is asked for until it has ended. */
    async function ended(): Promise<Response> {
      for (;;) {
        const response = await whenReachable(() => service.waitFor(id, { signal }), { signal });
        change({ response });
        if (hasEnded(response)) return response;
      }
    }
  }, [id, turn]);
  return {
    ...view,
    retry: () => setTurn((count) => count + 1),
    show: (response) => setView((known) => ({ ...known, response })),
  };
}

export function hasEnded({ status }: Pick<Response, 'status'>): boolean {
  return status !== 'queued' && status !== 'in_progress';
}
