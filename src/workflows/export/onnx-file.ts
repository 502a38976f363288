/** @file A run as one ONNX file: token ids to logits, with the tokenizer and what its scores mean in the file's metadata. */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFilesWhole } from '../../base/staged-output.ts';
import { writePieces } from '../../base/write-pieces.ts';
import {
  encodeFloats,
  FLOAT_BYTES,
  type FloatDtype,
  type TensorSource,
} from '../../checkpoint/safetensors-stream.ts';
import type { OpenModel } from '../../network/open-model.ts';
import {
  ANSWERS,
  ATTENTION_MASK,
  INPUT_IDS,
  LOGITS,
  POSITIONS,
  wholeGraph,
} from '../../network/whole-graph.ts';
import { modelFiles } from '../../onnx/model-files.ts';
import { standaloneModel } from '../../onnx/standalone.ts';
import type { StoredInitializer } from '../../onnx/writer.ts';
import type { Tensors } from '../../runtime/backend.ts';
import { openModelFile } from '../../runtime/ort/open-model-file.ts';
import { int64, sizeOf } from '../../tensor/host-tensor.ts';
import { tokenizerFiles } from '../../text/tokenizer-file.ts';
import type { WorkflowContext } from '../context.ts';
import {
  mostError,
  type Reference,
  referenceLogits,
  relativeError,
  requireSmall,
} from './check-functions.ts';
import type { Exported } from './export-options.ts';
import type { ExportSource } from './export-source.ts';

export interface OnnxOptions {
  readonly dtype: FloatDtype;
  readonly force: boolean;
  readonly threads: number | undefined;
  /** More bytes of weights go into a second file. Default: what one ONNX file holds. */
  readonly mostBytes?: number | undefined;
}

/** Throws OUTPUT_EXISTS, EXPORT_DTYPE, EXPORT_CHECK_FAILED, DISK_FULL and the like; the signal's reason. */
export async function exportOnnx(
  source: ExportSource,
  path: string,
  options: OnnxOptions,
  { signal, report }: WorkflowContext,
): Promise<Exported> {
  const { force, threads, mostBytes } = options;
  const dtype = onnxDtype(options.dtype);
  const reference = await referenceLogits(source);
  signal.throwIfAborted();
  const { model, weights } = onnxModel(source, dtype, path);
  const total = weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const task = report.task({ label: 'writing', total, unit: 'bytes' });
  let done = 0;
  const onWritten = (bytes: number) => {
    done += bytes;
    task.update({ done });
  };
  let error = 0;
  const data = `${path}.data`;
  const files = [path];
  try {
    await writeFilesWhole(path, { force }, async (file) => {
      const pieces = modelFiles(model, weights, { dataName: basename(data), mostBytes });
      if (pieces.data !== undefined) {
        files.push(data);
        await writePieces(join(dirname(file), basename(data)), pieces.data, { signal, onWritten });
      }
      await writePieces(file, pieces.model, { signal, onWritten });
      task.update({ done, phase: 'checking' });
      error = await fileError(file, reference, threads);
      requireSmall(error, mostError(source, dtype), path);
    });
  } finally {
    task.stop();
  }
  const sizeBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const isSplit = files.length > 1;
  const notes = [
    ...source.notes,
    ...(isSplit ? [`The weights are in ${data}, which has to lie beside the file.`] : []),
  ];
  return { kind: 'onnx', path, sizeBytes, error, notes };
}

function onnxDtype(dtype: FloatDtype): 'float32' | 'float16' {
  if (dtype !== 'bfloat16') return dtype;
  throw new VultuneError(
    'EXPORT_DTYPE',
    'weights of an ONNX file are asked for in bfloat16, which runtimes in browsers do not have',
    {
      where: { name: '--dtype' },
      hint: 'Give float16, or float32.',
    },
  );
}

function onnxModel(source: ExportSource, dtype: 'float32' | 'float16', path: string) {
  const { model, pooling, tensors, tokenizer, use, notes, question, topLayers } = source;
  const answers = question?.answers.map(({ token }) => token);
  const head = answers === undefined ? { classes: use.labels.length, pooling, topLayers } : { answers };
  const { graph, weights: names } = wholeGraph(model.spec, { ...head, maxLength: use.max_length });
  const wanted = new Set(names);
  const weights = [...tensors.base, ...tensors.head, ...answerRows(model, answers)]
    .filter(({ name }) => wanted.has(name))
    .map(
      ({ name, shape, make }): StoredInitializer => ({
        name,
        dtype,
        shape,
        sizeBytes: sizeOf(shape) * FLOAT_BYTES[dtype],
        read: async () => encodeFloats(await make(), dtype, { file: path, name }),
      }),
    );
  const files = tokenizerFiles(tokenizer, model.checkpoint.config.model_type);
  const texts = Object.entries(use).map(
    ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
  return standaloneModel(graph, {
    weights,
    range: { name: POSITIONS, of: INPUT_IDS, axis: 1 },
    metadata: {
      format: 'vultune 1',
      ...Object.fromEntries(texts),
      pad_token_id: JSON.stringify(model.spec.padTokenId ?? null),
      'tokenizer.json': JSON.stringify(files.json),
      'tokenizer_config.json': JSON.stringify(files.config),
      notes: notes.join(' '),
    },
  });
}

/** No adapter is on the language model's head. */
function answerRows({ spec, weights }: OpenModel, tokens: readonly number[] | undefined): TensorSource[] {
  if (tokens === undefined) return [];
  const make = async () => await weights.rows(spec.heads.languageModel, tokens);
  return [{ name: ANSWERS, shape: [tokens.length, spec.hiddenSize], make }];
}

/** The written file on the run's functions, in one padded batch. */
async function fileError(file: string, reference: Reference, threads: number | undefined): Promise<number> {
  const session = await openModelFile(file, threads === undefined ? {} : { threads });
  try {
    const { [LOGITS]: logits } = await session.run(batchFeeds(reference.ids));
    return relativeError(logits!.data as Float32Array, reference);
  } finally {
    await session.release();
  }
}

/** [B, S] ids and what of them is real; padding holds token 0. */
export function batchFeeds(functions: readonly (readonly number[])[]): Tensors {
  const longest = functions.reduce((most, { length }) => Math.max(most, length), 0);
  const rows = (value: (ids: readonly number[], s: number) => number) =>
    int64(
      [functions.length, longest],
      functions.flatMap((ids) => Array.from({ length: longest }, (_, s) => value(ids, s))),
    );
  return {
    [INPUT_IDS]: rows((ids, s) => ids[s] ?? 0),
    [ATTENTION_MASK]: rows((ids, s) => (s < ids.length ? 1 : 0)),
  };
}
