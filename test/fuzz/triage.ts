/** @file What triage and the tools for agents read: another scanner's log, labels, messages of a client. */
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { agentTool } from '../../src/mcp/agent-tool.ts';
import { connectStdio, toolServer } from '../../src/mcp/tool-server.ts';
import { outlineSource } from '../../src/scan/outline-source.ts';
import { z } from '../../src/schema/zod.ts';
import { annotateSarif } from '../../src/triage/annotate-sarif.ts';
import { readLabels } from '../../src/triage/labels.ts';
import { FindingLocator } from '../../src/triage/locate-findings.ts';
import { countFindings, rankFindings } from '../../src/triage/rank-findings.ts';
import { readSarif } from '../../src/triage/read-sarif.ts';
import { type FuzzTarget, fileTarget, texts } from './fuzz-target.ts';

const SOURCE = 'function one(a) { return a; }\nconst two = () => 2;\n';
const LOG = {
  version: '2.1.0',
  runs: [
    {
      tool: { driver: { name: 'Other', rules: [{ id: 'r0' }] } },
      originalUriBaseIds: { ROOT: { uri: 'file:///work/' }, SUB: { uri: 'sub/', uriBaseId: 'ROOT' } },
      artifacts: [{ location: { uri: 'a.js', uriBaseId: 'ROOT' } }],
      columnKind: 'unicodeCodePoints',
      results: [
        {
          ruleIndex: 0,
          message: { text: 'm' },
          rank: 3,
          properties: { a: 1 },
          suppressions: [{ kind: 'inSource' }],
          locations: [
            {
              physicalLocation: { artifactLocation: { index: 0 }, region: { startLine: 1, startColumn: 3 } },
            },
          ],
        },
        {
          ruleId: 'r1',
          message: {},
          kind: 'fail',
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: 'file:///work/a.js' },
                region: { charOffset: 4, charLength: 9 },
              },
            },
          ],
        },
      ],
    },
  ],
};

const tool = agentTool({
  name: 'one',
  title: 'one',
  description: 'one',
  input: z.strictObject({ path: z.string().max(10), top: z.int().min(1).default(2) }),
  run: async (input) => input,
});

const MESSAGES = [
  {
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
  },
  { method: 'tools/list' },
  { method: 'tools/call', params: { name: 'one', arguments: { path: 'a', top: 3 } } },
].map((message, id) => `${JSON.stringify({ jsonrpc: '2.0', id, ...message })}\n`);

export const TRIAGE_TARGETS: readonly FuzzTarget[] = [
  fileTarget(
    'scanner log',
    'other.sarif',
    texts(JSON.stringify(LOG), JSON.stringify(LOG, null, 2)),
    (path, folder) => {
      writeFileSync(join(folder, 'a.js'), SOURCE);
      const input = readSarif(path, 1_000_000);
      const located = { realRoot: realpathSync(folder), threshold: 0.5, withNotProblems: false };
      const locator = new FindingLocator(input, located, new AbortController().signal);
      for (const file of locator.files()) {
        const outline = outlineSource({ source: SOURCE, language: 'javascript' });
        for (const one of locator.choose(file, outline, SOURCE)) {
          locator.add({
            file,
            outline: one,
            code: '',
            context: '',
            score: { score: 0.25, truncated: false },
          });
        }
      }
      const findings = rankFindings(locator.found(), 0.5);
      const report = {
        version: '1',
        run: 'r',
        adapterFingerprint: 'f',
        log: path,
        root: folder,
        threshold: 0.5,
        thresholdSource: 'x',
        suppressBelow: 0.5,
        cautions: [],
        notRead: input.notRead,
        complete: true,
        counts: countFindings(findings, 0.5, 0.5),
        findings,
      };
      // Throws for what is not JSON any more.
      const { runs } = JSON.parse(
        annotateSarif(input, report, new Date(0)).replace(/^\ufeff/, ''),
      ) as typeof LOG;
      const results = runs.reduce((sum, run) => sum + (run.results?.length ?? 0), 0);
      if (results !== findings.length) throw new Error(`${results} results of ${findings.length} came back`);
    },
  ),
  fileTarget(
    'triage labels',
    'labels.csv',
    texts(
      'file,line,label\na.c,3,true\nb.c,4,fp\n',
      'a.c,3,1,rule\n',
      '{"file": "a.c", "line": 3, "label": false}\n',
    ),
    async (path) => void (await readLabels(path)),
  ),
  {
    name: 'messages to the tools for agents',
    seeds: texts(MESSAGES.join('')),
    run: async (bytes) => {
      const faults: unknown[] = [];
      const onFailure = (error: unknown) => faults.push(error);
      const server = toolServer({ version: '1', instructions: '', tools: [tool], onFailure });
      const [input, output] = [new PassThrough(), new PassThrough()];
      output.resume();
      await connectStdio(server, input, output);
      input.end(bytes);
      await server.closed;
    },
  },
];
