/** @file The scan as SARIF 2.1.0 within what code-hosting sites take: rules, ranks, fingerprints, suppressions; no code flows. */

import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Invocation, Log, Notification, ReportingDescriptor, Result } from 'sarif';
import { cweIds, cweLabel, cweUrl } from '../../dataset/cwe.ts';
import type { Finding, ScanReport } from '../finding.ts';
import { describeFinding, describeReason, scanCautions, scanNotes, scanWorth } from './describe.ts';
import { fileUri } from './file-uri.ts';
import { type FindingRule, RULES, ruleOf } from './rules.ts';
import { formatScore } from './score-words.ts';
import { levelOf, severityOf } from './severity.ts';

/** GitHub shows the first 5,000 results of a run (and refuses more than 25,000), in at most 10 MB of gzip. */
const MOST_RESULTS = 5000;
const MOST_GZIP_BYTES = 10_000_000;
const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
/** A package URL: the one address that says where the tool is from without naming a site. */
const TOOL_URI = 'pkg:npm/vultune';

export interface SarifOutput {
  readonly text: string;
  /** Findings left out to stay within the limits. */
  readonly cut: number;
}

export function sarifReport(
  report: ScanReport,
  limits = { results: MOST_RESULTS, gzipBytes: MOST_GZIP_BYTES },
): SarifOutput {
  const all = [...report.findings, ...report.suppressed];
  let kept = Math.min(all.length, limits.results);
  for (;;) {
    const cut = all.length - kept;
    const text = `${JSON.stringify(sarifLog(report, all.slice(0, kept), cut), null, 1)}\n`;
    if (kept === 0 || gzipSync(text).length <= limits.gzipBytes) return { text, cut };
    kept >>= 1;
  }
}

function sarifLog(report: ScanReport, findings: readonly Finding[], cut: number): Log {
  const rules = rulesOf(findings);
  const places = new Map(rules.map(({ id }, place) => [id, place]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Vultune',
            version: report.version,
            semanticVersion: report.version,
            informationUri: TOOL_URI,
            rules: rules.map((one) => descriptor(one, report, similarCwes(findings))),
          },
        },
        automationDetails: { id: `vultune/${report.adapterFingerprint}/` },
        originalUriBaseIds: {
          SRCROOT: {
            uri: `${pathToFileURL(report.baseFolder).href.replace(/\/$/, '')}/`,
            description: { text: 'The folder that paths are relative to.' },
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [invocation(report, cut)],
        results: findings.map((finding) => result(finding, report, places)),
        properties: {
          adapter: report.adapterFingerprint,
          threshold: report.threshold,
          thresholdSource: report.thresholdSource,
          ...(report.blend === undefined ? {} : { blend: report.blend }),
          ...(report.precision === undefined ? {} : { precision: report.precision }),
          ...(report.cweHead === undefined ? {} : { cweHead: report.cweHead }),
          measured: report.measured ?? null,
          ...(report.prevalence === undefined ? {} : { prevalence: report.prevalence }),
          counts: report.counts,
          noticed: report.noticed,
        },
      },
    ],
  };
}

/** Those of the bands first, then one a CWE that is named, by id. */
function rulesOf(findings: readonly Finding[]): readonly FindingRule[] {
  const named = new Map(
    findings.map(ruleOf).flatMap((rule) => (rule.cwe === undefined ? [] : [[rule.id, rule]])),
  );
  return [RULES.vulnerable, RULES.uncertain, ...[...named.keys()].toSorted().map((id) => named.get(id)!)];
}

/** CWEs of the known functions that findings are most similar to. */
const similarCwes = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.flatMap(({ nearest }) => cweIds(nearest?.cwe)))].toSorted();

function descriptor(
  { id, name, title, description, band, cwe }: FindingRule,
  report: ScanReport,
  similar: readonly string[],
): ReportingDescriptor {
  const { level, precision, securitySeverity } = severityOf(band, report.measured);
  const help =
    `${description} The threshold of this scan was ${formatScore(report.threshold)} (${report.thresholdSource}). ${scanWorth(report)} ` +
    `${report.cweHead === undefined ? '' : `${report.cweHead}. `}` +
    `If the function is safe, say why ` +
    `in a comment beside it, 'vultune-ignore: reason', or add it to the baseline with --update-baseline.`;
  const links = cwe === undefined ? similar : [cwe.id];
  const what = cwe === undefined ? 'Weaknesses of similar known functions' : 'Definition';
  const list = (link: (id: string) => string) =>
    links.length === 0 ? '' : `\n\n${what}: ${links.map(link).join('; ')}.`;
  return {
    id,
    name,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: description },
    help: {
      text: `${help}${list((one) => `${cweLabel(one)}, ${cweUrl(one)}`)}`,
      ...(links.length === 0
        ? {}
        : { markdown: `${help}${list((one) => `[${cweLabel(one)}](${cweUrl(one)})`)}` }),
    },
    helpUri: cwe?.url ?? TOOL_URI,
    defaultConfiguration: { level },
    properties: {
      tags: ['security', ...(cwe === undefined ? [] : [cwe.tag])],
      precision,
      ...(securitySeverity === undefined ? {} : { 'security-severity': securitySeverity }),
    },
  };
}

function result(finding: Finding, report: ScanReport, places: ReadonlyMap<string, number>): Result {
  const { file, name, fingerprint, score, suppression, truncated, scoreBefore, cwe, nearest } = finding;
  const ruleId = ruleOf(finding).id;
  const { startLine, startColumn, endLine, endColumn } = finding;
  const isRelative = !fileUri(file).startsWith('file:');
  return {
    ruleId,
    ruleIndex: places.get(ruleId)!,
    level: levelOf(finding, report),
    rank: Math.round(score * 10_000) / 100,
    message: { text: describeFinding(finding, report.threshold) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: fileUri(file), ...(isRelative ? { uriBaseId: 'SRCROOT' } : {}) },
          region: { startLine, startColumn, endLine, endColumn },
        },
        logicalLocations: [{ fullyQualifiedName: name, kind: 'function' }],
      },
    ],
    partialFingerprints: { 'vultuneFunction/v1': fingerprint },
    suppressions:
      suppression === undefined
        ? []
        : [{ kind: 'inSource', status: 'accepted', justification: describeReason(suppression) }],
    properties: {
      score,
      truncated,
      ...(scoreBefore === undefined ? {} : { scoreBefore }),
      ...(cwe === undefined ? {} : { cwe }),
      ...(nearest === undefined ? {} : { nearest }),
    },
  };
}

function invocation(report: ScanReport, cut: number): Invocation {
  const cautions = scanCautions(report);
  const notes = scanNotes(report);
  if (cut > 0)
    notes.push(
      `Left out to stay within the limit of code-hosting sites: ${cut}, those with the lowest scores.`,
    );
  return {
    executionSuccessful: report.complete,
    startTimeUtc: report.startedAt.toISOString(),
    endTimeUtc: report.endedAt.toISOString(),
    toolExecutionNotifications: [
      ...cautions.map((text): Notification => ({ level: 'warning', message: { text } })),
      ...notes.map(
        (text): Notification => ({ level: report.complete ? 'note' : 'warning', message: { text } }),
      ),
    ],
    ...(report.settings === undefined ? {} : { properties: { settings: report.settings } }),
  };
}
