/** @file A folder that Transformers loads: merged weights in shards, config.json, the tokenizer's files, README.md. */
import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { writeFolderWhole } from '../../base/staged-output.ts';
import { floatFields, formatJson } from '../../checkpoint/json-floats.ts';
import {
  FLOAT_BYTES,
  type FloatDtype,
  type TensorSource,
  writeShards,
  writeTensorStream,
} from '../../checkpoint/safetensors-stream.ts';
import { copyTokenizer } from '../../checkpoint/tokenizer-files.ts';
import { layerMatrices } from '../../model/matrices.ts';
import type { Model } from '../../model/spec.ts';
import { endTokenIds } from '../../network/encode-functions.ts';
import { sizeOf } from '../../tensor/host-tensor.ts';
import { transpose } from '../../tensor/transpose.ts';
import { tokenizerFiles } from '../../text/tokenizer-file.ts';
import type { WorkflowContext } from '../context.ts';
import { answerReadme } from './answer-readme.ts';
import { mostError, referenceLogits, relativeError, requireSmall } from './check-functions.ts';
import { classifierReadme } from './classifier-readme.ts';
import type { Exported } from './export-options.ts';
import type { ExportSource } from './export-source.ts';
import { mergedLogits } from './merged-logits.ts';
import { CLASSIFIER_FILE, causalReading, readingOf } from './transformers-class.ts';
import { runsPublishedCode, transformersConfig } from './transformers-config.ts';

export interface MergedOptions {
  readonly dtype: FloatDtype;
  readonly force: boolean;
  /** Most bytes of a file of weights. Default: 5 GB. */
  readonly shardBytes?: number | undefined;
  /** Threads on the CPU that the check computes with; default: all the process may use. */
  readonly threads?: number | undefined;
}

/** Throws OUTPUT_EXISTS, EXPORT_DTYPE_OVERFLOW, EXPORT_CHECK_FAILED, DISK_FULL and the like; the signal's reason. */
export async function exportMerged(
  source: ExportSource,
  path: string,
  { dtype, force, shardBytes, threads }: MergedOptions,
  { signal, report }: WorkflowContext,
): Promise<Exported> {
  const { model, pooling, tensors, use, head } = source;
  const reference = await referenceLogits(source);
  signal.throwIfAborted();
  const reading =
    source.question === undefined
      ? readingOf(model.spec, pooling, source.topLayers)
      : causalReading(model.spec);
  const stored = (list: readonly TensorSource[]) => asStored(list, model.spec);
  const isClass = reading.kind === 'class';
  const isApart = reading.kind === 'by hand';
  const inModel = stored(isApart ? tensors.base : onceByName([...tensors.base, ...tensors.head]));
  const apart = isApart ? stored(tensors.head) : [];
  const sizeBytes = [...inModel, ...apart].reduce(
    (sum, { shape }) => sum + sizeOf(shape) * FLOAT_BYTES[dtype],
    0,
  );
  const padTokenId =
    model.spec.padTokenId ?? (pooling === 'last' && isClass ? freePadding(source) : undefined);
  const notes = [...source.notes, ...(isApart ? [`${reading.why}: README.md says how to read it.`] : [])];
  const task = report.task({ label: 'merging', total: sizeBytes, unit: 'bytes' });
  let done = 0;
  const onWritten = (bytes: number) => {
    done += bytes;
    task.update({ done });
  };
  let error = 0;
  try {
    await writeFolderWhole(path, { force, stale: isWeightFile }, async (folder) => {
      await writeShards(folder, inModel, { dtype, shardBytes, signal, onWritten });
      if (apart.length > 0) {
        await writeTensorStream(join(folder, CLASSIFIER_FILE), apart, { dtype, signal, onWritten });
      }
      const config = transformersConfig(source, { dtype, reading, padTokenId });
      writeFileAtomic(join(folder, 'config.json'), formatJson(config, floatsOf(model.path)));
      writeJson(join(folder, 'vultune.json'), { formatVersion: 1, merged: true, ...use });
      writeTokenizer(source, folder);
      if (runsPublishedCode(model)) copyCode(source, folder);
      const facts = { source, reading, dtype, padTokenId, notes };
      const readme =
        source.question === undefined ? classifierReadme(facts) : answerReadme(facts, source.question);
      writeFileAtomic(join(folder, 'README.md'), readme);
      task.update({ done, phase: 'checking' });
      error = relativeError(
        await mergedLogits(folder, { head, ids: reference.ids, threads, signal }),
        reference,
      );
      requireSmall(error, mostError(source, dtype), path);
    });
  } finally {
    task.stop();
  }
  return { kind: 'merged', path, sizeBytes, error, notes };
}

/** Without config.json (a GGUF file) no field is known to be a float. */
function floatsOf(base: string): ReadonlySet<string> {
  const file = join(base, 'config.json');
  return existsSync(file) ? floatFields(readTextFile(file, MOST_CONFIG_BYTES)) : new Set();
}

/** It was read whole when the model was opened. */
const MOST_CONFIG_BYTES = 256 * 2 ** 20;

const writeJson = (path: string, value: unknown) =>
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);

/** Weights of an export that is replaced. */
const isWeightFile = (name: string) =>
  name === CLASSIFIER_FILE || /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/.test(name);

/** The head of a language model may be its embedding. */
const onceByName = (sources: readonly TensorSource[]): readonly TensorSource[] => [
  ...new Map(sources.map((source) => [source.name, source])).values(),
];

/** As the family's checkpoints hold them: some matrices [in, out]. */
function asStored(sources: readonly TensorSource[], spec: Model): readonly TensorSource[] {
  const transposed = new Set(
    layerMatrices(spec).flatMap(({ matrix, name }) => (matrix.transposed === true ? [`${name}.weight`] : [])),
  );
  return sources.map((source) =>
    transposed.has(source.name)
      ? {
          name: source.name,
          shape: source.shape.toReversed(),
          make: async () => transpose(await source.make()),
        }
      : source,
  );
}

/** The files are copied; for a GGUF file, which lacks them, they are written. */
function writeTokenizer({ tokenizer, model }: ExportSource, folder: string): void {
  if (tokenizer.kind !== 'gguf') {
    copyTokenizer(tokenizer, folder);
    return;
  }
  const { json, config } = tokenizerFiles(tokenizer, model.checkpoint.config.model_type);
  writeFileAtomic(join(folder, 'tokenizer.json'), `${JSON.stringify(json)}\n`);
  writeJson(join(folder, 'tokenizer_config.json'), config);
}

/** The tokenizer's padding token, where no text ends with it: only then does naming it change no logits. */
function freePadding({ model }: ExportSource): number | undefined {
  const { special } = model.tokenizer;
  const { pad } = special;
  if (pad === undefined || pad === special.eos || pad >= model.spec.vocabularySize) return undefined;
  return endTokenIds(model.tokenizer).includes(pad) ? undefined : pad;
}

/** The files that `auto_map` names, where the base model's folder has them; they are not run here. */
function copyCode({ model }: ExportSource, folder: string): void {
  const { auto_map: map } = model.checkpoint.config;
  const values = typeof map === 'object' && map !== null ? Object.values(map).flat() : [];
  for (const value of values) {
    // A name of another repository (`owner/name--module.Class`) is fetched from there by Transformers.
    const module = typeof value === 'string' ? /^(\w+)\.\w+$/.exec(value)?.[1] : undefined;
    const from = module === undefined ? undefined : join(baseFolder(model.path), `${module}.py`);
    if (from !== undefined && existsSync(from)) copyFileSync(from, join(folder, `${module}.py`));
  }
}

const baseFolder = (path: string) => (path.endsWith('.gguf') ? dirname(path) : path);
