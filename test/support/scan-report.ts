/** @file Findings and reports as a scan makes them, to be written in every format. */
import type { Finding, ScanReport } from '../../src/scan/finding.ts';

export const finding = (overrides: Partial<Finding> = {}): Finding => ({
  file: 'src/a b.js',
  language: 'javascript',
  name: 'Server.listen',
  fingerprint: 'f'.repeat(22),
  startLine: 3,
  startColumn: 1,
  endLine: 5,
  endColumn: 2,
  score: 0.75,
  band: 'vulnerable',
  truncated: false,
  ...overrides,
});

export function report(overrides: Partial<ScanReport> = {}): ScanReport {
  const findings = overrides.findings ?? [finding()];
  return {
    version: '1.2.3',
    run: 'runs/first',
    adapterFingerprint: '0123456789abcdef',
    baseFolder: '/project',
    threshold: 0.5,
    thresholdSource: 'as requested',
    measured: { split: 'test', functions: 95, rocAuc: 0.84, low: 0.78, high: 0.9 },
    startedAt: new Date(0),
    endedAt: new Date(1000),
    complete: true,
    counts: {
      files: 1,
      withoutFunctions: 0,
      onlyOutsideCode: 0,
      functions: findings.length,
      vulnerable: findings.filter(({ band }) => band === 'vulnerable').length,
      uncertain: findings.filter(({ band }) => band === 'uncertain').length,
      safe: 0,
      suppressed: 0,
      known: 0,
      hidden: 0,
      unlisted: 0,
      folded: 0,
    },
    findings,
    suppressed: [],
    noticed: [],
    suppressionProblems: [],
    ...overrides,
  };
}

/** Findings that a CWE head names, in both bands, beside one that it was not asked of. */
export const namedCwes = report({
  cweHead: 'CWE head: its first guess is right for 71%',
  findings: [
    finding({
      cwe: [
        { id: 'CWE-79', probability: 0.81 },
        { id: 'CWE-22', probability: 0.1 },
      ],
      code: 'f()',
      nearest: { id: 'fix', cve: 'CVE-2020-1', cwe: ['CWE-416'], similarity: 0.9 },
    }),
    finding({
      name: 'parse',
      band: 'uncertain',
      score: 0.4,
      cwe: [{ id: 'CWE-79', probability: 0.6 }],
    }),
    // No title of it is known here.
    finding({ name: 'read', cwe: [{ id: 'CWE-9999', probability: 1 }] }),
    finding({ name: 'plain' }),
  ],
});

/** Every kind of remark, and names that want to break out. */
export const everything = report({
  settings: { file: './vultune.yaml', keys: ['run'] },
  findings: [
    finding({
      code: 'f()',
      nearest: { id: 'CVE fix', cve: 'CVE-2020-1', similarity: 0.9 },
      scoreBefore: 0.5,
    }),
    finding({ file: '/elsewhere/ü.js', name: '<anonymous>', band: 'uncertain', score: 0.4, truncated: true }),
    finding({ name: '"quoted" <b>\n::error::', scoreBefore: null }),
  ],
  suppressed: [finding({ suppression: { reason: 'checked', line: 2 } })],
  noticed: [{ reason: 'binary', count: 7, examples: ['x.js'] }],
  suppressionProblems: [{ file: 'a.js', line: 4, kind: 'reason-missing' }],
});
