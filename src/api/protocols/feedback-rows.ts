import type { ChatMessage } from '../../contracts/responses/prompt.ts';
import type {
  FeedbackRecord,
  LabelledCompletion,
  PreferencePair,
  TrainingMessage,
} from '../../contracts/service/feedback.ts';
import { parsedArguments } from './call-arguments.ts';

/** Feedback as TRL's preference pairs: a correction, and a preferred response, each against the answer. */
export function preferencePairs(record: FeedbackRecord): PreferencePair[] {
  const prompt = record.prompt.map(trainingMessage);
  const rejected = [assistant(record.answer)];
  return better(record)
    .filter((text) => text !== record.answer)
    .map((text) => ({ prompt, chosen: [assistant(text)], rejected }));
}

/** Feedback as TRL's labelled completions: what was rated, and what is better than it. */
export function labelledCompletions(record: FeedbackRecord): LabelledCompletion[] {
  const prompt = record.prompt.map(trainingMessage);
  const texts = better(record);
  const label = record.rating === null ? (texts.length > 0 ? false : undefined) : record.rating === 'up';
  const rated = label === undefined ? [] : [{ prompt, completion: [assistant(record.answer)], label }];
  return [...rated, ...texts.map((text) => ({ prompt, completion: [assistant(text)], label: true }))];
}

function better({ corrected_text, preferred_answer }: FeedbackRecord): string[] {
  return [corrected_text, preferred_answer].flatMap((text) => (text ? [text] : []));
}

function assistant(content: string): TrainingMessage {
  return { role: 'assistant', content };
}

function trainingMessage(message: ChatMessage): TrainingMessage {
  const { role, content } = message;
  if (role !== 'assistant' || !message.toolCalls?.length) return { role, content };
  const tool_calls = message.toolCalls.map((call) => ({
    type: 'function' as const,
    // Chat templates take arguments as objects.
    function: { name: call.name, arguments: parsedArguments(call.arguments) ?? call.arguments },
  }));
  return { role, content, tool_calls };
}
