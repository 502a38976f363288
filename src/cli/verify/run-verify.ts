/** @file `vultune verify`: a table per folder as it is compared, or everything as JSON. */
import type { Comparison } from '../../parity/compare.ts';
import { verify } from '../../workflows/verify/verify.ts';
import type { VerifyRequest } from '../commands/verify.ts';
import type { CliContext } from '../context.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';

/** Whether every quantity of every folder is within its tolerance. */
export async function runVerify({ json, ...options }: VerifyRequest, context: CliContext): Promise<boolean> {
  const { stdout } = context;
  const { ok, folders } = await verify(
    {
      ...options,
      onFolder: ({ dir, cut, comparisons }) => {
        if (!json) stdout.write(`${folderTable(`${dir} (${cut} cut)`, comparisons, stdout)}\n`);
      },
    },
    reporting(context),
  );
  if (json) stdout.write(`${JSON.stringify({ ok, folders }, null, 2)}\n`);
  else stdout.write(ok ? `${stdout.colors.good('all ok')}\n` : `${stdout.colors.bad('FAIL')}\n`);
  return ok;
}

function folderTable(title: string, comparisons: readonly Comparison[], terminal: Terminal): string {
  const { colors } = terminal;
  const rows = comparisons.map(({ quantity, largestAbsoluteError, largestRelativeError, ok }) => [
    quantity,
    largestAbsoluteError.toExponential(2),
    largestRelativeError.toExponential(2),
    ok ? colors.good('ok') : colors.bad('FAIL'),
  ]);
  const columns = [
    { heading: 'quantity' },
    { heading: 'absolute error', align: 'right' },
    { heading: 'relative error', align: 'right' },
    { heading: '' },
  ] as const;
  return `${colors.heading(title)}\n${renderTable(columns, rows, terminal)}`;
}
