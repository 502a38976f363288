/** @file Records -> what the network reads of them: examples to train on, token ids to evaluate on. */
import { VultuneError } from '../../base/errors.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { EncodedFunction } from '../../network/encode-functions.ts';
import { findTruncation } from '../../network/truncation.ts';
import type { Example, PairMember } from '../../objectives/objective.ts';
import { keepAll } from '../../packing/fit-length.ts';
import type { WorkflowContext } from '../context.ts';
import { type AugmentSummary, augmentedCopies } from './augment.ts';
import { pairMembers } from './pair-members.ts';
import { rowsWithShare } from './positive-share.ts';
import type { Learnt, TrainingPlan } from './setup.ts';
import type { CutPart } from './truncation-text.ts';

export interface TrainingExamples {
  readonly examples: Example<Learnt>[];
  readonly truncation: CutPart;
  /** Undefined where `augment` is off. */
  readonly augmented: AugmentSummary | undefined;
}

/**
 * Functions to train on; those that `long_functions: drop` and `drop_identical_pairs` drop are left out.
 * Throws DATASET_EMPTY when none is left, DATASET_ONE_CLASS when those of one label are, DATASET_KIND_MISSING when a key is about
 * functions of a kind that is not there; the signal's reason.
 */
export async function trainingExamples(
  { config, reading, task }: Pick<TrainingPlan, 'config' | 'reading' | 'task'>,
  records: readonly LabelledRecord[],
  context?: Partial<WorkflowContext>,
): Promise<TrainingExamples> {
  const encoded = encodeRecords({ config, reading }, records);
  const { identicalRows, ...truncation } = findTruncation(records, encoded);
  const leftOut = new Set(config.drop_identical_pairs ? identicalRows : []);
  const read = [...records.keys()].filter((i) => encoded[i] !== undefined && !leftOut.has(i));
  const originals = mixed(config, records, read).map((i) => ({
    record: records[i]!,
    ids: encoded[i]!.ids,
    copy: 0,
  }));
  const made = await augmentedCopies(
    config,
    originals.map(({ record }) => record),
    context,
  );
  const copies = readCopies({ config, reading }, made.records, originals.length);
  const augmented = made.summary && { ...made.summary, leftOut: made.records.length - copies.length };
  const functions = [...originals, ...copies];
  const pairs =
    config.pair_loss_weight > 0
      ? pairMembers(functions.map(({ record, copy }) => ofCopy(record, copy)))
      : new Map<number, PairMember>();
  const examples = functions.map(({ record, ids }, place): Example<Learnt> => {
    const set = record.set === undefined ? 1 : config.set_weights[record.set];
    const weight = set * config.class_weights[record.target];
    const pair = pairs.get(place);
    return {
      ...task.example(ids, record),
      weight,
      ...(record.set === 'P3' ? { unrelated: true } : {}),
      ...(pair === undefined ? {} : { pair }),
    };
  });
  if (examples.length === 0) {
    const why =
      leftOut.size === 0
        ? `all ${records.length} functions are longer than max_length`
        : `no function is left to train on: ${leftOut.size} of ${records.length} are of pairs that are the same within max_length = ${config.max_length}`;
    throw new VultuneError('DATASET_EMPTY', why, {
      where: { file: config.train_file, name: 'long_functions' },
      hint: 'Raise max_length (or max_length: auto), or use long_functions: truncate.',
    });
  }
  const labels = new Set(examples.filter(({ weight }) => weight > 0).map(({ target }) => target.label));
  if (labels.size < 2) {
    const dropped = records.length - read.length - leftOut.size;
    const alike = leftOut.size === 0 ? '' : `, ${leftOut.size} of pairs that are the same within it`;
    throw new VultuneError(
      'DATASET_ONE_CLASS',
      `the functions that are trained on have one label alone: ${dropped} of ${records.length} are longer than max_length and dropped${alike}`,
      {
        where: { file: config.train_file, name: 'long_functions' },
        hint: 'Raise max_length, or use long_functions: truncate.',
      },
    );
  }
  requireKinds(config, examples);
  return {
    examples,
    truncation: { ...truncation, key: 'train_file', leftOut: leftOut.size },
    augmented,
  };
}

interface ReadFunction {
  readonly record: LabelledRecord;
  /** [N] */
  readonly ids: Example<Learnt>['ids'];
  /** Which copy of its function it is; 0 for the function itself. */
  readonly copy: number;
}

/** Both functions of a pair are of one copy: those of another are written differently. */
const ofCopy = (record: LabelledRecord, copy: number): LabelledRecord =>
  record.pair === undefined || copy === 0 ? record : { ...record, pair: JSON.stringify([copy, record.pair]) };

/** The same rules as for functions: copies over max_length, or equal under both labels within it, are left out. */
function readCopies(
  { config, reading }: Pick<TrainingPlan, 'config' | 'reading'>,
  records: readonly LabelledRecord[],
  functionsOfCopy: number,
): ReadFunction[] {
  if (records.length === 0) return [];
  const encoded = encodeRecords({ config, reading }, records);
  const leftOut = new Set(config.drop_identical_pairs ? findTruncation(records, encoded).identicalRows : []);
  return records.flatMap((record, i) => {
    const read = encoded[i];
    return read === undefined || leftOut.has(i)
      ? []
      : [{ record, ids: read.ids, copy: 1 + Math.floor(i / functionsOfCopy) }];
  });
}

/**
 * A key that finds nothing to work on would silently do nothing.
 * @throws VultuneError DATASET_KIND_MISSING
 */
function requireKinds(config: TrainingPlan['config'], examples: readonly Example<Learnt>[]): void {
  const missing = (
    name: 'curriculum' | 'active_sampling' | 'pair_loss_weight',
    found: string,
    hint: string,
  ) =>
    new VultuneError('DATASET_KIND_MISSING', `${name} is ${config[name]}, but ${found}`, {
      where: { file: config.train_file, name },
      hint: `${hint}, or leave ${name} out.`,
    });
  const unrelated = examples.filter((one) => one.unrelated === true).length;
  if (config.curriculum === 'p3_first' && unrelated === 0) {
    throw missing('curriculum', NO_UNRELATED, UNRELATED_HINT);
  }
  if (config.active_sampling !== null && unrelated === 0) {
    throw missing('active_sampling', NO_UNRELATED, UNRELATED_HINT);
  }
  if (config.pair_loss_weight > 0 && examples.every(({ pair }) => pair === undefined)) {
    throw missing(
      'pair_loss_weight',
      'no two functions to train on are a vulnerable one and its fixed version',
      'Give both functions of a pair the same "pair"',
    );
  }
}

const NO_UNRELATED = 'no function to train on has the set P3';
const UNRELATED_HINT = 'Add unrelated functions with "set": "P3" (vultune data build writes them)';

/** The rows that `positive_share` keeps. */
function mixed(
  { positive_share: share, seed }: TrainingPlan['config'],
  records: readonly LabelledRecord[],
  rows: readonly number[],
): readonly number[] {
  if (share === null) return rows;
  const labels = rows.map((row) => records[row]!.target);
  return rowsWithShare(labels, share, seed).map((place) => rows[place]!);
}

/** What is cut of a file that is evaluated on; all of its functions are kept. */
export function cutPart(
  key: string,
  records: readonly LabelledRecord[],
  encoded: readonly EncodedFunction[],
): CutPart {
  const { identicalRows: _rows, ...found } = findTruncation(records, encoded);
  return { ...found, key, leftOut: 0 };
}

/** Functions to evaluate on: none is left out, or figures of different settings would be of different data. */
export function evaluationFunctions(
  { config, reading }: Pick<TrainingPlan, 'config' | 'reading'>,
  records: readonly LabelledRecord[],
): readonly EncodedFunction[] {
  return encodeRecords({ config, reading }, records, keepAll(config.long_functions)).map((one) => one!);
}

/** [records] token ids of each; undefined for one that `longFunctions` drops. */
function encodeRecords(
  { config, reading }: Pick<TrainingPlan, 'config' | 'reading'>,
  records: readonly LabelledRecord[],
  longFunctions = config.long_functions,
) {
  return reading.reader.encode(
    records.map(({ code }) => code),
    { maxLength: config.max_length, longFunctions },
  );
}
