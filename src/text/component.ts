/**
 * @file Components of a tokenizer.json (normalizers, pre-tokenizers, post-processors, decoders, models): a type, and
 * options that belong to it. What the type knows is checked; a type that is not known is refused by name.
 */
import { VultuneError } from '../base/errors.ts';
import { checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';

/** As it stands in the file: what its options are is for the part that runs it. */
export interface Component {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Where a component stands: the file, and its name in it (`normalizer.normalizers.0`). */
export interface ComponentPlace {
  readonly file: string;
  readonly name: string;
}

type Kinds = Readonly<Record<string, z.ZodType>>;
export type ComponentOf<K extends Kinds> = {
  [T in keyof K & string]: { readonly type: T; readonly options: z.output<K[T]> };
}[keyof K & string];

const HINT = 'a file of the tokenizer is damaged, or not what its name says: fetch it again';

/** @throws VultuneError TOKENIZER_INVALID for an option of another kind, TOKENIZER_UNSUPPORTED for a type not in `kinds`. */
export function readComponent<K extends Kinds>(
  kinds: K,
  value: unknown,
  place: ComponentPlace,
): ComponentOf<K> {
  const { type } = checkPart(z.object({ type: z.string() }), value, place);
  const schema = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (schema === undefined) {
    const known = Object.keys(kinds).join(', ');
    throw unsupported(
      place,
      `is of the type ${type.slice(0, 80)}, which is not supported; known are ${known}`,
    );
  }
  return { type, options: checkPart(schema, value, place) } as ComponentOf<K>;
}

/** @throws VultuneError TOKENIZER_INVALID naming the field. */
export function checkPart<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { file, name }: ComponentPlace,
): z.output<S> {
  const options = { code: 'TOKENIZER_INVALID', file, hint: HINT };
  return checkValue(z.object({ [name]: schema }), { [name]: value }, options)[name] as z.output<S>;
}

/** The components of a sequence, sequences in it laid open. */
export function flattened(
  value: unknown,
  list: string,
  place: ComponentPlace,
): { readonly value: unknown; readonly place: ComponentPlace }[] {
  const isSequence =
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Sequence';
  if (!isSequence) return [{ value, place }];
  const parts = checkPart(z.object({ [list]: z.array(z.unknown()) }), value, place)[list]!;
  return parts.flatMap((part, i) =>
    flattened(part, list, { file: place.file, name: `${place.name}.${list}.${i}` }),
  );
}

export function unsupported({ file, name }: ComponentPlace, message: string): VultuneError {
  return new VultuneError('TOKENIZER_UNSUPPORTED', `${name} ${message}`, { where: { file, name } });
}

export function invalid({ file, name }: ComponentPlace, message: string): VultuneError {
  return new VultuneError('TOKENIZER_INVALID', `${name} ${message}`, { where: { file, name }, hint: HINT });
}

/** A pattern: a regular expression (Oniguruma), or literal text. */
export const patternSchema = z.union([
  z.strictObject({ Regex: z.string() }),
  z.strictObject({ String: z.string() }),
]);
export const emptySchema = z.object({});
