import type { Context } from 'hono';
import type { JobSnapshot } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { conversationIdOf, keepResponseItems } from '../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { removeChatCompletionsOf } from '../protocols/chat-completions/stored-chats.ts';
import { removeFeedbackOf } from '../protocols/feedback-keys.ts';
import { createAdmission } from './admission.ts';
import { waitForEnd } from './response-events.ts';
import { forgetReaders } from './response-readers.ts';

type ApiContext = Context<ApiEnvironment>;

export type ResponseRemoval = {
  /**
   * Removes a response with its events, trace, feedback and deliveries. False: another request has just removed it. Its
   * conversation keeps its items, unless that goes as well (`withConversation`).
   */
  remove(c: ApiContext, snapshot: JobSnapshot, options?: { withConversation?: boolean }): Promise<boolean>;
};

export function createResponseRemoval(dependencies: ApiDependencies): ResponseRemoval {
  const { queue, records, limits, webhooks } = dependencies;
  const admission = createAdmission(dependencies);

  return {
    async remove(c, snapshot, { withConversation = false } = {}) {
      const { job } = snapshot;
      const { conversation } = responseJob(job).request;
      if (conversation && !withConversation) {
        const id = conversationIdOf(conversation);
        await keepResponseItems(dependencies, { id, responseId: job.id, gone: true });
      }
      await admission.settle(c, snapshot.terminal ? snapshot : await stopped(c, snapshot));
      // Before the response: if this fails or the process dies, the client can still ask again.
      await removeFeedbackOf(records, [job]);
      if (!(await queue.remove(job.id))) return false;
      await forgetReaders(records, [job]);
      if (job.notify) await webhooks?.deliveries.forget(job.id);
      await removeChatCompletionsOf(records, [job]);
      return true;
    },
  };

  /** The response after a cancel, so that its key pays for what it used and not for all that it might have used. */
  async function stopped(c: ApiContext, snapshot: JobSnapshot): Promise<JobSnapshot> {
    if (c.get('caller').limits === undefined) return snapshot;
    const { id } = snapshot.job;
    await queue.control(id, 'cancel');
    await waitForEnd(queue, id, { ms: limits.cancelWaitMs, signal: c.req.raw.signal });
    return (await queue.get(id)) ?? snapshot;
  }
}
