/** @file The length that a training reads of a function: as configured, or for `auto` the shortest that keeps pairs distinct. */
import { formatPercent } from '../../base/numbers.ts';
import type { TrainConfig, UnresolvedConfig } from '../../config/train-config.ts';
import { functionsInPass, withMaxLength } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { chooseLength, DISTINCT_SHARE } from '../../network/choose-length.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { StoredQuestion } from '../../text/question.ts';
import type { Reporter } from '../context.ts';
import { planReading } from './reading.ts';

/**
 * @param stored what the language model is asked; undefined for a classifier
 * @returns the configuration with a length, which run.json and the adapter keep
 */
export function resolveLength(
  config: UnresolvedConfig,
  model: Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>,
  stored: StoredQuestion | undefined,
  records: readonly LabelledRecord[],
  report: Pick<Reporter, 'note' | 'warn'>,
): TrainConfig {
  if (config.max_length !== 'auto') return withMaxLength(config, config.max_length);
  const { reader } = planReading(config, model, stored);
  const { askedTokens, endCount } = reader;
  const ids = reader.wholeCodes(records.map(({ code }) => code));
  const { maxPositions, positionLimit = maxPositions } = model.spec;
  const ofPass = (config.tokens_per_batch ?? Number.POSITIVE_INFINITY) / functionsInPass(config);
  const most = Math.min(maxPositions, positionLimit, Math.floor(ofPass));
  const chosen = chooseLength(records, ids, {
    longFunctions: config.long_functions,
    longest: Math.max(1, most - askedTokens),
    endCount,
  });
  const maxLength = chosen.maxLength + askedTokens;
  const share = formatPercent(DISTINCT_SHARE);
  if (chosen.isCapped) {
    report.warn(
      `max_length: auto is ${maxLength}, the longest that the model, tokens_per_batch and memory allow: fewer than ${share} of the pairs are distinct within it`,
    );
  } else {
    report.note(`max_length: auto is ${maxLength}: ${share} of the pairs are distinct within it`);
  }
  return withMaxLength(config, maxLength);
}
