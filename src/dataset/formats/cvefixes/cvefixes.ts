/** @file The row of CVEfixes' database in the registry of formats; the SQLite library is loaded, in a worker, when one is read. */
import type { DatasetFormat } from '../format.ts';

export const CVEFIXES: DatasetFormat = {
  name: 'cvefixes',
  summary: 'CVEfixes: fixes, commits, file_change, method_change (SQLite)',
  recognise: ({ container, fields }) =>
    container === 'sqlite' &&
    ['fixes', 'commits', 'file_change', 'method_change'].every((name) => fields.includes(name)),
  async *read(file, context) {
    yield* (await import('./read-methods.ts')).readMethods(file, context);
  },
};
