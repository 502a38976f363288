/**
 * @file The verdict on a model in two sentences: whether it beats chance, whether it beats its best baseline, what its blend does. It
 * stands first wherever an evaluation is shown. Takes plain figures, so that stored ones do as well as fresh ones.
 */
import type { Comparison } from './compare-baselines.ts';
import type { EvaluationRow } from './evaluation-row.ts';
import { holdsChance, type Interval } from './resampling/intervals.ts';
import { tooFewToTell } from './shortfalls.ts';

export interface ConcludedRow {
  /** `model`, a baseline's name, or `blend`. */
  readonly name: string;
  readonly label: string;
  readonly rocAuc: number | null | undefined;
  readonly interval: Pick<Interval, 'low' | 'high'> | undefined;
}

export interface ConclusionFigures {
  readonly functions: number;
  readonly vulnerable: number;
  readonly model: ConcludedRow;
  readonly baselines: readonly ConcludedRow[];
  /** Undefined where these are not known: nothing then shows that the model is better than a baseline. */
  readonly shortfalls: readonly ConcludedShortfall[] | undefined;
  /** `isUsed`: whether scans use it; `shortfalls`: against the same baselines; undefined where these are not known. */
  readonly blend?:
    | (ConcludedRow & {
        readonly isUsed: boolean | undefined;
        readonly shortfalls?: readonly ConcludedShortfall[] | undefined;
      })
    | undefined;
}

export interface ConcludedShortfall {
  readonly baseline: string;
  readonly metric: string;
  readonly kind: string;
}

export interface Conclusion {
  readonly sentence: string;
  /** What its blend does, and which of the two scans use; undefined without a blend. */
  readonly ofBlend?: string;
  /** Better than chance and than the best baseline. */
  readonly good: boolean;
}

/** Both sentences. */
export const conclusionText = ({ sentence, ofBlend }: Conclusion): string =>
  ofBlend === undefined ? sentence : `${sentence} ${ofBlend}`;

export function conclusion(figures: ConclusionFigures): Conclusion {
  const { functions, model } = figures;
  const area = model.rocAuc;
  if (area === null || area === undefined || functions === 0) {
    return {
      sentence: `No verdict on the ${model.label}: ROC AUC is not defined on these functions.`,
      good: false,
    };
  }
  const chance = againstChance(figures);
  const best = againstBest(figures);
  // A verdict that turns is told by its word.
  const joint = best === undefined || best.good === chance.good ? 'and' : 'but';
  const blend = blendSentence(figures);
  return {
    sentence: `The ${model.label} ${chance.words}${best === undefined ? '' : `, ${joint} ${best.words}`}.`,
    ...(blend === undefined ? {} : { ofBlend: blend }),
    good: chance.good && best?.good !== false,
  };
}

interface Part {
  readonly words: string;
  readonly good: boolean;
}

function againstChance({ functions, vulnerable, model }: ConclusionFigures): Part {
  const area = areaText(model);
  if (model.interval === undefined) {
    return { words: `has ${area}, without an interval that would say whether that is chance`, good: false };
  }
  if (holdsChance(model.interval)) {
    return { words: `is no better than chance, as far as these functions tell (${area})`, good: false };
  }
  const tooFew = tooFewToTell(vulnerable, functions);
  return tooFew === undefined
    ? { words: `is better than chance (${area})`, good: true }
    : { words: `is not shown to be better than chance (${area}; ${tooFew})`, good: false };
}

/** The baseline that ranks best: a model that does not beat it is not worth its computing. */
function againstBest({ baselines, shortfalls }: ConclusionFigures): Part | undefined {
  const best = bestOf(baselines);
  if (best === undefined) return undefined;
  const named = `its best baseline, ${best.label} (${best.rocAuc!.toFixed(3)}${best.interval === undefined ? '' : `, ${ends(best.interval)}`})`;
  const { words, good } = shortfalls === undefined ? NOT_SHOWN : relationTo(best, shortfalls);
  return { words: `${words} ${named}`, good };
}

/** Among those that look at the functions: chance itself is judged by the interval. */
function bestOf(baselines: readonly ConcludedRow[]): ConcludedRow | undefined {
  const ranked = baselines.filter(({ name, rocAuc }) => !CHANCE.has(name) && Number.isFinite(rocAuc));
  return ranked.toSorted((a, b) => b.rocAuc! - a.rocAuc!)[0];
}

const CHANCE: ReadonlySet<string> = new Set(['random', 'allPositive']);

function relationTo(best: ConcludedRow, shortfalls: readonly ConcludedShortfall[]): Part {
  const short = shortfalls.find(({ baseline, metric }) => baseline === best.name && isRocAuc(metric));
  if (short === undefined) return { words: 'better than', good: true };
  const isNotBetter = short.kind === 'notBetter' || short.kind === 'worse';
  return isNotBetter ? { words: 'not better than', good: false } : NOT_SHOWN;
}

const NOT_SHOWN: Part = { words: 'not shown to be better than', good: false };

/** As files name it, or as code does. */
const isRocAuc = (metric: string) => metric === 'rocAuc' || metric === 'roc_auc';

function blendSentence({ blend, model, baselines }: ConclusionFigures): string | undefined {
  if (blend === undefined || !Number.isFinite(blend.rocAuc)) return undefined;
  const use =
    blend.isUsed === undefined
      ? ''
      : blend.isUsed
        ? '; scan and predict use it'
        : `; scan and predict use the ${model.label} alone`;
  const best = bestOf(baselines);
  const relation =
    best === undefined || blend.shortfalls === undefined
      ? ''
      : `, ${relationTo(best, blend.shortfalls).words} that baseline`;
  const range = blend.interval === undefined ? '' : ` (${ends(blend.interval)})`;
  return `Its blend with TF-IDF and length has ROC AUC ${blend.rocAuc!.toFixed(3)}${range}${relation}${use}.`;
}

const areaText = ({ rocAuc, interval }: ConcludedRow) =>
  `ROC AUC ${rocAuc!.toFixed(3)}${interval === undefined ? '' : `, 95%: ${ends(interval)}`}`;

const ends = ({ low, high }: Pick<Interval, 'low' | 'high'>) => `${low.toFixed(2)} to ${high.toFixed(2)}`;

export function concludeComparison({ rows, blend, shortfalls, blendShortfalls }: Comparison): Conclusion {
  const [model, ...baselines] = rows;
  return conclusion({
    functions: model!.result.n,
    vulnerable: model!.result.positives,
    model: concludedRow(model!),
    baselines: baselines.map(concludedRow),
    shortfalls,
    blend: blend && { ...concludedRow(blend), isUsed: blend.isUsed, shortfalls: blendShortfalls },
  });
}

const concludedRow = ({ name, label, result, intervals }: EvaluationRow): ConcludedRow => ({
  name,
  label,
  rocAuc: result.metrics.rocAuc,
  interval: intervals?.rocAuc,
});
