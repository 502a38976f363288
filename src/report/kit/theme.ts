/**
 * @file How every page looks: one style sheet, light and dark, screen and paper, 360 px and up. Colours are CSS
 * variables (charts use them too); the series colours stay apart for the colour-blind (after Okabe and Ito).
 */

/** Colours that charts may name. */
export const COLOR = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  rule: 'var(--rule)',
  accent: 'var(--accent)',
  vulnerable: 'var(--vulnerable)',
  fixed: 'var(--fixed)',
  safe: 'var(--safe)',
} as const;

/** For runs side by side. More than these cannot be told apart: the rest is drawn muted. */
export const SERIES_COLORS = [
  'var(--series-1)',
  'var(--series-2)',
  'var(--series-3)',
  'var(--series-4)',
  'var(--series-5)',
  'var(--series-6)',
] as const;

const LIGHT = `
  color-scheme: light;
  --paper: #ffffff; --panel: #f6f7f8; --ink: #16191d; --muted: #59616b; --rule: #dfe3e7;
  --accent: #0a5fa8; --accent-soft: #e6f0f9; --warn: #8a4b00; --warn-soft: #fdf3e3;
  --vulnerable: #bf4412; --fixed: #0a5fa8; --safe: #2f7d6b; --heat: 214, 92, 24;
  --added: #e3f4ea; --removed: #fbe9e4; --added-ink: #135f38; --removed-ink: #93300b;
  --series-1: #0a5fa8; --series-2: #bf4412; --series-3: #2f7d6b; --series-4: #8b5fb0; --series-5: #a3770a; --series-6: #b0447c;`;

const DARK = `
  color-scheme: dark;
  --paper: #14171a; --panel: #1c2024; --ink: #e8eaed; --muted: #a0a8b1; --rule: #32383f;
  --accent: #6db3f2; --accent-soft: #1b2c3c; --warn: #f0b45e; --warn-soft: #33280f;
  --vulnerable: #f58b57; --fixed: #6db3f2; --safe: #5fc0a8; --heat: 245, 139, 87;
  --added: #16301f; --removed: #3a211a; --added-ink: #8fdcae; --removed-ink: #ffb597;
  --series-1: #6db3f2; --series-2: #f58b57; --series-3: #5fc0a8; --series-4: #c09be2; --series-5: #dcb44a; --series-6: #ee8fbd;`;

export const STYLE_SHEET = `
:root {${LIGHT}
  --sans: Inter, "Source Sans 3", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "JetBrains Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) { :root {${DARK} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 3.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 400 1rem/1.55 var(--sans); font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem 1rem; z-index: 2; }
header.page, main, footer.page { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
header.page { padding-top: clamp(1.5rem, 5vw, 3.25rem); padding-bottom: 1.25rem; }
h1 { font-size: clamp(1.6rem, 4.5vw, 2.3rem); line-height: 1.15; letter-spacing: -.022em; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
.kicker { color: var(--muted); font-size: .875rem; margin: 0 0 .5rem; }
/* Before what was run: what came of it. */
.verdict { color: var(--ink); line-height: 1.5; margin: .9rem 0 1rem; padding-left: .9rem; border-left: 3px solid var(--warn); max-width: 52rem; } .verdict strong { font-weight: 620; } .verdict.good { border-color: var(--safe); }
.lead { color: var(--muted); margin: .6rem 0 0; max-width: 46rem; overflow-wrap: anywhere; }
nav.contents { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--rule); }
nav.contents ul { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); list-style: none; display: flex; gap: 1.4rem; overflow-x: auto; white-space: nowrap; scrollbar-width: none; }
nav.contents a { display: block; padding: .7rem 0; color: var(--muted); text-decoration: none; font-size: .875rem; }
nav.contents a:hover { color: var(--ink); }
section { padding: 2.5rem 0 .5rem; }
h2 { font-size: 1.3rem; letter-spacing: -.012em; font-weight: 640; margin: 0 0 .35rem; }
h3 { font-size: 1rem; font-weight: 620; margin: 2rem 0 .5rem; }
p { max-width: 46rem; } .note { color: var(--muted); font-size: .9rem; margin: 0 0 1.1rem; max-width: 46rem; }
.grid { display: grid; gap: 2rem 2.25rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); margin-top: 1.25rem; row-gap: 0; }
.grid > * { margin-bottom: 2rem; }
.grid > figure.chart { display: grid; grid-row: span 3; grid-template-rows: subgrid; align-content: start; align-items: start; }
.grid.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure.chart > figcaption { font-size: .9rem; font-weight: 600; line-height: 1.35; margin-bottom: .3rem; }
figure.chart > figcaption small { display: block; font-weight: 400; font-size: .8125rem; color: var(--muted); }
figure.chart svg { display: block; width: 100%; height: auto; overflow: visible; color: var(--muted); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin: .35rem 0 0; padding: 0; font-size: .8125rem; color: var(--muted); }
figure.chart .legend svg { width: 1.1rem; height: .6rem; display: inline-block; margin-right: .4rem; vertical-align: baseline; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1.25rem 1.5rem; margin: 1.25rem 0 0; padding: 0; }
.figures div { border-top: 1px solid var(--rule); padding-top: .6rem; min-width: 0; }
.figures dt { color: var(--muted); font-size: .8125rem; } .figures dd { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 560; }
.figures dd small { display: block; font-size: .8125rem; font-weight: 400; letter-spacing: 0; color: var(--muted); line-height: 1.4; margin-top: .2rem; }
/* A shadow at the side where a wide table continues: covered by the paper's colour where it ends. */
.scroll { overflow-x: auto; margin: 1rem 0 0; background: linear-gradient(90deg, var(--paper) 40%, transparent) left / 2.5rem 100% local, linear-gradient(270deg, var(--paper) 40%, transparent) right / 2.5rem 100% local, linear-gradient(90deg, var(--rule), transparent) left / .75rem 100% scroll, linear-gradient(270deg, var(--rule), transparent) right / .75rem 100% scroll; background-repeat: no-repeat; } .scroll:focus-visible { outline-offset: 4px; }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.4; min-width: 50%; }
caption { text-align: left; font-size: .9rem; font-weight: 600; padding-bottom: .4rem; } caption small { display: block; font-weight: 400; color: var(--muted); }
th, td { padding: .42rem 1.1rem .42rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 400; } tbody th code { font-weight: 500; } thead th { color: var(--muted); font-size: .8125rem; vertical-align: bottom; border-bottom-color: var(--muted); white-space: nowrap; }
th:last-child, td:last-child { padding-right: .1rem; } tbody th { font-weight: 560; } table[data-sortable] tbody th { min-width: 12rem; }
.num { text-align: right; white-space: nowrap; } .ci { color: var(--muted); font-weight: 400; font-size: .75rem; display: block; }
tr.own th, tr.own td { background: var(--accent-soft); } tr.own th { box-shadow: -.6rem 0 0 var(--accent-soft); }
td.best { font-weight: 650; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--accent); } th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
.callout { border-left: 3px solid var(--warn); background: var(--warn-soft); padding: .7rem 1rem; margin: 1.25rem 0 0; max-width: 52rem; font-size: .925rem; } .callout ul { margin: 0; padding-left: 1.1rem; } .callout p { margin: 0; }
.empty { color: var(--muted); border: 1px dashed var(--rule); border-radius: 4px; padding: 1rem 1.15rem; margin: 1rem 0 0; max-width: 46rem; font-size: .925rem; }
code, pre { font-family: var(--mono); font-size: .8125rem; }
.frame { margin: 1rem 0 0; border: 1px solid var(--rule); border-radius: 5px; overflow: hidden; break-inside: avoid; }
.frame > figcaption, .frame > summary { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: space-between; padding: .55rem .9rem; font-size: .875rem; background: var(--panel); overflow-wrap: anywhere; }
.frame > summary { cursor: pointer; } .frame > summary > span::before { content: "▸ "; color: var(--muted); } .frame[open] > summary > span::before { content: "▾ "; } .frame > summary small, .frame > figcaption small { color: var(--muted); }
.frame pre { margin: 0; padding: .6rem 0; overflow: auto; max-height: 30rem; line-height: 1.5; tab-size: 4; }
.frame .line { display: block; width: max-content; min-width: 100%; padding-right: 1rem; } .frame .line .no { display: inline-block; width: 3.4rem; padding-right: 1rem; text-align: right; color: var(--muted); user-select: none; }
.frame .line.hot .no { color: var(--ink); }
.diff { width: 100%; table-layout: fixed; font-family: var(--mono); font-size: .75rem; line-height: 1.5; border: 0; } .diff td { border: 0; padding: 0 .6rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; } .diff td.no { width: 2.8rem; text-align: right; color: var(--muted); user-select: none; } .diff td.fold { color: var(--muted); padding: .15rem .6rem; background: var(--panel); } .frame > .scroll { margin: 0; } .diff col.no { width: 3.2rem; } .diff thead th { font-family: var(--sans); padding: .3rem .6rem; }
.diff .added { background: var(--added); } .diff .removed { background: var(--removed); } .diff ins, .diff del { text-decoration: none; font-weight: 700; } .diff ins { color: var(--added-ink); } .diff del { color: var(--removed-ink); }
.threshold { display: grid; grid-template-columns: minmax(0, 27rem) minmax(0, 27rem); gap: 1.5rem 4rem; align-items: start; margin-top: 1rem; }
.threshold label { display: flex; justify-content: space-between; font-size: .9rem; font-weight: 600; } .threshold input { width: 100%; accent-color: var(--accent); margin: .4rem 0 0; }
.threshold figure { margin-top: 1.25rem; } .confusion { min-width: 0; width: 100%; } .confusion th, .confusion td { white-space: normal; } .confusion td { font-size: 1.35rem; font-weight: 560; } .confusion td small { display: block; font-size: .75rem; font-weight: 400; color: var(--muted); }
.filter { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: end; margin: 1rem 0 0; } .filter[hidden], [data-item][hidden] { display: none; } .filter label { display: grid; grid-template-columns: minmax(0, 1fr); gap: .2rem; font-size: .8125rem; color: var(--muted); flex: 0 1 auto; min-width: 8rem; max-width: 100%; }
.filter input, .filter select, .filter button { font: inherit; font-size: .875rem; color: var(--ink); background: var(--paper); border: 1px solid var(--muted); border-radius: 4px; padding: .35rem .5rem; max-width: 100%; min-height: 2.25rem; } .filter button { cursor: pointer; background: var(--panel); } .filter-state { color: var(--muted); font-size: .875rem; margin: .6rem 0 0; } .filter-state:empty { display: none; }
.band { font-weight: 560; white-space: nowrap; } .band.vulnerable { color: var(--vulnerable); } .band.uncertain { color: var(--warn); } .band.safe { color: var(--safe); }
.subject { overflow-wrap: anywhere; } details.more { margin: 1.25rem 0 0; } details.more > summary { cursor: pointer; color: var(--accent); font-size: .9rem; } .words { margin-top: 1rem; } .words .note { margin-bottom: .4rem; }
.frame + .after { margin: .35rem 0 0; font-size: .875rem; color: var(--muted); }
.status { display: inline-block; border: 1px solid currentColor; border-radius: 99px; padding: .02rem .6rem; font-size: .8125rem; color: var(--muted); } .status.running { color: var(--accent); } .status.finished { color: var(--safe); } .status.interrupted, .status.stopped { color: var(--warn); }
footer.page { color: var(--muted); font-size: .8125rem; padding-top: 3rem; padding-bottom: 2.5rem; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) { table[data-sortable] tbody th { min-width: 7rem; } .threshold { grid-template-columns: minmax(0, 1fr); } section { padding-top: 2rem; } .filter label { flex: 1 1 40%; min-width: 0; } .filter input, .filter select { width: 100%; } .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); } .figures dd { font-size: 1.45rem; } .diff.sides { min-width: 34rem; } .diff { font-size: .6875rem; } }
@media print { :root {${LIGHT} } body { font-size: 9.5pt; } nav.contents, .skip, .screen-only { display: none !important; } header.page, main, footer.page { max-width: none; padding-left: 0; padding-right: 0; } section { padding-top: 1.2rem; } h2, h3, caption { break-after: avoid; } tr { break-inside: avoid; } .grid { grid-template-columns: repeat(2, 1fr); } .scroll { overflow: visible; } .frame pre { max-height: none; white-space: pre-wrap; } .frame .line { width: auto; } a { color: inherit; text-decoration: none; } }
`;
