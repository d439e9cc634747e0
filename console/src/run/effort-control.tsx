import { Slider } from 'radix-ui';
import { useId } from 'react';
import type { ModelObject } from '../../../src/contracts/service/listings.ts';
import { Segmented } from '../components/segmented.tsx';
import { useFormat } from '../i18n/format.ts';
import { useStrings } from '../i18n/strings.ts';
import { type ChosenEffort, efforts, levelOf } from './effort.ts';
import styles from './effort-control.module.css';
import { effortStrings } from './effort-control.strings.ts';

/** Auto, Fast, Low, Medium, High: the one control for how much to think. */
export function EffortControl({
  value,
  onChange,
  size,
}: {
  value: ChosenEffort;
  onChange(effort: ChosenEffort): void;
  size?: 'normal' | 'small';
}) {
  const words = useStrings(effortStrings);
  return (
    <Segmented
      label={words.effort}
      value={value}
      options={efforts.map((effort) => ({ value: effort, label: words.efforts[effort], title: words.about[effort] }))}
      onChange={onChange}
      {...(size === undefined ? {} : { size })}
    />
  );
}

/** Tokens. Halves and doubles with one stop between: what differs by less is not felt. */
const stops = [64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384];

/** The exact budget in tokens: a slider over likely ones, and a field for any. */
export function BudgetControl({
  model,
  effort,
  budget,
  onChange,
}: {
  model: ModelObject | undefined;
  effort: ChosenEffort;
  budget: number | undefined;
  onChange(budget: number | undefined): void;
}) {
  const words = useStrings(effortStrings);
  const format = useFormat();
  const id = useId();
  const own = levelOf(model, effort)?.budget_tokens;
  const tokens = budget ?? own ?? 0;
  // Chains share a budget, so an effort's own may exceed the context; as a field's `max`, less than its value would refuse the form.
  const limit = Math.max(model?.context_length ?? 8_192, own ?? 0, tokens);
  const choices = stops.filter((stop) => stop <= limit);
  const nearest = choices.reduce((best, stop, index) => (stop <= tokens ? index : best), 0);
  const fast = effort === 'none';
  /** The model's own budget isn't known (its table was not read), and none was chosen. */
  const unknown = budget === undefined && own === undefined;
  return (
    <div className={styles.budget}>
      <div className={styles.head}>
        <label htmlFor={id}>{words.budget}</label>
        <span>
          <input
            id={id}
            type="number"
            inputMode="numeric"
            min={1}
            max={limit}
            disabled={fast}
            value={fast ? 0 : unknown ? '' : tokens}
            onChange={(event) => {
              const typed = Math.floor(Number(event.target.value));
              if (typed >= 1) onChange(Math.min(typed, limit));
            }}
          />{' '}
          {words.tokens}
        </span>
      </div>
      <Slider.Root
        className={styles.slider}
        disabled={fast || unknown}
        min={0}
        max={choices.length - 1}
        step={1}
        value={[nearest]}
        onValueChange={([index]) => index !== undefined && onChange(choices[index])}
      >
        <Slider.Track className={styles.track}>
          <Slider.Range className={styles.range} />
        </Slider.Track>
        <Slider.Thumb
          className={styles.thumb}
          aria-label={words.budget}
          aria-valuetext={`${format.number(tokens)} ${words.tokens}`}
        />
      </Slider.Root>
      <p className={styles.hint}>
        {fast
          ? words.fastHint
          : budget === undefined || own === undefined
            ? words.ownHint
            : words.changedHint(format.number(own))}
        {budget !== undefined && !fast && (
          <button type="button" className={styles.reset} onClick={() => onChange(undefined)}>
            {words.reset}
          </button>
        )}
      </p>
    </div>
  );
}
