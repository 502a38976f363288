/**
 * @file Labels for another scanner's findings: real is one that stands in a function of P1, of the very release. And what an order of
 * labelled findings is worth. Pure.
 */

/** The property of a result that says its label. */
export const LABEL = 'standsInVulnerableFunction';

/**
 * @param {object} log SARIF whose results have paths FOLDER/FILE, FOLDER a release's
 * @param {ReadonlyMap<string, readonly { path: string, start_line: number, end_line: number }[]>} known P1 by folder
 * @returns {object} the same log with a label in each result's properties
 */
export function labelFindings(log, known) {
  const labelled = (result) => {
    const { artifactLocation, region } = result.locations?.[0]?.physicalLocation ?? {};
    const [folder, ...rest] = decodeURIComponent(artifactLocation?.uri ?? '').split('/');
    const [path, line] = [rest.join('/'), region?.startLine];
    const isReal = (known.get(folder) ?? []).some(
      (record) => record.path === path && record.start_line <= line && line <= record.end_line,
    );
    return { ...result, properties: { ...result.properties, [LABEL]: isReal } };
  };
  return { ...log, runs: log.runs.map((run) => ({ ...run, results: run.results.map(labelled) })) };
}

/**
 * @param {readonly boolean[]} inOrder labels of findings as a reader meets them
 * @param {ArrayLike<number>} [weights] how often each counts; default: once
 * @returns {number} chance that a real finding stands before one that is not; NaN without both
 */
export function orderAuc(inOrder, weights) {
  let [real, others, before] = [0, 0, 0];
  for (const [i, isReal] of inOrder.entries()) {
    const weight = weights?.[i] ?? 1;
    if (isReal) real += weight;
    else {
      others += weight;
      before += weight * real;
    }
  }
  return before / (real * others);
}
