/**
 * @file The rule that a finding falls under, for formats that have such: one a band, and one a band and CWE where a CWE head
 * names the kind of weakness. The CWE of a similar known function does not make a rule: similar text does not show the same weakness, and a
 * rule that depends on whether the training data is still there would open every alert anew.
 */
import { cweLabel, cweTag, cweTitle, cweUrl } from '../../dataset/cwe.ts';
import type { Finding } from '../finding.ts';
import { type ReportedBand, reportedBand } from './severity.ts';

export interface FindingRule {
  readonly id: string;
  readonly name: string;
  /** Without a full stop. */
  readonly title: string;
  readonly description: string;
  readonly band: ReportedBand;
  readonly cwe?: { readonly id: string; readonly url: string; readonly tag: string };
}

export const RULES = {
  vulnerable: {
    id: 'VUL1001',
    name: 'LikelyVulnerableFunction',
    title: 'Function looks vulnerable',
    description:
      'The fine-tuned model gives this function a probability of being vulnerable at or above the threshold of the ' +
      'scan. It judges the text of the function alone, so look at the callers before deciding.',
    band: 'vulnerable',
  },
  uncertain: {
    id: 'VUL1002',
    name: 'PossiblyVulnerableFunction',
    title: 'Function may be vulnerable',
    description:
      'The fine-tuned model gives this function a probability of being vulnerable below the threshold it was scanned ' +
      'with, but odds of at least half the odds at the threshold.',
    band: 'uncertain',
  },
} as const satisfies Readonly<Record<ReportedBand, FindingRule>>;

export function ruleOf({ band: found, cwe }: Pick<Finding, 'band' | 'cwe'>): FindingRule {
  const band = reportedBand(found);
  const [likely] = cwe ?? [];
  return likely === undefined ? RULES[band] : cweRule(band, likely.id);
}

/** `vultune/CWE-79`; of the quieter band, whose severity is another, `vultune/CWE-79/uncertain`. */
function cweRule(band: ReportedBand, id: string): FindingRule {
  const { name, title, description } = RULES[band];
  const called = cweTitle(id);
  return {
    id: `vultune/${id}${band === 'vulnerable' ? '' : '/uncertain'}`,
    name: `${name}${id.replace('CWE-', 'Cwe')}`,
    title: `${title}: ${called === undefined ? id : `${called} (${id})`}`,
    description:
      `${description} Its kind of weakness is a guess of the CWE head, the likeliest of those that the head ` +
      `was trained to tell apart: ${cweLabel(id)}.`,
    band,
    cwe: { id, url: cweUrl(id), tag: cweTag(id) },
  };
}
