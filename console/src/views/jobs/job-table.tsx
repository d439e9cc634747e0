import { CircleStop, FastForward, MessageCircle, Trash2 } from 'lucide-react';
import { Link } from 'react-router';
import type { ListedResponse } from '../../../../src/contracts/service/listings.ts';
import { IconButton, IconLink } from '../../components/button.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { useAnswersAsked } from '../../run/answers-asked.ts';
import { shownEffort } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { runCardStrings } from '../../run/run-card.strings.ts';
import { thinkingTokens, wholeSecondsOf } from '../../run/run-figures.ts';
import { VerdictBadge } from '../../run/verdict-badge.tsx';
import { JobProgress } from './job-progress.tsx';
import styles from './job-table.module.css';
import { StatusBadge } from './status-badge.tsx';
import { strings } from './strings.ts';

export type JobAction = 'cancel' | 'answer_now' | 'remove';

type JobTableProps = {
  jobs: readonly ListedResponse[];
  /** The job whose action is under way. */
  busy: string | undefined;
  onAction(action: JobAction, id: string): void;
};

/** Jobs as a table; on a phone each row stands as a card of its own. */
export function JobTable({ jobs, busy, onAction }: JobTableProps) {
  const words = useStrings(strings);
  const { columns } = words;
  return (
    <div className={styles.room}>
      <table className={styles.table}>
        <caption className="visually-hidden">{words.table}</caption>
        <thead>
          <tr>
            <th scope="col">{columns.status}</th>
            <th scope="col">{columns.question}</th>
            <th scope="col">{columns.effort}</th>
            <th scope="col" className={styles.end}>
              {columns.tokens}
            </th>
            <th scope="col" className={styles.end} title={words.waitIncluded}>
              {columns.time}
            </th>
            <th scope="col" className={styles.end}>
              {columns.age}
            </th>
            <th scope="col">
              <span className="visually-hidden">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Row key={job.id} job={job} busy={busy === job.id} onAction={onAction} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ job, busy, onAction }: { job: ListedResponse; busy: boolean } & Pick<JobTableProps, 'onAction'>) {
  const words = useStrings(strings);
  const { efforts } = useStrings(effortStrings);
  const { answerNow } = useStrings(runCardStrings);
  const format = useFormat();
  const { usage, status, reasoning } = job;
  const running = status === 'queued' || status === 'in_progress';
  const question = job.input_preview || words.noText;
  const seconds = wholeSecondsOf(job);
  const answering = useAnswersAsked().has(job.id);
  const action = (name: JobAction, label: string, Icon: typeof Trash2) => (
    <IconButton
      label={words.actionOn(label, question)}
      title={label}
      disabled={busy || (name === 'answer_now' && answering)}
      onClick={() => onAction(name, job.id)}
    >
      <Icon />
    </IconButton>
  );
  return (
    <tr>
      <td className={styles.status}>
        <StatusBadge status={status} />
        {job.verdict !== null && <VerdictBadge verdict={job.verdict} short />}
      </td>
      <td className={styles.question}>
        <Link to={`/trace/${job.id}`} aria-label={words.openTrace(question)}>
          {question}
        </Link>
        {running && job.progress !== null ? (
          <JobProgress progress={job.progress} answering={answering} />
        ) : (
          <span className={styles.answer}>{job.error?.message ?? job.output_text}</span>
        )}
      </td>
      <td>
        <span className={styles.effort} data-effort={reasoning.effective.effort}>
          {shownEffort(reasoning.effective, efforts)}
        </span>
        {reasoning.effective.budget_tokens > 0 && <span className={styles.soft}>{reasoning.effective.strategy}</span>}
      </td>
      <td className={styles.end}>
        {usage !== null && (
          <>
            <span>
              <b>{format.number(usage.output_tokens)}</b>
              <span className={styles.onCard}> {words.spent}</span>
            </span>
            {thinkingTokens(usage.phases) > 0 && (
              <span className={styles.soft}>{words.thinking(format.number(thinkingTokens(usage.phases)))}</span>
            )}
          </>
        )}
      </td>
      <td className={styles.end}>
        {seconds !== undefined && (
          <span title={words.waitIncluded}>
            {format.seconds(seconds)}
            <span className={styles.onCard}> {words.withWait}</span>
          </span>
        )}
      </td>
      <td className={styles.end}>
        <time dateTime={new Date(job.created_at * 1000).toISOString()} title={format.time(job.created_at * 1000)}>
          {format.ago(job.created_at * 1000, Date.now())}
        </time>
      </td>
      <td className={styles.actions}>
        <IconLink label={words.actionOn(words.inChat, question)} icon={<MessageCircle />} to={`/?r=${job.id}`} />
        {status === 'in_progress' && action('answer_now', answerNow, FastForward)}
        {running && action('cancel', words.cancel, CircleStop)}
        {action('remove', words.remove, Trash2)}
      </td>
    </tr>
  );
}
