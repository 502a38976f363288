/** @file `vultune verify`: reference folders through our engine, a row per quantity. */
import type { Comparison } from '../../parity/compare.ts';
import { verifyFolder } from '../../parity/verify-folder.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import type { VerifyRequest } from '../commands/verify.ts';
import type { CliContext } from '../context.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

const CUTS = { block: 1, graph: Number.POSITIVE_INFINITY } as const;

/** Whether every quantity of every folder is within its tolerance, by every cut asked for. */
export async function verifyStage(request: VerifyRequest, { stdout }: CliContext): Promise<boolean> {
  const backend = await ortBackend({ device: 'cpu' });
  const cuts = request.cut === undefined ? (['block', 'graph'] as const) : [request.cut];
  const results: { dir: string; cut: string; comparisons: readonly Comparison[] }[] = [];
  for (const dir of request.dirs) {
    for (const cut of cuts) {
      const comparisons = await verifyFolder(dir, {
        backend,
        blocksPerStage: CUTS[cut],
        tolerance: request.tolerance,
      });
      results.push({ dir, cut, comparisons });
      if (!request.json) stdout.write(`${folderTable(`${dir} (${cut} cut)`, comparisons, stdout)}\n`);
    }
  }
  const ok = results.every(({ comparisons }) => comparisons.every((comparison) => comparison.ok));
  if (request.json) stdout.write(`${JSON.stringify({ ok, folders: results }, null, 2)}\n`);
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
