import type { Phase } from '../contracts/responses/reasoning.ts';
import { emptyUsage, PhaseTokens } from '../contracts/responses/usage.ts';
import type { LanguageModel, ModelEvent } from '../core/language-model.ts';
import { tokensOfPiece } from '../core/token-ledger.ts';
import type { PhaseUsage } from '../reasoning/strategy.ts';

/**
 * Tokens that a run has used and that its model does not report immediately: the prompt, and the text of servers without
 * token ids. A strategy counts both when a sample ends, which is too late for a sample that still runs or was stopped.
 */
type UnreportedTokens = {
  /** The given model; its events are counted. */
  model: LanguageModel;
  /** The strategy's own count, and the unreported tokens of samples that still run or were stopped. */
  added(reported: PhaseUsage): PhaseUsage;
};

type Counts = { thinking: number; forced: number; answer: number; byId: boolean };

/** `promptTokens`: of the rendered prompt, counted from the first event on. `phase`: the strategy's current one. */
export function listenForTokens(
  model: LanguageModel,
  { promptTokens, phase }: { promptTokens: number; phase(): Phase },
): UnreportedTokens {
  const open = new Map<string, Counts>();
  /** Tokens of stopped samples. */
  let lost = emptyUsage();
  let calls = 0;
  let begun = false;

  async function* generate(...[request, options]: Parameters<LanguageModel['generate']>) {
    const call = calls;
    calls += 1;
    try {
      for await (const event of model.generate(request, options)) {
        begun = true;
        listen(`${call}.${event.sample}`, event);
        yield event;
      }
    } finally {
      for (let sample = 0; sample < request.samples; sample += 1) lose(`${call}.${sample}`);
    }
  }

  function listen(key: string, event: ModelEvent): void {
    if (event.type === 'finish') open.delete(key);
    if (event.type !== 'thinking-delta' && event.type !== 'answer-delta') return;
    const counts = open.get(key) ?? { thinking: 0, forced: 0, answer: 0, byId: false };
    open.set(key, counts);
    const kind = event.type === 'answer-delta' ? 'answer' : event.forced ? 'forced' : 'thinking';
    // With ids, the strategy counts the tokens; text without ids is then the rest of a counted token. A server's tokenizer
    // may give the ids of an inserted text, which says nothing of the sampled text around it.
    const hasIds = event.tokenIds.length > 0;
    counts.byId ||= hasIds && kind !== 'forced';
    if (hasIds || counts.byId) return;
    counts[kind] += event.logprobs.length || tokensOfPiece(event.text);
  }

  function lose(key: string): void {
    const counts = open.get(key);
    open.delete(key);
    if (counts && !counts.byId) lost = withCounts(lost, counts, phase());
  }

  return {
    model: { ...model, generate },
    added(reported) {
      let usage = { ...reported };
      if (begun && reported.input === 0) usage.input = promptTokens;
      for (const kind of PhaseTokens.keyof().options) usage[kind] += lost[kind];
      for (const counts of open.values()) usage = withCounts(usage, counts, phase());
      return usage;
    },
  };
}

function withCounts(usage: PhaseUsage, { thinking, forced, answer }: Counts, phase: Phase): PhaseUsage {
  const sum = { ...usage, forced: usage.forced + forced };
  sum[phase === 'draft' || phase === 'revise' ? phase : 'think'] += thinking;
  sum[phase === 'answer' || phase === 'draft' ? phase : 'discarded'] += answer;
  return sum;
}
