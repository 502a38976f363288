// Scores one function: node score-selection.mjs < function.js
// Needs a running service: vultune serve --scan runs/first
const url = process.env.VULTUNE_URL ?? 'http://127.0.0.1:8484';
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const code = Buffer.concat(chunks).toString('utf8');

const response = await fetch(`${url}/v1/score`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ functions: [{ code }] }),
});
const answer = await response.json();
if (!response.ok) {
  console.error(`${answer.error.code}: ${answer.error.message}`);
  process.exit(2);
}
const [{ score, band }] = answer.functions;
console.log(`${band} ${score.toFixed(3)} (threshold ${answer.threshold.toFixed(3)})`);
