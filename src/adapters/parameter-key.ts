/** @file PEFT's key of a parameter with a name in the model. */

export const KEY_PREFIX = 'base_model.model.';
export const parameterKey = (name: string) => `${KEY_PREFIX}${name}`;
