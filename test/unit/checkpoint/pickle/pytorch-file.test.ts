/** @file PyTorch's files in both forms: what is read of them, and that whatever else they hold is refused and never run. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPytorchFile } from '../../../../src/checkpoint/pickle/pytorch-file.ts';
import { float32 } from '../../../../src/tensor/host-tensor.ts';
import {
  call,
  dict,
  floats,
  global,
  join as joinBytes,
  list,
  MARK,
  number,
  pickle,
  REDUCE,
  stateDict,
  storage,
  type TorchTensor,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
} from '../../../support/torch-writer.ts';
import { zipBytes } from '../../../support/zip-writer.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-pickle-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
async function open(bytes: Uint8Array) {
  const path = join(root, `${files++}.bin`);
  writeFileSync(path, bytes);
  return await readPytorchFile(path);
}

const data = floats(0, 1, 2, 3, 4, 5);
const six = { storage: '0', type: 'FloatStorage', count: 6 };
const plain: TorchTensor = { ...six, shape: [2, 3], strides: [3, 1] };
const one = (of: Partial<TorchTensor>) => torchZip(stateDict({ w: { ...plain, ...of } }), { 0: data });

describe.each([
  ['a zip archive', (tensors: Record<string, TorchTensor>) => torchZip(stateDict(tensors), { 0: data })],
  [
    'the form of before',
    (tensors: Record<string, TorchTensor>) => torchLegacy(stateDict(tensors), { 0: data }, 4),
  ],
])('%s', (_form, write) => {
  test('tensors, whole and by rows', async () => {
    const w = (await open(write({ w: plain }))).get('w')!;
    expect(w).toMatchObject({ shape: [2, 3], storedDtype: 'F32', sizeBytes: 24 });
    expect(await w.read()).toEqual(float32([2, 3], [0, 1, 2, 3, 4, 5]));
    expect(await w.readRows([1, 0, 1])).toEqual(float32([3, 3], [3, 4, 5, 0, 1, 2, 3, 4, 5]));
  });

  test('views of one storage: transposed, cut, tied, repeated, without axes, empty', async () => {
    const tensors = await open(
      write({
        whole: plain,
        tied: plain,
        transposed: { ...six, shape: [3, 2], strides: [1, 3] },
        column: { ...six, shape: [2], strides: [3], offset: 2 },
        row: { ...six, shape: [1, 3], strides: [99, 1], offset: 3 },
        cube: { ...six, shape: [3, 1, 2], strides: [1, 7, 3] },
        repeated: { ...six, shape: [2, 2], strides: [0, 1], offset: 4 },
        scalar: { ...six, shape: [], strides: [], offset: 5 },
        empty: { ...six, shape: [0, 3], strides: [3, 1] },
      }),
    );
    const values: Record<string, unknown> = {};
    for (const [name, stored] of tensors) values[name] = await stored.read();
    expect(values).toEqual({
      whole: float32([2, 3], [0, 1, 2, 3, 4, 5]),
      tied: float32([2, 3], [0, 1, 2, 3, 4, 5]),
      transposed: float32([3, 2], [0, 3, 1, 4, 2, 5]),
      column: float32([2], [2, 5]),
      row: float32([1, 3], [3, 4, 5]),
      cube: float32([3, 1, 2], [0, 3, 1, 4, 2, 5]),
      repeated: float32([2, 2], [4, 5, 4, 5]),
      scalar: float32([], [5]),
      empty: float32([0, 3], []),
    });
    expect(await tensors.get('transposed')!.readRows([2, 2, 0])).toEqual(float32([3, 2], [2, 5, 2, 5, 0, 3]));
    await expect(tensors.get('transposed')!.readRows([3])).rejects.toThrow(/internal error: row 3/);
    expect(tensors.get('tied')!.start).toBe(tensors.get('whole')!.start);
  });
});

describe('what else torch.save writes', () => {
  const ordered = call(global('collections', 'OrderedDict'));

  test('an OrderedDict with the versions of its modules', async () => {
    const items = joinBytes(MARK, text('w'), tensor(plain), Buffer.from('u'));
    const metadata = dict({ _metadata: dict({ '': dict({ version: number(1) }) }) });
    const tensors = await open(
      torchZip(pickle(joinBytes(ordered, items, metadata, Buffer.from('b'))), { 0: data }),
    );
    expect([...tensors.keys()]).toEqual(['w']);
  });

  test('parameters, sizes as torch.Size, element types beside untyped storages', async () => {
    const parameter = call(
      global('torch._utils', '_rebuild_parameter'),
      tensor(plain),
      Buffer.from([0x88]),
      ordered,
    );
    const untyped = tuple(
      text('storage'),
      global('torch.storage', 'UntypedStorage'),
      text('1'),
      text('cpu'),
      number(4),
    );
    const half = call(
      global('torch._utils', '_rebuild_tensor_v3'),
      joinBytes(untyped, Buffer.from('Q')),
      number(0),
      call(global('torch', 'Size'), tuple(number(2))),
      tuple(number(1)),
      Buffer.from([0x89]),
      ordered,
      global('torch', 'float16'),
    );
    const tensors = await open(
      torchZip(pickle(dict({ parameter, half })), { 0: data, 1: Uint8Array.of(0, 0x3c, 0, 0xc0) }),
    );
    expect(await tensors.get('parameter')!.read()).toEqual(float32([2, 3], [0, 1, 2, 3, 4, 5]));
    expect(await tensors.get('half')!.read()).toEqual(float32([2], [1, -2]));
  });

  test('16-bit integers are named, and only an error for who reads them', async () => {
    const tensors = await open(
      torchZip(stateDict({ w: { ...plain, type: 'ShortStorage' } }), { 0: data.subarray(0, 12) }),
    );
    expect(tensors.get('w')!.storedDtype).toBe('I16');
    await expect(tensors.get('w')!.read()).rejects.toMatchObject({ code: 'CHECKPOINT_TENSOR_DTYPE' });
  });
});

describe('refused by name, and never run', () => {
  const ran = join(root, 'ran');
  const shell = `touch ${ran}`;
  const cases: [string, string, Uint8Array][] = [
    ['os.system', 'os.system', pickle(call(global('os', 'system'), text(shell)))],
    ['posix.system', 'posix.system', pickle(call(global('posix', 'system'), text(shell)))],
    ['builtins.eval', 'builtins.eval', pickle(call(global('builtins', 'eval'), text('1')))],
    [
      'a call inside a call inside the values',
      'builtins.getattr',
      pickle(dict({ w: call(call(global('builtins', 'getattr'), text('x')), text('y')) })),
    ],
    [
      'a name put together on the stack',
      'os.system',
      pickle(joinBytes(text('os'), text('system'), Buffer.from([0x93]), tuple(text(shell)), REDUCE), 4),
    ],
    ['a name that writes on the terminal', 'x.\\u001b[2Jy', pickle(global('x', '\x1b[2Jy'))],
    ['a name in a name', 'torch.load', pickle(global('torch', 'load'))],
    ['a dotted name', 'torch.FloatStorage.__class__', pickle(global('torch', 'FloatStorage.__class__'))],
    ['what objects have of their own', 'torch.constructor', pickle(global('torch', 'constructor'))],
    ['a module', 'transformers.BertModel', pickle(global('transformers', 'BertModel'))],
    [
      'a complex tensor',
      'torch.ComplexFloatStorage',
      stateDict({ w: { ...plain, type: 'ComplexFloatStorage' } }),
    ],
    [
      'NEWOBJ',
      'NEWOBJ',
      pickle(joinBytes(global('collections', 'OrderedDict'), tuple(), Buffer.from([0x81]))),
    ],
    ['INST', 'INST', pickle(joinBytes(MARK, Buffer.from('ios\nsystem\n')))],
    ['OBJ', 'OBJ', pickle(joinBytes(MARK, Buffer.from('o')))],
    ['a persistent id as text', 'PERSID', pickle(Buffer.from('Pid\n'))],
    ['an extension', 'EXT1', pickle(Buffer.from([0x82, 1]))],
    ['BUILD of a tensor', 'BUILD', pickle(joinBytes(tensor(plain), dict({}), Buffer.from('b')))],
    [
      'a module by its persistent id',
      'module',
      pickle(joinBytes(tuple(text('module'), text('x')), Buffer.from('Q'))),
    ],
  ];
  test.each(cases)('%s', async (_what, name, hostile) => {
    for (const bytes of [torchZip(hostile), torchLegacy(hostile, {}, 4)]) {
      await expect(open(bytes)).rejects.toMatchObject({
        code: 'CHECKPOINT_PICKLE_REFUSED',
        where: { name },
        message: expect.stringMatching(/byte \d+/),
      });
    }
    expect(existsSync(ran)).toBe(false);
  });

  test('a TorchScript archive', async () => {
    await expect(open(torchZip(stateDict({}), {}, { 'constants.pkl': '' }))).rejects.toMatchObject({
      code: 'CHECKPOINT_PICKLE_REFUSED',
      where: { name: 'constants.pkl' },
    });
  });
});

describe('damaged, or something else', () => {
  const repeat = (opcode: string | number[], times: number) =>
    Buffer.alloc(times * opcode.length, Buffer.from(opcode as string));
  // (), ((), ()), (((), ()), ((), ())) ...
  const doubled = joinBytes(
    Buffer.from([0x29, 0x94]),
    ...Array.from({ length: 250 }, (_, at) => Buffer.from([0x68, at, 0x86, 0x94])),
  );
  const pickles: [string, RegExp, Uint8Array][] = [
    ['a value recalled that was never remembered', /value 7/, pickle(Buffer.from('h\x07'))],
    ['unterminated', /past its end/, pickle(dict({})).subarray(0, -1)],
    ['nothing', /past its end/, new Uint8Array(0)],
    ['STOP alone', /takes 1 values where 0/, Buffer.from('.')],
    ['values left over', /1 values left over/, pickle(joinBytes(number(1), number(2)))],
    ['ten million marks', /open marks/, repeat('(', 1e7)],
    ['ten million values', /more than \d+ values/, repeat('N', 1e7)],
    ['ten million lists', /more than \d+ objects/, repeat(']', 1e7)],
    ['a memo of millions', /remembered/, joinBytes(Buffer.from('N'), repeat([0x94], 1e7))],
    ['a list in a list in a list', /more than \d+ objects/, joinBytes(repeat(']', 2e6), repeat('a', 2e6))],
    ['values doubled 250 times', /a tuple under "w"/, pickle(dict({ w: doubled }))],
    ['a memo with gaps', /remembered after/, pickle(Buffer.from('Nr\xff\xff\x0f\0', 'latin1'))],
    ['a text of 4 GiB', /past its end/, pickle(Buffer.from('X\xff\xff\xff\xffabc', 'latin1'))],
    [
      'a text of 2^64 bytes',
      /past its end/,
      Buffer.from('\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffab', 'latin1'),
    ],
    ['a global without an end', /without a name/, pickle(Buffer.from(`c${'x'.repeat(5000)}`))],
    ['protocol 0', /opcode 0x49/, Buffer.from('I1\n.')],
    ['protocol 9', /protocol 9/, pickle(dict({}), 9)],
    [
      'a mark that values go past',
      /takes 2 values where 1/,
      pickle(joinBytes(text('a'), MARK, text('b'), Buffer.from('\x86', 'latin1'))),
    ],
    [
      'a key without a value',
      /key without a value/,
      pickle(joinBytes(Buffer.from('}('), text('a'), Buffer.from('u'))),
    ],
    [
      'items set in a list',
      /not a dict/,
      pickle(joinBytes(Buffer.from(']('), text('a'), text('a'), Buffer.from('u'))),
    ],
    ['a call of a text', /cannot be called/, pickle(call(text('os.system')))],
    ['a call of an element type', /cannot be called/, pickle(call(global('torch', 'float32')))],
    [
      'an OrderedDict of arguments',
      /made with arguments/,
      pickle(call(global('collections', 'OrderedDict'), list())),
    ],
    ['no dictionary', /holds a list, expected a state_dict/, pickle(list())],
    ['a number among the tensors', /a number under "epoch"/, pickle(dict({ epoch: number(1) }))],
    ['a state_dict inside another', /a dict under "state_dict"/, pickle(dict({ state_dict: dict({}) }))],
    [
      'a number as a name',
      /a key of its dictionary is a number/,
      pickle(joinBytes(Buffer.from('}('), number(1), number(1), Buffer.from('u'))),
    ],
    [
      'a name twice',
      /"w" twice/,
      pickle(
        joinBytes(Buffer.from('}('), text('w'), tensor(plain), text('w'), tensor(plain), Buffer.from('u')),
      ),
    ],
    ['a storage as a tensor', /a storage under "w"/, pickle(dict({ w: storage(plain) }))],
    ['an id of nothing', /not a storage/, pickle(joinBytes(tuple(), Buffer.from('Q')))],
    [
      'a storage without a type',
      /no known type/,
      pickle(joinBytes(tuple(text('storage'), text('FloatStorage')), Buffer.from('Q'))),
    ],
    [
      'a storage without a key',
      /without a key/,
      pickle(joinBytes(tuple(text('storage'), global('torch', 'FloatStorage'), number(1)), Buffer.from('Q'))),
    ],
    ['a storage of no size', /without a size/, stateDict({ w: { ...plain, count: -1 } })],
    [
      'a storage of more bytes than numbers reach',
      /without a size|a storage of/,
      stateDict({ w: { ...plain, count: 2 ** 52 } }),
    ],
    [
      'a tensor without a storage',
      /without a storage/,
      pickle(call(global('torch._utils', '_rebuild_tensor_v2'))),
    ],
  ];
  test.each(pickles)('%s', async (_what, message, bytes) => {
    await expect(open(torchZip(bytes, { 0: data }))).rejects.toMatchObject({
      code: 'CHECKPOINT_PICKLE_INVALID',
      message: expect.stringMatching(message),
    });
  });

  // The size of the last record, in the directory.
  const overflowing = one({});
  for (const at of [20, 24]) overflowing.writeUInt32LE(1e6, overflowing.lastIndexOf('PK\x01\x02') + at);
  const archives: [string, RegExp, Uint8Array][] = [
    ['sizes and strides of other lengths', /2 sizes and 1 strides/, one({ strides: [1] })],
    ['a tensor past its storage', /ends at byte 28 of a storage of 24/, one({ offset: 1 })],
    ['strides past it', /ends at byte/, one({ strides: [4, 1] })],
    ['sizes past every number', /ends at byte/, one({ shape: [2 ** 30, 2 ** 30], strides: [2 ** 30, 1] })],
    ['a negative stride', /not a tuple/, one({ strides: [-3, 1] })],
    ['a hundred axes', /not a tuple/, one({ shape: Array(100).fill(1), strides: Array(100).fill(1) })],
    [
      'strides of 0 that make terabytes',
      /larger than the file/,
      one({ shape: [2 ** 20, 2 ** 20], strides: [0, 0] }),
    ],
    [
      'sizes past infinity',
      /larger than the file/,
      one({ shape: Array(40).fill(2 ** 30), strides: Array(40).fill(0) }),
    ],
    [
      'a record shorter than its tensors say',
      /has 20 bytes/,
      torchZip(stateDict({ w: plain }), { 0: data.subarray(4) }),
    ],
    ['a record longer', /has 24 bytes, its tensors say 20/, one({ count: 5, shape: [5], strides: [1] })],
    ['no record', /not in the file/, torchZip(stateDict({ w: plain }))],
    [
      'one storage of two sizes',
      /two types or sizes/,
      torchZip(stateDict({ w: plain, v: { ...plain, count: 7 } }), { 0: data }),
    ],
    [
      'big-endian numbers',
      /byte order is "big"/,
      torchZip(stateDict({ w: plain }), { 0: data }, { byteorder: 'big' }),
    ],
    [
      'compressed records',
      /compressed/,
      zipBytes({ 'a/data.pkl': stateDict({ w: plain }), 'a/data/0': data }),
    ],
    ['a record past the end of the file', /damaged: file data overflows/, overflowing],
    ['no pickle', /0 records data\.pkl/, zipBytes({ 'a/x': 'x' }, 'stored')],
    ['two pickles', /2 records data\.pkl/, zipBytes({ 'a/data.pkl': 'x', 'b/data.pkl': 'x' }, 'stored')],
    ['a path that leaves the archive', /damaged/, zipBytes({ '../data.pkl': 'x' }, 'stored')],
    ['cut short', /damaged/, one({}).subarray(0, -30)],
    ['a text', /neither as a zip archive nor as a pickle/, Buffer.from('hello')],
    ['nothing', /neither/, new Uint8Array(0)],
    ['a pointer of Git LFS', /Git LFS pointer/, Buffer.from('version https://git-lfs')],
    ['a pickle of something else', /magic number/, stateDict({ w: plain })],
    ['another version', /version 7/, torchLegacy(stateDict({}), {}, 4, { version: 7 })],
    [
      'another machine',
      /big-endian/,
      torchLegacy(stateDict({}), {}, 4, { littleEndian: Buffer.from([0x89]) }),
    ],
    ['a storage that no tensor has', /listed, but not once/, torchLegacy(stateDict({}), { 0: data }, 4)],
    ['a storage that is not listed', /not in the file/, torchLegacy(stateDict({ w: plain }), {}, 4)],
    ['another count', /3 elements, its tensors say 6/, torchLegacy(stateDict({ w: plain }), { 0: data }, 8)],
    [
      'storages past the end',
      /ends at byte/,
      torchLegacy(stateDict({ w: plain }), { 0: data }, 4).subarray(0, -1),
    ],
    [
      'pickles without an end',
      /do not end/,
      torchLegacy(stateDict({ w: plain }), { 0: data }, 4).subarray(0, 60),
    ],
  ];
  test.each(archives)('%s', async (_what, message, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'CHECKPOINT_PICKLE_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
