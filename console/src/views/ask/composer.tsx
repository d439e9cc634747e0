import { ArrowUp, SlidersHorizontal } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import type { ModelObject } from '../../../../src/contracts/service/listings.ts';
import { Button } from '../../components/button.tsx';
import { Select, TextArea } from '../../components/field.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { levelOf } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { BudgetControl, EffortControl } from '../../run/effort-control.tsx';
import styles from './composer.module.css';
import { strings } from './strings.ts';
import type { Asking } from './use-thread.ts';

/** Where the question is written: with how much to think in sight, and the rest a press away. */
export function Composer({
  text,
  onText,
  asking,
  onAsking,
  models,
  busy,
  onSend,
}: {
  text: string;
  onText(text: string): void;
  asking: Asking;
  onAsking(change: Partial<Asking>): void;
  models: readonly ModelObject[];
  /** A word why nothing can be sent now. */
  busy: string | undefined;
  onSend(): void;
}) {
  const words = useStrings(strings);
  const spending = useStrings(effortStrings);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const panel = useId();
  const model = models.find(({ id }) => id === asking.model) ?? models[0];
  const level = levelOf(model, asking.effort);
  const sendable = busy === undefined && text.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (sendable) onSend();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes (Korean), Enter ends the syllable.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (sendable) onSend();
  };
  return (
    <form className={styles.composer} onSubmit={submit} aria-label={words.composer}>
      {open && (
        <div className={styles.panel} id={panel}>
          <BudgetControl
            model={model}
            effort={asking.effort}
            budget={asking.budget}
            onChange={(budget) => onAsking({ budget })}
          />
          <Select
            label={words.model}
            value={model?.id ?? ''}
            options={models.map(({ id }) => ({ value: id, label: id }))}
            onChange={(event) => onAsking({ model: event.target.value, budget: undefined })}
          />
          <TextArea
            label={words.instructions}
            hint={words.instructionsHint}
            rows={2}
            value={asking.instructions}
            onChange={(event) => onAsking({ instructions: event.target.value })}
          />
        </div>
      )}
      <textarea
        className={styles.text}
        aria-label={words.question}
        placeholder={words.placeholder}
        rows={1}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.row}>
        <EffortControl
          size="small"
          value={asking.effort}
          onChange={(effort) => onAsking({ effort, budget: undefined })}
        />
        <Button
          look="quiet"
          size="small"
          icon={<SlidersHorizontal aria-hidden="true" />}
          aria-expanded={open}
          aria-controls={open ? panel : undefined}
          className={styles.options}
          onClick={() => setOpen(!open)}
        >
          <span className={styles.spends}>
            {asking.effort === 'none' && spending.spendsNothing}
            {level !== undefined &&
              spending.spends(format.number(asking.budget ?? level.budget_tokens), format.number(level.samples))}
          </span>
          <span className="visually-hidden">{words.options}</span>
        </Button>
        <Button
          look="primary"
          type="submit"
          size="small"
          className={styles.send}
          disabled={!sendable}
          icon={<ArrowUp aria-hidden="true" />}
        >
          {busy ?? words.send}
        </Button>
      </div>
    </form>
  );
}
