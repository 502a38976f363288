/** @file What both README.md of an exported checkpoint, a classifier's and an answering model's, are made of. */
import type { ExportSource } from './export-source.ts';
import type { Reading } from './transformers-class.ts';

export interface ReadmeFacts {
  readonly source: ExportSource;
  readonly reading: Reading;
  readonly dtype: string;
  /** The token that config.json names; undefined: none. */
  readonly padTokenId: number | undefined;
  readonly notes: readonly string[];
}

export const calibrationNote = ({ calibration, threshold }: ExportSource['use']): string =>
  calibration === null
    ? ''
    : `\nVultune's scores are calibrated (\`calibration\` in vultune.json); on their scale the threshold is ${threshold}.`;
