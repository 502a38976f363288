/** @file Every architecture of llama.cpp that can be read, by its name in `general.architecture`: one row each. */
import { inspect } from 'node:util';
import { VultuneError } from '../../../base/errors.ts';
import type { GgufArchitecture, GgufModel, HuggingFaceModel } from '../architecture.ts';
import { bert } from './bert.ts';
import { chatglm } from './chatglm.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { modernBert } from './modern-bert.ts';
import { olmo2 } from './olmo2.ts';
import { phi2 } from './phi2.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { stableLm } from './stablelm.ts';
import { starcoder } from './starcoder.ts';
import { starcoder2 } from './starcoder2.ts';

const ARCHITECTURES: Readonly<Record<string, GgufArchitecture>> = {
  llama,
  qwen2,
  qwen3,
  gpt2,
  starcoder,
  starcoder2,
  chatglm,
  bert,
  'modern-bert': modernBert,
  phi2,
  phi3,
  olmo2,
  stablelm: stableLm,
};

export const GGUF_ARCHITECTURES: readonly string[] = Object.keys(ARCHITECTURES);

/** The name, if it is that of a row. Throws GGUF_ARCHITECTURE. */
export function checkArchitecture(file: string, found: unknown): string {
  if (typeof found === 'string' && Object.hasOwn(ARCHITECTURES, found)) return found;
  throw refused(file, `architecture ${inspect(found).slice(0, 120)}`);
}

/** Throws what {@link GgufArchitecture} does. */
export function huggingFaceModel(model: GgufModel): HuggingFaceModel {
  const experts = model.metadata.optionalNumber('expert_count') ?? 0;
  if (experts !== 0) throw refused(model.file, `${experts} experts per layer`);
  return ARCHITECTURES[checkArchitecture(model.file, model.metadata.architecture)]!(model);
}

function refused(file: string, what: string): VultuneError {
  const known = GGUF_ARCHITECTURES.join(', ');
  return new VultuneError(
    'GGUF_ARCHITECTURE',
    `${file} holds a model of ${what}; a GGUF of these can be read: ${known}`,
    {
      where: { file, name: 'general.architecture' },
      hint: "Use the model's safetensors checkpoint if its family is supported.",
    },
  );
}
