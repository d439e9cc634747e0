/**
 * Calls `close` when the body of the response has ended, failed, or lost its reader; immediately if there is no body.
 * `signal`: when a client disconnects, workerd aborts the request's signal and does not cancel the body.
 */
export function closeAfter(response: Response, close: () => void, signal?: AbortSignal): Response {
  if (response.body === null) {
    close();
    return response;
  }
  const reader = response.body.getReader();
  const leave = async (reason: unknown) => {
    await reader.cancel(reason).catch(() => undefined);
    close();
  };
  signal?.addEventListener('abort', () => void leave(signal.reason), { once: true });
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
          close();
        } catch (error) {
          controller.error(error);
          close();
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
