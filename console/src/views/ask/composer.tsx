import { ArrowUp, FileText, ImageIcon, Paperclip, SlidersHorizontal, X } from 'lucide-react';
import {
  type ClipboardEvent,
  type DragEvent,
  type FormEvent,
  type KeyboardEvent,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import type { ModelObject } from '../../../../src/contracts/service/listings.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Select, TextArea } from '../../components/field.tsx';
import { useFormat } from '../../i18n/format.ts';
import { useStrings } from '../../i18n/strings.ts';
import { levelOf } from '../../run/effort.ts';
import { effortStrings } from '../../run/effort-control.strings.ts';
import { BudgetControl, EffortControl } from '../../run/effort-control.tsx';
import { type Attachment, type Refusal, readFiles, roughTokens, wireBytes } from './attachments.ts';
import styles from './composer.module.css';
import { strings } from './strings.ts';
import { pythonTool } from './tools.ts';
import type { Asking } from './use-chat.ts';

type ComposerProps = {
  text: string;
  onText(text: string): void;
  attachments: readonly Attachment[];
  onAttachments(change: (attachments: readonly Attachment[]) => readonly Attachment[]): void;
  asking: Asking;
  onAsking(change: Partial<Asking>): void;
  models: readonly ModelObject[];
  /** Ids of the tools that can be offered. */
  tools: readonly string[];
  /** Bytes that a request may have; undefined: not known. */
  mostBytes: number | undefined;
  /** A word why nothing can be sent now. */
  busy: string | undefined;
  /** An answer runs: its bar stands in the place of the button that asks. */
  running: boolean;
  onBar(element: HTMLElement | null): void;
  onSend(): void;
};

/** Where the question is written: with how much to think in sight, and the rest a press away. */
export function Composer(props: ComposerProps) {
  const { text, onText, attachments, onAttachments, asking, onAsking, models, tools, busy, running, onBar, onSend } =
    props;
  const words = useStrings(strings);
  const spending = useStrings(effortStrings);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [dropping, setDropping] = useState(false);
  const panel = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const model = models.find(({ id }) => id === asking.model) ?? models[0];
  const level = levelOf(model, asking.effort);
  const problem = problemOf();
  const sendable = busy === undefined && problem === undefined && (text.trim() !== '' || attachments.length > 0);
  useEffect(() => {
    // Where a keyboard would cover the page, nothing is opened unasked.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  }, []);
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
  const take = async (files: readonly File[]) => {
    if (files.length === 0) return;
    const taken = await readFiles(files, model);
    setRefused(taken.refused);
    onAttachments((before) => [...before, ...taken.read]);
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void take(files);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(false);
    void take([...event.dataTransfer.files]);
  };
  return (
    <form
      className={styles.composer}
      onSubmit={submit}
      aria-label={words.composer}
      data-dropping={dropping || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={onDrop}
    >
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
            dir="auto"
            value={asking.instructions}
            onChange={(event) => onAsking({ instructions: event.target.value })}
          />
          {tools.length > 0 && (
            <fieldset className={styles.tools}>
              <legend>{words.tools}</legend>
              {tools.map((id) => (
                <label key={id}>
                  <input
                    type="checkbox"
                    checked={asking.tools.includes(id)}
                    onChange={(event) =>
                      onAsking({
                        tools: event.target.checked
                          ? [...asking.tools, id]
                          : asking.tools.filter((other) => other !== id),
                      })
                    }
                  />
                  {id === pythonTool ? words.python : words.mcpServer(id)}
                </label>
              ))}
              <small>{words.toolsHint}</small>
            </fieldset>
          )}
        </div>
      )}
      <textarea
        ref={field}
        className={styles.text}
        aria-label={words.question}
        placeholder={words.placeholder}
        dir="auto"
        rows={1}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      {attachments.length > 0 && (
        <ul className={styles.files} aria-label={words.files}>
          {attachments.map(({ id, name, kind, bytes }) => (
            <li key={id}>
              {kind === 'image' ? <ImageIcon aria-hidden="true" /> : <FileText aria-hidden="true" />}
              <span dir="auto">{name}</span>
              <small>{format.bytes(bytes)}</small>
              <IconButton
                label={words.removeFile(name)}
                onClick={() => onAttachments((before) => before.filter((one) => one.id !== id))}
              >
                <X />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {(refused.length > 0 || problem !== undefined) && (
        <p className={styles.problem} role="status">
          {problem}
          {refused.map(({ name, why }) => (
            <span key={name}>{words.refusedFile[why](name, model?.id ?? '')}</span>
          ))}
        </p>
      )}
      <div className={styles.row}>
        {/* Its own place while an answer runs, so that how to end it is always in reach. */}
        <div ref={onBar} className={styles.bar} hidden={!running} />
        {!running && (
          <>
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
              {model !== undefined && <span className={styles.model}>{model.id}</span>}
              <span className={styles.spends}>
                {asking.effort === 'none' && spending.spendsNothing}
                {level !== undefined &&
                  spending.spends(format.number(asking.budget ?? level.budget_tokens), format.number(level.samples))}
              </span>
              <span className="visually-hidden">{words.options}</span>
            </Button>
            <span className={styles.end}>
              <IconButton label={words.attach} onClick={() => file.current?.click()}>
                <Paperclip />
              </IconButton>
              <input
                ref={file}
                type="file"
                multiple
                hidden
                aria-label={words.attach}
                onChange={(event) => {
                  void take([...(event.target.files ?? [])]);
                  event.target.value = '';
                }}
              />
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
            </span>
          </>
        )}
      </div>
    </form>
  );

  /** What the service would refuse, said before it is sent. */
  function problemOf(): string | undefined {
    const { mostBytes } = props;
    if (mostBytes !== undefined && text.length + attachments.length > 0) {
      const bytes = wireBytes(text, attachments);
      if (bytes > mostBytes) return words.tooLarge(format.bytes(bytes), format.bytes(mostBytes));
    }
    const tokens = roughTokens(text, attachments);
    const most = model?.context_length;
    // Short of it: with what was said before and what is thought, less fits; the service counts exactly.
    if (most === undefined || attachments.length === 0 || tokens <= most) return undefined;
    return words.tooLong(format.number(tokens), format.number(most), model?.id ?? '');
  }
}
