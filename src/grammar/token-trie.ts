/** Token ids from 0 on. */
export type TokenVocabulary = {
  readonly size: number;
  /**
   * The bytes of a token; undefined for tokens that are not text (special ones). Computed at each call, because no list
   * of them is kept.
   */
  bytesOf(id: number): Uint8Array | undefined;
};

/** Runs of dashes and blanks longer than this (bytes) are never needed: shorter tokens spell the same text. */
export const MAX_TOKEN_BYTES = 32;

/**
 * The vocabulary as a prefix tree in depth-first order: node i has a byte, a depth (from 1), and `skip[i]`, the node
 * after its subtree. `firstToken[i]` is a token that ends there or -1, `nextToken[id]` another one with the same bytes
 * or -1.
 */
export type TokenTrie = {
  readonly byte: Uint8Array;
  readonly depth: Uint8Array;
  readonly skip: Int32Array;
  readonly firstToken: Int32Array;
  readonly nextToken: Int32Array;
};

export function createTokenTrie({ size, bytesOf }: TokenVocabulary): TokenTrie {
  // One character per byte: such texts sort like their bytes, and much faster than byte arrays.
  const texts: Array<{ id: number; text: string }> = [];
  for (let id = 0; id < size; id += 1) {
    const bytes = bytesOf(id);
    if (!bytes || bytes.length === 0 || bytes.length > MAX_TOKEN_BYTES) continue;
    texts.push({ id, text: Buffer.from(bytes).toString('latin1') });
  }
  texts.sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0));
  const byte: number[] = [];
  const depth: number[] = [];
  const firstToken: number[] = [];
  const nextToken = new Int32Array(size).fill(-1);
  let before = '';
  for (const { id, text } of texts) {
    let shared = 0;
    while (shared < before.length && before.charCodeAt(shared) === text.charCodeAt(shared)) shared += 1;
    for (let at = shared; at < text.length; at += 1) {
      byte.push(text.charCodeAt(at));
      depth.push(at + 1);
      firstToken.push(-1);
    }
    const last = firstToken.length - 1;
    nextToken[id] = firstToken[last] ?? -1;
    firstToken[last] = id;
    before = text;
  }
  return {
    byte: Uint8Array.from(byte),
    depth: Uint8Array.from(depth),
    skip: subtreeEnds(depth),
    firstToken: Int32Array.from(firstToken),
    nextToken,
  };
}

function subtreeEnds(depth: readonly number[]): Int32Array {
  const skip = new Int32Array(depth.length);
  const nextAtDepth = new Int32Array(MAX_TOKEN_BYTES + 2).fill(depth.length);
  for (let node = depth.length - 1; node >= 0; node -= 1) {
    const level = depth[node] ?? 1;
    skip[node] = nextAtDepth[level] ?? depth.length;
    // For this depth and deeper ones, this is now the nearest node that ends a subtree.
    nextAtDepth.fill(node, level);
  }
  return skip;
}
