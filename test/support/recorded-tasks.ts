/** @file A reporter that keeps what each task said of itself last. */
import { type Reporter, silent } from '../../src/workflows/context.ts';

export interface LastSaid {
  readonly done: number;
  readonly total: number | undefined;
}

/** `last`: by the label of the task. */
export function recordedTasks(): { readonly report: Reporter; readonly last: Map<string, LastSaid> } {
  const last = new Map<string, LastSaid>();
  const report: Reporter = {
    ...silent,
    task: ({ label, total: first }) => {
      last.set(label, { done: 0, total: first });
      return {
        log: () => {},
        stop: () => {},
        update: ({ done, total = last.get(label)!.total }) => void last.set(label, { done, total }),
      };
    },
  };
  return { report, last };
}
