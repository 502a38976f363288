/** @file The template escapes whatever it is given: nothing that was text becomes markup. */
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { html, jsonIsland } from '../../../src/report/html/html.ts';

describe('html', () => {
  test('text stays text, in content and in attributes', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('</p><script>x', '"onload="x', "'><img src=x>", '&lt;'),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const printable = text.replace(/[\0\r]/g, '');
        const page = html`<!doctype html><html><body><p title="${printable}">${printable}</p></body></html>`;
        const { document } = parseHTML(page.text);
        const p = document.querySelector('p')!;
        expect(p.textContent).toBe(printable);
        expect(p.getAttribute('title')).toBe(printable);
        expect(document.querySelectorAll('body *')).toHaveLength(1);
      }),
    );
  });

  test('text cannot turn the line around, nor hold what pages may not', () => {
    const text = 'a\u202eb\u2066c\u0000d\u001b[1me\tf\ng';
    expect(html`<p>${text}</p>`.text).toBe('<p>a\ufffdb\ufffdc\ufffdd\ufffd[1me\tf\ng</p>');
    expect(html`${'שלום Ünïcode'}`.text).toBe('שלום Ünïcode');
  });

  test('its own pieces and lists of them are not escaped twice; nothing leaves nothing', () => {
    const items = ['<', 2].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}${undefined}${null}${false}</ul>`.text).toBe('<ul><li>&lt;</li><li>2</li></ul>');
  });

  test('data for a script cannot end it', () => {
    const text = jsonIsland('data', { a: '</script><script>alert(1)</script>' }).text;
    expect(text.match(/<\/script>/g)).toHaveLength(1);
    const json = /^<script[^>]*>(.*)<\/script>$/.exec(text)![1]!;
    expect(JSON.parse(json)).toEqual({ a: '</script><script>alert(1)</script>' });
  });
});
