/** @file Source text in every language: its functions, their outlines, and what a change did to them. */
import { analyseFileChange } from '../../src/dataset/changes/analyse-file-change.ts';
import { outlineSource } from '../../src/scan/outline-source.ts';
import { decodeSource } from '../../src/scan/walk/read-source.ts';
import { LANGUAGES, type Language } from '../../src/source/languages.ts';
import { type FuzzTarget, texts } from './fuzz-target.ts';
import { SNIPPETS } from './snippets.ts';

function sourceTarget(language: Language): FuzzTarget {
  const snippet = SNIPPETS[language];
  return {
    name: `source ${language}`,
    seeds: texts(snippet),
    run: async (bytes) => {
      const source = decodeSource(Buffer.from(bytes))?.text;
      if (source === undefined) return;
      const { functions } = outlineSource({ source, language });
      const outside = functions.find(
        ({ start, end }) => !(0 <= start && start < end && end <= source.length),
      );
      if (outside !== undefined) throw new Error(`a function from ${outside.start} to ${outside.end}`);
      const place = { path: 'a', pathBefore: 'a', language };
      analyseFileChange({ ...place, before: snippet, after: source });
    },
  };
}

export const SOURCE_TARGETS: readonly FuzzTarget[] = (Object.keys(LANGUAGES) as Language[]).map(sourceTarget);
