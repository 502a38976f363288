/** @file A context under which a training is stopped, as by Ctrl-C, when it has done so many steps. */
import { type Reporter, silent } from '../../src/workflows/context.ts';

export function stoppingAfter(steps: number): { readonly signal: AbortSignal; readonly report: Reporter } {
  const controller = new AbortController();
  const report: Reporter = {
    ...silent,
    task: ({ label }) => ({
      log: () => {},
      stop: () => {},
      update: ({ done }) => {
        if (label === 'training' && done >= steps) controller.abort(new Error('stopped by the test'));
      },
    }),
  };
  return { signal: controller.signal, report };
}
