/** @file The object of a PyTorch file as what it has to be: a dictionary of names and tensors, whose storages agree with each other. */

import { invalidPickle, shown } from './pickle-error.ts';
import type { PickledStorage, PickledTensor, PickleValue } from './pickle-value.ts';
import { isKind } from './rebuild.ts';

/** Throws CHECKPOINT_PICKLE_INVALID, with the name of what is not a tensor. */
export function stateDictOf(file: string, object: PickleValue): ReadonlyMap<string, PickledTensor> {
  if (!isKind(object, 'dict'))
    throw invalidPickle(file, `it holds ${inWords(object)}, expected a state_dict`);
  const tensors = new Map<string, PickledTensor>();
  for (let at = 0; at < object.entries.length; at += 2) {
    const name = object.entries[at]!;
    const value = object.entries[at + 1]!;
    if (typeof name !== 'string')
      throw invalidPickle(file, `a key of its dictionary is ${inWords(name)}, expected a name`);
    if (!isKind(value, 'tensor')) {
      const what = `it holds ${inWords(value)} under ${shown(name)}, expected a tensor`;
      throw invalidPickle(file, what, isKind(value, 'dict') ? INNER : undefined);
    }
    if (tensors.has(name)) throw invalidPickle(file, `it holds ${shown(name)} twice`);
    tensors.set(name, value);
  }
  return tensors;
}

const INNER =
  'Is this a checkpoint of a training run? Save the state_dict inside it with torch.save as pytorch_model.bin.';

/** By key. Throws CHECKPOINT_PICKLE_INVALID, also where one key is said to be two things. */
export function storagesOf(file: string, object: PickleValue): ReadonlyMap<string, PickledStorage> {
  const storages = new Map<string, PickledStorage>();
  for (const { storage } of stateDictOf(file, object).values()) {
    const before = storages.get(storage.key) ?? storage;
    if (before.type !== storage.type || before.count !== storage.count) {
      throw invalidPickle(file, `the storage ${shown(storage.key)} is of two types or sizes`);
    }
    storages.set(storage.key, storage);
  }
  return storages;
}

function inWords(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'object') return `a ${value.kind}`;
  return `a ${typeof value}`;
}
