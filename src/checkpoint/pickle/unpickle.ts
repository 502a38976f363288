/**
 * @file Reads the pickles that torch.save makes of a state_dict on a virtual machine of our own: the opcodes that these use (opcodes.ts),
 * the globals of allowed-globals.ts, and nothing is imported or called. Work is linear in the bytes, memory bounded by pickle-stack.ts.
 */
import { NeedMoreBytes } from '../need-more-bytes.ts';
import { runOpcode, STOP } from './opcodes.ts';
import { PickleCursor } from './pickle-cursor.ts';
import { invalidPickle, refusedPickle } from './pickle-error.ts';
import { PickleStack } from './pickle-stack.ts';
import type { PickleValue } from './pickle-value.ts';
import { Forbidden, Unexpected } from './unexpected.ts';

/**
 * One pickle, from the cursor's position to after its STOP. `file`: for messages, with the record where there is one.
 * Throws CHECKPOINT_PICKLE_REFUSED, CHECKPOINT_PICKLE_INVALID, and NeedMoreBytes where the bytes end before.
 */
export function unpickle(file: string, cursor: PickleCursor): PickleValue {
  const stack = new PickleStack();
  let at = cursor.position;
  try {
    for (;;) {
      at = cursor.position;
      const code = cursor.uint8();
      if (code === STOP) return resultOf(stack);
      runOpcode(code, stack, cursor);
    }
  } catch (error) {
    if (error instanceof Unexpected) {
      throw invalidPickle(file, `the pickle has ${error.message} (at byte ${at})`);
    }
    if (!(error instanceof Forbidden)) throw error;
    const what = `the pickle asks for ${error.message} at byte ${at}; only what rebuilds tensors is allowed`;
    throw refusedPickle(file, what, error.asked);
  }
}

/** As {@link unpickle}, for bytes that hold one pickle whole. */
export function unpickleAll(file: string, bytes: Uint8Array): PickleValue {
  try {
    return unpickle(file, new PickleCursor(bytes));
  } catch (error) {
    if (!(error instanceof NeedMoreBytes)) throw error;
    throw invalidPickle(file, `the pickle goes on past its end (${bytes.byteLength} bytes)`);
  }
}

function resultOf(stack: PickleStack): PickleValue {
  const value = stack.pop();
  if (stack.size > 0) throw new Unexpected(`${stack.size} values left over`);
  return value;
}
