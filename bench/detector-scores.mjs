/**
 * @file What a run says of every function of a tree, by one scan: the model's own scores, and the blend's where the adapter has one,
 * used or not. The model runs once; the blend is computed from its scores as the detector does it.
 */
import { resolve, sep } from 'node:path';
import { blendScores } from '../dist/evaluation/blend/blend.js';
import { readBlend } from '../dist/evaluation/blend/blend-file.js';
import { rawThreshold } from '../dist/evaluation/calibration/raw-threshold.js';
import { scan } from '../dist/index.js';
import { adapterCalibration } from '../dist/judging/adapter-scale.js';
import { locateAdapter } from '../dist/judging/locate-adapter.js';
import { scoreScale } from '../dist/workflows/scan/score-scale.js';
import { textAt } from './fixes.mjs';
import { quietReporter } from './results.mjs';

/**
 * @typedef {{ file: string, startLine: number, endLine: number, name: string, code: string, model: number, blend: number | undefined }}
 *   ScoredFunction `file` relative to the tree
 */

/** @throws VultuneError for a run that cannot be used */
export async function openScores(run) {
  const adapter = locateAdapter(run);
  const calibration = adapterCalibration(adapter);
  const blend = readBlend(adapter.folder)?.blend;
  const scale = await scoreScale({ run }, adapter);
  return {
    /** Which scores a scan goes by. */
    used: scale.blend === undefined ? 'model' : 'blend',
    hasBlend: blend !== undefined,
    /** The threshold of a scan that is told nothing, on the scale of the scores that it goes by. */
    threshold: scale.threshold,
    thresholdSource: scale.source,

    /**
     * Every function of the tree that a scan looks at with its default filters.
     *
     * @param {ReadonlyMap<string, string>} texts the tree's files
     * @param {{ most?: number, also?: string }} options `most`: functions, less than half a scan's window; `also`: a tree much like it,
     *   whose functions are scored by the same opened model and kept for `ofChanged`
     * @returns {Promise<ScoredFunction[] | undefined>} undefined where there are more
     */
    async ofTree(folder, texts, { most = Number.POSITIVE_INFINITY, also } = {}) {
      const stop = new AbortController();
      const paths = also === undefined ? [folder] : [folder, also];
      const { report } = await scan(everyFunction({ run, paths }), {
        report: stopAbove(most * paths.length, stop),
        signal: stop.signal,
      });
      const inTree = report.findings.flatMap((finding) => {
        const path = resolve(report.baseFolder, finding.file);
        return path.startsWith(`${folder}${sep}`) ? [{ finding, file: relativeTo(folder, path) }] : [];
      });
      if (!report.complete || inTree.length > most) return undefined;
      const functions = inTree.map(({ finding, file }) => {
        return {
          ...placeOf(finding),
          file,
          code: textAt(texts.get(file) ?? '', finding),
          model: finding.score,
        };
      });
      const codes = functions.map(({ code }) => code);
      const rawScores = functions.map(({ model }) => rawThreshold(calibration, model));
      const blended = blend && blendScores(blend, { codes, rawScores });
      return functions.map((one, i) => ({ ...one, blend: blended?.[i] }));
    },

    /** Functions of a tree in a git repository that differ from its last commit. */
    async ofChanged(folder) {
      const options = { ...everyFunction({ run, paths: [folder] }), diff: 'HEAD' };
      const { report } = await scan(options, { report: quietReporter });
      return report.changed.map((finding) => ({
        ...placeOf(finding),
        file: relativeTo(folder, resolve(report.baseFolder, finding.file)),
        model: finding.score,
        modelBefore: finding.scoreBefore,
      }));
    },
  };
}

/** By the time the first scores come, a scan has found all functions of its first window. */
function stopAbove(most, stop) {
  const update = ({ done, total }) => {
    if (done > 0 && total > most) stop.abort();
  };
  return { ...quietReporter, task: () => ({ update, log: () => {}, stop: () => {} }) };
}

/** A threshold of 0 makes a finding of each. Scores are kept from run to run, as a scan keeps them. */
const everyFunction = (options) => ({
  ...options,
  gitignore: false,
  nested: 'both',
  threshold: 0,
  blend: 'off',
  frames: 0,
  lines: false,
});

const placeOf = ({ name, startLine, endLine }) => ({ name, startLine, endLine });

const relativeTo = (folder, path) => path.slice(folder.length + 1).replaceAll('\\', '/');
