import { Check, ShieldQuestion, X } from 'lucide-react';
import { useCallback, useState } from 'react';
import type { InputItem } from '../../../../src/contracts/responses/input-item.ts';
import type { OutputItem } from '../../../../src/contracts/responses/output-item.ts';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { laidOut } from '../../run/tool-calls.ts';
import { service } from '../../service/service.ts';
import { useLoad } from '../../service/use-load.ts';
import styles from './approvals.module.css';
import { strings } from './strings.ts';

export type Decision = Extract<InputItem, { type: 'mcp_approval_response' }>;
type ApprovalRequest = Extract<OutputItem, { type: 'mcp_approval_request' }>;

/**
 * The calls that wait for the reader: what would be called, with which arguments. `onDecide` gets all decisions together, as
 * the service takes a call without one as not approved; absent: nothing can be decided now.
 */
export function Approvals({
  response,
  onDecide,
}: {
  response: Pick<Response, 'output'>;
  onDecide: ((decisions: readonly Decision[]) => void) | undefined;
}) {
  const words = useStrings(strings);
  const [decided, setDecided] = useState<ReadonlyMap<string, boolean>>(new Map());
  const requests = response.output.filter((item): item is ApprovalRequest => item.type === 'mcp_approval_request');
  if (requests.length === 0) return null;
  const decide = (id: string, approve: boolean) => {
    const all = new Map([...decided, [id, approve]]);
    setDecided(all);
    if (requests.some((request) => !all.has(request.id))) return;
    onDecide?.(
      requests.map((request) => ({
        type: 'mcp_approval_response',
        approval_request_id: request.id,
        approve: all.get(request.id) === true,
      })),
    );
  };
  return requests.map(({ id, server_label, name, arguments: args }) => (
    <section key={id} className={styles.request} aria-label={words.approvalOf(name, server_label)}>
      <h3>
        <ShieldQuestion aria-hidden="true" />
        <span>{words.approvalOf(name, server_label)}</span>
      </h3>
      <p>{words.approvalAbout}</p>
      <CodeBlock code={laidOut(args)} language="json" />
      {onDecide !== undefined && (
        <p className={styles.choice}>
          <Button
            look="primary"
            icon={<Check aria-hidden="true" />}
            aria-pressed={decided.get(id) === true}
            onClick={() => decide(id, true)}
          >
            {words.approve}
          </Button>
          <Button
            icon={<X aria-hidden="true" />}
            aria-pressed={decided.get(id) === false}
            onClick={() => decide(id, false)}
          >
            {words.deny}
          </Button>
        </p>
      )}
    </section>
  ));
}

/** What a turn without a question of its own has sent: decisions about calls, or results of a client's tools. */
export function SentItems({ turn }: { turn: string }) {
  const words = useStrings(strings);
  const items = useLoad(useCallback((options: { signal: AbortSignal }) => service.inputItems(turn, options), [turn]));
  if (items.state !== 'ready') return null;
  const { data } = items.value;
  const last = data.findLastIndex(({ type }) => type !== 'mcp_approval_response');
  const decisions = data.slice(last + 1).filter((item): item is Decision => item.type === 'mcp_approval_response');
  if (decisions.length === 0) return <p className={styles.sent}>{words.sentResult}</p>;
  return decisions.map(({ approval_request_id: id, approve }) => {
    const request = data.find((item) => item.type === 'mcp_approval_request' && item.id === id);
    const name = request !== undefined && 'name' in request ? request.name : id;
    return (
      <p key={id} className={styles.sent}>
        {approve ? <Check aria-hidden="true" /> : <X aria-hidden="true" />}
        {approve ? words.approved(name) : words.denied(name)}
      </p>
    );
  });
}
