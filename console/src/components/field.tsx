import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import styles from './field.module.css';

type Labelled = {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value; empty: nothing. */
  error?: string | undefined;
};

/** Label and hint around one control, which takes `control` so that both are read out with it. */
function Field({
  label,
  hint,
  error = '',
  children,
}: Labelled & {
  children(control: {
    id: string;
    className: string | undefined;
    'aria-describedby': string | undefined;
    'aria-invalid': boolean | undefined;
  }): ReactNode;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [...(error === '' ? [] : [errorId]), ...(hint === undefined ? [] : [hintId])].join(' ');
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        className: styles.box,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': error === '' ? undefined : true,
      })}
      {error !== '' && (
        <small id={errorId} role="alert" className={styles.error}>
          {error}
        </small>
      )}
      {hint !== undefined && <small id={hintId}>{hint}</small>}
    </div>
  );
}

/** A labelled line of text. */
export function TextField({ label, hint, error, ...rest }: InputHTMLAttributes<HTMLInputElement> & Labelled) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <input {...control} {...rest} />}
    </Field>
  );
}

/** A labelled text of several lines. */
export function TextArea({ label, hint, error, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & Labelled) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <textarea {...control} {...rest} />}
    </Field>
  );
}

/** A labelled choice: the browser's own list, which every phone and screen reader knows. */
export function Select({
  label,
  hint,
  error,
  options,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & Labelled & { options: readonly { value: string; label: string }[] }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select {...control} {...rest}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
