/**
 * @file The decoder of a tokenizer.json as the JavaScript library may have it: options checked, and patterns that are
 * literal text only, as the library would run any other on an engine that goes back.
 */
import { z } from '../schema/zod.ts';
import {
  type Component,
  type ComponentPlace,
  emptySchema,
  flattened,
  patternSchema,
  readComponent,
  unsupported,
} from './component.ts';

const count = z.int().min(0).max(1000);
const KINDS = {
  ByteLevel: emptySchema,
  WordPiece: z.object({ prefix: z.string(), cleanup: z.boolean() }),
  Metaspace: z.object({ replacement: z.string().regex(/^.$/su).default('\u2581') }),
  BPEDecoder: z.object({ suffix: z.string().min(1) }),
  CTC: z.object({ pad_token: z.string(), word_delimiter_token: z.string(), cleanup: z.boolean() }),
  Replace: z.object({ pattern: patternSchema, content: z.string() }),
  Fuse: emptySchema,
  Strip: z.object({ content: z.string().regex(/^.$/su), start: count, stop: count }),
  ByteFallback: emptySchema,
} as const;

/** @throws VultuneError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED. */
export function libraryDecoder(component: Component | null, file: string): object | null {
  if (component === null) return null;
  const parts = flattened(component, 'decoders', { file, name: 'decoder' });
  const decoders = parts.map(({ value, place }) => decoderOf(value, place));
  return component.type === 'Sequence' ? { type: 'Sequence', decoders } : decoders[0]!;
}

function decoderOf(value: unknown, place: ComponentPlace): object {
  const { type, options } = readComponent(KINDS, value, place);
  if (type !== 'Replace') return { type, ...options };
  if ('Regex' in options.pattern)
    throw unsupported(place, 'replaces a regular expression, which is not supported');
  // The library takes $ in the replacement for more than itself.
  return { type, ...options, content: options.content.replaceAll('$', '$$$$') };
}
