/** @file GitLab's, JUnit's and reviewdog's formats against what their definitions require; the parts of them that we write. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SCAN_FORMATS } from '../../../src/scan/output/format-names.ts';
import { gitlabReport } from '../../../src/scan/output/gitlab.ts';
import { junitReport } from '../../../src/scan/output/junit.ts';
import { rdjsonReport } from '../../../src/scan/output/rdjson.ts';
import { OUTPUT_FORMATS } from '../../../src/scan/output/registry.ts';
import { z } from '../../../src/schema/zod.ts';
import { readXml, type XmlElement } from '../../support/read-xml.ts';
import { everything, finding, report } from '../../support/scan-report.ts';

/** Names out of a source that may hold anything. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('<b>&amp;"\'', ']]>', '\u0000\ufffe\ud800', '-->'),
);
const reports = [
  everything,
  report({ findings: [] }),
  report({ complete: false }),
  report({ measured: undefined }),
];

/** Security report schemas 15, the part for static tests: what is required, enumerated, patterned and limited. */
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/);
const named = z.string().min(1);
const tool = z.strictObject({
  id: named,
  name: named,
  version: named,
  vendor: z.strictObject({ name: named }),
});
const gitlabSchema = z.strictObject({
  version: z.string().regex(/^15\.\d+\.\d+$/),
  scan: z.strictObject({
    type: z.literal('sast'),
    status: z.enum(['success', 'failure']),
    start_time: time,
    end_time: time,
    analyzer: tool,
    scanner: tool,
    messages: z.array(z.strictObject({ level: z.enum(['info', 'warn', 'fatal']), value: named })),
  }),
  vulnerabilities: z.array(
    z.strictObject({
      id: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      name: z.string().max(255),
      description: z.string().max(1_048_576),
      severity: z.enum(['Info', 'Unknown', 'Low', 'Medium', 'High', 'Critical']),
      identifiers: z
        .array(z.strictObject({ type: named, name: named, value: named, url: named.optional() }))
        .min(1),
      location: z.strictObject({
        file: z.string(),
        start_line: z.number(),
        end_line: z.number(),
        method: z.string(),
      }),
    }),
  ),
});

/** The message DiagnosticResult; its reader refuses unknown fields. */
const severity = z.enum(['UNKNOWN_SEVERITY', 'ERROR', 'WARNING', 'INFO']);
const position = z.strictObject({ line: z.int().min(1), column: z.int().min(1).optional() });
const rdjsonSchema = z.strictObject({
  source: z.strictObject({ name: z.string(), url: z.string().optional() }).optional(),
  severity: severity.optional(),
  diagnostics: z.array(
    z.strictObject({
      message: named,
      location: z.strictObject({
        path: named,
        range: z.strictObject({ start: position, end: position.optional() }).optional(),
      }),
      severity: severity.optional(),
      code: z.strictObject({ value: z.string(), url: z.string().optional() }).optional(),
    }),
  ),
});

/** Element by element: its attributes (`!` for one that is required) and children, in the order that the schema has. */
const JUNIT: Readonly<Record<string, readonly [attributes: string, children: string]>> = {
  testsuites: ['name time tests failures disabled errors', 'testsuite'],
  testsuite: [
    'name! tests! failures errors time disabled skipped timestamp hostname id package',
    'properties testcase system-out system-err',
  ],
  properties: ['', 'property'],
  property: ['name! value!', ''],
  testcase: ['name! assertions time classname status', 'skipped error failure system-out system-err'],
  skipped: ['message', ''],
  error: ['message type', ''],
  failure: ['message type', ''],
  'system-out': ['', ''],
};

function expectJunit({ name, attributes, children }: XmlElement): void {
  expect(Object.keys(JUNIT)).toContain(name);
  const [allowed, order] = JUNIT[name]!.map((words) => words.split(' '));
  for (const key of Object.keys(attributes))
    expect(allowed!.map((one) => one.replace('!', ''))).toContain(key);
  for (const key of allowed!.filter((one) => one.endsWith('!')))
    expect(Object.keys(attributes)).toContain(key.slice(0, -1));
  const places = children.map((child) => order!.indexOf(child.name));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  for (const child of children) expectJunit(child);
}

describe('GitLab', () => {
  test.each(reports)('is what the schema asks for: %#', (one) => {
    expect(gitlabSchema.safeParse(JSON.parse(gitlabReport(one))).error).toBeUndefined();
  });

  test('whatever a source says', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = gitlabReport(report({ findings: [finding({ name: text })] }));
        expect(gitlabSchema.safeParse(JSON.parse(json)).error).toBeUndefined();
      }),
    );
  });

  test('severity follows the measured worth, a stopped scan is a failure, copies have ids of their own', () => {
    const parse = (of = report()) => gitlabSchema.parse(JSON.parse(gitlabReport(of)));
    expect(parse().vulnerabilities[0]).toMatchObject({
      severity: 'High',
      location: { file: 'src/a b.js', start_line: 3, end_line: 5 },
    });
    expect(parse(report({ measured: undefined })).vulnerabilities[0]!.severity).toBe('Unknown');
    expect(parse(report({ complete: false })).scan.status).toBe('failure');
    const copies = parse(report({ findings: [finding(), finding({ file: 'copy.js' })] }));
    expect(new Set(copies.vulnerabilities.map(({ id }) => id)).size).toBe(2);
    expect(parse().vulnerabilities).toEqual(parse().vulnerabilities);
  });
});

describe('JUnit', () => {
  test.each(reports)('is what the schema asks for: %#', (one) => {
    expectJunit(readXml(junitReport(one)));
  });

  test('whatever a source says', () => {
    fc.assert(
      fc.property(anyText, anyText, (name, file) => {
        const xml = junitReport(
          report({
            findings: [finding({ name, file })],
            suppressed: [finding({ suppression: { reason: name, line: 1 } })],
            noticed: [{ reason: 'binary', count: 1, examples: [file] }],
          }),
        );
        expectJunit(readXml(xml));
      }),
    );
  });

  const suiteOf = (of = report()) => readXml(junitReport(of)).children[0]!;
  const outcomes = (of = report()) =>
    suiteOf(of)
      .children.filter(({ name }) => name === 'testcase')
      .map(({ children }) => children[0]!.name);

  test('nothing that the scan reports or was told to pass over counts as passed', () => {
    expect(outcomes(everything)).toEqual(['system-out', 'failure', 'skipped', 'failure', 'skipped']);
    expect(suiteOf(everything).attributes).toMatchObject({
      tests: '5',
      failures: '2',
      skipped: '2',
      errors: '0',
    });
    expect(outcomes(report({ measured: undefined }))).toEqual(['system-out', 'skipped']);
  });

  test('a scan that was stopped, or had nothing to score, is an error', () => {
    expect(outcomes(report({ complete: false }))[0]).toBe('error');
    expect(outcomes(report({ findings: [] }))[0]).toBe('error');
    expect(suiteOf(report({ complete: false })).attributes.errors).toBe('1');
  });
});

describe('reviewdog', () => {
  test.each(reports)('is what its messages hold: %#', (one) => {
    expect(rdjsonSchema.safeParse(JSON.parse(rdjsonReport(one))).error).toBeUndefined();
  });

  test('a place, a severity, the rule; the last one speaks of the scan', () => {
    const { diagnostics } = rdjsonSchema.parse(JSON.parse(rdjsonReport(everything)));
    expect(diagnostics.map((one) => one.severity)).toEqual(['WARNING', 'INFO', 'WARNING', 'INFO']);
    expect(diagnostics[0]).toMatchObject({
      location: { path: 'src/a b.js', range: { start: { line: 3 }, end: { line: 5 } } },
      code: { value: 'VUL1001' },
    });
    expect(diagnostics.at(-1)!.message).toContain('7 binary files');
  });
});

test('every format has a row, and says what the model was measured to be and what was left out', () => {
  expect(Object.keys(OUTPUT_FORMATS).toSorted()).toEqual([...SCAN_FORMATS].toSorted());
  const plain = (text: string) => text;
  const colors = { strong: plain, muted: plain, good: plain, bad: plain, warning: plain };
  for (const [name, { write }] of Object.entries(OUTPUT_FORMATS)) {
    const { text, cut } = write(everything, { colors, columns: 80, frames: 20, displayPath: plain });
    expect(cut, name).toBe(0);
    expect(text, name).toMatch(/ROC AUC 0\.84 \(95%(25)?: 0\.78 to 0\.90\)/);
    expect(text, name).toContain('uncertain from 0.333');
    expect(text, name).toContain('7 binary files');
  }
});
