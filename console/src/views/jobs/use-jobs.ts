import { useCallback, useEffect, useRef, useState } from 'react';
import type { ListedResponse } from '../../../../src/contracts/service/listings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { type CollectedPage, collectPage, type JobFilter, someRun } from './collect-page.ts';

export type JobsQuery = JobFilter & { status: string };

const pageSize = 25;
/** ms between looks at the list while something on it runs, and while nothing does. */
const lively = 1_500;
const idle = 8_000;

/**
 * One page of jobs, kept up to date while the tab is in sight. A failed refresh keeps what is shown; after a 429 the list
 * waits as long as the service asked.
 */
export function useJobs(query: JobsQuery, after: string | undefined) {
  const [page, setPage] = useState<CollectedPage>();
  const [fault, setFault] = useState<ServiceFault>();
  const [turn, setTurn] = useState(0);
  const { status, effort, model, text } = query;
  const shown = useRef('');
  const reload = useCallback(() => setTurn((count) => count + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is a wish to look at once
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const key = JSON.stringify([status, effort, model, text, after]);
    if (shown.current !== key) setPage(undefined);
    const onSight = () => {
      if (!document.hidden) look();
    };
    document.addEventListener('visibilitychange', onSight);
    window.addEventListener('online', onSight);
    look();
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onSight);
      window.removeEventListener('online', onSight);
    };

    async function look(): Promise<void> {
      clearTimeout(timer);
      let pause = idle;
      try {
        const found = await collectPage({
          read: (cursor) =>
            service.responses(
              {
                limit: pageSize,
                ...(status === '' ? {} : { status }),
                ...(cursor === undefined ? {} : { after: cursor }),
              },
              { signal: gone.signal },
            ),
          filter: { effort, model, text },
          size: pageSize,
          after,
        });
        if (gone.signal.aborted) return;
        shown.current = key;
        setPage(found);
        setFault(undefined);
        pause = someRun(found.jobs) ? lively : idle;
      } catch (error) {
        if (gone.signal.aborted) return;
        const told = asFault(error);
        setFault(told);
        pause = Math.max(idle, (told.retryAfter ?? 0) * 1000);
      }
      if (!document.hidden) timer = setTimeout(look, pause);
    }
  }, [status, effort, model, text, after, turn]);

  /** Shows what an action made of a job, before the next look. */
  const replace = useCallback(
    (id: string, change: Partial<ListedResponse> | 'removed') =>
      setPage((known) => {
        if (known === undefined) return known;
        const jobs = known.jobs.flatMap((job) =>
          job.id !== id ? [job] : change === 'removed' ? [] : [{ ...job, ...change }],
        );
        return { ...known, jobs };
      }),
    [],
  );
  return { page, fault, reload, replace };
}
