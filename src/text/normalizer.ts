/**
 * @file Normalizing text before it is cut: the library's normalizers, helped where their JavaScript differs from the
 * original (lower case of a final sigma, Chinese characters outside the basic plane).
 */
import type { Library } from './library.ts';
import type { Component } from './tokenizer-json.ts';

const ASTRAL_CHINESE =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

export function textNormalizer(component: Component | null, library: Library): (text: string) => string {
  const { normalizer } = library;
  if (component === null || normalizer === null) return (text) => text;
  const parts = flatten(component);
  const bert = parts.find(({ type }) => type === 'BertNormalizer');
  const lowers = bert?.lowercase === true || parts.some(({ type }) => type === 'Lowercase');
  const spacesChinese = bert?.handle_chinese_chars === true;
  return (text) => {
    // JavaScript lowers a sigma by its place in the word; the original by itself.
    const sigmas = lowers ? text.replaceAll('Σ', 'σ') : text;
    return normalizer.normalize(spacesChinese ? sigmas.replace(ASTRAL_CHINESE, ' $& ') : sigmas);
  };
}

function flatten(component: Component): Component[] {
  const parts: unknown = component.normalizers;
  return Array.isArray(parts) ? parts.flatMap((part: Component) => flatten(part)) : [component];
}
