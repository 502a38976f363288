/** @file The length that a training reads of a function: as configured, or for `auto` the shortest that keeps pairs distinct. */
import { formatPercent } from '../../base/numbers.ts';
import type { TrainConfig, UnresolvedConfig } from '../../config/train-config.ts';
import { withMaxLength } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { resolvePooling } from '../../heads/classifier.ts';
import { chooseLength, DISTINCT_SHARE } from '../../network/choose-length.ts';
import { encodeFunctions, endTokenCount } from '../../network/encode-functions.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { Reporter } from '../context.ts';

/** The configuration with a length, which run.json and the adapter keep. */
export function resolveLength(
  config: UnresolvedConfig,
  model: Pick<OpenModel, 'tokenizer' | 'spec' | 'path'>,
  records: readonly LabelledRecord[],
  report: Pick<Reporter, 'note' | 'warn'>,
): TrainConfig {
  if (config.max_length !== 'auto') return withMaxLength(config, config.max_length);
  const pooling = resolvePooling(model.spec, config.pooling ?? undefined);
  const ids = encodeFunctions(
    model,
    records.map(({ code }) => code),
    { maxLength: Number.MAX_SAFE_INTEGER, longFunctions: 'truncate', pooling },
  ).map((one) => one!.ids);
  const longest = Math.min(model.spec.maxPositions, config.tokens_per_batch ?? Number.POSITIVE_INFINITY);
  const endCount = endTokenCount(model.tokenizer);
  const { maxLength, isCapped } = chooseLength(records, ids, {
    longFunctions: config.long_functions,
    longest,
    endCount,
  });
  const share = formatPercent(DISTINCT_SHARE);
  if (isCapped) {
    report.warn(
      `max_length: auto is ${maxLength}, the longest that the model, tokens_per_batch and memory allow: fewer than ${share} of the pairs are distinct within it`,
    );
  } else {
    report.note(`max_length: auto is ${maxLength}: ${share} of the pairs are distinct within it`);
  }
  return withMaxLength(config, maxLength);
}
