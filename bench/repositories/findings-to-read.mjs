/** @file The first findings of each tree as Markdown, with their code and room for a verdict. Pure. */

/** Enough to judge a function by; the whole is in the tree. */
const MOST_LINES = 60;

/**
 * @param {readonly import('../worker.mjs').Measurement[]} measurements figures with `findings`, highest-scoring first
 * @param {number} most findings of each tree
 * @returns {string}
 */
export function findingsToRead(measurements, most) {
  const first = new Map();
  for (const one of measurements) if (one.figures && !first.has(one.name)) first.set(one.name, one.figures);
  const parts = [...first].flatMap(([name, { findings, threshold, functions }]) => [
    `## ${name}\n\n${functions} functions, threshold ${threshold.toPrecision(3)}\n`,
    ...findings.slice(0, most).map(section),
  ]);
  return `# Findings to read\n\n${parts.join('\n')}`;
}

function section({ file, startLine, name, score, band, code = '', cwe = [], nearest, truncated }) {
  const lines = code.split('\n');
  const shown = lines.slice(0, MOST_LINES).join('\n');
  const more = lines.length > MOST_LINES ? `\n... ${lines.length - MOST_LINES} lines more` : '';
  const facts = [
    `score ${score.toFixed(3)}, ${band === 'vulnerable' ? 'above the threshold' : band}`,
    ...(truncated ? ['the model read its beginning only'] : []),
    ...(cwe.length === 0 ? [] : [`likely ${cwe[0].id}`]),
    ...(nearest === undefined
      ? []
      : [`nearest known: ${nearest.id} (similarity ${nearest.similarity.toFixed(2)})`]),
  ];
  return [
    `### ${file}:${startLine} \`${name}\`\n`,
    `${facts.join('; ')}\n`,
    `${fence(shown)}\n${shown}${more}\n${fence(shown)}\n`,
    'Verdict:\n',
  ].join('\n');
}

/** Longer than any run of backticks in the code. */
function fence(code) {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(longest + 1);
}
