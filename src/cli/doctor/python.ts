import type { WallCheck } from '../../tools/python/check-wall.ts';
import { doubtful, type Finding, well } from './finding.ts';

/** Whether code that models write can be run here. Without it the service works, but for the tool `code_interpreter`. */
export function pythonFinding(check: WallCheck): Finding {
  if ('wall' in check) return well('Python', 'runs in its sandbox (bubblewrap)');
  return doubtful('Python', `code_interpreter is refused. ${check.reason}`, check.advice);
}
