import type { Phase } from '../contracts/reasoning.ts';
import type { LanguageModel, ModelEvent } from '../models/language-model.ts';
import type { PhaseUsage } from '../reasoning/strategy.ts';

/**
 * What a run has cost before its model tells it: the prompt, and the text of servers that send no token ids. A strategy
 * counts both when a sample has ended, which is too late for one that is cut short.
 */
export type UntoldTokens = {
  /** The model given, listened to. */
  model: LanguageModel;
  /** `told` by the strategy, in the phase that it is in, and what is still untold of samples that have not ended. */
  added(told: PhaseUsage, phase: Phase): PhaseUsage;
};

type Counts = { thinking: number; forced: number; answer: number };

/** `promptTokens`: of the rendered prompt; they are counted once something has come of it. */
export function listenForTokens(model: LanguageModel, promptTokens: number): UntoldTokens {
  const open = new Map<string, Counts>();
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
      for (let sample = 0; sample < request.samples; sample += 1) open.delete(`${call}.${sample}`);
    }
  }

  function listen(key: string, event: ModelEvent): void {
    if (event.type === 'finish') open.delete(key);
    if (event.type !== 'thinking-delta' && event.type !== 'answer-delta') return;
    // Counted by the strategy as it came.
    if (event.tokenIds.length > 0) return;
    const counts = open.get(key) ?? { thinking: 0, forced: 0, answer: 0 };
    open.set(key, counts);
    const kind = event.type === 'answer-delta' ? 'answer' : event.forced ? 'forced' : 'thinking';
    counts[kind] += event.logprobs.length || estimatedTokens(event.text);
  }

  return {
    model: { ...model, generate },
    added(told, phase) {
      const usage = { ...told };
      if (begun && told.input === 0) usage.input = promptTokens;
      for (const { thinking, forced, answer } of open.values()) {
        usage.forced += forced;
        usage[phase === 'draft' || phase === 'revise' ? phase : 'think'] += thinking;
        usage[phase === 'answer' || phase === 'draft' ? phase : 'discarded'] += answer;
      }
      return usage;
    },
  };
}

/** Nearly all servers send token by token; in a longer piece about four characters are a token. */
function estimatedTokens(text: string): number {
  const longestToken = 24;
  return text.length > longestToken ? Math.ceil(text.length / 4) : Math.min(1, text.length);
}
