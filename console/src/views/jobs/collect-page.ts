import type { ListedResponse, ResponseList } from '../../../../src/contracts/service/listings.ts';

/** What the service can't filter by. Empty: everything passes. */
export type JobFilter = { effort: string; model: string; text: string };

export type CollectedPage = {
  jobs: ListedResponse[];
  /** Where the next page begins; undefined: there is no more. */
  next: string | undefined;
  /** Responses that were read to find these. */
  looked: number;
};

/** Pages that one page of matches may cost: a filter that fits nothing ends here and says how far it looked. */
const mostPages = 10;

/**
 * A page of `size` matches: the service filters by status, the rest is filtered here, so pages are read until there are
 * enough. The next page begins behind the last match shown, or behind the last that was looked at.
 */
export async function collectPage(options: {
  read(after: string | undefined): Promise<Pick<ResponseList, 'data' | 'has_more'>>;
  filter: JobFilter;
  size: number;
  after: string | undefined;
}): Promise<CollectedPage> {
  const { read, filter, size } = options;
  const jobs: ListedResponse[] = [];
  let after = options.after;
  let looked = 0;
  for (let page = 0; page < mostPages; page += 1) {
    const { data, has_more: more } = await read(after);
    for (const [index, job] of data.entries()) {
      looked += 1;
      if (!fits(job, filter)) continue;
      jobs.push(job);
      const last = index === data.length - 1 && !more;
      if (jobs.length === size) return { jobs, next: last ? undefined : job.id, looked };
    }
    after = data.at(-1)?.id;
    if (!more || after === undefined) return { jobs, next: undefined, looked };
  }
  return { jobs, next: after, looked };
}

function fits(job: ListedResponse, { effort, model, text }: JobFilter): boolean {
  const { effective } = job.reasoning;
  if (effort !== '' && effective.effort !== effort && effective.requested !== effort) return false;
  if (model !== '' && job.model !== model) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === '' || `${job.input_preview}\n${job.output_text}\n${job.id}`.toLowerCase().includes(wanted);
}

/** True while a job of the page still changes. */
export function someRun(jobs: readonly Pick<ListedResponse, 'status'>[]): boolean {
  return jobs.some(({ status }) => status === 'queued' || status === 'in_progress');
}
