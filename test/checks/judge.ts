import type { CheckInput, CheckServices, Finding } from '../../src/checks/check.ts';
import { checks } from '../../src/checks/index.ts';

/** What one check says, of a conversation that is its question unless another is given. */
export async function judge(
  name: string,
  input: Partial<CheckInput>,
  options: Record<string, unknown> = {},
  services: CheckServices = {},
): Promise<Finding> {
  const check = checks.get(name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const whole = { question: '', conversation: input.question ?? '', thought: '', answer: '', ...input };
  return check.run(whole, { options, services, signal: new AbortController().signal });
}
