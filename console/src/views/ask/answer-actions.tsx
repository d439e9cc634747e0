import { Check, Copy, RotateCcw, Star, ThumbsDown, ThumbsUp, X } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { Fault } from '../../components/states.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { type ChosenEffort, efforts } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { service } from '../../service/service.ts';
import { asFault, type ServiceFault } from '../../service/service-fault.ts';
import styles from './answer-actions.module.css';
import { keepRating, type Rating, ratingOf } from './kept.ts';
import { strings } from './strings.ts';

/** How a question is asked again; what is absent stays as it was. */
export type Retrying = { effort?: ChosenEffort; model?: string };

/** Copy, retry at another effort, thumbs, and “this one is better” where there is another answer to the same question. */
export function AnswerActions({
  id,
  text,
  others,
  models,
  onRetry,
}: {
  /** Absent: the response is gone, and can't be rated. */
  id: string | undefined;
  text: string;
  /** Ids of the other answers to the same question. */
  others: readonly string[];
  /** Ids of the models that it can be asked again of. */
  models: readonly string[];
  /** Absent: it can't be asked again now. */
  onRetry: ((how: Retrying) => void) | undefined;
}) {
  const words = useStrings(strings);
  const [given, setGiven] = useState(() => (id === undefined ? undefined : ratingOf(id)));
  const [said, setSaid] = useState(false);
  const [fault, setFault] = useState<ServiceFault>();
  const give = async (what: Rating) => {
    if (id === undefined) return;
    setFault(undefined);
    try {
      if (what === 'better') {
        await Promise.all(others.map((other) => service.giveFeedback(other, { preferred_response_id: id })));
      } else {
        await service.giveFeedback(id, { rating: what });
      }
      setGiven(what);
      setSaid(true);
      keepRating(id, what);
    } catch (error) {
      setFault(asFault(error));
    }
  };
  return (
    <>
      <CopyButton text={text} />
      {onRetry !== undefined && <RetryMenu models={models} onRetry={onRetry} />}
      {id !== undefined && rate()}
      <span role="status" className={styles.said}>
        {said && words.thanks}
      </span>
      {fault !== undefined && <Fault fault={fault} />}
    </>
  );
  function rate() {
    return (
      <>
        <IconButton label={words.good} aria-pressed={given === 'up'} onClick={() => give('up')}>
          <ThumbsUp />
        </IconButton>
        <IconButton label={words.bad} aria-pressed={given === 'down'} onClick={() => give('down')}>
          <ThumbsDown />
        </IconButton>
        {others.length > 0 && (
          <Button
            look="quiet"
            size="small"
            icon={<Star aria-hidden="true" />}
            aria-pressed={given === 'better'}
            onClick={() => give('better')}
          >
            {words.better}
          </Button>
        )}
      </>
    );
  }
}

const icons = { copy: <Copy />, copied: <Check />, copyFailed: <X /> };

function CopyButton({ text }: { text: string }) {
  const words = useStrings(strings);
  const [state, setState] = useState<'copy' | 'copied' | 'copyFailed'>('copy');
  return (
    <IconButton
      label={words[state]}
      onClick={async () => {
        setState((await copyText(text)) ? 'copied' : 'copyFailed');
        setTimeout(() => setState('copy'), 2_000);
      }}
    >
      {icons[state]}
    </IconButton>
  );
}

function RetryMenu({ models, onRetry }: { models: readonly string[]; onRetry(how: Retrying): void }) {
  const words = useStrings(strings);
  const names = useStrings(effortStrings);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button look="quiet" size="small" icon={<RotateCcw aria-hidden="true" />}>
          {words.retry}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align="start" sideOffset={4}>
          <DropdownMenu.Label className={styles.menuLabel}>{words.retryAt}</DropdownMenu.Label>
          {efforts.map((effort) => (
            <DropdownMenu.Item key={effort} className={styles.menuItem} onSelect={() => onRetry({ effort })}>
              {names.efforts[effort]}
              <small>{names.about[effort]}</small>
            </DropdownMenu.Item>
          ))}
          {models.length > 1 && (
            <>
              <DropdownMenu.Label className={styles.menuLabel}>{words.retryWith}</DropdownMenu.Label>
              {models.map((model) => (
                <DropdownMenu.Item key={model} className={styles.menuItem} onSelect={() => onRetry({ model })}>
                  {model}
                </DropdownMenu.Item>
              ))}
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
