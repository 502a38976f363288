/** @file The rewrites' rules of each language: a file each in languages/. */
import type { Language } from '../languages.ts';
import { C } from './languages/c.ts';
import { CSHARP } from './languages/csharp.ts';
import { ECMASCRIPT } from './languages/ecmascript.ts';
import { GO } from './languages/go.ts';
import { JAVA } from './languages/java.ts';
import { KOTLIN } from './languages/kotlin.ts';
import { PHP } from './languages/php.ts';
import { PYTHON } from './languages/python.ts';
import { RUBY } from './languages/ruby.ts';
import { RUST } from './languages/rust.ts';
import { SCALA } from './languages/scala.ts';
import type { RewriteRow } from './rewrite-row.ts';

export const REWRITE_ROWS: Readonly<Record<Language, RewriteRow>> = {
  javascript: ECMASCRIPT,
  typescript: ECMASCRIPT,
  tsx: ECMASCRIPT,
  java: JAVA,
  c: C,
  cpp: C,
  python: PYTHON,
  go: GO,
  php: PHP,
  csharp: CSHARP,
  ruby: RUBY,
  rust: RUST,
  kotlin: KOTLIN,
  scala: SCALA,
};
