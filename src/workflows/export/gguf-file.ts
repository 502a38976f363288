/** @file Refuses GGUF, and says what to do instead: llama.cpp has classifiers of encoders alone, and its own converter writes them. */
import { VultuneError } from '../../base/errors.ts';
import { POOLED } from '../../report/card-usage.ts';
import type { ExportSource } from './export-source.ts';
import { readingOf } from './transformers-class.ts';

/** Those whose tensors `cls` and `cls.output` llama.cpp has (its gguf package, MODEL_TENSORS); RoBERTa is a BERT to it. */
const HELD_FAMILIES = ['bert', 'roberta', 'modernbert'];

/** Always throws EXPORT_UNSUPPORTED. */
export function refuseGguf({ model, pooling, topLayers, question }: ExportSource, path: string): never {
  const { family } = model.spec;
  if (question !== undefined) {
    throw new VultuneError('EXPORT_UNSUPPORTED', 'Vultune writes no GGUF files', {
      where: { file: path },
      hint: "llama.cpp's own converter writes one of a language model: vultune export RUN --merged FOLDER, then convert_hf_to_gguf.py FOLDER; README.md there says what to ask it.",
    });
  }
  const isHeld =
    HELD_FAMILIES.includes(family) &&
    pooling === 'first' &&
    readingOf(model.spec, pooling, topLayers).kind === 'class';
  if (isHeld) {
    throw new VultuneError('EXPORT_UNSUPPORTED', 'Vultune writes no GGUF files', {
      where: { file: path },
      hint: "llama.cpp's own converter writes one with the classifier in it: vultune export RUN --merged FOLDER, then convert_hf_to_gguf.py FOLDER, and compare its logits with vultune predict --logits.",
    });
  }
  const what =
    HELD_FAMILIES.includes(family) || family === 'qwen3'
      ? `a classifier of ${family} on ${POOLED[pooling]}`
      : `a classifier of ${family}`;
  throw new VultuneError(
    'EXPORT_UNSUPPORTED',
    `a GGUF file cannot hold ${what}: llama.cpp has no such head`,
    {
      where: { file: path },
      hint: 'Use --onnx, which any program with ONNX Runtime reads, or --merged for Transformers.',
    },
  );
}
