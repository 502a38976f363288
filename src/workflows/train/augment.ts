/**
 * @file augment: copies of the training functions that are written differently and do the same. They are made before the plan, so that
 * everything behind it (steps, the feature cache, a folder for PyTorch) takes them as it takes functions.
 */
import { setImmediate } from 'node:timers/promises';
import { formatCount, formatPercent } from '../../base/numbers.ts';
import { randomStream } from '../../base/random.ts';
import { ReasonTally } from '../../base/tally.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import { bodyHash } from '../../dataset/fingerprint.ts';
import { languageNamed } from '../../dataset/formats/published/cells.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { type Language, languageOfPath, languagesNamed } from '../../source/languages.ts';
import { guessLanguage } from '../../source/rewrites/guess-language.ts';
import {
  type RewrittenFunction,
  rewriteFunction,
  type UnchangedReason,
} from '../../source/rewrites/rewrite-function.ts';
import type { Draw, RewriteKind } from '../../source/rewrites/rewrite-kinds.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { withScoringProgress } from '../scoring-progress.ts';

export interface AugmentSummary {
  /** Copies made, of all functions together. */
  readonly copies: number;
  /** Copies that differ from their function. */
  readonly rewritten: number;
  /** Copies by what was done to them; one copy may count under several. */
  readonly kinds: Readonly<Record<string, number>>;
  /** What functions are taken for whose records do not say their language; undefined where all say it, or nothing fits. */
  readonly guessed?: string;
  /** Copies that are the function as it is, by why: the language is not known, it does not parse alone ... */
  readonly unchanged: Readonly<Record<string, number>>;
  /** Copies that are not trained on: over max_length with long_functions: drop, or the same under both labels within it. */
  readonly leftOut: number;
}

export interface AugmentedCopies {
  /** Copy after copy, in the order of the functions. */
  readonly records: readonly LabelledRecord[];
  /** Undefined where `augment` is off. */
  readonly summary: Omit<AugmentSummary, 'leftOut'> | undefined;
}

type AugmentConfig = Pick<TrainConfig, 'augment' | 'augment_copies' | 'seed'>;

/**
 * A copy depends on (seed, number of the copy, the function's text), or on its pair in place of the text: what stands in both of a
 * pair is rewritten alike, so that they still differ by the fix. Resumed or packed otherwise, the copies are the same.
 * Throws the signal's reason.
 */
export async function augmentedCopies(
  { augment: kinds, augment_copies: copies, seed }: AugmentConfig,
  records: readonly LabelledRecord[],
  given?: Partial<WorkflowContext>,
): Promise<AugmentedCopies> {
  if (kinds === null) return { records: [], summary: undefined };
  const { signal, report } = workflowContext(given);
  const languages = records.map(languagesOf);
  const untold = records.filter((_, i) => languages[i] === undefined);
  const guessed = untold.length === 0 ? undefined : guessLanguage(untold.map(({ code }) => code));
  const applied = new ReasonTally();
  const unchanged = new ReasonTally();
  const made: LabelledRecord[] = [];
  let rewritten = 0;
  const rewriteAll = async (onProgress: (done: number) => void) => {
    for (let copy = 1; copy <= copies; copy++) {
      for (const [i, record] of records.entries()) {
        if (made.length % BETWEEN_PAUSES === 0) {
          onProgress(made.length);
          await setImmediate();
          signal.throwIfAborted();
        }
        const key = record.pair ?? bodyHash(record.code);
        const draw: Draw = (...what) => randomStream(seed, 'augment', copy, key, ...what).uniform();
        const tried = languages[i] ?? (guessed === undefined ? [] : [guessed]);
        const written = rewriteIn(tried, record.code, kinds, draw);
        if (written.code === undefined) {
          unchanged.add(written.reason);
          made.push(record);
          continue;
        }
        for (const kind of written.kinds) applied.add(kind);
        made.push({ ...record, code: written.code });
        rewritten++;
      }
    }
  };
  await withScoringProgress('augmenting', copies * records.length, report, rewriteAll);
  return {
    records: made,
    summary: {
      copies: made.length,
      rewritten,
      ...(guessed === undefined ? {} : { guessed }),
      kinds: Object.fromEntries(kinds.map((kind) => [kind, applied.of(kind)])),
      unchanged: unchanged.counts(),
    },
  };
}

/** Functions that are rewritten between two looks at the signal. */
const BETWEEN_PAUSES = 32;

type RewrittenRecord = RewrittenFunction | { readonly code: undefined; readonly reason: 'language' };

/** In the first language that it parses in. */
function rewriteIn(
  languages: readonly Language[],
  code: string,
  kinds: readonly RewriteKind[],
  draw: Draw,
): RewrittenRecord {
  let last: RewrittenRecord = { code: undefined, reason: 'language' };
  for (const language of languages) {
    last = rewriteFunction(code, language, kinds, draw);
    if (last.code !== undefined || last.reason !== 'parse') return last;
  }
  return last;
}

/** Undefined where the record does not say; empty for a language that is not parsed. */
function languagesOf({ language, path }: LabelledRecord): readonly Language[] | undefined {
  const named = languageNamed(language);
  if (named !== undefined) return languagesNamed(named);
  const ofPath = path === undefined ? undefined : languageOfPath(path);
  return ofPath === undefined ? undefined : [ofPath];
}

const WORDS: Readonly<Record<UnchangedReason | 'language', string>> = {
  language: 'their language is not known',
  parse: 'they do not parse alone',
  mixed: 'they hold lines of a preprocessor or another text',
  length: 'they are too long',
  nothing: 'nothing in them can be changed',
};

/** A sentence without its end. */
export function augmentText({
  copies,
  rewritten,
  guessed,
  kinds,
  unchanged,
  leftOut,
}: AugmentSummary): string {
  const done = Object.entries(kinds).map(([kind, count]) => `${kind} ${formatCount(count)}`);
  const left = Object.entries(unchanged).map(
    ([reason, count]) => `${formatCount(count)} as ${WORDS[reason as keyof typeof WORDS]}`,
  );
  const share = formatPercent(copies === 0 ? 0 : rewritten / copies);
  const taken =
    guessed === undefined ? '' : `; functions whose language is not said are taken for ${guessed}`;
  const lost =
    leftOut === 0 ? '' : `; ${formatCount(leftOut)} are left out, as functions over max_length are`;
  const rest = left.length === 0 ? '' : `; used as they are: ${left.join(', ')}`;
  return `augment: ${formatCount(rewritten)} of ${formatCount(copies)} copies (${share}) are written differently (${done.join(', ')})${taken}${rest}${lost}`;
}
