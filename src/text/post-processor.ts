/** @file The tokens that a tokenizer.json puts before and after a text. Offsets and token types are not for us. */
import { z } from '../schema/zod.ts';
import {
  type Component,
  type ComponentPlace,
  emptySchema,
  flattened,
  invalid,
  readComponent,
  unsupported,
} from './component.ts';
import { idSchema } from './vocabulary.ts';

export interface Surrounding {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const namedToken = z.tuple([z.string(), idSchema]);
const ends = z.object({ sep: namedToken, cls: namedToken });
const typeId = z.int().min(0);
const templateItem = z.union([
  z.strictObject({ SpecialToken: z.object({ id: z.string(), type_id: typeId }) }),
  z.strictObject({ Sequence: z.object({ id: z.enum(['A', 'B']), type_id: typeId }) }),
]);

const KINDS = {
  /** Offsets only. */
  ByteLevel: emptySchema,
  BertProcessing: ends,
  RobertaProcessing: ends,
  TemplateProcessing: z.object({
    single: z.array(templateItem),
    pair: z.array(templateItem),
    special_tokens: z.record(
      z.string(),
      z.object({ id: z.string(), ids: z.array(idSchema), tokens: z.array(z.string()) }),
    ),
  }),
} as const;

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export function surroundingOf(component: Component | null, file: string): Surrounding {
  const nothing = { before: [], after: [] };
  if (component === null) return nothing;
  const place = { file, name: 'post_processor' };
  const parts = flattened(component, 'processors', place).map((part) => stepOf(part.value, part.place));
  const [first = nothing, ...more] = parts.filter(({ before, after }) => before.length + after.length > 0);
  // What the original makes of a second one depends on how the first is put together.
  if (more.length > 0) throw unsupported(place, 'is a sequence of more than one that adds tokens');
  return first;
}

function stepOf(value: unknown, place: ComponentPlace): Surrounding {
  const { type, options } = readComponent(KINDS, value, place);
  switch (type) {
    case 'ByteLevel':
      return { before: [], after: [] };
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [options.cls[1]], after: [options.sep[1]] };
    case 'TemplateProcessing':
      return template(options, place);
  }
}

function template(
  { single, special_tokens: known }: z.output<(typeof KINDS)['TemplateProcessing']>,
  place: ComponentPlace,
): Surrounding {
  const texts = single.filter((item) => 'Sequence' in item);
  if (texts.length !== 1 || texts[0]!.Sequence.id !== 'A') {
    throw unsupported(place, 'has a template for one sequence that does not hold that sequence once');
  }
  const at = single.indexOf(texts[0]!);
  const ids = single.map((item) => {
    if ('Sequence' in item) return [];
    const { id } = item.SpecialToken;
    const token = Object.hasOwn(known, id) ? known[id] : undefined;
    if (token === undefined) throw invalid(place, `uses the token "${id}", which its special_tokens lack`);
    return token.ids;
  });
  return { before: ids.slice(0, at).flat(), after: ids.slice(at + 1).flat() };
}
