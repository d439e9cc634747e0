/**
 * The response, with `close` called once its body has ended, failed, or lost its reader; at once where it has none.
 * `signal`: workerd tells of a client that went away by the request's signal, and cancels no body.
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
