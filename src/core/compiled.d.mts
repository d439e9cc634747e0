/** See compiled.mjs. */
export const entries: readonly string[];
export const packedFolder: string;
export function compiled(entry: string | URL): Promise<URL>;
export function compile(inputs: readonly string[], folder: string): Promise<void>;
