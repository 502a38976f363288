/** @file Names of parameters: PEFT's key of one with a name in the model, and the module that it belongs to. */

export const KEY_PREFIX = 'base_model.model.';
export const parameterKey = (name: string) => `${KEY_PREFIX}${name}`;

/** `a.b` of `a.b.weight`. */
export const moduleOf = (name: string) => name.replace(/\.[^.]*$/, '');
