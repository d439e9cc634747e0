/** Most often that a too early end is replaced by the continuation word. */
export const mostContinuations = 8;
