/** @file Labels for findings: which of them are real. From CSV or JSON lines of file, line and true or false, or from the log itself. */
import { VultuneError } from '../base/errors.ts';
import { readTextFile } from '../base/files.ts';
import { csvDelimiter, csvRows } from '../dataset/formats/rows/csv-rows.ts';
import { checkJson, checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import type { SarifInput } from './read-sarif.ts';
import type { ScannerFinding, TriagedFinding } from './triaged.ts';

/** Says of a finding whether it is real; undefined: it has no label. */
export interface Labels {
  of(finding: TriagedFinding): boolean | undefined;
  /** Labels that no finding took. */
  unused(): number;
}

const MOST_LABEL_BYTES = 50_000_000;

const row = z.object({
  file: z.string().min(1),
  line: z.union([z.int().min(1), z.string().regex(/^\s*[1-9]\d{0,8}\s*$/, 'expected a line number')]),
  label: z.union([z.boolean(), z.literal(0), z.literal(1), z.string()]),
  /** Where several rules meet on a line. */
  rule: z.string().optional(),
});

interface Label {
  readonly isReal: boolean;
  isUsed: boolean;
}

/**
 * CSV with the columns file, line and label, or without a header in this order; JSON lines with these names. `rule` may tell
 * findings of one line apart. Throws TRIAGE_LABELS and what reading a file throws.
 */
export async function readLabels(file: string): Promise<Labels> {
  const text = readTextFile(file, MOST_LABEL_BYTES).replace(/^\ufeff/, '');
  const labels = new Map<string, Label>();
  for await (const { value, line } of rowsOf(text, file)) {
    const { file: path, line: at, label, rule } = value;
    const isReal = truth(label);
    if (isReal === undefined) {
      throw wrong(`the label is "${String(label).slice(0, 40)}", expected true or false`, file, line);
    }
    const key = keyOf(path, Number(at), rule === '' ? undefined : rule);
    if ((labels.get(key)?.isReal ?? isReal) !== isReal) {
      throw wrong(`${path}:${at} is labelled true and false`, file, line);
    }
    labels.set(key, { isReal, isUsed: false });
  }
  if (labels.size === 0) throw wrong('found no label', file, undefined);
  return {
    of: ({ file: path, line, finding: { rule } }) => {
      if (path === undefined || line === undefined) return undefined;
      const label = labels.get(keyOf(path, line, rule)) ?? labels.get(keyOf(path, line, undefined));
      if (label === undefined) return undefined;
      label.isUsed = true;
      return label.isReal;
    },
    unused: () => [...labels.values()].filter(({ isUsed }) => !isUsed).length,
  };
}

/** A property of the results that says true or false, or their `kind`: `fail` is real, `pass` is not. Throws TRIAGE_LABELS. */
export function labelsOfLog({ runs }: SarifInput, property: string, file: string): Labels {
  const of = ({ run, result }: ScannerFinding) => {
    const found = runs[run]!.results![result]!;
    if (property === 'kind') return found.kind == null ? undefined : KINDS.get(found.kind);
    const bag = found.properties ?? {};
    return Object.hasOwn(bag, property) ? truth(bag[property]) : undefined;
  };
  const hasOne = runs.some(({ results }, run) =>
    results?.some((_, result) => of({ run, result } as ScannerFinding) !== undefined),
  );
  if (!hasOne) throw wrong(`no result has a label in "${property}"`, file, undefined);
  return { of: ({ finding }) => of(finding), unused: () => 0 };
}

const KINDS: ReadonlyMap<string, boolean> = new Map([
  ['fail', true],
  ['pass', false],
]);

const TRUE: ReadonlySet<string> = new Set(['true', '1', 'yes', 'tp', 'true positive']);
const FALSE: ReadonlySet<string> = new Set(['false', '0', 'no', 'fp', 'false positive']);

function truth(value: unknown): boolean | undefined {
  const word = String(value).trim().toLowerCase().replace(/[_-]/g, ' ');
  return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
}

async function* rowsOf(
  text: string,
  file: string,
): AsyncGenerator<{ readonly value: z.output<typeof row>; readonly line: number }> {
  const options = { code: 'TRIAGE_LABELS', file, hint: HINT };
  if (text.trimStart().startsWith('{')) {
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() !== '') yield { value: checkJson(row, line, { ...options, line: i + 1 }), line: i + 1 };
    }
    return;
  }
  const hasHeader = /^[^\n]*\bfile\b[^\n]*\bline\b|^[^\n]*\bline\b[^\n]*\bfile\b/i.test(text);
  const delimiter = csvDelimiter(text.slice(0, 10_000)) ?? ',';
  const header = ['file', 'line', 'label', 'rule'].join(delimiter);
  const whole = hasHeader ? text : `${header}\n${text}`;
  for await (const { value, line: at } of csvRows(chunks(whole), file, delimiter)) {
    const line = hasHeader ? at : at - 1;
    yield { value: checkValue(row, value, { ...options, line }), line };
  }
}

const HINT = 'Expected CSV or JSON lines of file, line and label: src/a.c,120,true';

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const keyOf = (path: string, line: number, rule: string | undefined) =>
  JSON.stringify([
    path
      .trim()
      .replaceAll('\\', '/')
      .replace(/^(\.\/)+/, ''),
    line,
    rule ?? null,
  ]);

const wrong = (message: string, file: string, line: number | undefined) =>
  new VultuneError('TRIAGE_LABELS', message, {
    where: { file, ...(line === undefined ? {} : { line }) },
    hint: HINT,
  });
