/** @file What was read of a run, kept until its files change: a list of thirty runs is not bootstrapped at each look. */
import type { RunReportData } from '../report/run/run-report-data.ts';
import { runStamp } from './run-changes.ts';

interface Entry {
  readonly stamp: string;
  readonly data: Promise<RunReportData>;
}

export class PageCache {
  readonly #entries = new Map<string, Entry>();

  /** What `read` gave when the run's files last changed; two askers at once share one reading. */
  async data(dir: string, read: () => Promise<RunReportData>): Promise<RunReportData> {
    const stamp = runStamp(dir);
    const known = this.#entries.get(dir);
    if (known?.stamp === stamp) return known.data;
    const data = read();
    this.#entries.set(dir, { stamp, data });
    try {
      return await data;
    } catch (error) {
      this.#entries.delete(dir);
      throw error;
    }
  }
}
