/**
 * @file The opcodes of pickle protocols 2 to 5 that torch.save uses for a state_dict, and what each does; names and meaning are those of
 * Python's pickletools. Throws Unexpected, Forbidden, and NeedMoreBytes where the bytes end.
 */
import { allowedGlobal } from './allowed-globals.ts';
import type { PickleCursor } from './pickle-cursor.ts';
import { shown } from './pickle-error.ts';
import type { PickleStack } from './pickle-stack.ts';
import type { PickleValue } from './pickle-value.ts';
import { call, isKind, storageOf } from './rebuild.ts';
import { Forbidden, Unexpected } from './unexpected.ts';

type Opcode = (stack: PickleStack, cursor: PickleCursor) => void;

export const STOP = 0x2e;

/** By code. */
const OPCODES: Readonly<Record<number, Opcode>> = {
  // PROTO
  128: (_stack, cursor) => checkProtocol(cursor.uint8()),
  // FRAME: how long it is helps those who read from a stream.
  149: (_stack, cursor) => cursor.skip(8),
  // MARK
  40: (stack) => stack.mark(),
  // NONE, NEWTRUE, NEWFALSE
  78: (stack) => stack.push(null),
  136: (stack) => stack.push(true),
  137: (stack) => stack.push(false),
  // BININT, BININT1, BININT2, LONG1, BINFLOAT
  74: (stack, cursor) => stack.push(cursor.int32()),
  75: (stack, cursor) => stack.push(cursor.uint8()),
  77: (stack, cursor) => stack.push(cursor.uint16()),
  138: (stack, cursor) => stack.push(cursor.integer(cursor.uint8())),
  71: (stack, cursor) => stack.push(cursor.float64()),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8; SHORT_BINSTRING, a text of Python 2
  88: (stack, cursor) => stack.push(cursor.text(cursor.uint32(), 'utf8')),
  140: (stack, cursor) => stack.push(cursor.text(cursor.uint8(), 'utf8')),
  141: (stack, cursor) => stack.push(cursor.text(cursor.uint64(), 'utf8')),
  85: (stack, cursor) => stack.push(cursor.text(cursor.uint8(), 'latin1')),
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  41: (stack) => pushTuple(stack, []),
  133: (stack) => pushTuple(stack, stack.popSeveral(1)),
  134: (stack) => pushTuple(stack, stack.popSeveral(2)),
  135: (stack) => pushTuple(stack, stack.popSeveral(3)),
  116: (stack) => pushTuple(stack, stack.popToMark()),
  // EMPTY_LIST, APPEND, APPENDS
  93: (stack) => stack.pushObject({ kind: 'list', items: [] }),
  97: (stack) => append(stack, stack.popSeveral(1)),
  101: (stack) => append(stack, stack.popToMark()),
  // EMPTY_DICT, SETITEM, SETITEMS
  125: (stack) => stack.pushObject({ kind: 'dict', entries: [] }),
  115: (stack) => setItems(stack, stack.popSeveral(2)),
  117: (stack) => setItems(stack, stack.popToMark()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  113: (stack, cursor) => stack.remember(cursor.uint8()),
  114: (stack, cursor) => stack.remember(cursor.uint32()),
  148: (stack) => stack.remember(),
  104: (stack, cursor) => stack.recall(cursor.uint8()),
  106: (stack, cursor) => stack.recall(cursor.uint32()),
  // GLOBAL, STACK_GLOBAL
  99: (stack, cursor) => pushGlobal(stack, cursor.line(), cursor.line()),
  147: (stack) => pushGlobal(stack, ...stack.popPair()),
  // BINPERSID, REDUCE, BUILD
  81: (stack) => pushStorage(stack, stack.pop()),
  82: (stack) => stack.pushObject(call(...stack.popPair())),
  98: build,
};

/** Opcodes that make objects of classes, or that ask the reader for objects. */
const BUILDERS: Readonly<Record<number, string>> = {
  105: 'INST',
  111: 'OBJ',
  80: 'PERSID',
  129: 'NEWOBJ',
  146: 'NEWOBJ_EX',
  130: 'EXT1',
  131: 'EXT2',
  132: 'EXT4',
};

export function runOpcode(code: number, stack: PickleStack, cursor: PickleCursor): void {
  const opcode = OPCODES[code];
  if (opcode !== undefined) {
    opcode(stack, cursor);
    return;
  }
  const name = BUILDERS[code];
  if (name !== undefined) throw new Forbidden(name, `the opcode ${name}, which builds objects`);
  throw new Unexpected(`opcode 0x${code.toString(16)}, which torch.save does not write for tensors`);
}

function checkProtocol(version: number): void {
  if (version < 2 || version > 5) throw new Unexpected(`pickle protocol ${version}, expected 2 to 5`);
}

function pushTuple(stack: PickleStack, items: readonly PickleValue[]): void {
  stack.pushObject({ kind: 'tuple', items });
}

function append(stack: PickleStack, items: readonly PickleValue[]): void {
  const list = stack.top();
  if (!isKind(list, 'list')) throw new Unexpected('values appended to what is not a list');
  for (const item of items) list.items.push(item);
}

function setItems(stack: PickleStack, items: readonly PickleValue[]): void {
  const dict = stack.top();
  if (!isKind(dict, 'dict')) throw new Unexpected('items set in what is not a dict');
  if (items.length % 2 !== 0) throw new Unexpected('a key without a value');
  for (const item of items) dict.entries.push(item);
}

function pushGlobal(
  stack: PickleStack,
  module: PickleValue | undefined,
  name: PickleValue | undefined,
): void {
  if (typeof module !== 'string' || typeof name !== 'string') throw new Unexpected('a global without a name');
  const allowed = allowedGlobal(module, name);
  if (allowed === undefined) {
    const path = shown(`${module}.${name}`);
    throw new Forbidden(path.slice(1, -1), `the global ${path}`);
  }
  stack.push(allowed);
}

function pushStorage(stack: PickleStack, id: PickleValue): void {
  if (isKind(id, 'tuple') && id.items[0] === 'module') throw new Forbidden('module', 'a module');
  stack.pushObject(storageOf(id));
}

/** Attributes of an OrderedDict: `_metadata`, the versions of modules, which no tensor needs. */
function build(stack: PickleStack): void {
  const [object, state] = stack.popPair();
  if (!isKind(object, 'dict') || !isKind(state, 'dict')) {
    throw new Forbidden('BUILD', 'the opcode BUILD for what is not a dict');
  }
  stack.push(object);
}
