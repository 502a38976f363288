/** @file The CWE of a finding in every format: a guess, said to be one, with the place where it is defined. */
import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import { githubReport } from '../../../src/scan/output/github.ts';
import { gitlabReport } from '../../../src/scan/output/gitlab.ts';
import { htmlReport } from '../../../src/scan/output/html.ts';
import { jsonReport } from '../../../src/scan/output/json.ts';
import { junitReport } from '../../../src/scan/output/junit.ts';
import { rdjsonReport } from '../../../src/scan/output/rdjson.ts';
import { sarifReport } from '../../../src/scan/output/sarif.ts';
import { finding, namedCwes, report } from '../../support/scan-report.ts';

const XSS = "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')";
const SAID = `If it is vulnerable, then most likely by CWE-79 (${XSS}), 0.81; then CWE-22, 0.10`;
const sarif = (of = namedCwes) => (JSON.parse(sarifReport(of).text) as Log).runs[0]!;

describe('SARIF', () => {
  test('has a rule for each CWE and band, and each result under its own', () => {
    const { tool, results } = sarif();
    const ids = tool.driver.rules!.map(({ id }) => id);
    expect(ids).toEqual([
      'VUL1001',
      'VUL1002',
      'vultune/CWE-79',
      'vultune/CWE-79/uncertain',
      'vultune/CWE-9999',
    ]);
    expect(results!.map(({ ruleId }) => ruleId)).toEqual([
      'vultune/CWE-79',
      'vultune/CWE-79/uncertain',
      'vultune/CWE-9999',
      'VUL1001',
    ]);
    for (const { ruleId, ruleIndex } of results!) expect(ids[ruleIndex!]).toBe(ruleId);
    expect(results![0]!.properties).toMatchObject({ cwe: [{ id: 'CWE-79', probability: 0.81 }, {}] });
  });

  test('a rule says what the CWE is, that it is a guess, how good the head is, and links to the definition', () => {
    const [, , rule, quieter, untitled] = sarif().tool.driver.rules!;
    expect(rule!.shortDescription!.text).toBe(`Function looks vulnerable: ${XSS} (CWE-79).`);
    expect(rule!.fullDescription!.text).toContain('is a guess of the CWE head');
    expect(rule!.help!.text).toContain('right for 71%');
    expect(rule!.help!.markdown).toMatch(
      /Definition: \[CWE-79 \(.*\)\]\(https:.*\/definitions\/79\.html\)\.$/,
    );
    expect(rule!.properties).toMatchObject({
      tags: ['security', 'external/cwe/cwe-079'],
      'security-severity': '7.0',
    });
    expect(quieter!.properties).toMatchObject({ 'security-severity': '4.0' });
    expect(untitled!.shortDescription!.text).toBe('Function looks vulnerable: CWE-9999.');
  });

  test('the CWE of a similar known function makes no rule: the rule of the band links to it', () => {
    const nearest = { id: 'fix', cve: 'CVE-2020-1', cwe: ['CWE-416', 'NVD-CWE-Other'], similarity: 0.9 };
    const { tool, results } = sarif(report({ findings: [finding({ nearest })] }));
    expect(tool.driver.rules!.map(({ id }) => id)).toEqual(['VUL1001', 'VUL1002']);
    expect(tool.driver.rules![0]!.help!.markdown).toMatch(
      /Weaknesses of similar known functions: \[CWE-416 \(Use After Free\)\]\(https:.*\/416\.html\)\.$/,
    );
    expect(tool.driver.rules![0]!.properties!.tags).toEqual(['security']);
    expect(results![0]!.ruleId).toBe('VUL1001');
  });
});

test.each([
  ['JUnit', (text: string) => text.replaceAll('&apos;', "'"), junitReport],
  ['GitHub', (text: string) => text, githubReport],
  ['rdjson', (text: string) => text, rdjsonReport],
  ['GitLab', (text: string) => text, gitlabReport],
] as const)('%s says it in the message', (_name, plain, write) => {
  expect(plain(write(namedCwes))).toContain(SAID);
});

test('JSON has it as it is, and the sentence on the head', () => {
  const json = JSON.parse(jsonReport(namedCwes));
  expect(json.findings[0].cwe).toEqual(namedCwes.findings[0]!.cwe);
  expect(json.findings[3]).not.toHaveProperty('cwe');
  expect(json.notes).toContain('CWE head: its first guess is right for 71%.');
});

test('GitLab has it as an identifier, rdjson as a link of its code, GitHub in the title', () => {
  const { vulnerabilities } = JSON.parse(gitlabReport(namedCwes));
  const url = expect.stringMatching(/\/definitions\/79\.html$/);
  expect(vulnerabilities[0].identifiers).toEqual([
    { type: 'vultune_rule', name: 'vultune/CWE-79', value: 'vultune/CWE-79' },
    { type: 'cwe', name: 'CWE-79', value: '79', url },
    { type: 'vultune_most_similar', name: 'Most similar to CVE-2020-1', value: 'CVE-2020-1' },
  ]);
  expect(JSON.parse(rdjsonReport(namedCwes)).diagnostics[0].code).toEqual({ value: 'vultune/CWE-79', url });
  expect(githubReport(namedCwes)).toContain(`title=Function looks vulnerable%3A ${XSS} (CWE-79)::`);
});

describe('the page', () => {
  test('lists it with a link, and filters by it', () => {
    const text = htmlReport(namedCwes);
    expect(text).toContain('Likely CWE');
    expect(text).toMatch(/<a href="https:[^"]*\/79\.html"[^>]*>CWE-79<\/a> 0\.81/);
    expect(text).toMatch(/<select name="cwe"><option value="">all<\/option><option>CWE-79<\/option>/);
    expect(text).toContain('data-cwe="|CWE-79|"');
  });

  test('has no such column where no finding has one', () => {
    expect(htmlReport(report())).not.toContain('Likely CWE');
  });
});
