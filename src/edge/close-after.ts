/** The response, with `close` called once its body has ended, failed, or lost its reader; at once where it has none. */
export function closeAfter(response: Response, close: () => void): Response {
  if (response.body === null) {
    close();
    return response;
  }
  const reader = response.body.getReader();
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
      async cancel(reason) {
        await reader.cancel(reason).catch(() => undefined);
        close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
