// What a page that everybody can read has to have; says what is wrong with it, one text a fault.
(() => {
  const faults = [];
  const short = node => `<${node.tagName.toLowerCase()} ${node.className.baseVal ?? node.className}> ${node.textContent.trim().slice(0, 30)}`;
  const shown = node => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const all = selector => [...document.querySelectorAll(selector)];

  if (!/^(zh-CN|en)$/.test(document.documentElement.lang)) faults.push('the page does not say its language');
  if (!document.title.trim()) faults.push('the page has no title');
  if (all('h1').length !== 1) faults.push(`${all('h1').length} first headings`);
  if (all('main').length !== 1) faults.push('not one main part');
  let level = 0;
  for (const head of all('h1, h2, h3, h4, h5, h6')) {
    const own = Number(head.tagName[1]);
    if (own > level + 1) faults.push(`heading skips a level: ${short(head)}`);
    if (!head.textContent.trim()) faults.push('an empty heading');
    level = own;
  }
  const ids = all('[id]').map(node => node.id);
  ids.filter((id, n) => ids.indexOf(id) !== n).forEach(id => faults.push(`id twice: ${id}`));
  for (const link of all('a[href^="#"]')) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) faults.push(`leads nowhere: ${link.hash}`);
  }
  for (const node of all('a, button, input')) {
    const name = node.textContent.trim() || node.getAttribute('aria-label') || node.querySelector('title')?.textContent;
    if (!name) faults.push(`no name: ${short(node)}`);
  }
  for (const table of all('table')) {
    if (!table.caption && !table.getAttribute('aria-label')) faults.push('a table without a caption');
    for (const head of table.querySelectorAll('th')) {
      if (!head.scope) faults.push(`a header without scope: ${short(head)}`);
    }
    for (const row of table.tBodies[0]?.rows ?? []) {
      if (!row.querySelector('th[scope="row"]')) faults.push(`a row without a header: ${row.textContent.trim().slice(0, 30)}`);
    }
  }
  for (const picture of all('svg')) {
    const named = picture.getAttribute('aria-label') || picture.querySelector('title') || picture.getAttribute('aria-labelledby');
    if (picture.closest('[aria-hidden="true"]') === null && !named && shown(picture)) faults.push(`a picture without words: ${short(picture.parentNode)}`);
  }

  // Nothing lies beyond the edge but inside a region that scrolls and that the keyboard reaches.
  const edge = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth > edge) faults.push(`the page is ${document.scrollingElement.scrollWidth} wide of ${edge}`);
  const scrolls = node => {
    for (let up = node.parentElement; up; up = up.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return up.tabIndex === 0;
    }
    return false;
  };
  for (const cell of all('th, td, h1, h2, h3, p, dd')) {
    const right = cell.getBoundingClientRect().right;
    if (shown(cell) && right > edge + 1 && !scrolls(cell)) faults.push(`beyond the edge: ${short(cell)}`);
  }

  // Contrast by WCAG 2.2: 4.5 for text, 3 for large text.
  const drawing = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    drawing.clearRect(0, 0, 1, 1); drawing.fillStyle = colour; drawing.fillRect(0, 0, 1, 1);
    return [...drawing.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, under) => top.slice(0, 3).map((c, n) => (c * top[3] + under[n] * (255 - top[3])) / 255).concat(255);
  const light = c => c.slice(0, 3).map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, n) => sum + x * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = node => {
    const layers = [];
    for (let up = node; up; up = up.parentElement) layers.push(rgba(getComputedStyle(up).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), rgba(getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#fff'));
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || told.has(node) || !shown(node) || /SCRIPT|STYLE/.test(node.tagName)) continue;
    told.add(node);
    const style = getComputedStyle(node), size = parseFloat(style.fontSize), under = ground(node);
    const ink = node.closest('svg') && node.tagName !== 'svg' && style.fill !== 'none' ? style.fill : style.color;
    const [a, b] = [light(over(rgba(ink), under)), light(under)].sort((x, y) => y - x);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < least - 0.01) faults.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}: ${short(node)}`);
  }
  return faults;
})()
