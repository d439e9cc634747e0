import type { z } from 'zod';
import type { Constraint } from '../contracts/responses/constraint.ts';
import type { Verdict } from '../contracts/responses/trace.ts';

/** What a check looks at. */
export type CheckInput = {
  /** The user's last words: what the answer answers. */
  question: string;
  /** All turns up to them, the latest where they are too many: what the thought may take as given. */
  conversation: string;
  /** Lines that are being judged; empty where the answer came without a thought. */
  thought: string;
  answer: string;
  /** What the answer says, normalised (normalise.ts); undefined where nothing could be read. */
  value?: string;
  constraint?: Constraint;
};

/**
 * `fail` and `pass` are outcomes; `abstain` confirms nothing and is normal. A failed line is named by its number in the
 * thought (from 0) with the value that is wrong in it, so that the chain can be cut there. `held` names the lines that were
 * read and found right: a line that no check could read holds nothing. `quoting` is the detail in the thought's own words: for the
 * model, and for those who may see thoughts. `repair` is there where the check knows what is right.
 */
export type Finding = {
  verdict: Verdict;
  detail: string;
  line?: number;
  wrong?: string;
  quoting?: string;
  repair?: Repair | undefined;
  held?: readonly number[];
};

/** The corrected line: its first `at` characters, then `text` instead of the rest. */
export type Repair = { at: number; text: string };

/** What a check may need from outside; pure checks use none of it. */
export type CheckServices = {
  /** Runs code in a fresh sandbox. */
  runPython?: (code: string, options: { signal: AbortSignal }) => Promise<{ output: string; isError: boolean }>;
  postCheck?: (url: string, body: unknown, options: { signal: AbortSignal }) => Promise<unknown>;
  /** Log-odds of yes against no by the model itself. */
  verdict?: (question: string, answer: string, options: { signal: AbortSignal }) => Promise<number | undefined>;
};

export type Check = {
  name: string;
  description: string;
  /** `line`: steps of a thought. `value`: the answer itself; only these can confirm an answer. */
  judges: 'line' | 'value';
  /** Its pass means that the answer is right, so that an easy question may end there; a form that holds confirms nothing. */
  confirms?: boolean;
  /**
   * On at every effort without being named; a table or a request can switch it off. `uncomputed`: only where the service does
   * not compute the thought's equations itself.
   */
  standard?: 'always' | 'uncomputed';
  /** No table of a model switches it off: it needs no model to be right. */
  permanent?: true;
  /** Takes time linear in its text, or bounded by itself, so that a text of any length may be given to it. */
  linear?: boolean;
  /** Costs more than computing: run once a chain is otherwise sound. */
  slow?: boolean;
  /** The other fields of a request's `{ "type": NAME, … }`. A field that is not named here is refused, unless the object is loose. */
  options: z.ZodObject;
  /** Abstains where `options` do not fit; run-checks.ts turns whatever is thrown into an abstention as well. */
  run(input: CheckInput, at: CheckRun<GivenOptions>): Promise<Finding>;
};

/** As a request has them, `type` included or not. */
type GivenOptions = Readonly<Record<string, unknown>>;

type CheckRun<Options> = { options: Options; services: CheckServices; signal: AbortSignal };

/** Types a check's options by its schema. */
export function defineCheck<Schema extends z.ZodObject>(
  check: Omit<Check, 'run' | 'options'> & {
    options: Schema;
    run(input: CheckInput, at: CheckRun<z.infer<Schema>>): Promise<Finding> | Finding;
  },
): Check {
  /** The options of a request are parsed once, however many answers they judge. */
  const read = new WeakMap<GivenOptions, { options: z.infer<Schema> } | 'unfit'>();
  const readOptions = (given: GivenOptions) => {
    const known = read.get(given);
    if (known !== undefined) return known;
    const { type: _, ...own } = given;
    const { success, data } = check.options.safeParse(own);
    const options = success ? { options: data } : 'unfit';
    read.set(given, options);
    return options;
  };
  return {
    ...check,
    async run(input, at) {
      const own = readOptions(at.options);
      // The API has validated them, except at the edge, which does not validate patterns and schemas.
      return own === 'unfit' ? abstain('its options are not what it takes') : check.run(input, { ...at, ...own });
    },
  };
}

export const abstain = (detail: string): Finding => ({ verdict: 'abstain', detail });
export const pass = (detail: string, at: { held?: readonly number[] } = {}): Finding => ({
  verdict: 'pass',
  detail,
  ...at,
});
export const fail = (detail: string, at: Pick<Finding, 'line' | 'wrong' | 'quoting' | 'repair'> = {}): Finding => ({
  verdict: 'fail',
  detail,
  ...at,
});

/** `1 equation holds`, `2 equations hold` */
export const allHold = (count: number, one: string): string =>
  count === 1 ? `1 ${one} holds` : `${count} ${one}s hold`;
