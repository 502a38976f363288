/** @file Which lines made the scores of the findings that show their code; what is not kept from earlier is asked of the model. */
import type { LineCache } from './cache/line-cache.ts';
import type { Finding } from './finding.ts';
import { textKey } from './fingerprint.ts';

/** [functions][lines] how much each line says for "vulnerable". */
export type LineExplainer = (
  codes: readonly string[],
  signal: AbortSignal,
) => Promise<readonly ArrayLike<number>[]>;

export interface ExplainFindingsOptions {
  /** Its model is opened with the first call: none where all is kept. */
  readonly explain: LineExplainer;
  readonly lines: LineCache;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** What Ctrl-C may cost: each is as much work as a few scores. */
const FUNCTIONS_PER_CALL = 4;

/** In the order given; when the signal is aborted some stay as they were. Findings without code always do. */
export async function explainFindings(
  findings: readonly Finding[],
  { explain, lines, signal, onProgress }: ExplainFindingsOptions,
): Promise<readonly Finding[]> {
  const asked = new Map(
    findings.flatMap(({ code, context = '' }) =>
      code === undefined ? [] : [[textKey(context + code), { code, context }] as const],
    ),
  );
  const missing = [...asked].filter(([key]) => lines.get(key) === undefined);
  for (let start = 0; start < missing.length && !signal.aborted; start += FUNCTIONS_PER_CALL) {
    const chunk = missing.slice(start, start + FUNCTIONS_PER_CALL);
    try {
      const found = await explain(
        chunk.map(([, { context, code }]) => context + code),
        signal,
      );
      lines.add(
        chunk.map(([key, { context }], i) => [
          key,
          Array.from(found[i]!, rounded).slice(context.match(LINE_ENDS)?.length ?? 0),
        ]),
      );
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    onProgress(Math.min(start + FUNCTIONS_PER_CALL, missing.length), missing.length);
  }
  return findings.map((finding) => {
    const { code, context = '' } = finding;
    const lineScores = code === undefined ? undefined : lines.get(textKey(context + code));
    return lineScores === undefined ? finding : { ...finding, lineScores };
  });
}

/** As lines of a function are counted: a context ends with one, so that its lines are not the function's. */
const LINE_ENDS = /\r\n|\n|\r/g;

/** More digits than anyone reads only make files longer. */
const rounded = (score: number) => Number(score.toPrecision(4));
