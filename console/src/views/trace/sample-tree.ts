import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';

/** A step of the tree, with the tries that came of it. */
export type TreeNode = { step: TraceStep; children: TreeNode[] };

/** One chain of thought: its first run, the revisions of it, and what it answers in the end. */
export type TreeBranch = {
  key: string;
  kind: 'draft' | 'chain';
  sample: number | null;
  root: TreeNode;
  /** The last try that gave an answer: what the chain votes with. */
  standing: TraceStep;
};

/**
 * The draft and the chains, each with its revisions below what they revise: a search for a new line hangs on the try whose
 * line was wrong, and so does the try that goes on from it.
 */
export function sampleTree(steps: readonly TraceStep[]): TreeBranch[] {
  const branches = new Map<string, { branch: TreeBranch; last: TreeNode }>();
  for (const step of steps) {
    if (step.phase === 'draft' || step.phase === 'think') {
      const root: TreeNode = { step, children: [] };
      const kind = step.phase === 'draft' ? 'draft' : 'chain';
      const key = kind === 'draft' ? 'draft' : `chain-${step.sample}`;
      branches.set(key, { branch: { key, kind, sample: step.sample, root, standing: step }, last: root });
      continue;
    }
    const known = step.phase === 'revise' ? branches.get(`chain-${step.sample}`) : undefined;
    if (known === undefined) continue;
    const node: TreeNode = { step, children: [] };
    known.last.children.push(node);
    // A search is a try at one line; only what gives an answer can be revised again.
    if (step.answer !== null) {
      known.last = node;
      known.branch.standing = step;
    }
  }
  return [...branches.values()]
    .map(({ branch }) => branch)
    .sort(
      (one, other) =>
        Number(one.kind === 'chain') - Number(other.kind === 'chain') || (one.sample ?? 0) - (other.sample ?? 0),
    );
}

/** The tree's steps as they stand below each other, for the arrow keys. */
export function inReadingOrder(branches: readonly TreeBranch[]): number[] {
  const walk = (node: TreeNode): number[] => [node.step.index, ...node.children.flatMap(walk)];
  return branches.flatMap(({ root }) => walk(root));
}

/** The step whose thought a revision goes on from: the last that gave an answer before it. Undefined for what revises none. */
export function revisedBy(steps: readonly TraceStep[], step: TraceStep): TraceStep | undefined {
  if (step.phase !== 'revise') return undefined;
  return steps.findLast(
    (earlier) =>
      earlier.index < step.index &&
      earlier.sample === step.sample &&
      (earlier.phase === 'think' || earlier.phase === 'revise') &&
      earlier.answer !== null,
  );
}

/**
 * True where a check put what it knows in the wrong line's place: the revision was neither told in a prompt what failed, nor
 * goes on from a line that was searched for.
 */
export function wasPutRight(steps: readonly TraceStep[], step: TraceStep): boolean {
  const revised = revisedBy(steps, step);
  if (revised === undefined || step.prompt !== null || step.stop_reason === 'line') return false;
  return !steps.some(
    ({ index, sample, stop_reason: stop }) =>
      sample === step.sample && index > revised.index && index < step.index && stop === 'line',
  );
}
