import pico from 'picocolors';
import { expect, it } from 'vitest';
import { findingLines } from '../../../src/cli/commands/doctor.ts';
import { doubtful, well } from '../../../src/cli/doctor/finding.ts';

const findings = [
  well('model thinkfirst-135m', '103 MB (q4) in /work/models/thinkfirst-135m, checksums right'),
  doubtful(
    'memory',
    '2.0 GB in all, 0.3 GB free',
    'Close what you do not need, or use a smaller model from docs/models.md.',
  ),
];
const lines = (columns: number, outputLive = true) =>
  findingLines(findings, { paint: pico.createColors(false), outputLive, columns: () => columns });

it('names stand in a column, also the long ones', () => {
  expect(lines(120)).toEqual([
    '✓ model thinkfirst-135m 103 MB (q4) in /work/models/thinkfirst-135m, checksums right',
    '! memory                2.0 GB in all, 0.3 GB free',
    '                        → Close what you do not need, or use a smaller model from docs/models.md.',
  ]);
});

it('lines end where a terminal of 60 columns does; a pipe has whole ones', () => {
  expect(lines(60)).toEqual([
    '✓ model thinkfirst-135m',
    '    103 MB (q4) in /work/models/thinkfirst-135m, checksums',
    '    right',
    '! memory',
    '    2.0 GB in all, 0.3 GB free',
    '    → Close what you do not need, or use a smaller model',
    '    from docs/models.md.',
  ]);
  expect(lines(60, false)).toEqual(lines(1_000));
});
