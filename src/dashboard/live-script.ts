/**
 * @file The script of a live page: on each event from the server it fetches the page anew and puts the sections that
 * changed in place, so what a reader has opened or scrolled to stays. Without it the page is a page.
 */

export const LIVE_SCRIPT = `(() => {
  const feed = document.querySelector('[data-feed]');
  if (!feed || !window.EventSource) return;
  const source = new EventSource(feed.dataset.feed);
  let busy = false, again = false;
  const update = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const response = await fetch(location.pathname + location.search, { cache: 'no-store' });
      if (response.ok) {
        const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
        for (const part of fresh.querySelectorAll('header.page .lead, section')) {
          const old = part.id ? document.getElementById(part.id) : document.querySelector('header.page .lead');
          if (!old) { location.reload(); return; }
          if (old.innerHTML !== part.innerHTML && !old.querySelector('details[open]')) old.replaceWith(document.adoptNode(part));
        }
        document.documentElement.dataset.updated = String(Date.now());
      }
    } finally { busy = false; }
    if (again) { again = false; update(); }
  };
  source.addEventListener('change', update);
})();`;
