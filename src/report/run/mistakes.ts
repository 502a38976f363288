/** @file Which functions a model is most certainly wrong about. Knows scores and targets alone. */

interface Judged {
  readonly score: number;
  readonly target: 0 | 1;
}

/** Rows: at most `most` false alarms, highest score first, then at most `most` missed vulnerabilities, lowest first. */
export function mostCertainMistakes(judged: readonly Judged[], threshold: number, most: number): number[] {
  const wrong = [...judged.keys()].filter(
    (row) => (judged[row]!.score >= threshold ? 1 : 0) !== judged[row]!.target,
  );
  const of = (target: 0 | 1) => wrong.filter((row) => judged[row]!.target === target);
  const alarms = of(0).sort((a, b) => judged[b]!.score - judged[a]!.score);
  const missed = of(1).sort((a, b) => judged[a]!.score - judged[b]!.score);
  return [...alarms.slice(0, most), ...missed.slice(0, most)];
}
