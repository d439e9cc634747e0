import type { Progress } from '../../../src/contracts/responses/reasoning.ts';
import type { Response } from '../../../src/contracts/responses/response.ts';
import type { ResponseEvent } from '../../../src/contracts/responses/response-event.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import type { LinkState } from '../service/follow-events.ts';
import type { NumberedTraceEvent } from '../service/service.ts';
import type { ServiceFault } from '../service/service-fault.ts';
import { stepsAfter } from './steps-so-far.ts';

/** One response as a reader sees it: running or ended. */
export type RunState = {
  /** As last heard of; undefined until the service has told. */
  response: Response | undefined;
  /** The settled answer so far. */
  text: string;
  progress: Progress | null;
  /** In order; empty where the key may see no trace. */
  steps: readonly TraceStep[];
  /** Indices of the steps that still run. */
  running: ReadonlySet<number>;
  trace: 'shown' | 'hidden';
  /** No more steps come: they have all been read, or may not be. */
  traceWhole: boolean;
  link: LinkState;
  fault: ServiceFault | undefined;
  /** The reader has told it to answer now, and the answer is not complete yet. */
  answering: boolean;
  /** Epoch ms at which this page saw it end; undefined for one that had ended before the page was opened. */
  endedAt: number | undefined;
};

export type RunEvent =
  | { type: 'wire'; event: ResponseEvent; at: number }
  | { type: 'trace'; event: NumberedTraceEvent }
  /** `at` (epoch ms): this page asked for it just now. */
  | { type: 'whole'; response: Response; at?: number }
  | { type: 'steps'; steps: readonly TraceStep[] }
  | { type: 'trace_hidden' }
  | { type: 'trace_whole' }
  | { type: 'link'; link: LinkState }
  | { type: 'fault'; fault: ServiceFault };

export const initialRun: RunState = {
  response: undefined,
  text: '',
  progress: null,
  steps: [],
  running: new Set(),
  trace: 'shown',
  traceWhole: false,
  link: 'live',
  fault: undefined,
  answering: false,
  endedAt: undefined,
};

const running = ['queued', 'in_progress'];

export function hasEnded({ response }: Pick<RunState, 'response'>): boolean {
  return response !== undefined && !running.includes(response.status);
}

/** What a reader is told that it is at: from the moment when they ask for the answer, the answer. */
export function shownPhase({ progress, answering }: Pick<RunState, 'progress' | 'answering'>): Progress['phase'] {
  return answering ? 'answer' : (progress?.phase ?? 'queued');
}

/** The run after an event. Pure: the same events give the same run, however often the connection was made anew. */
export function advanceRun(run: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'wire':
      return afterWireEvent(run, event.event, event.at);
    case 'trace': {
      if (event.event.type === 'progress') return hasEnded(run) ? run : { ...run, progress: event.event.progress };
      return stepsAfter(run, event.event);
    }
    case 'whole':
      // A poll that was overtaken by the end says nothing new.
      if (hasEnded(run)) return run;
      return {
        ...run,
        response: event.response,
        progress: event.response.progress,
        ...(hasEnded(event) && { text: event.response.output_text, endedAt: event.at }),
      };
    case 'steps':
      return { ...run, steps: event.steps, running: new Set(), traceWhole: true };
    case 'trace_hidden':
      return { ...run, trace: 'hidden', traceWhole: true };
    case 'trace_whole':
      return { ...run, traceWhole: true };
    case 'link':
      return { ...run, link: event.link };
    case 'fault':
      return { ...run, fault: event.fault };
    default:
      event satisfies never;
      return run;
  }
}

function afterWireEvent(run: RunState, event: ResponseEvent, at: number): RunState {
  switch (event.type) {
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
      return hasEnded(run) ? run : { ...run, response: { ...event.response, progress: run.progress } };
    case 'response.output_text.delta':
      return hasEnded(run) ? run : { ...run, text: run.text + event.delta };
    case 'response.output_text.done':
      return hasEnded(run) ? run : { ...run, text: event.text };
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      return { ...run, response: event.response, text: event.response.output_text, progress: null, endedAt: at };
    default:
      return run;
  }
}
