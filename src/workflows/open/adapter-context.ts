/**
 * @file The context that a model was trained with, as what a scan builds: code of the same file in front of each function, by the code
 * and to the limit of the dataset builder.
 */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { formatCount } from '../../base/numbers.ts';
import {
  CONTEXT_KINDS,
  type ContextOptions,
  DEFAULT_CONTEXT_TOKENS,
} from '../../dataset/changes/function-context.ts';
import type { DatasetRecord } from '../../dataset/record.ts';
import { countWithoutContext } from '../train/record-context.ts';

export interface AdapterContext {
  /** Undefined where functions are read alone. */
  readonly options: ContextOptions | undefined;
  /** Why scores may not be what was measured, although files are at hand. */
  readonly caution: string | undefined;
}

export function adapterContext({ settings }: Pick<AdapterHeader, 'settings'>): AdapterContext {
  const { context, contextMaxTokens } = settings ?? {};
  if (context === undefined) return { options: undefined, caution: undefined };
  const kind = CONTEXT_KINDS.find((one) => one === context);
  if (kind === undefined) {
    return { options: undefined, caution: aloneCaution(context, 'which this version does not build') };
  }
  const options = { kind, maxTokens: contextMaxTokens ?? DEFAULT_CONTEXT_TOKENS };
  const caution =
    contextMaxTokens === undefined
      ? `the model does not record how long the contexts of its training were (context: ${kind}); they are built with up to ${DEFAULT_CONTEXT_TOKENS} lexical tokens, the default of \`data build\``
      : undefined;
  return { options, caution };
}

/** For functions that come as texts, without the files that their contexts are taken from; undefined where they are read alone. */
export const textsCaution = ({ settings }: Pick<AdapterHeader, 'settings'>): string | undefined =>
  settings?.context === undefined
    ? undefined
    : aloneCaution(settings.context, 'and functions that are given as texts come without their files');

/** For records, whose code has the context where they were built with it and say so; undefined where nothing is missing. */
export function recordsCaution(
  { settings }: Pick<AdapterHeader, 'settings'>,
  records: readonly DatasetRecord[],
): string | undefined {
  const kind = settings?.context;
  const without = kind === undefined ? 0 : countWithoutContext(records, kind);
  if (kind === undefined || without === 0) return undefined;
  return aloneCaution(
    kind,
    `and ${formatCount(without)} of ${formatCount(records.length)} records do not say that they have it`,
  );
}

const aloneCaution = (context: string, why: string): string =>
  `the model was trained on functions with code of their files in front of them (context: ${context}), ${why}: scores of functions alone are not what was measured`;
