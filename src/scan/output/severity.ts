/** @file How loud a band may be in tools that rank findings: a model's findings weigh what its own evaluation shows. */
import type { MeasuredRanking } from '../../evaluation/measured-ranking.ts';
import { isBetterThanChance } from '../../judging/model-worth.ts';
import type { Band, Finding, ScanReport } from '../finding.ts';

export type ReportedBand = Exclude<Band, 'safe'>;

/** A safe function is only shown where it was changed or suppressed, with the quieter of the two. */
export const reportedBand = (band: Band): ReportedBand => (band === 'vulnerable' ? band : 'uncertain');

export interface Severity {
  /** SARIF's word for a result's level. */
  readonly level: 'warning' | 'note';
  /** Code-hosting sites sort and filter rules by it. */
  readonly precision: 'high' | 'medium' | 'low';
  /** 0 to 10, as code-hosting sites read it; missing where the model shows nothing. */
  readonly securitySeverity?: string;
}

/** ROC AUC that the lower end of the interval has to reach. */
const HIGH = 0.9;
const MEDIUM = 0.75;

/**
 * A model that was never measured, or whose interval holds 0.5, gives notes without a severity. The validation part chose the
 * checkpoint and flatters, so that it never gives the highest precision.
 */
export function severityOf(band: ReportedBand, measured: MeasuredRanking | undefined): Severity {
  if (measured === undefined || !isBetterThanChance(measured)) return { level: 'note', precision: 'low' };
  const precision = precisionOf(measured);
  const severities = precision === 'low' ? LOW_SEVERITY : SEVERITY;
  return {
    level: band === 'vulnerable' ? 'warning' : 'note',
    precision,
    securitySeverity: severities[band],
  };
}

/** How loud one finding is. */
export const levelOf = (
  { band }: Pick<Finding, 'band'>,
  { measured }: Pick<ScanReport, 'measured'>,
): Severity['level'] => severityOf(reportedBand(band), measured).level;

const SEVERITY: Readonly<Record<ReportedBand, string>> = { vulnerable: '7.0', uncertain: '4.0' };
const LOW_SEVERITY: Readonly<Record<ReportedBand, string>> = { vulnerable: '4.0', uncertain: '2.0' };

function precisionOf({ split, low }: MeasuredRanking): Severity['precision'] {
  if (low < MEDIUM) return 'low';
  return low >= HIGH && split === 'test' ? 'high' : 'medium';
}
