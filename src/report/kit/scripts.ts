/**
 * @file The pages' own scripts, as text: the threshold slider, the sorting of tables, filters. A page without them loses
 * no content. They read data from the page and write text only, never HTML.
 */

export const THRESHOLD_SCRIPT = `(() => {
  const island = document.getElementById('threshold-data');
  const range = document.getElementById('threshold-range');
  if (!island || !range) return;
  const { functions, vulnerable, points } = JSON.parse(island.textContent);
  const cells = {};
  for (const cell of document.querySelectorAll('[data-cell]')) cells[cell.dataset.cell] = cell;
  const write = (name, value) => { cells[name].textContent = typeof value === 'number' ? value.toLocaleString('en-US') : value; };
  const share = (a, b) => (b === 0 ? '–' : (a / b).toFixed(3));
  range.addEventListener('input', () => {
    const [threshold, tp, fp] = points[Number(range.value)];
    const fn = vulnerable - tp, tn = functions - vulnerable - fp;
    write('threshold', threshold.toFixed(4));
    write('tp', tp); write('fp', fp); write('fn', fn); write('tn', tn);
    write('summary', 'Precision ' + share(tp, tp + fp) + ', recall ' + share(tp, vulnerable) + ', F1 ' + share(2 * tp, 2 * tp + fp + fn) + '.');
    range.setAttribute('aria-valuetext', 'threshold ' + threshold.toFixed(4));
  });
})();`;

export const SORT_SCRIPT = `(() => {
  const number = (text) => { const value = parseFloat(text.replace(/[,\\s%]/g, '').replace('−', '-')); return Number.isNaN(value) ? undefined : value; };
  for (const table of document.querySelectorAll('table[data-sortable]')) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => {
        const descending = heading.getAttribute('aria-sort') !== 'descending';
        for (const other of headings) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
        const sign = descending ? -1 : 1;
        const text = (row) => row.cells[column].textContent.trim();
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [number(text(a)), number(text(b))];
          if (x === undefined && y === undefined) return sign * text(a).localeCompare(text(b));
          if (x === undefined || y === undefined) return x === undefined ? 1 : -1;
          return sign * (x - y);
        });
        table.tBodies[0].append(...rows);
      });
    });
  }
})();`;

/** What is hidden stays in the page; the state says how much is shown, also on paper. */
export const FILTER_SCRIPT = `(() => {
  for (const form of document.querySelectorAll('form[data-filter]')) {
    const { filter, unit } = form.dataset;
    const items = [...document.querySelectorAll('[data-item="' + filter + '"]')];
    const rows = items.filter((item) => item.tagName === 'TR');
    const state = document.querySelector('[data-filter-state="' + filter + '"]');
    const fits = (item) => [...form.elements].every((field) => {
      const value = field.name === '' ? '' : field.value.trim().replace(/\\s+/g, ' ');
      if (value === '') return true;
      const text = item.dataset[field.name] ?? '';
      return field.tagName === 'SELECT' ? text.includes('|' + value + '|') : text.toLowerCase().includes(value.toLowerCase());
    });
    const show = () => {
      for (const item of items) item.hidden = !fits(item);
      const shown = rows.filter((row) => !row.hidden).length;
      state.textContent = shown === rows.length
        ? 'All ' + rows.length.toLocaleString('en-US') + ' ' + unit + ' are shown.'
        : shown.toLocaleString('en-US') + ' of ' + rows.length.toLocaleString('en-US') + ' ' + unit + ' are shown.';
    };
    form.addEventListener('input', show);
    form.addEventListener('reset', () => setTimeout(show));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('keydown', (event) => { if (event.key === 'Escape') form.reset(); });
    form.hidden = false;
    show();
  }
})();`;
