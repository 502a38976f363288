/**
 * @file A SARIF 2.1.0 log of another scanner → its findings. The log is distrusted: its size is bounded, everything that is read of
 * it passes a schema, and what is not read is said.
 */
import { readTextFile } from '../base/files.ts';
import { checkJson } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import type { ScannerFinding } from './triaged.ts';

/** Logs with every code flow of a large project have some ten megabytes; twice this as text is what V8 can hold. */
export const MOST_SARIF_BYTES = 200_000_000;

/** The name of what triage adds to property bags. */
export const OWN_PROPERTY = 'vultune';

const text = z.string().nullish();
const number = z.number().nullish();

const artifactLocation = z.looseObject({ uri: text, uriBaseId: text, index: number });

const region = z.looseObject({
  startLine: number,
  startColumn: number,
  endLine: number,
  endColumn: number,
  charOffset: number,
  charLength: number,
});

const physicalLocation = z.looseObject({
  artifactLocation: artifactLocation.nullish(),
  region: region.nullish(),
});

const component = z.looseObject({
  name: text,
  rules: z.array(z.looseObject({ id: text })).nullish(),
});

const properties = z.record(z.string(), z.unknown()).nullish();

const result = z.looseObject({
  ruleId: text,
  ruleIndex: number,
  rule: z
    .looseObject({ id: text, index: number, toolComponent: z.looseObject({ index: number }).nullish() })
    .nullish(),
  kind: text,
  baselineState: text,
  rank: number,
  message: z.looseObject({ text, markdown: text, id: text }).nullish(),
  locations: z.array(z.looseObject({ physicalLocation: physicalLocation.nullish() })).nullish(),
  suppressions: z.array(z.looseObject({ status: text, properties })).nullish(),
  properties,
});

const run = z.looseObject({
  tool: z.looseObject({ driver: component, extensions: z.array(component).nullish() }),
  artifacts: z.array(z.looseObject({ location: artifactLocation.nullish() })).nullish(),
  originalUriBaseIds: z.record(z.string(), artifactLocation).nullish(),
  columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']).nullish(),
  results: z.array(result).nullish(),
  externalPropertyFileReferences: z.looseObject({ results: z.array(z.unknown()).nullish() }).nullish(),
  properties,
});

const log = z.looseObject({
  version: z.literal('2.1.0'),
  runs: z.array(run),
  inlineExternalProperties: z.array(z.unknown()).nullish(),
});

export type SarifResult = z.output<typeof result>;
export type SarifRun = z.output<typeof run>;

export interface SarifInput {
  /** The file's text without a byte order mark. */
  readonly text: string;
  readonly hasByteOrderMark: boolean;
  readonly runs: readonly SarifRun[];
  /** Runs in their order, results in theirs: the scanner's own order. */
  readonly findings: readonly ScannerFinding[];
  /** What is in the log and not read, one sentence each. */
  readonly notRead: readonly string[];
}

/** Throws TRIAGE_SARIF, FILE_TOO_LARGE and what reading a file throws. */
export function readSarif(file: string, mostBytes = MOST_SARIF_BYTES): SarifInput {
  return parseSarif(readTextFile(file, mostBytes), file);
}

/** Throws TRIAGE_SARIF. */
export function parseSarif(whole: string, file: string): SarifInput {
  const hasByteOrderMark = whole.startsWith('\ufeff');
  const text = hasByteOrderMark ? whole.slice(1) : whole;
  const { runs, inlineExternalProperties } = checkJson(log, text, {
    code: 'TRIAGE_SARIF',
    file,
    hint: "Expected a SARIF 2.1.0 log, as scanners write it with '--sarif' or '--format sarif'.",
  });
  const findings = runs.flatMap((one, i) =>
    (one.results ?? []).map((found, k) => findingOf(one, i, found, k)),
  );
  return { text, hasByteOrderMark, runs, findings, notRead: notRead(runs, inlineExternalProperties) };
}

function findingOf(run: SarifRun, runIndex: number, found: SarifResult, index: number): ScannerFinding {
  const physical = found.locations?.find(
    ({ physicalLocation }) => physicalLocation != null,
  )?.physicalLocation;
  const { artifactLocation: artifact, region: place } = physical ?? {};
  return {
    run: runIndex,
    result: index,
    tool: run.tool.driver.name ?? 'unnamed tool',
    rule: ruleOf(run, found),
    message: found.message?.text ?? found.message?.markdown ?? found.message?.id ?? '',
    artifact: artifact == null ? undefined : withoutNulls(artifact, ['uri', 'uriBaseId', 'index']),
    region: place == null ? undefined : withoutNulls(place, REGION_KEYS),
    // What most scanners count in, where they do not say.
    columnKind: run.columnKind ?? 'utf16CodeUnits',
    notProblem: NOT_PROBLEMS.has(found.kind ?? 'fail') ? (found.kind ?? undefined) : undefined,
    isSuppressed: isSuppressed(found),
    isAbsent: found.baselineState === 'absent',
  };
}

/** One entry that is not accepted lifts the others (SARIF 2.1.0, 3.35.3). Entries of an earlier triage are not the scanner's. */
function isSuppressed({ suppressions }: SarifResult): boolean {
  const others = (suppressions ?? []).filter(
    ({ properties: own }) => !Object.hasOwn(own ?? {}, OWN_PROPERTY),
  );
  return others.length > 0 && others.every(({ status }) => (status ?? 'accepted') === 'accepted');
}

const NOT_PROBLEMS: ReadonlySet<string> = new Set(['pass', 'notApplicable', 'informational']);

const REGION_KEYS = ['startLine', 'startColumn', 'endLine', 'endColumn', 'charOffset', 'charLength'] as const;

/** SARIF knows no null, some writers do. */
function withoutNulls<T extends object, K extends keyof T>(
  value: T,
  keys: readonly K[],
): { [key in K]?: NonNullable<T[key]> } {
  const kept: { [key in K]?: NonNullable<T[key]> } = {};
  for (const key of keys) if (value[key] != null) kept[key] = value[key];
  return kept;
}

function ruleOf({ tool }: SarifRun, { ruleId, ruleIndex, rule }: SarifResult): string {
  const extension = rule?.toolComponent?.index;
  const holder = extension == null ? tool.driver : tool.extensions?.[extension];
  return ruleId ?? rule?.id ?? holder?.rules?.[rule?.index ?? ruleIndex ?? -1]?.id ?? 'unnamed rule';
}

function notRead(runs: readonly SarifRun[], inline: readonly unknown[] | null | undefined): string[] {
  const sentences = runs.flatMap(({ externalPropertyFileReferences: references }, i) => {
    const files = references?.results?.length ?? 0;
    return files === 0 ? [] : [`Run ${i} keeps results in ${files} other files, which are not read.`];
  });
  if (inline != null && inline.length > 0)
    sentences.push('The log has inline external properties, which are not read.');
  return sentences;
}
