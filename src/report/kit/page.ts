/**
 * @file A whole page out of sections: one file, no network, landmarks, contents, style and (where needed) one
 * inline script. What the sections say is the caller's business.
 */
import { createHash } from 'node:crypto';
import { html, type SafeHtml, trustedHtml } from '../html/html.ts';
import { STYLE_SHEET } from './theme.ts';

export interface Section {
  /** In the address: `#id`. Lower case letters, digits, hyphens. */
  readonly id: string;
  readonly title: string;
  /** In the contents, where the title is long. */
  readonly shortTitle?: string;
  /** One or two sentences under the title. */
  readonly note?: string | SafeHtml;
  readonly body: SafeHtml;
}

export interface PageOptions {
  readonly title: string;
  /** A small line above the title: what kind of page this is. */
  readonly kicker?: string | SafeHtml;
  /** Under the title. */
  readonly lead?: string | SafeHtml;
  readonly sections: readonly Section[];
  /** At the end; says how the page was made. */
  readonly footer?: string | SafeHtml;
  /** Our own scripts (never data), run at the end of the page; a page without them loses no content. */
  readonly scripts?: readonly string[];
}

/** The page as one HTML document. Nothing in it is fetched from anywhere, and its policy forbids it. */
export function page(options: PageOptions): string {
  const { title, kicker, lead, sections, footer, scripts = [] } = options;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(scripts)}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trustedHtml(STYLE_SHEET)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="page">${kicker !== undefined && html`<p class="kicker">${kicker}</p>`}<h1>${title}</h1>${
    lead !== undefined && html`<div class="lead">${lead}</div>`
  }</header>
${sections.length > 1 && contents(sections)}
<main id="main">
${sections.map(sectionHtml)}
</main>
<footer class="page">${footer ?? 'Made by Vultune.'}</footer>
${scripts.map((script) => html`<script>${trustedHtml(script)}</script>`)}
</body>
</html>
`;
  return document.text;
}

/** Inline scripts by their hashes, nothing else: what an escaping mistake would let in does not run. */
export function contentSecurityPolicy(scripts: readonly string[]): string {
  const hashes = scripts.map(
    (script) => `'sha256-${createHash('sha256').update(script, 'utf8').digest('base64')}'`,
  );
  const scriptSource = hashes.length === 0 ? "'none'" : hashes.join(' ');
  return (
    `default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; ` +
    `script-src ${scriptSource}; base-uri 'none'; form-action 'none'`
  );
}

function contents(sections: readonly Section[]): SafeHtml {
  return html`<nav class="contents" aria-label="Contents"><ul>${sections.map(
    ({ id, title, shortTitle }) => html`<li><a href="#${id}">${shortTitle ?? title}</a></li>`,
  )}</ul></nav>`;
}

function sectionHtml({ id, title, note, body }: Section): SafeHtml {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${note !== undefined && html`<p class="note">${note}</p>`}
${body}
</section>
`;
}
