import { RefreshCw } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Faults, Loading } from '../../components/states.tsx';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { askForAnswer } from '../../run/answers-asked.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import { someRun } from './collect-page.ts';
import { Filters } from './filters.tsx';
import { type JobAction, JobTable } from './job-table.tsx';
import styles from './jobs.module.css';
import { RemoveDialog } from './remove-dialog.tsx';
import { strings } from './strings.ts';
import { useJobs } from './use-jobs.ts';

/** All responses of the reader's key: what waits, what runs, what ended. Filters are part of the address. */
export function View() {
  const words = useStrings(strings);
  const activity = useStrings(activities);
  const [search, setSearch] = useSearchParams();
  const [before, setBefore] = useState<(string | undefined)[]>([]);
  const [after, setAfter] = useState<string>();
  const [removing, setRemoving] = useState<string>();
  const [busy, setBusy] = useState<string>();
  const [told, setTold] = useState('');
  const [actionFault, setActionFault] = useState<ServiceFault>();
  const query = {
    status: search.get('status') ?? '',
    effort: search.get('effort') ?? '',
    model: search.get('model') ?? '',
    text: useDeferredValue(search.get('text') ?? ''),
  };
  const filtered = Object.values(query).some((value) => value !== '');
  const { page, fault, reload, replace } = useJobs(query, after);

  const filter = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
    turn(undefined, []);
  };
  const clear = () => {
    setSearch({}, { replace: true });
    turn(undefined, []);
  };
  function turn(to: string | undefined, past: (string | undefined)[]): void {
    setAfter(to);
    setBefore(past);
  }
  const act = async (action: JobAction, id: string) => {
    if (action === 'remove') return setRemoving(id);
    setBusy(id);
    setActionFault(undefined);
    try {
      replace(id, action === 'cancel' ? await service.cancel(id) : await askForAnswer(id));
      setTold(action === 'cancel' ? words.cancelled : `${activity.answerAsked}.`);
    } catch (error) {
      setActionFault(asFault(error));
    } finally {
      setBusy(undefined);
      reload();
    }
  };
  const remove = async (id: string) => {
    setRemoving(undefined);
    setActionFault(undefined);
    try {
      await service.remove(id);
      replace(id, 'removed');
      setTold(words.removed);
    } catch (error) {
      setActionFault(asFault(error));
    } finally {
      reload();
    }
  };

  return (
    <Page
      wide
      title={words.title}
      lead={words.lead}
      actions={
        <>
          {page !== undefined && someRun(page.jobs) && (
            <span className={styles.live}>
              <Badge look="accent">
                <i aria-hidden="true" />
                {words.live}
              </Badge>
            </span>
          )}
          <Button icon={<RefreshCw aria-hidden="true" />} onClick={reload}>
            {words.refresh}
          </Button>
        </>
      }
    >
      <Filters query={{ ...query, text: search.get('text') ?? '' }} onChange={filter} />
      <Faults faults={[{ fault: actionFault }, { fault, onRetry: reload }]} />
      {fault !== undefined && page !== undefined && <p className={styles.soft}>{words.stale}</p>}
      {page === undefined && fault === undefined && <Loading>{words.loading}</Loading>}
      {page !== undefined && page.jobs.length > 0 && <JobTable jobs={page.jobs} busy={busy} onAction={act} />}
      {page !== undefined && page.jobs.length === 0 && filtered && (
        <Empty
          title={words.noMatchTitle}
          action={
            <div className={styles.choices}>
              {page.next !== undefined && (
                <Button look="primary" onClick={() => turn(page.next, [...before, after])}>
                  {words.lookFurther}
                </Button>
              )}
              <Button onClick={clear}>{words.clear}</Button>
            </div>
          }
        >
          {words.noMatch(page.looked)}
        </Empty>
      )}
      {page !== undefined && page.jobs.length === 0 && !filtered && (
        <Empty
          title={words.emptyTitle}
          action={
            <Link to="/" className={styles.ask}>
              {words.ask}
            </Link>
          }
        >
          {words.empty}
        </Empty>
      )}
      {page !== undefined && (before.length > 0 || page.next !== undefined) && (
        <nav className={styles.pages} aria-label={words.pages}>
          <Button disabled={before.length === 0} onClick={() => turn(before.at(-1), before.slice(0, -1))}>
            {words.newer}
          </Button>
          <span>{words.page(before.length + 1)}</span>
          <Button disabled={page.next === undefined} onClick={() => turn(page.next, [...before, after])}>
            {words.older}
          </Button>
        </nav>
      )}
      <span role="status" className="visually-hidden">
        {told}
      </span>
      {removing !== undefined && (
        <RemoveDialog onKeep={() => setRemoving(undefined)} onRemove={() => remove(removing)} />
      )}
    </Page>
  );
}
