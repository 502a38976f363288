/**
 * @file Checkpoints that bitsandbytes saved in 4 or 8 bits: codes and factors under names of their own become one tensor of
 * float32, under the name and of the shape it had before. Names, types and sizes are checked before anything is decoded.
 */
import { VultuneError } from '../../base/errors.ts';
import { checkJson } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { type HostTensor, hostTensor, sizeOf } from '../../tensor/host-tensor.ts';
import { readRange } from '../read-range.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import { decodeFactors, decodeFourBit, decodeInt8 } from './decode.ts';

type Tensors = ReadonlyMap<string, StoredTensor>;

const CODE = 'CHECKPOINT_BITSANDBYTES';
const HINT = 'The checkpoint is damaged, or not one that bitsandbytes saved: save or fetch the model again.';

/** The tensors with those of bitsandbytes put together. Throws CHECKPOINT_BITSANDBYTES. */
export async function readBitsandbytes(tensors: Tensors): Promise<Tensors> {
  const whole = new Map(tensors);
  for (const name of tensors.keys()) {
    const weight = /^(.*)\.quant_state\.bitsandbytes__(?:nf4|fp4)$/.exec(name)?.[1];
    if (weight !== undefined) {
      whole.set(weight, await fourBitTensor(tensors, weight, name));
      for (const part of [...FOUR_BIT_PARTS.map((end) => `${weight}.${end}`), name]) whole.delete(part);
    } else if (name.endsWith('.SCB')) {
      const module = name.slice(0, -'.SCB'.length);
      whole.set(`${module}.weight`, await int8Tensor(tensors, module));
      for (const part of [name, `${module}.weight_format`]) whole.delete(part);
    }
  }
  return whole;
}

const FOUR_BIT_PARTS = ['absmax', 'quant_map', 'nested_absmax', 'nested_quant_map'];

/** A line of JSON of about 200 bytes. */
const MOST_STATE_BYTES = 64 * 1024;
/** Far larger than any matrix: what is multiplied below stays whole. */
const LARGEST_DIM = 2 ** 24;

const blockSize = z
  .int()
  .min(2)
  .max(2 ** 16)
  .multipleOf(2);
const stateSchema = z.looseObject({
  blocksize: blockSize,
  shape: z.tuple([z.int().min(1).max(LARGEST_DIM), z.int().min(1).max(LARGEST_DIM)]),
  nested_blocksize: blockSize.optional(),
  nested_offset: z.number().optional(),
});

async function fourBitTensor(tensors: Tensors, name: string, stateName: string): Promise<StoredTensor> {
  const { file } = tensors.get(stateName)!;
  const state = part(tensors, stateName, 'U8');
  if (state.sizeBytes > MOST_STATE_BYTES) {
    throw broken(state, stateName, `has ${state.sizeBytes} bytes, expected at most ${MOST_STATE_BYTES}`);
  }
  const text = Buffer.from(bytesOf(await state.read())).toString('utf8');
  const { blocksize, shape, nested_blocksize, nested_offset } = checkJson(stateSchema, text, {
    code: CODE,
    file,
    hint: HINT,
  });
  const size = sizeOf(shape);
  const count = Math.ceil(size / blocksize);
  const codes = part(tensors, name, 'U8', Math.ceil(size / 2));
  const numbers = part(tensors, `${name}.quant_map`, 'F32', 16);
  const isNested = nested_blocksize !== undefined;
  const factors = part(tensors, `${name}.absmax`, isNested ? 'U8' : 'F32', count);
  const nested = isNested
    ? {
        groupSize: nested_blocksize,
        mean: Math.fround(nested_offset ?? 0),
        factors: part(tensors, `${name}.nested_absmax`, 'F32', Math.ceil(count / nested_blocksize)),
        numbers: part(tensors, `${name}.nested_quant_map`, 'F32', 256),
      }
    : undefined;
  const readFactors = async (): Promise<Float32Array> => {
    if (nested === undefined) return floatsOf(await factors.read());
    return decodeFactors(bytesOf(await factors.read()), {
      groupFactors: floatsOf(await nested.factors.read()),
      numbers: floatsOf(await nested.numbers.read()),
      groupSize: nested.groupSize,
      mean: nested.mean,
    });
  };
  const whole = together(codes, { shape, storedDtype: 'bitsandbytes 4 bit' }, async (bytes) => {
    const out = new Float32Array(size);
    decodeFourBit(
      bytes,
      await readFactors(),
      { numbers: floatsOf(await numbers.read()), blockSize: blocksize },
      out,
    );
    return hostTensor('float32', shape, out);
  });
  return {
    ...whole,
    readFourBit: async () => ({
      codes: bytesOf(await codes.read()),
      factors: await readFactors(),
      blockSize: blocksize,
      numbers: floatsOf(await numbers.read()),
    }),
  };
}

/** `storedDtype` of a matrix in rows of 8 bits. */
export const STORED_EIGHT_BIT = 'bitsandbytes 8 bit';

async function int8Tensor(tensors: Tensors, module: string): Promise<StoredTensor> {
  const codes = part(tensors, `${module}.weight`, 'I8');
  const { shape } = codes;
  if (shape.length !== 2)
    throw broken(codes, `${module}.weight`, `is [${shape.join(', ')}], expected a matrix`);
  const scales = part(tensors, `${module}.SCB`, 'F32', shape[0]!);
  const formatName = `${module}.weight_format`;
  if (tensors.has(formatName)) {
    const [format] = bytesOf(await part(tensors, formatName, 'U8', 1).read());
    if (format !== 0) {
      throw broken(codes, formatName, `is ${format}, expected 0 (row after row)`);
    }
  }
  return together(codes, { shape, storedDtype: STORED_EIGHT_BIT }, async (bytes) =>
    hostTensor('float32', shape, decodeInt8(new Int8Array(bytes.buffer), floatsOf(await scales.read()))),
  );
}

/** A tensor whose codes lie where `codes` does, and whose factors are read beside them each time. */
function together(
  codes: StoredTensor,
  seen: Pick<StoredTensor, 'shape' | 'storedDtype'>,
  decode: (bytes: Uint8Array<ArrayBuffer>) => Promise<HostTensor<'float32'>>,
): StoredTensor {
  const { file, start, sizeBytes } = codes;
  const read = async () => decode(await readRange(file, start, sizeBytes));
  return {
    ...seen,
    file,
    start,
    sizeBytes,
    read,
    decode,
    readRows: async (rows) => {
      const { data } = await read();
      const width = seen.shape[1]!;
      const out = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++) {
        out.set(data.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
      }
      return hostTensor('float32', [rows.length, width], out);
    },
  };
}

/** A tensor that has to be there, of this type and so many elements. */
function part(tensors: Tensors, name: string, dtype: 'U8' | 'I8' | 'F32', count?: number): StoredTensor {
  const found = tensors.get(name);
  if (found === undefined) {
    const [some] = tensors.values();
    throw broken(some!, name, 'is missing beside the codes that bitsandbytes saved');
  }
  if (found.storedDtype !== dtype) {
    throw broken(found, name, `is stored as ${found.storedDtype}, expected ${dtype}`);
  }
  const elements = sizeOf(found.shape);
  if (count !== undefined && elements !== count) {
    throw broken(found, name, `has ${elements} elements, expected ${count}`);
  }
  return found;
}

const broken = ({ file }: StoredTensor, name: string, what: string) =>
  new VultuneError(CODE, `"${name}" ${what}`, { where: { file, name }, hint: HINT });

const bytesOf = ({ data }: HostTensor) => data as Uint8Array;
const floatsOf = ({ data }: HostTensor) => data as Float32Array;
