import { Check, Circle, Minus, X } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { Card } from '../../components/card.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useServiceSentence } from '../../i18n/service-sentences.ts';
import { activities } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';
import { asWritten } from '../../run/run-figures.ts';
import styles from './sample-tree.module.css';
import { inReadingOrder, type TreeBranch, type TreeNode } from './sample-tree.ts';
import { strings } from './strings.ts';
import { failureOf, meanProbability, verdictOf } from './trace-steps.ts';

type SampleTreeProps = {
  branches: readonly TreeBranch[];
  running: ReadonlySet<number>;
  selected: number;
  onSelect(index: number): void;
};

/** Draft and chains with their revisions: what each answered, how sure it was, and what the checks said. */
export function SampleTree({ branches, running, selected, onSelect }: SampleTreeProps) {
  const words = useStrings(strings);
  const rows = useRef(new Map<number, HTMLButtonElement>());
  const order = inReadingOrder(branches);
  const focusable = order.includes(selected) ? selected : order[0];

  const move = (event: KeyboardEvent, index: number) => {
    const at = order.indexOf(index);
    const to = { ArrowDown: order[at + 1], ArrowUp: order[at - 1], Home: order[0], End: order.at(-1) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onSelect(to);
    rows.current.get(to)?.focus();
  };
  const list = (nodes: readonly TreeNode[], nameOf: (node: TreeNode) => string) => (
    <ul className={styles.level}>
      {nodes.map((node) => (
        <li key={node.step.index}>
          <button
            type="button"
            ref={(element) => {
              if (element === null) rows.current.delete(node.step.index);
              else rows.current.set(node.step.index, element);
            }}
            className={styles.row}
            data-phase={node.step.phase}
            aria-current={node.step.index === selected ? 'true' : undefined}
            tabIndex={node.step.index === focusable ? 0 : -1}
            onClick={() => onSelect(node.step.index)}
            onKeyDown={(event) => move(event, node.step.index)}
          >
            <Row step={node.step} name={nameOf(node)} running={running.has(node.step.index)} />
          </button>
          {node.children.length > 0 &&
            list(node.children, ({ step }) => (step.stop_reason === 'line' ? words.search : words.revised))}
        </li>
      ))}
    </ul>
  );
  const branchName = ({ kind, sample }: TreeBranch) =>
    kind === 'draft' ? words.lanes.draft : words.lanes.chain((sample ?? 0) + 1);
  return (
    <Card className={styles.card ?? ''}>
      <header>
        <h2>{words.tree}</h2>
        <p className={styles.hint}>{words.treeHint}</p>
      </header>
      <div className={styles.scroll}>
        {branches.map((branch) => (
          <div key={branch.key}>{list([branch.root], () => branchName(branch))}</div>
        ))}
      </div>
    </Card>
  );
}

function Row({ step, name, running }: { step: TraceStep; name: string; running: boolean }) {
  const words = useStrings(strings);
  const activity = useStrings(activities);
  const format = useFormat();
  const inWords = useServiceSentence();
  const answer = step.answer === null ? null : asWritten(step.answer, step.answer_text);
  const found = verdictOf(step.checks);
  const sure = meanProbability(step.confidence);
  const failure = failureOf(step.checks);
  const isSearch = step.stop_reason === 'line';
  const confirmed = step.checks.some((check) => check.confirms === true && check.verdict === 'pass');
  const verdict = found === 'pass' && confirmed ? 'confirmed' : found;
  const Icon = { confirmed: Check, pass: Circle, fail: X, abstain: Minus }[verdict];
  return (
    <>
      <span className={styles.verdict} data-verdict={isSearch ? 'abstain' : verdict}>
        {isSearch ? <i aria-hidden="true" /> : <Icon aria-hidden="true" />}
        {!isSearch && <span className="visually-hidden">{words.verdicts[found]}</span>}
      </span>
      <span className={styles.what}>
        <span className={styles.name}>{name}</span>
        <span className={styles.answer} data-none={step.answer === null}>
          {running ? (
            activity.running
          ) : isSearch ? (
            step.text === null && !step.summary.endsWith('A new line passed the checks.') ? (
              words.searchFailed
            ) : (
              words.searchHeld
            )
          ) : verdict === 'fail' && step.answer !== null ? (
            <del>{answer}</del>
          ) : (
            (answer ?? words.noAnswerOfStep)
          )}
        </span>
        {failure?.detail && <span className={styles.failure}>{inWords(failure.detail)}</span>}
      </span>
      <span className={styles.figures}>
        {sure !== undefined && (
          <span className={styles.sure} title={words.confidenceHint}>
            <span className="visually-hidden">{words.confidence} </span>
            <i aria-hidden="true">
              <b style={{ transform: `scaleX(${sure})` }} />
            </i>
            {format.percent(sure)}
          </span>
        )}
        <span>{words.tokensShort(format.number(step.tokens))}</span>
      </span>
    </>
  );
}
