import type { Phase } from '../contracts/responses/reasoning.ts';
import { emptyUsage, PhaseTokens } from '../contracts/responses/usage.ts';
import type { LanguageModel, ModelEvent } from '../core/language-model.ts';
import type { PhaseUsage } from '../reasoning/strategy.ts';

/**
 * What a run has cost and its model does not tell: the prompt, and the text of servers that send no token ids. A strategy
 * counts both when a sample has ended, which is too late for one that is cut short, and never for one that is stopped.
 */
type UntoldTokens = {
  /** The model given, listened to. */
  model: LanguageModel;
  /** `told` by the strategy, and what is untold of samples that have not ended, be it that they still run or were stopped. */
  added(told: PhaseUsage): PhaseUsage;
};

type Counts = { thinking: number; forced: number; answer: number; byId: boolean };

/** `promptTokens`: of the rendered prompt; they are counted once something has come of it. `phase`: the strategy's own. */
export function listenForTokens(
  model: LanguageModel,
  { promptTokens, phase }: { promptTokens: number; phase(): Phase },
): UntoldTokens {
  const open = new Map<string, Counts>();
  /** Of stopped samples. */
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
    // Counted by the strategy as it came; text without ids is then the rest of a token that was counted.
    counts.byId ||= event.tokenIds.length > 0;
    if (counts.byId) return;
    const kind = event.type === 'answer-delta' ? 'answer' : event.forced ? 'forced' : 'thinking';
    counts[kind] += event.logprobs.length || estimatedTokens(event.text);
  }

  function lose(key: string): void {
    const counts = open.get(key);
    open.delete(key);
    if (counts && !counts.byId) lost = withCounts(lost, counts, phase());
  }

  return {
    model: { ...model, generate },
    added(told) {
      let usage = { ...told };
      if (begun && told.input === 0) usage.input = promptTokens;
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

/** Nearly all servers send token by token; in a longer piece about four characters are a token. */
function estimatedTokens(text: string): number {
  const longestToken = 24;
  return text.length > longestToken ? Math.ceil(text.length / 4) : Math.min(1, text.length);
}
